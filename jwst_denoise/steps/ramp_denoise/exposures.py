"""Checks of the ramps and rates that ``ramp_denoise`` and a network can use."""

import dataclasses
import logging

import numpy as np
from stdatamodels.jwst import datamodels

from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.exposure import info
from jwst_denoise.steps.exposure.kinds import add_missing_flags, check_exposure, readout_of

__all__ = ["as_scaled", "check", "check_domain", "check_fit", "is_ramp", "is_rate"]

log = logging.getLogger("stpipe.jwst_denoise.ramp_denoise")

_CLEANED_BY = ("clean_flicker_noise", "nsclean")


def is_ramp(model):
    """Whether this is a data model of ramps."""
    return isinstance(model, datamodels.RampModel | datamodels.SuperstripeRampModel)


def is_rate(model):
    """Whether this is a data model of rates, as from ``ramp_fit``."""
    return isinstance(model, datamodels.ImageModel | datamodels.IFUImageModel | datamodels.CubeModel)


def check(model):
    """Refuse data that are not a ramp, or an uncalibrated rate, of a near-infrared detector.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.

    Returns
    -------
    jwst_denoise.readout.Readout
        Its read-out order.

    Raises
    ------
    NotApplicable
        With the reason.
    """
    if not (is_ramp(model) or is_rate(model)):
        raise NotApplicable(f"a {type(model).__name__} is neither a ramp nor a rate")
    meta = model.meta
    if meta.subarray.num_superstripe:
        raise NotApplicable("the read-out order of superstripes is not modeled")
    ngroups = model.shape[1] if is_ramp(model) else meta.exposure.ngroups
    if not ngroups or not meta.exposure.group_time:
        raise NotApplicable("the header lacks the number of groups or the group time (NGROUPS, TGROUP)")
    if ngroups < 2:
        raise NotApplicable("a single group has no slope, so noise and signal cannot be separated")
    readout = readout_of(model)
    declared = (meta.subarray.ysize, meta.subarray.xsize)
    if None not in declared and declared != tuple(model.shape[-2:]):
        raise NotApplicable(f"the image has {model.shape[-2:]} pixels, its subarray {declared}; refpix comes first")
    if is_rate(model):
        _check_rate(model)
    _check_first_time(model)
    return readout


def check_fit(model):
    """Refuse a ramp whose header lacks keywords that ``ramp_fit`` needs.

    Parameters
    ----------
    model : RampModel
        Gets the flags that it lacks.

    Raises
    ------
    NotApplicable
        If there are no pixels, or keywords are missing.
    """
    check_exposure(model)
    add_missing_flags(model)
    sections = {"exposure": ("group_time", "ngroups", "nints", "nframes")}
    sections["subarray"] = ("xstart", "ystart", "xsize", "ysize")
    values = {name: getattr(getattr(model.meta, node), name) for node, names in sections.items() for name in names}
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise NotApplicable(f"the header lacks {', '.join(missing)}, which ramp_fit needs")


def check_domain(network, model, readout, noise):
    """Log a warning if an exposure is outside of a network's domain; refuse another instrument or number of outputs.

    Parameters
    ----------
    network : jwst_denoise.model_files.Model
        The network.
    model : RampModel, ImageModel or CubeModel
        The exposure.
    readout : jwst_denoise.readout.Readout
        Its read-out order.
    noise : jwst_denoise.ramps.noise.GroupNoise
        Read noise and gain.

    Raises
    ------
    NotApplicable
        If the instrument or the number of outputs is outside of the domain.
    """
    exposure = model.meta.exposure
    properties = {
        "level": "ramp",
        "n_groups": model.shape[1] if is_ramp(model) else exposure.ngroups,
        "read_pattern": exposure.readpatt,
        "outputs": readout.outputs,
        "read_noise": _median(noise.read_noise),
        "background": None if is_ramp(model) else _median(model.data * as_scaled(noise, model).gain),
    }
    info.check_domain(network, model, refused=("instrument", "outputs"), **properties)
    if "IRS2" in (exposure.readpatt or "") and not network.info["domain"].get("read_patterns"):
        log.warning("%s was not measured on %s; compare with ramp_fit", network.info["name"], exposure.readpatt)


def as_scaled(noise, model):
    """Read noise and gain for rates, which gain_scale may have converted to the standard gain.

    Parameters
    ----------
    noise : jwst_denoise.ramps.noise.GroupNoise
        From the reference files.
    model : ImageModel or CubeModel
        The rate.

    Returns
    -------
    jwst_denoise.ramps.noise.GroupNoise
    """
    if model.meta.cal_step.gain_scale != "COMPLETE":
        return noise
    return dataclasses.replace(noise, gain=noise.gain / (model.meta.exposure.gain_factor or 1.0))


def _check_rate(model):
    steps = model.meta.cal_step
    calibrated = [name for name in ("flat_field", "photom") if getattr(steps, name) == "COMPLETE"]
    if calibrated or model.meta.bunit_data not in (None, "DN/s"):
        raise NotApplicable(f"this is not a rate in DN/s: {', '.join(calibrated) or model.meta.bunit_data}")
    for name in ("err", "dq", "var_poisson", "var_rnoise"):
        array = getattr(model, name, None)
        if array is None or array.shape != model.data.shape:
            raise NotApplicable(f"the rate has no {name.upper()} of the same shape, which is needed for its noise")


def _check_first_time(model):
    """Refuse an exposure that this step has denoised; other steps leave noise for it to remove."""
    before = model.meta.instance.get("jwst_denoise", {}).get("ramp_denoise", {}).get("product")
    if before == "rate" or (before == "ramp" and is_ramp(model)):
        raise NotApplicable("ramp_denoise has denoised this exposure already")
    cleaned = [name for name in _CLEANED_BY if getattr(model.meta.cal_step, name) == "COMPLETE"]
    if cleaned:
        log.info("Correlated noise was removed by %s before; the remaining noise is denoised", " and ".join(cleaned))


def _median(values):
    finite = np.isfinite(values)
    return float(np.median(np.asarray(values)[finite])) if np.any(finite) else None
