"""Gain and read noise of an exposure: of CRDS, or typical ones of the detector."""

import logging

import numpy as np
from jwst.lib.reffile_utils import get_subarray_model, ref_matches_sci
from stdatamodels.jwst import datamodels

from jwst_denoise.cosmic_ray_mask.ramps import RampReadout
from jwst_denoise.simulate import DETECTORS
from jwst_denoise.steps.status import NotApplicable

__all__ = ["readout_noise"]

log = logging.getLogger("stpipe.jwst_denoise.cosmic_ray_mask")


def readout_noise(model, reference_file):
    """Noise of the groups of a ramp.

    Parameters
    ----------
    model : RampModel
        The exposure.
    reference_file : callable
        Path of the reference file of a type (``gain``, ``readnoise``) for the exposure, or ``"N/A"``.

    Returns
    -------
    jwst_denoise.cosmic_ray_mask.ramps.RampReadout

    Raises
    ------
    NotApplicable
        If there are no reference files and the detector is not known.
    ValueError, FileNotFoundError
        If a reference file is not there or does not fit.

    Notes
    -----
    ``readnoise`` references of JWST are the noise of the difference of two frames in DN, and so they are taken here.
    """
    exposure = model.meta.exposure
    gain = _reference(model, reference_file, "gain", datamodels.GainModel)
    double = _reference(model, reference_file, "readnoise", datamodels.ReadnoiseModel)
    if gain is None or double is None:
        parameters = _typical(model)
        gain = parameters.gain if gain is None else gain
        double = np.sqrt(2) * parameters.read_noise / parameters.gain if double is None else double
    return RampReadout(double / np.sqrt(2) * gain, gain, int(exposure.nframes or 1), int(exposure.groupgap or 0))


def _reference(model, reference_file, kind, cls):
    """(ny, nx) of a reference file; None, with a warning, without CRDS."""
    try:
        name = reference_file(kind)
    except (FileNotFoundError, ValueError):
        raise
    except (Exception, SystemExit) as error:  # of crds, which may have no cache, no context or no server
        log.warning("No %s reference file: %s", kind, error)
        return None
    if name == "N/A":
        log.warning("CRDS has no %s reference file for this exposure", kind)
        return None
    with cls(name) as reference:
        matching = reference if ref_matches_sci(model, reference) else get_subarray_model(model, reference)
        image = np.array(matching.data, np.float32)
    log.info("Using %s reference file: %s", kind.upper(), name)
    if image.shape != model.shape[-2:]:
        raise ValueError(f"{kind} reference file {name} has shape {image.shape}, the exposure {model.shape[-2:]}")
    return image


def _typical(model):
    detector = model.meta.instrument.detector
    name = {"NRCA5": "NRCALONG", "NRCB5": "NRCBLONG"}.get(detector, detector)
    if name not in DETECTORS:
        raise NotApplicable(f"no gain and read noise of {detector}: set up CRDS, or override_gain and _readnoise")
    log.warning("Typical gain and read noise of %s are used; set up CRDS, or override_gain and _readnoise", name)
    return DETECTORS[name]
