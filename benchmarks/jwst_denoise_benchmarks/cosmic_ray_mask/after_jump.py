"""What the jump step of the real pipeline leaves in rate images, and how much of it the networks find."""

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
from jwst_denoise_benchmarks.cosmic_ray_mask import cases, models
from jwst_denoise_benchmarks.nsclean import peers
from jwst_denoise_benchmarks.rows import Row, skipped

__all__ = ["Left", "after_jump", "left_by_jump"]

DETECTOR, SUBARRAY, PATTERN = "NRCB1", "SUB640", "BRIGHT1"
#: Groups of the exposures; with two the jump step does not run.
GROUPS = (20, 2)
ENOUGH = 20  # hits by which a share is judged
PLAIN = 5.0  # sigma of the brightest pixel of a hit that is asked for
COMPLETE, FALSE = 0.9, 1e-3


@dataclass(frozen=True, eq=False)
class Left:
    """A rate image and what hits add to it, (ny, nx) each.

    Parameters
    ----------
    data, err, hits : ndarray
        DN/s.
    bad : ndarray
        Bool, pixels that are not judged.
    """

    data: np.ndarray
    err: np.ndarray
    hits: np.ndarray
    bad: np.ndarray


def left_by_jump(groups, quick):
    """Simulate an exposure and run calwebb_detector1 up to the rate, with the hits and without them.

    The ramp after the jump step is fitted twice with the same flags: as it is, and less the charge of all hits; the
    difference of the slopes is what the hits leave.
    """
    rng = np.random.default_rng([cases.SEED, 10])
    name = "SUB160" if quick else SUBARRAY
    rate, observation = simulate.scene("field", simulate.detector(DETECTOR), rng, subarray_name=name)
    # a small subarray is read so fast that few hits come
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
    seen = np.stack([couple(group, exposure.detector.ipc) for group in charge]) / exposure.detector.gain
    with peers.quiet(), datamodels.open(jump_path) as ramp, datamodels.open(rate_path) as rate:
        ramp.data = ramp.data - seen[None].astype(np.float32)
        fitted = GainScaleStep.call(RampFitStep.call(ramp, configure_log=False)[0], configure_log=False)
        bad = (rate.dq & 1 > 0) | ~np.isfinite(rate.data) | ~np.isfinite(fitted.data)
        return Left(rate.data.copy(), rate.err.copy(), np.where(bad, 0, rate.data - fitted.data), bad)


def after_jump(quick):
    """Rows: hits that the jump step left in a rate image, found with at most 0.1 % of false pixels."""
    found = models.available()
    if not found:
        yield skipped("hits that the jump step leaves", f"no model {models.MASKS[0]}")
        return
    for groups in GROUPS[-1:] if quick else GROUPS:
        left = left_by_jump(groups, quick)
        for name, model in found.items():
            yield _row(left, groups, name, model, quick)


def _row(left, groups, name, model, quick):
    truth = (left.hits > 1.5 * left.err) & ~left.bad
    regions, plain = _plain_hits(left)
    options = Options(model.threshold(), protected=(star_templates("NIRCAM_SW", "F200W"),))
    mask, _ = mask_image(left.data, model, options, left.err, left.bad)
    false = float(mask[~truth & ~left.bad].mean())
    complete = float(np.mean(maximum(mask, regions, plain))) if len(plain) else None
    share = f"{100 * complete:.1f} % of {len(plain)} hits found" if len(plain) else "no hit there to be found"
    judged = not quick and len(plain) >= ENOUGH
    return Row(
        f"{models.short(name)}: hits above {PLAIN:g} σ in the rate image of {groups} groups after calwebb_detector1, "
        f"{'whose jump step has run' if groups > 2 else 'whose jump step needs more groups'}",
        f"{share}, {100 * false:.3f} % false pixels", asked=f"≥ {100 * COMPLETE:g} % at ≤ {100 * FALSE:g} %",
        met=bool(complete >= COMPLETE and false <= FALSE) if judged else None,
        figures={"hits": len(plain), "complete": complete, "hit_pixels": float(truth.mean()), "false": false},
    )  # fmt: skip


def _plain_hits(left):
    """Connected pixels with charge, numbered (ny, nx), and the numbers of those with a plain one among them."""
    regions, number = label((left.hits > 0.5 * left.err) & ~left.bad, np.ones((3, 3)))
    signal = left.hits / np.where(left.err > 0, left.err, np.inf)
    peaks = np.asarray(maximum(signal, regions, np.arange(1, number + 1)))
    return regions, 1 + np.flatnonzero(peaks > PLAIN)
