"""Steps on ordinary exposures, as files, for measurements in processes of their own."""

from pathlib import Path

import numpy as np

import jwst_denoise
from jwst_denoise_benchmarks.robustness.choices import CHOICES
from jwst_denoise_benchmarks.robustness.exposures import build, models_of
from jwst_denoise_benchmarks.robustness.trials import CLASSES, quiet

__all__ = ["KINDS", "PARAMETERS", "step_job", "write_exposure"]

#: Kinds of exposure that each step works on.
KINDS = {
    "nsclean": ("rate", "ramp"),
    "cosmic_ray_mask": ("rate", "ramp"),
    "ramp_denoise": ("ramp",),
    "image_denoise": ("rate",),
    "image_denoise stacks": ("rateints",),
}
PARAMETERS = {"image_denoise stacks": {"model": "noise2noise-stack"}, "cosmic_ray_mask": {"inpaint": "network"}}
FULL = 2048
ARRAYS = ("data", "err", "dq", "groupdq", "var_rnoise", "var_poisson")


def write_exposure(kind, edge, directory, groups=5, integrations=2):
    """Write an ordinary exposure.

    Parameters
    ----------
    kind : str
        ``"rate"``, ``"rateints"`` or ``"ramp"``.
    edge : int
        Pixels.
    directory : path-like
        Where.
    groups, integrations : int, optional
        Of the exposure.

    Returns
    -------
    pathlib.Path
    """
    usual = {name: values[0] for name, values in CHOICES.items()}
    shape = {"shape": (edge, edge), "groups": groups, "integrations": integrations}
    full = {"place": "corner"} if edge == FULL else {}
    model = build({**usual, "kind": kind, "detector": "NRCA1", **shape, **full})
    model.meta.exposure.noutputs = 4 if edge == FULL else 1
    if kind == "ramp":
        model.groupdq = np.zeros(model.data.shape, np.uint8)
        model.pixeldq = np.zeros(model.data.shape[-2:], np.uint32)
        model.meta.cal_step.linearity = "COMPLETE"
    path = Path(directory) / f"jw_{kind}.fits"
    model.save(path)
    model.close()
    return path


def step_job(step, path, threads=None, arrays=None):
    """Job: a step from file to file.

    Parameters
    ----------
    step : str
        A key of `KINDS`.
    path : str
        Of the exposure; the product gets a folder beside it.
    threads : int, optional
        Of torch.
    arrays : str, optional
        File for the arrays of the product (npz), in place of the product.
    """
    if threads:
        import torch

        torch.set_num_threads(threads)
    out = Path(path).parent / "out"
    out.mkdir(exist_ok=True)
    class_ = getattr(jwst_denoise, CLASSES[step.split()[0]])
    saved = {"save_results": True, "output_dir": str(out)} if arrays is None else {}

    def job():
        with quiet(out):
            made = class_.call(str(path), configure_log=False, **PARAMETERS.get(step, {}), **saved)
            if getattr(models_of(made)[0].meta.cal_step, step.split()[0]) != "COMPLETE":
                raise RuntimeError(f"{step} was not COMPLETE")
            if arrays:
                np.savez(arrays, **_arrays(models_of(made)[0]))

    return job


def _arrays(model):
    found = {name: getattr(model, name, None) for name in ARRAYS}
    return {name: array for name, array in found.items() if array is not None}
