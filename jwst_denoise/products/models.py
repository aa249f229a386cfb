"""Simulated exposures as JWST data models."""

import numpy as np
from stdatamodels.jwst import datamodels
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise.products.headers import START, describe, group_table, integration_times
from jwst_denoise.ramps.slopes import fit_segments
from jwst_denoise.simulate.bias import dark_rate, superbias
from jwst_denoise.simulate.response import linearize

__all__ = ["ramp_model", "rate_model", "rateints_model", "uncal_model"]

PIXEL, GROUP = dqflags.pixel, dqflags.group
JUMP_LEVEL = 4.0  # of the noise between two groups


def uncal_model(exposure, *, root="simulated", start=START):
    """Return raw counts, as in the archive.

    Parameters
    ----------
    exposure : `~jwst_denoise.simulate.Exposure`
        The exposure.
    root : str, optional
        Root of the file name.
    start : str, optional
        UTC of the start, ISO format.

    Returns
    -------
    `~stdatamodels.jwst.datamodels.Level1bModel`
        Ready for calwebb_detector1.

    Raises
    ------
    ValueError
        For IRS² readout, whose raw files contain interleaved reference pixels that are not simulated, and for
        detectors of other telescopes.
    """
    if exposure.pattern.irs2:
        raise ValueError(
            f"uncal files of {exposure.pattern.name} contain interleaved reference pixels, which are not simulated; "
            "use a traditional pattern (NRS, NRSRAPID), or write ramp or rate products"
        )
    model = datamodels.Level1bModel()
    model.data = exposure.counts.copy()
    _finish(model, exposure, f"{root}_uncal.fits", start)
    model.group = _table(model, "group", group_table(exposure, start))
    model.meta.bunit_data = "DN"
    return model


def ramp_model(exposure, *, root="simulated", start=START):
    """Return the linear ramp that calwebb_detector1 passes to the ramp fit, with flags from the truth.

    The fixed bias, the drift of the common level and the mean dark current are subtracted exactly, and the
    nonlinearity is inverted; correlated noise is kept. GROUPDQ has SATURATED from the counts, and JUMP_DET where the
    cosmic rays between two groups exceed four times their noise.

    Returns
    -------
    `~stdatamodels.jwst.datamodels.RampModel`
        Data in DN.
    """
    model = datamodels.RampModel()
    model.data = _linear_ramp(exposure)
    model.groupdq, model.pixeldq = _group_flags(exposure), _pixel_flags(exposure)
    _finish(model, exposure, f"{root}_ramp.fits", start)
    model.group = _table(model, "group", group_table(exposure, start))
    model.meta.bunit_data = "DN"
    for step in ("dq_init", "saturation", "superbias", "refpix", "linearity", "dark_sub", "jump"):
        setattr(model.meta.cal_step, step, "COMPLETE")
    return model


def rate_model(exposure, *, root="simulated", start=START):
    """Return the slope of the whole exposure in DN / s: ``ImageModel``, or ``IFUImageModel`` for NIRSpec's IFU."""
    ifu = exposure.observation.exp_type == "NRS_IFU"
    model = datamodels.IFUImageModel() if ifu else datamodels.ImageModel()
    slope, weight, seconds = _slopes(exposure)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(slope * weight, axis=0) / np.where(weight.sum(axis=0) > 0, weight.sum(axis=0), np.nan)
    _fill(model, exposure, mean, weight.sum(axis=0), seconds.sum(axis=0))
    _finish(model, exposure, f"{root}_rate.fits", start)
    return model


def rateints_model(exposure, *, root="simulated", start=START):
    """Return the slope of each integration in DN / s: ``CubeModel``."""
    model = datamodels.CubeModel()
    _fill(model, exposure, *_slopes(exposure))
    _finish(model, exposure, f"{root}_rateints.fits", start)
    return model


def _finish(model, exposure, filename, start):
    if exposure.detector.instrument == "ECHELLE":
        raise ValueError(f"{exposure.detector.name} is not a JWST detector: it has no JWST product")
    describe(model, exposure, filename, start)
    if exposure.observation.time_series and hasattr(model, "int_times"):
        model.int_times = _table(model, "int_times", integration_times(exposure, start))


def _table(model, name, rows):
    return np.array(rows, dtype=model.get_dtype(name))


