"""A small random model and its information."""

import copy

import numpy as np
import pytest
import torch

from jwst_denoise import model_files
from jwst_denoise.networks import build

ARCHITECTURE = {"family": "cosmic_ray_mask", "depth": 2, "hidden": 2}
INFO = {
    "name": "random-2-2",
    "domain": {
        "description": "simulated images with random weights",
        "instruments": ["NIRCAM", "NIRISS"],
        "kinds": ["image"],
        "exposure_time": [10, 3000],
    },
    "provenance": {"seeds": [1, 2], "command": "none", "hours": 0.0},
    "scores": {"galaxies": {"network": 0.25, "reference": 0.5}},
    "licence": "BSD-3-Clause",
    "card": "Random weights.\n\nNot for use.",
    "thresholds": {"0.0005": 0.9, "0.005": 0.1},
}


@pytest.fixture
def info():
    return copy.deepcopy(INFO)


@pytest.fixture
def network():
    """Random weights, and statistics of batch normalization that are not those of a new network."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = build(ARCHITECTURE)
        for name, buffer in network.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_()
    return network.eval()


@pytest.fixture
def path(tmp_path, network, info):
    return model_files.save(tmp_path / "random-2-2.asdf", network, info)


@pytest.fixture
def image():
    return np.random.default_rng(3).normal(5, 1, (20, 24)).astype("float32")
