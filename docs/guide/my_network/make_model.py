"""Train the filter on the integrations of an exposure, and write a model file: make_model.py RATEINTS MODEL."""

import sys

import numpy as np
import torch
from learned_filter import train
from stdatamodels.jwst import datamodels

from jwst_denoise import model_files

CARD = """A filter of 7 × 7 weights, learned from the integrations of one exposure.

Do not use it for images with another point-spread function.
"""


def error(images, truth):
    """Robust scatter of an image about another of the same scene."""
    return float(1.4826 * np.nanmedian(np.abs(images - truth)))


def main(exposure, path):
    """Train on all integrations but the last, measure on the last, write the model file."""
    with datamodels.open(exposure) as model:
        images = np.where(model.dq & 1, np.nan, model.data)
        instrument, seconds = model.meta.instrument.name, model.meta.exposure.integration_time
    network = train(images[:-1])
    held_out, others = images[-1], images[:-1].mean(axis=0)
    filtered = network(torch.from_numpy(held_out)[None]).detach().numpy()[0]
    info = {
        "name": "my_filter",
        "domain": {
            "description": f"exposures such as {exposure}",
            "instruments": [instrument],
            "kinds": ["image"],
            "exposure_time": [seconds / 2, 10 * seconds],
        },
        "provenance": {"command": f"make_model.py {exposure} {path}", "integrations": len(images) - 1},
        "scores": {"held-out integration": {"before": error(held_out, others), "after": error(filtered, others)}},
        "licence": "BSD-3-Clause",
        "card": CARD,
    }
    return model_files.save(path, network, info, overwrite=True)


if __name__ == "__main__":
    sys.stdout.write(f"{main(*sys.argv[1:])}\n")
