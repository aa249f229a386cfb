"""Properties of an exposure that decide which networks apply and how stars and lines look."""

import logging

from stdatamodels.jwst import datamodels

from jwst_denoise.cosmic_ray_mask import veto
from jwst_denoise.detectors import channel_of
from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.exposure.kinds import is_nirspec_spectrum

__all__ = ["check_domain", "check_family", "exposure_info", "templates_of"]

log = logging.getLogger("stpipe.jwst_denoise.steps")

_SLITLESS = ("NRC_GRISM", "NRC_WFSS", "NRC_TSGRISM", "NIS_WFSS", "NIS_SOSS")


def exposure_info(model):
    """Properties of an exposure for ``Model.check_domain``.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.

    Returns
    -------
    dict
        ``instrument``, ``kind``, ``level`` and ``exposure_time``; None if the header lacks the keyword.
    """
    exposure = model.meta.exposure
    ramp = isinstance(model, datamodels.RampModel)
    time = exposure.exposure_time if len(model.shape or ()) == 2 else exposure.integration_time
    return {
        "instrument": model.meta.instrument.name,
        "kind": "spectrum" if is_spectrum(model) else "image",
        "level": "ramp" if ramp else "cal" if model.meta.cal_step.photom == "COMPLETE" else "rate",
        "exposure_time": time,
    }


def is_spectrum(model):
    """Whether the exposure is spectroscopic, with a slit or without."""
    return is_nirspec_spectrum(model) or model.meta.exposure.type in _SLITLESS


def check_family(model, info, families, example):
    """Refuse a model of another family.

    Parameters
    ----------
    model : str
        Value of the parameter ``model``.
    info : dict
        Information on that model.
    families : sequence of str
        Families that the step can use.
    example : str
        Name of a shipped model of such a family.

    Raises
    ------
    ValueError
        Naming the model, its family, and a remedy.
    """
    if info["family"] not in families:
        wanted = " or ".join(repr(family) for family in families)
        raise ValueError(
            f"model={model!r} is of the family {info['family']!r}; this step needs {wanted} here, such as {example}"
        )


def check_domain(network, model, refused=("instrument",), **more):
    """Log a warning if an exposure is outside of the domain of a network; refuse another instrument.

    Parameters
    ----------
    network : jwst_denoise.model_files.Model
        The network.
    model : JwstDataModel
        The exposure.
    refused : sequence of str, optional
        Properties that must be within the domain.
    **more
        Properties in addition to, or in place of, those of `exposure_info`.

    Raises
    ------
    NotApplicable
        If the instrument, or another property of ``refused``, is outside of the domain.
    """
    properties = exposure_info(model) | more
    name, domain = network.info["name"], network.info["domain"]
    if reasons := network.check_domain(**{key: properties[key] for key in refused}):
        raise NotApplicable(f"{name} was not made for this detector: {'; '.join(reasons)} ({domain['description']})")
    for reason in network.check_domain(**properties):
        log.warning("%s was not made for this: %s (%s)", name, reason, domain["description"])


def templates_of(model):
    """Templates of the sources that must not be flagged as cosmic rays.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.

    Returns
    -------
    tuple of Templates
        Stars in the filter for images, emission lines for NIRSpec spectra, both for slitless spectra.
    """
    if not is_spectrum(model):
        return (veto.star_templates(*_optics(model.meta.instrument)),)
    axis = model.meta.wcsinfo.dispersion_direction
    lines = veto.line_templates(2 if axis == 2 else 1)
    return (lines,) if is_nirspec_spectrum(model) else (veto.star_templates(_optics(model.meta.instrument)[0]), lines)


def _optics(instrument):
    """Channel and filter by the names of `jwst_denoise.simulate.point_spread_function`; None if unknown."""
    if instrument.name not in ("NIRCAM", "NIRISS", "NIRSPEC", "FGS"):
        return None, None
    channel = channel_of(instrument.name, instrument.detector or "")
    elements = [str(element) for element in (instrument.pupil, instrument.filter) if element]
    return channel, next((element for element in elements if element[:1] == "F" and element[1:4].isdigit()), None)
