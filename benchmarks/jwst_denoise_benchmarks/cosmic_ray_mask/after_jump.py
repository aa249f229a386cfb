"""Cosmic rays that remain in rate images after the jump step of the pipeline, and their detection by the networks."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import label, maximum

from jwst_denoise import crds_cache, products, simulate
from jwst_denoise.cosmic_ray_mask.images import Options, mask_image
from jwst_denoise.cosmic_ray_mask.veto import star_templates
from jwst_denoise.demo.pipeline import run_pipeline
from jwst_denoise.simulate.response import couple
from jwst_denoise_benchmarks.core.inputs import quiet, seeded
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.cosmic_ray_mask.cases import MASK_MODELS, mask_models, short_name

__all__ = ["RemainingHits", "after_jump", "remaining_hits", "remaining_rows"]

DETECTOR, SUBARRAY, PATTERN = "NRCB1", "SUB640", "BRIGHT1"
#: Groups of the exposures; with two the jump step does not run.
GROUPS = (20, 2)
ENOUGH = 20  # hits from which on the fraction is compared with the target
BRIGHT = 5.0  # sigma of the brightest pixel of a hit that counts
COMPLETE, FALSE = 0.9, 1e-3
DETECTED = "Hits above 5 σ detected in the rate image after calwebb_detector1"


@dataclass(frozen=True, eq=False)
class RemainingHits:
    """A rate image and the contribution of hits, (ny, nx) each.

    Parameters
    ----------
    data, err, hits : ndarray
        DN/s.
    bad : ndarray
        Bool, pixels that do not count.
    """

    data: np.ndarray
    err: np.ndarray
    hits: np.ndarray
    bad: np.ndarray


def remaining_hits(groups, quick):
    """Simulate an exposure and run calwebb_detector1 up to the rate, with the hits and without them.

    The ramp after the jump step is fitted twice with the same flags: unchanged, and without the charge of all hits; the
    difference of the slopes is the contribution of the hits.
    """
    rng = seeded(10)
    name = "SUB160" if quick else SUBARRAY
    rate, observation = simulate.scene("field", simulate.detector(DETECTOR), rng, subarray_name=name)
    # a small subarray is read so fast that few hits occur
    hits = simulate.CosmicRayParameters(flux=500.0 if quick else 5.0)
    exposure = simulate.simulate_exposure(
        rate, DETECTOR, None, PATTERN, groups, 1, rng, observation=observation, hits=hits
    )
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        crds_cache.build_cache(folder / "crds", detectors=[DETECTOR])
        uncal = products.write_products(exposure, folder, "benchmark")["uncal"]
        with crds_cache.activated(folder / "crds"):
            steps = {"jump": {"save_results": True, "output_dir": str(folder)}}
            run = run_pipeline("calwebb_detector1", uncal, folder, folder / "log", steps=steps)
            return _compare(exposure, run.path, next(folder.glob("*_jump.fits")))


def _compare(exposure, rate_path, jump_path):
    from jwst.gain_scale import GainScaleStep
    from jwst.ramp_fitting import RampFitStep
    from stdatamodels.jwst import datamodels

    charge = np.cumsum(exposure.truth.cosmic_rays[0], axis=0)
    signal = np.stack([couple(group, exposure.detector.ipc) for group in charge]) / exposure.detector.gain
    with quiet(), datamodels.open(jump_path) as ramp, datamodels.open(rate_path) as rate:
        ramp.data = ramp.data - signal[None].astype(np.float32)
        fitted = GainScaleStep.call(RampFitStep.call(ramp, configure_log=False)[0], configure_log=False)
        bad = (rate.dq & 1 > 0) | ~np.isfinite(rate.data) | ~np.isfinite(fitted.data)
        hits = np.where(bad, 0, rate.data - fitted.data)
        return RemainingHits(rate.data.copy(), rate.err.copy(), hits, bad)


def after_jump(quick):
    """Rows: hits that remain after the jump step, detected with at most 0.1 % false positives."""
    models = mask_models()
    if not models:
        yield skipped(DETECTED, "all models", f"no model {MASK_MODELS[0]}", unit="%")
        return
    for groups in GROUPS[-1:] if quick else GROUPS:
        image = remaining_hits(groups, quick)
        for name, model in models.items():
            yield from remaining_rows(name, groups, _measure(image, model), quick)


def _measure(image, model):
    truth = (image.hits > 1.5 * image.err) & ~image.bad
    regions, bright = _bright_hits(image)
    options = Options(model.threshold(), protected=(star_templates("NIRCAM_SW", "F200W"),))
    mask, _ = mask_image(image.data, model, options, image.err, image.bad)
    return {
        "hits": len(bright),
        "complete": float(np.mean(maximum(mask, regions, bright))) if len(bright) else None,
        "hit_pixels": float(truth.mean()),
        "false": float(mask[~truth & ~image.bad].mean()),
    }


def remaining_rows(name, groups, metrics, quick=False):
    """Rows of one model and number of groups; ``metrics``: ``hits``, ``complete``, ``hit_pixels`` and ``false``."""
    complete, number = metrics["complete"], metrics["hits"]
    configuration = f"{short_name(name)}, {groups} groups, {number} hits"
    tested = not quick and number >= ENOUGH
    yield Row(
        DETECTED, configuration, {"network": None if complete is None else 100 * complete}, {}, "%", form=".1f",
        target=f"≥ {100 * COMPLETE:g}", passed=complete >= COMPLETE if tested else None, metrics=metrics,
    )  # fmt: skip
    yield Row(
        "False positives in the same image", configuration, {"network": 100 * metrics["false"]}, {}, "%", form=".3f",
        target=f"≤ {100 * FALSE:g}", passed=metrics["false"] <= FALSE if tested else None,
    )  # fmt: skip


def _bright_hits(image):
    """Connected pixels with charge, numbered (ny, nx), and the numbers of those with a bright pixel."""
    regions, number = label((image.hits > 0.5 * image.err) & ~image.bad, np.ones((3, 3)))
    ratio = image.hits / np.where(image.err > 0, image.err, np.inf)
    peaks = np.asarray(maximum(ratio, regions, np.arange(1, number + 1)))
    return regions, 1 + np.flatnonzero(peaks > BRIGHT)