def _linear_ramp(exposure):
    detector, corner, shape = exposure.detector, exposure.observation.corner, exposure.readout.shape
    bias, dark = superbias(detector, shape, corner), dark_rate(detector, shape, corner)
    active = ~exposure.readout.reference_pixels
    ramp = exposure.counts.astype(np.float32)
    for integration, drift in zip(ramp, exposure.truth.drift, strict=True):
        for group, level, time in zip(integration, drift, _times(exposure), strict=True):
            group -= bias + np.float32(level / detector.gain)
            group[active] = linearize(group[active], detector.nonlinearity)
            group -= dark * np.float32(time / detector.gain)
    return ramp


def _times(exposure):
    """Return the mean time of the frames of each group after the reset, s."""
    pattern = exposure.pattern
    groups = np.arange(exposure.counts.shape[1]) * pattern.frames_per_group
    return exposure.frame_time * (groups + (pattern.nframes + 1) / 2)


def _group_flags(exposure):
    counts, truth = exposure.counts, exposure.truth
    flags = np.zeros(counts.shape, dtype=np.uint8)
    saturated = np.logical_or.accumulate(counts >= exposure.detector.saturation, axis=1)
    flags[saturated] |= GROUP["SATURATED"]
    rate = np.broadcast_to(truth.rate, (len(counts), *counts.shape[2:]))
    for integration in range(len(counts)):
        photons = rate[integration] * np.float32(exposure.group_time)
        noise = np.sqrt(photons + exposure.noise.difference_variance)
        jumps = truth.cosmic_rays[integration, 1:] > JUMP_LEVEL * noise
        if exposure.pattern.nframes > 1:  # frames after the hit raise the average of this group and of the next
            jumps[1:] |= jumps[:-1].copy()
        flags[integration, 1:][jumps] |= GROUP["JUMP_DET"]
    return flags


def _pixel_flags(exposure):
    flags = np.zeros(exposure.readout.shape, dtype=np.uint32)
    flags[exposure.readout.reference_pixels] = PIXEL["REFERENCE_PIXEL"]
    return flags


def _slopes(exposure):
    """Return the slope, weight and exposure time of every integration."""
    flags, times = _group_flags(exposure), _times(exposure)
    broken = ((flags & GROUP["JUMP_DET"]) > 0).astype(np.int8)
    broken[(flags & GROUP["SATURATED"]) > 0] = 2
    fits = [fit_segments(*pair, times) for pair in zip(_linear_ramp(exposure), broken, strict=True)]
    seconds = (broken[:, 1:] == 0).sum(axis=1, dtype=np.float32) * np.float32(exposure.group_time)
    slope, weight = (np.stack(arrays) for arrays in zip(*fits, strict=True))
    return slope, weight, seconds


def _fill(model, exposure, slope, weight, seconds):
    """Fill the data, variances, errors and DQ of a rate product."""
    detector = exposure.detector
    read = np.where(exposure.readout.reference_pixels, detector.reference_read_noise, detector.read_noise)
    with np.errstate(divide="ignore", invalid="ignore"):
        model.var_rnoise = (read**2 / detector.gain**2 / exposure.pattern.nframes / weight).astype(np.float32)
        model.var_poisson = (np.maximum(slope, 0) / detector.gain / seconds).astype(np.float32)
        bad = ~np.isfinite(slope) | ~np.isfinite(model.var_rnoise) | ~np.isfinite(model.var_poisson)
    flags = np.broadcast_to(_pixel_flags(exposure), slope.shape).copy()
    flags[bad] |= PIXEL["DO_NOT_USE"] | PIXEL["SATURATED"]
    flags[(flags & PIXEL["REFERENCE_PIXEL"]) > 0] |= PIXEL["DO_NOT_USE"]
    model.data, model.dq = np.where(bad, np.nan, slope).astype(np.float32), flags
    for name in ("var_rnoise", "var_poisson"):
        getattr(model, name)[bad] = np.nan
    model.err = np.sqrt(model.var_rnoise + model.var_poisson)
    model.meta.bunit_data = model.meta.bunit_err = "DN/s"
    for step in ("dq_init", "saturation", "superbias", "refpix", "linearity", "dark_sub", "jump", "ramp_fit"):
        setattr(model.meta.cal_step, step, "COMPLETE")
