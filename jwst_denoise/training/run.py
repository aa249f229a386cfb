"""Train a family: the function behind ``jwst-denoise train``."""

import json
import platform
import time
from dataclasses import asdict
from pathlib import Path

import lightning
import numpy as np
import torch

from jwst_denoise.training.calibration import calibrate
from jwst_denoise.training.loop import fit
from jwst_denoise.training.own_exposures.exposure_scores import scores
from jwst_denoise.training.presets import preset as find_preset
from jwst_denoise.training.tasks import SEEDS, task

__all__ = ["train"]


def train(family, preset, output, *, resume=False, progress=True, exposures=None, **overrides):
    """Train a network.

    Parameters
    ----------
    family : str
        ``cosmic_ray_mask``, ``inpaint`` or ``ramp_denoise``.
    preset : str
        Of the family, e.g. ``paper``.
    output : path
        Directory for checkpoints and log, ``weights.npz`` (arrays by name) and ``info.json`` (architecture,
        provenance, thresholds, scores), of which `jwst_denoise.model_files.pack` makes a model file.
    resume : bool, optional
        Go on from the last checkpoint in ``output``.
    progress : bool, optional
        Show a progress bar.
    exposures : sequence of `~jwst_denoise.training.own_exposures.exposures.ExposureStack`, optional
        Train on these exposures of one's own instead of simulated ones.
    **overrides
        Values of `Preset` to replace, e.g. ``hidden=4``.

    Returns
    -------
    pathlib.Path
        ``output``.

    Raises
    ------
    ValueError
        If a name or value is not known.
    """
    settings, output = find_preset(family, preset, **overrides), Path(output)
    output.mkdir(parents=True, exist_ok=True)
    lightning.seed_everything(settings.seed, verbose=False)
    started = time.time()
    todo = task(family, settings, exposures=exposures)
    result = fit(todo, settings, output, resume=resume, progress=progress)
    network = todo.network.eval().to("cpu")
    found = calibrate(family, network, settings) if exposures is None else scores(family, network, todo.validation)
    np.savez(output / "weights.npz", **{name: value.numpy() for name, value in network.state_dict().items()})
    info = {
        "architecture": network.architecture,
        "provenance": {
            "family": family, "preset": preset, "overrides": overrides, "settings": asdict(settings), "seeds": SEEDS,
            **result, "hours": round((time.time() - started) / 3600, 2), "resumed": resume, "machine": _machine(),
            "exposures": _names(exposures), "torch": torch.__version__, "numpy": np.__version__,
        },
        **found,
    }  # fmt: skip
    (output / "info.json").write_text(json.dumps(info, indent=1))
    return output


def _names(exposures):
    """Files that the training has seen; None for simulated exposures."""
    return None if exposures is None else sorted({name for stack in exposures for name in stack.names})


def _machine():
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"CPU {platform.machine()}, {torch.get_num_threads()} threads"
