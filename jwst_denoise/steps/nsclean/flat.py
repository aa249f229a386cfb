"""Flat field for the fit: the user's or the one of CRDS, cut to the exposure, holes filled with 1."""

import logging

import numpy as np
from jwst.lib.reffile_utils import get_subarray_model, ref_matches_sci
from stdatamodels.jwst import datamodels

__all__ = ["flat_field"]

log = logging.getLogger("stpipe.jwst_denoise.nsclean")


def flat_field(step, model):
    """Flat field image of an exposure.

    Parameters
    ----------
    step : stpipe.Step
        Knows ``override_flat`` and CRDS.
    model : JwstDataModel
        The exposure.

    Returns
    -------
    ndarray or None
        (ny, nx), 1 where the flat has no value; None, with a warning, if there is no flat for this exposure.
    """
    name = step.get_reference_file(model, "flat")
    if name == "N/A":
        log.warning("No flat field for %s: the fit does without", model.meta.exposure.type)
        return None
    with datamodels.FlatModel(name) as reference:
        matching = reference if ref_matches_sci(model, reference) else get_subarray_model(model, reference)
        flat = np.array(matching.data, np.float32)
    log.info("Flat field around the fit: %s", name)
    if flat.shape != model.shape[-2:]:
        raise ValueError(f"flat field {name} has shape {flat.shape}, the exposure {model.shape[-2:]}")
    return np.where(np.isfinite(flat) & (flat > 0), flat, 1).astype(np.float32)
