"""Kinds of exposures: which ones the steps can use, and what they need to know for cleaning correlated noise."""

from stdatamodels.jwst import datamodels

from jwst_denoise.readout import Readout
from jwst_denoise.steps.common.status import NotApplicable

__all__ = [
    "add_missing_flags", "background_of", "check_exposure", "is_nirspec_spectrum", "readout_of", "refuse_cleaned",
    "was_cleaned",
]  # fmt: skip

_INSTRUMENTS = ("FGS", "MIRI", "NIRCAM", "NIRISS", "NIRSPEC")
_RATES = (
    datamodels.ImageModel,
    datamodels.IFUImageModel,
    datamodels.CubeModel,
    datamodels.GuiderCalModel,
    datamodels.SlitModel,
)
_NIRSPEC_IMAGING = (
    "NRS_IMAGE",
    "NRS_TACQ",
    "NRS_TASLIT",
    "NRS_TACONFIRM",
    "NRS_WATA",
    "NRS_MSATA",
    "NRS_CONFIRM",
    "NRS_VERIFY",
    "NRS_FOCUS",
    "NRS_MIMF",
)


def check_exposure(model):
    """Refuse data that are not an exposure of JWST or have no pixels.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.

    Raises
    ------
    NotApplicable
        With the reason.
    """
    telescope, instrument = model.meta.telescope, model.meta.instrument.name
    from_file_without_instrument = instrument is None and model.meta.filename
    if telescope not in (None, "JWST") or instrument not in (None, *_INSTRUMENTS) or from_file_without_instrument:
        raise NotApplicable(f"this is not a JWST exposure: its header has TELESCOP={telescope}, INSTRUME={instrument}")
    if 0 in (model.shape or ()):
        raise NotApplicable(f"a {type(model).__name__} of shape {model.shape} has no pixels")


def add_missing_flags(model):
    """Add the arrays of flags that a ramp lacks, in place, so that no step needs to check for them."""
    if isinstance(model, datamodels.RampModel | datamodels.SuperstripeRampModel):
        for name in ("groupdq", "pixeldq"):
            if getattr(model, name) is None:
                setattr(model, name, model.get_default(name))


def readout_of(model):
    """Read-out geometry of an exposure that can be cleaned.

    Parameters
    ----------
    model : JwstDataModel
        Ramp, rate, rateints or a 2-D or 3-D product in detector pixels.

    Returns
    -------
    jwst_denoise.readout.Readout

    Raises
    ------
    NotApplicable
        If the product is of another kind, flux-calibrated and cut out, resampled, has a single group, or comes from a
        detector whose geometry is unknown here (MIRI).
    """
    if not isinstance(model, (datamodels.RampModel, *_RATES)):
        raise NotApplicable(f"a {type(model).__name__} is neither a ramp nor one detector's rate image")
    if isinstance(model, datamodels.SlitModel) and model.meta.bunit_data not in (None, "DN", "DN/s"):
        raise NotApplicable(
            f"this is a flux-calibrated slit cutout in {model.meta.bunit_data}, with few background pixels and a noise "
            "that depends on wavelength; run nsclean on the rate, before extract_2d"
        )
    if model.meta.cal_step.resample == "COMPLETE":
        raise NotApplicable(
            "the image is resampled, so its pixels have no read-out order; run nsclean on the exposures"
        )
    dimensions = (4,) if isinstance(model, datamodels.RampModel) else (2, 3)
    if model.shape is None or len(model.shape) not in dimensions:
        raise NotApplicable(f"a {type(model).__name__} with data of shape {model.shape} is not supported")
    if isinstance(model, datamodels.RampModel) and model.shape[1] < 2:
        raise NotApplicable("one group has no group difference to fit; run nsclean on the rate instead")
    try:
        return Readout.from_model(model)
    except ValueError as reason:
        raise NotApplicable(str(reason)) from reason


def refuse_cleaned(model, force):
    """Refuse an exposure whose correlated noise has been removed before.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.
    force : bool
        Clean it again.

    Raises
    ------
    NotApplicable
        If ``clean_flicker_noise`` or this step has cleaned it, at any level, and ``force`` is False.
    """
    if force:
        return
    if was_cleaned(model):
        raise NotApplicable("nsclean has cleaned this exposure already; force=True cleans it again")
    if model.meta.cal_step.clean_flicker_noise == "COMPLETE":
        raise NotApplicable("clean_flicker_noise has cleaned this exposure already; force=True cleans it again")


def was_cleaned(model):
    """Whether ``nsclean`` has cleaned the exposure, at any level; a later SKIPPED does not hide it.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.

    Returns
    -------
    bool
    """
    recorded = model.meta.instance.get("jwst_denoise", {}).get("nsclean", {})
    return bool(recorded) or model.meta.cal_step.nsclean == "COMPLETE"


def is_nirspec_spectrum(model):
    """Whether the exposure is a NIRSpec spectrum, with traces on a detector that is dark elsewhere.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.

    Returns
    -------
    bool
    """
    return model.meta.instrument.name == "NIRSPEC" and model.meta.exposure.type not in _NIRSPEC_IMAGING


def background_of(model, choice):
    """Whether the smooth background is removed as noise or kept as sky.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.
    choice : {"auto", "keep", "remove"}
        ``"auto"``: removed from NIRSpec spectra, whose dark pixels see no sky; kept in all other exposures.

    Returns
    -------
    {"keep", "remove"}
    """
    if choice != "auto":
        return choice
    return "remove" if is_nirspec_spectrum(model) else "keep"
