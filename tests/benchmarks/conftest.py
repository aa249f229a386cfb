"""Models that are not trained; and a reason to skip where the benchmarks are not installed."""

import importlib.util

import pytest
import torch

from jwst_denoise import model_files
from jwst_denoise.networks import build

INFO = {
    "domain": {"description": "nothing"},
    "provenance": {"training": "none"},
    "scores": {"none": {"one": 0.0}},
    "licence": "BSD-3-Clause",
    "card": "Untrained.",
}


class Skipped(pytest.Module):
    """A module of tests that need a package that is not installed."""

    def collect(self):
        pytest.skip("jwst_denoise_benchmarks is not installed: pip install -e benchmarks", allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    if importlib.util.find_spec("jwst_denoise_benchmarks") is None:
        return Skipped.from_parent(parent, path=module_path)
    return None


@pytest.fixture(scope="session")
def untrained(tmp_path_factory):
    """Function that writes model files with untrained networks: name -> architecture; it returns their directory."""

    def write(architectures, thresholds=None):
        directory = tmp_path_factory.mktemp("models")
        torch.manual_seed(1)
        for name, architecture in architectures.items():
            network = build(architecture).eval()
            info = INFO | {"name": name, "thresholds": thresholds or {}}
            model_files.save(directory / f"{name}.asdf", network, info)
        return directory

    return write
