"""Train a network: the function behind ``jwst-denoise train``."""

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
from jwst_denoise.training.presets import select_preset
from jwst_denoise.training.tasks import SEEDS, make_task

__all__ = ["train"]


def train(family, preset, output, *, resume=False, progress=True, exposures=None, start=None, **overrides):
    """Train a network.

    Parameters
    ----------
    family : str
        ``cosmic_ray_mask``, ``inpaint``, ``ramp_denoise``, ``astro_unet`` or ``noise2noise``.
    preset : str
        Preset of the family, e.g. ``paper``; see `jwst_denoise.training.presets`.
    output : path
        Directory for checkpoints and log, ``weights.npz`` (arrays by name) and ``info.json`` (architecture,
        provenance, thresholds, scores), from which `jwst_denoise.model_files.pack` makes a model file.
    resume : bool, optional
        Continue from the last checkpoint in ``output``.
    progress : bool, optional
        Show a progress bar.
    exposures : sequence of `~jwst_denoise.training.own_exposures.stacks.ExposureStack`, optional
        Train on these exposures instead of simulated ones.
    start : Model, optional
        Begin with the weights of this model (`jwst_denoise.load_model`) instead of random ones.
    **overrides
        Values that replace those of the preset, e.g. ``hidden=4``.

    Returns
    -------
    pathlib.Path
        ``output``.

    Raises
    ------
    ValueError
        If a name or value is unknown or impossible.
    """
    settings, output = select_preset(family, preset, **overrides), Path(output)
    output.mkdir(parents=True, exist_ok=True)
    lightning.seed_everything(settings.seed, verbose=False)
    started = time.time()
    task = make_task(family, settings, exposures)
    if start is not None:
        task.network.load_state_dict(start.network.state_dict())
    result = fit(task, settings, output, resume=resume, progress=progress)
    network = task.network.eval().to("cpu")
    calibration = calibrate(family, network, settings, None if exposures is None else task.validation)
    np.savez(output / "weights.npz", **{name: value.numpy() for name, value in network.state_dict().items()})
    info = {
        "architecture": network.architecture,
        "provenance": {
            "family": family, "preset": preset, "overrides": overrides, "settings": asdict(settings), "seeds": SEEDS,
            **result, "hours": round((time.time() - started) / 3600, 2), "resumed": resume, "machine": _machine(),
            "exposures": _names(exposures), "torch": torch.__version__, "numpy": np.__version__,
            "start": start and f"{start.info['name']}, SHA-256 {start.info['sha256']}",
        },
        **calibration,
    }  # fmt: skip
    (output / "info.json").write_text(json.dumps(info, indent=1))
    return output


def _names(exposures):
    """Files of the exposures; None for simulated ones."""
    return None if exposures is None else sorted({name for stack in exposures for name in stack.names})


def _machine():
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"CPU {platform.machine()}, {torch.get_num_threads()} threads"
