"""JWST scenes unlike those of the training: no block of pixels must be worse than with ``ramp_fit``."""

from functools import lru_cache

import numpy as np

from jwst_denoise import simulate
from jwst_denoise.simulate.fields import point_sources
from jwst_denoise.simulate.spectra import Spectrum, Trace, render_traces
from jwst_denoise_benchmarks.core.inputs import MissingInput, load_model, model_directory, seeded
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.ramps import methods
from jwst_denoise_benchmarks.ramps.errors import block_rms, rms
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS, references, simulate_ramps

__all__ = ["SCENES", "measured", "out_of_distribution", "scene_rows"]

BLOCK = 64  # pixels
LINES = 512  # to which a full frame is cut
GROUPS = 10
WORSE = 1.02  # ratio of errors in a block that may be due to chance
STAR = 3e5  # e-/s: saturates in the first group
ERROR = "rms error of scenes unlike the training"
#: Scene -> instrument, read pattern.
SCENES = {
    "Fabry–Perot comb, faint": ("NIRSpec", "NRSRAPID"),
    "Fabry–Perot comb": ("NIRSpec", "NRSRAPID"),
    "saturated star": ("NIRCam", "BRIGHT1"),
    "empty": ("NIRCam", "BRIGHT1"),
}


def _comb(shape, corner, strength):
    """Slits with a narrow line every 12 columns, some of them bright."""
    spectrum = Spectrum(0.02 * strength, 0.0, tuple(np.arange(0.0, 2048.0, 12.0)), (strength,) * 171, width=1.2)
    centers = np.arange(corner[1] + 10.0, corner[1] + shape[0] - 10.0, 40.0)
    return render_traces([Trace(center, 20.0, spectrum, sky=0.0, width=5.0) for center in centers], shape, corner)


def _draw_scene(name, shape, corner):
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
        Directory of the model.

    Returns
    -------
    dict
        ``rms`` -> method -> rms error in e-/s; ``worst`` -> largest ratio of the error of a block to that of
        ``ramp_fit``; ``worse`` -> fraction of blocks in which it is larger.
    """
    instrument, pattern = SCENES[name]
    detector = simulate.detector(DETECTORS[instrument])
    subarray = {"NIRCam": "SUB160", "NIRSpec": "SUB512S"}[instrument] if quick else "FULL"
    mode = {"NIRCam": "NRC_IMAGE", "NIRSpec": "NRS_FIXEDSLIT" if quick else "NRS_MSASPEC"}[instrument]
    observation = simulate.observation(detector, mode, subarray=subarray)
    place = simulate.subarray(detector.name, subarray)
    scene, rng = _draw_scene(name, place.shape, place.corner), seeded(8, list(SCENES).index(name))
    with references():
        lines = None if quick else LINES
        (ramp,) = simulate_ramps(scene, observation, detector.name, pattern, (GROUPS,), rng, lines)
        rates = methods.rates_of(ramp.model, (methods.FIT,))
    good = ramp.active & np.logical_and.reduce([np.isfinite(rate.data) for rate in rates.values()])
    errors = {method: rate.data - ramp.truth for method, rate in rates.items()}
    blocks = {method: block_rms(error, good, BLOCK) for method, error in errors.items()}
    ratio = blocks[methods.DENOISED] / blocks[methods.FIT] if methods.DENOISED in blocks else np.array([np.nan])
    return {
        "rms": {method: rms(error[good]) for method, error in errors.items()},
        "worst": float(np.nanmax(ratio)),
        "worse": float(np.mean(ratio[np.isfinite(ratio)] > 1)),
    }


def out_of_distribution(quick):
    """Rows: errors on a comb of lines, around a saturated star, and of an empty scene."""
    try:
        load_model(methods.MODEL)
    except MissingInput as error:
        yield skipped(ERROR, "all scenes", error, unit="e-/s")
        return
    for name in list(SCENES)[2:] if quick else SCENES:
        yield from scene_rows(name, measured(name, quick, model_directory()), quick)


def scene_rows(name, metrics, quick=False):
    """Rows of one scene, from `measured`."""
    configuration = f"{SCENES[name][0]}, {name}"
    errors = {method: metrics["rms"][method] for method in (methods.DENOISED, methods.FIT)}
    yield Row(
        ERROR, configuration, {methods.DENOISED: errors[methods.DENOISED]}, {methods.FIT: errors[methods.FIT]}, "e-/s",
        form=".4f", metrics=metrics,
    )  # fmt: skip
    yield Row(
        f"The same over that of ramp_fit in blocks of {BLOCK} × {BLOCK} pixels", configuration,
        {"all pixels": errors[methods.DENOISED] / errors[methods.FIT], "worst block": metrics["worst"]}, form=".3f",
        target=f"≤ {WORSE:g}", passed=None if quick else metrics["worst"] <= WORSE,
    )  # fmt: skip
    yield Row(
        "Blocks with a larger error than ramp_fit", configuration, {methods.DENOISED: 100 * metrics["worse"]}, {}, "%",
        form=".1f",
    )  # fmt: skip
