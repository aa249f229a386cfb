"""Conversion of images to e-/s."""

import logging

import numpy as np

from jwst_denoise.detectors import typical_gain
from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.exposure.info import is_spectrum
from jwst_denoise.steps.exposure.readout_noise import reference_gain

__all__ = ["electrons", "is_resampled"]

log = logging.getLogger("stpipe.jwst_denoise.image_denoise")

ELECTRONS = ("electron/s", "electrons/s", "e/s", "e-/s")


def electrons(model, reference_file):
    """Electrons per second for one unit of an image.

    Parameters
    ----------
    model : JwstDataModel
        The image, in DN/s, MJy/sr or e-/s.
    reference_file : callable
        Path of the reference file of a type (``gain``) for the exposure, a data model, or ``"N/A"``.

    Returns
    -------
    float or ndarray
        Number or (ny, nx).

    Raises
    ------
    NotApplicable
        If there is no conversion: the unit is missing or another one, MJy/sr lacks PHOTMJSR or belongs to a spectrum,
        or the gain of the detector is unknown.
    ValueError, FileNotFoundError
        If a gain reference is missing or does not fit.
    """
    unit = model.meta.bunit_data
    if unit in ELECTRONS:
        return 1.0
    if unit == "DN/s":
        return _gain(model, reference_file)
    if unit == "MJy/sr":
        return _gain(model, reference_file) / _conversion(model)
    known = "DN/s, MJy/sr and e-/s"
    raise NotApplicable(
        f"the unit of the image (BUNIT) is {unit or 'not known'}; only {known} can be converted to e-/s"
    )


def is_resampled(model):
    """Whether the pixels are those of a mosaic, not of a detector."""
    return model.meta.cal_step.resample == "COMPLETE"


def _conversion(model):
    """MJy/sr per DN/s."""
    if is_spectrum(model):
        raise NotApplicable(
            "the flux calibration of a spectrum changes with wavelength; run image_denoise before photom"
        )
    factor = model.meta.photometry.conversion_megajanskys
    if not factor or not np.isfinite(factor) or factor < 0:
        raise NotApplicable(f"the image is in MJy/sr, and its header has no conversion from DN/s (PHOTMJSR={factor})")
    return float(factor)


def _gain(model, reference_file):
    """Electrons for a DN: from the reference file, or typical of the detectors of a mosaic."""
    gain = _typical_of_mosaic(model) if is_resampled(model) else reference_gain(model, reference_file)
    if model.meta.cal_step.gain_scale == "COMPLETE":
        gain = gain / (model.meta.exposure.gain_factor or 1.0)
    with np.errstate(invalid="ignore"):
        return np.where(gain > 0, gain, np.nan).astype(np.float32)


def _typical_of_mosaic(model):
    """Mean of the typical gains of the detectors that a mosaic may be made of."""
    instrument = model.meta.instrument
    try:
        gain = typical_gain(instrument.name, instrument.detector, instrument.channel)
    except ValueError as reason:
        raise NotApplicable(str(reason)) from None
    log.info("Typical gain of the mosaic's detectors: %.2f e-/DN", gain)
    return np.float32(gain)
