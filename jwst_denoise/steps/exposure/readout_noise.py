"""Gain and read noise of an exposure: from CRDS, or typical values of the detector."""

import logging

import numpy as np
from jwst.lib.reffile_utils import get_subarray_model, ref_matches_sci
from stdatamodels.jwst import datamodels

from jwst_denoise.detectors import detector as find_detector
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.steps.common.status import NotApplicable

__all__ = ["readout_noise", "reference_gain", "reference_or_typical"]

log = logging.getLogger("stpipe.jwst_denoise.steps")

_MODELS = {"gain": datamodels.GainModel, "readnoise": datamodels.ReadnoiseModel}


def readout_noise(model, reference_file):
    """Noise of the groups of a ramp.

    Parameters
    ----------
    model : RampModel, ImageModel or CubeModel
        The exposure.
    reference_file : callable
        Path of the reference file of a type (``gain``, ``readnoise``) for the exposure, a data model, or ``"N/A"``.

    Returns
    -------
    jwst_denoise.ramps.noise.GroupNoise

    Raises
    ------
    NotApplicable
        If there are no reference files and the detector is unknown.
    ValueError, FileNotFoundError
        If a reference file is missing or does not fit.

    Notes
    -----
    ``readnoise`` references of JWST hold the noise of the difference of two frames in DN.
    """
    exposure = model.meta.exposure
    gain = _reference(model, reference_file, "gain")
    double = _reference(model, reference_file, "readnoise")
    if gain is None or double is None:
        typical = _typical(model)
        gain = typical["gain"] if gain is None else gain
        double = typical["readnoise"] if double is None else double
    frames = {"nframes": int(exposure.nframes or 1), "groupgap": int(exposure.groupgap or 0)}
    return GroupNoise(double / np.sqrt(2) * gain, exposure.group_time, gain, **frames)


def reference_gain(model, reference_file):
    """Gain of an exposure, e-/DN, a number or (ny, nx); parameters and errors as for `readout_noise`."""
    gain = _reference(model, reference_file, "gain")
    return _typical(model)["gain"] if gain is None else gain


def reference_or_typical(model, reference_file, kind):
    """Reference of one type for steps of jwst, which require one.

    Parameters
    ----------
    model, reference_file
        As for `readout_noise`.
    kind : {"gain", "readnoise"}
        Type.

    Returns
    -------
    str or JwstDataModel
        Path of the reference file; if there is none, a data model of the exposure's shape with the typical value. Data
        models are copies that the caller may change.

    Raises
    ------
    NotApplicable, ValueError, FileNotFoundError
        As `readout_noise`.
    """
    reference = _find(reference_file, kind)
    if isinstance(reference, datamodels.JwstDataModel):
        return reference.copy()
    if reference is not None:
        return reference
    typical = _MODELS[kind](data=np.full(model.shape[-2:], _typical(model)[kind], np.float32))
    typical.meta.subarray.instance.update(model.meta.subarray.instance)
    return typical


def _find(reference_file, kind):
    """Path or data model of a reference; None, with a warning, if CRDS has none or is not configured."""
    try:
        reference = reference_file(kind)
    except (FileNotFoundError, ValueError):
        raise
    except (Exception, SystemExit) as error:  # CRDS may have no cache, no context or no server
        reason = "CRDS is not configured" if isinstance(error, SystemExit) else error
        log.warning("No %s reference file: %s", kind, reason)
        return None
    if isinstance(reference, str) and reference == "N/A":
        log.warning("CRDS has no %s reference file for this exposure", kind)
        return None
    return reference


def _reference(model, reference_file, kind):
    """(ny, nx) image of a reference; None if there is none."""
    source = _find(reference_file, kind)
    if source is None:
        return None
    with _MODELS[kind](source) as reference:
        matching = reference if ref_matches_sci(model, reference) else get_subarray_model(model, reference)
        image = np.array(matching.data, np.float32)
    log.info("Using %s reference file: %s", kind.upper(), source)
    if image.shape != model.shape[-2:]:
        raise ValueError(f"{kind} reference file {source} has shape {image.shape}, the exposure {model.shape[-2:]}")
    return image


def _typical(model):
    """Typical gain, and typical read noise in the form of the references of JWST."""
    name = model.meta.instrument.detector
    try:
        parameters = find_detector(name)
    except ValueError:
        raise NotApplicable(
            f"gain and read noise of {name} are unknown; set up CRDS, or override_gain and override_readnoise"
        ) from None
    log.warning(
        "Typical gain and read noise of %s are used; set up CRDS, or override_gain and override_readnoise", name
    )
    return {"gain": parameters.gain, "readnoise": np.sqrt(2) * parameters.read_noise / parameters.gain}
