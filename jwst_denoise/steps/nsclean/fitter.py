"""The fit with the parameters of the step: noise statistics are estimated once; a flat field may surround the fit."""

import logging
from dataclasses import dataclass, field, replace

import numpy as np
from jwst.lib.reffile_utils import get_subarray_model, ref_matches_sci
from stdatamodels.jwst import datamodels

from jwst_denoise import nsclean

__all__ = ["Fitter", "flat_field", "source_metrics"]

log = logging.getLogger("stpipe.jwst_denoise.nsclean")

SAMPLE_PIXELS = 2**23


@dataclass(frozen=True)
class Fitter:
    """`jwst_denoise.nsclean.fit` bound to one exposure.

    Parameters
    ----------
    readout : jwst_denoise.readout.Readout
        How the pixels are read.
    options : dict
        Keywords of `jwst_denoise.nsclean.fit`.
    flat : ndarray, optional
        (ny, nx) flat field.
    """

    scene = "mask"
    readout: object
    options: dict = field(default_factory=dict)
    flat: np.ndarray | None = None

    @staticmethod
    def sample(shape):
        """Indices of the images from which the noise statistics are estimated; ``shape`` is (images, ny, nx)."""
        count = min(shape[0], max(1, SAMPLE_PIXELS // (shape[1] * shape[2])), 64)
        return np.unique(np.linspace(0, shape[0] - 1, count).astype(int))

    def prepared(self, sample, mask, err=None, chosen=None):
        """Fitter with the noise statistics of a sample, for all images of the exposure.

        Parameters
        ----------
        sample : ndarray
            (n, ny, nx) images.
        mask : ndarray of bool
            (ny, nx) or the sample's shape.
        err : ndarray, optional
            (ny, nx) relative white noise.
        chosen : ndarray of int, optional
            Not used.

        Returns
        -------
        Fitter
        """
        if self.options["method"] != "gp" or "hyper" in self.options:
            return self
        sample = self._flattened(sample, mask)
        hyper = nsclean.estimate_hyper(sample, mask, self.readout, err, **self.options)
        return replace(self, options={**self.options, "hyper": hyper})

    def of_draft(self):
        """Fitter for a draft image, whose noise statistics are not those of the exposure's images."""
        return replace(self, options={**self.options, "hyper": None})

    def __call__(self, data, mask, err=None, part=None):
        """Fit images.

        Parameters
        ----------
        data : ndarray
            (n, ny, nx) images.
        mask : ndarray of bool
            (ny, nx) or the data's shape.
        err : ndarray, optional
            (ny, nx) relative white noise.
        part : slice, optional
            Not used.

        Returns
        -------
        jwst_denoise.nsclean.NoiseFit
        """
        return nsclean.fit(self._flattened(data, mask), mask, self.readout, err=err, **self.options)

    @staticmethod
    def residual(images, fit):
        """Images without the noise."""
        return images - fit.noise

    def _flattened(self, data, mask):
        """Data without the flat's pattern in their sky: sky·flat + noise → sky + noise.

        The sky is fitted in the flat-fielded image. Read noise does not pass the optics, so it is not divided.
        """
        if self.flat is None or not mask.any():
            return data
        sky = nsclean.fit(data / self.flat, mask, self.readout, **{**self.options, "background": "keep"}).background
        return data - (self.flat - 1) * sky


def source_metrics(fit, readout, bound):
    """Log the predicted loss of unmasked sources, and return it and the error of sums for the header.

    Parameters
    ----------
    fit : jwst_denoise.nsclean.NoiseFit
        Result for the first images of the exposure.
    readout : jwst_denoise.readout.Readout
        How the pixels are read.
    bound : float
        ``max_source_loss``.

    Returns
    -------
    dict
        ``source_loss`` and ``sum_error``; empty if the method does not predict them.
    """
    if fit.source_loss is None:
        return {}
    star, galaxy, trace = (100 * getattr(fit.source_loss, name) for name in ("star", "galaxy", "trace"))
    log.info(
        "Predicted flux loss of unmasked sources: stars %.2g %%, galaxies %.2g %%, traces %.2g %%", star, galaxy, trace
    )
    if readout.outputs == 1 and bound < 1:
        log.info(
            "One output reads this exposure, so max_source_loss=%g limits what can be removed; to remove more, mask "
            "the sources (source_mask, user_mask) and raise max_source_loss",
            bound,
        )
    return {"source_loss": fit.source_loss.star, "sum_error": fit.sum_excess**0.25}


def flat_field(step, model):
    """Flat field image of an exposure.

    Parameters
    ----------
    step : stpipe.Step
        The step, with its ``override_flat``.
    model : JwstDataModel
        The exposure.

    Returns
    -------
    ndarray or None
        (ny, nx), 1 where the flat has no value; None, with a warning, if there is no flat for this exposure.
    """
    name = step.get_reference_file(model, "flat")
    if name == "N/A":
        log.warning("No flat field for %s in CRDS; the noise is fitted without one", model.meta.exposure.type)
        return None
    with datamodels.FlatModel(name) as reference:
        matching = reference if ref_matches_sci(model, reference) else get_subarray_model(model, reference)
        flat = np.array(matching.data, np.float32)
    log.info("Flat field around the fit: %s", name)
    if flat.shape != model.shape[-2:]:
        raise ValueError(f"flat field {name} has shape {flat.shape}, the exposure {model.shape[-2:]}")
    return np.where(np.isfinite(flat) & (flat > 0), flat, 1).astype(np.float32)
