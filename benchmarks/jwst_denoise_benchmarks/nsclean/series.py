"""A long BOTS time series through the whole step: time and memory from file to file."""

import tempfile
from pathlib import Path

import numpy as np

from jwst_denoise import NSCleanStep, simulate
from jwst_denoise_benchmarks.measure import in_process
from jwst_denoise_benchmarks.nsclean import peers, scenes
from jwst_denoise_benchmarks.rows import Row

__all__ = ["long_series", "make_series"]

BLOCK = 128
GROUPS = 5


def make_series(curve, rng, noise=True):
    """Simulated rateints of a bright star in SUB512.

    Parameters
    ----------
    curve : ndarray
        (nints,) relative flux of the star.
    rng : numpy.random.Generator
        Source of the random numbers; the same seed gives the same noise, whatever the curve.
    noise : bool, optional
        Whether there is any.

    Returns
    -------
    CubeModel
        (nints, 32, 512) DN/s.
    """
    detector = simulate.detector("NRS1")
    rate, observation = simulate.scene("bots", detector, np.random.default_rng(0), subarray_name="SUB512")
    model = scenes.template(rate, detector, observation, "NRSRAPID", GROUPS, cube=True)
    star, poisson = model.data[0].copy(), np.sqrt(model.var_poisson[0])
    for name in ("data", "err", "dq", "var_rnoise", "var_poisson"):
        setattr(model, name, np.repeat(getattr(model, name), len(curve), axis=0))
    model.data[...] = star * np.asarray(curve, np.float32)[:, None, None]
    model.meta.exposure.nints = model.meta.exposure.integration_end = len(curve)
    for start in range(0, len(curve) if noise else 0, BLOCK):
        block = model.data[start : start + BLOCK]
        block += sum(scenes.rate_noise(model, detector, rng, len(block)))
        block += poisson * rng.standard_normal(block.shape, dtype=np.float32)
    return model


def long_series(quick):
    """Rows: the step on 1512 integrations, methods gp and nsclean."""
    count = 100 if quick else 1512
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "series_rateints.fits"
        make_series(np.ones(count), np.random.default_rng(6)).save(path)
        size = path.stat().st_size
        for method in ("gp", "nsclean"):
            ours = in_process(step_job, str(path), method)
            limit = 1.5 * size + 1e9
            yield Row(
                f"BOTS, {count} integrations of 32 × 512, whole step from file ({size / 1e9:.2f} GB) to file, {method}",
                f"{ours['seconds'][0]:.1f} s, peak {ours['peak'] / 1e9:.2f} GB",
                asked=f"≤ 30 s, ≤ 1.5 × input + 1 GB = {limit / 1e9:.2f} GB",
                met=None if quick else ours["seconds"][0] <= 30 and ours["peak"] <= limit,
                figures={**ours, "input": size, "integrations": count},
            )  # fmt: skip


def step_job(path, method):
    """Job: the step on a file, its product beside it."""

    def job():
        with peers.quiet():
            NSCleanStep.call(
                path, method=method, configure_log=False, save_results=True, output_dir=str(Path(path).parent)
            )

    return job
