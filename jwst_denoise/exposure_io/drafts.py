"""Draft images of an exposure."""

from stdatamodels.jwst import datamodels

from jwst_denoise.masks import drafts

__all__ = ["draft_images"]


def draft_images(model):
    """Draft images of an exposure, from which its background mask is made.

    Parameters
    ----------
    model : JwstDataModel
        Ramp, rate, rateints or guider product; it must stay open.

    Returns
    -------
    jwst_denoise.masks.drafts.Drafts
        Of a ramp in DN a group.
    """
    if isinstance(model, datamodels.RampModel):
        return drafts.ramp_drafts(model.data, model.groupdq, model.pixeldq)
    return drafts.rate_drafts(model.data, getattr(model, "err", None), getattr(model, "dq", None))
