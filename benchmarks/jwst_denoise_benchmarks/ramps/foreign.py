"""JWST scenes unlike those of the training: block by block no worse than ``ramp_fit``."""

from functools import lru_cache

import numpy as np

from jwst_denoise import simulate
from jwst_denoise.simulate.fields import point_sources
from jwst_denoise.simulate.spectra import Spectrum, Trace, render_traces
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.ramps import methods
from jwst_denoise_benchmarks.ramps.blocks import block_rms
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS, opened, ramps_of, seeded
from jwst_denoise_benchmarks.ramps.noise import rms
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["SCENES", "foreign", "measured"]

BLOCK = 64  # pixels
LINES = 512  # of a full frame, to which it is cut
GROUPS = 10
WORSE = 1.02  # ratio of errors in a block that is still put down to chance
STAR = 3e5  # e-/s: saturates in the first group
#: Scene -> instrument, read pattern.
SCENES = {
    "Fabry–Perot comb, faint": ("NIRSpec", "NRSRAPID"),
    "Fabry–Perot comb": ("NIRSpec", "NRSRAPID"),
    "saturated star": ("NIRCam", "BRIGHT1"),
    "empty": ("NIRCam", "BRIGHT1"),
}


def _comb(shape, corner, strength):
    """Slits with a narrow line every 12 columns and a bright one here and there."""
    spectrum = Spectrum(0.02 * strength, 0.0, tuple(np.arange(0.0, 2048.0, 12.0)), (strength,) * 171, width=1.2)
    centers = np.arange(corner[1] + 10.0, corner[1] + shape[0] - 10.0, 40.0)
    return render_traces([Trace(center, 20.0, spectrum, sky=0.0, width=5.0) for center in centers], shape, corner)


def _drawn(name, shape, corner):
    if name.startswith("Fabry"):
        return _comb(shape, corner, 3.0 if name.endswith("faint") else 60.0)
    if name == "empty":
        return np.zeros(shape, np.float32)
    psf = simulate.point_spread_function("NIRCAM_SW", "F200W")
    place = [np.array([0.45 * n]) for n in shape[::-1]]
    return 0.1 + point_sources(shape, *place, np.array([STAR]), psf)


@lru_cache(maxsize=8)
def measured(name, quick, directory=None):
    """Errors of a scene.

    Parameters
    ----------
    name : str
        A key of `SCENES`.
    quick : bool
        Subarrays.
    directory : str, optional
        Where the model is from.

    Returns
    -------
    dict
        ``rms`` -> method -> rms error in e-/s; ``worst`` -> largest ratio of the error of a block to that of
        ``ramp_fit``; ``worse`` -> share of blocks in which it is larger.
    """
    instrument, pattern = SCENES[name]
    detector = simulate.detector(DETECTORS[instrument])
    subarray = {"NIRCam": "SUB160", "NIRSpec": "SUB512S"}[instrument] if quick else "FULL"
    mode = {"NIRCam": "NRC_IMAGE", "NIRSpec": "NRS_FIXEDSLIT" if quick else "NRS_MSASPEC"}[instrument]
    observation = simulate.observation(detector, mode, subarray=subarray)
    place = simulate.subarray(detector.name, subarray)
    scene, rng = _drawn(name, place.shape, place.corner), seeded(8, list(SCENES).index(name))
    with opened():
        (ramp,) = ramps_of(scene, observation, detector.name, pattern, (GROUPS,), rng, None if quick else LINES)
        rates = methods.measure(ramp.model, (methods.FIT,))
    good = ramp.light & np.logical_and.reduce([np.isfinite(rate.data) for rate in rates.values()])
    errors = {method: rate.data - ramp.truth for method, rate in rates.items()}
    blocks = {method: block_rms(error, good, BLOCK) for method, error in errors.items()}
    ratio = blocks[methods.OURS] / blocks[methods.FIT] if methods.OURS in blocks else np.array([np.nan])
    return {
        "rms": {method: rms(error[good]) for method, error in errors.items()},
        "worst": float(np.nanmax(ratio)),
        "worse": float(np.mean(ratio[np.isfinite(ratio)] > 1)),
    }


def foreign(quick):
    """Rows: errors on a comb of lines, around a saturated star, and of nothing."""
    try:
        models.load(methods.MODEL)
    except MissingData as error:
        yield skipped("JWST, scenes unlike training", error)
        return
    for name in list(SCENES)[2:] if quick else SCENES:
        found = measured(name, quick, models.directory())
        ours, fit = (found["rms"][method] for method in (methods.OURS, methods.FIT))
        yield Row(
            f"JWST, {SCENES[name][0]}, {name}, {GROUPS} groups: rms error, and that of blocks of {BLOCK} × {BLOCK}",
            f"{ours:.4f} e-/s, {ours / fit:.3f} of the fit's; worst block {found['worst']:.3f}, "
            f"{100 * found['worse']:.1f} % of the blocks above 1",
            f"ramp_fit {fit:.4f} e-/s", "no block worse than ramp_fit",
            None if quick else found["worst"] <= WORSE, found,
        )  # fmt: skip
