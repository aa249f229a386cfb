"""The fit with the parameters of the step: noise statistics estimated once and shared, flat field around the fit."""

from dataclasses import dataclass, field, replace

import numpy as np

from jwst_denoise import nsclean

__all__ = ["Fitter"]


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

    readout: object
    options: dict = field(default_factory=dict)
    flat: np.ndarray | None = None

    def prepared(self, sample, mask, err=None):
        """Same fitter with the noise statistics of a sample, for all the images that follow.

        Parameters
        ----------
        sample : ndarray
            (n, ny, nx) images.
        mask : ndarray of bool
            (ny, nx) or the sample's shape.
        err : ndarray, optional
            (ny, nx) relative white noise.

        Returns
        -------
        Fitter
        """
        if self.options["method"] != "gp" or "hyper" in self.options:
            return self
        sample = self._flattened(sample, mask)
        hyper = nsclean.estimate_hyper(sample, mask, self.readout, err, **self.options)
        return replace(self, options={**self.options, "hyper": hyper})

    def __call__(self, data, mask, err=None):
        """Fit images.

        Parameters
        ----------
        data : ndarray
            (n, ny, nx) images.
        mask : ndarray of bool
            (ny, nx) or the data's shape.
        err : ndarray, optional
            (ny, nx) relative white noise.

        Returns
        -------
        jwst_denoise.nsclean.NoiseFit
        """
        return nsclean.fit(self._flattened(data, mask), mask, self.readout, err=err, **self.options)

    def _flattened(self, data, mask):
        """Data whose sky has lost the flat's pattern: sky·flat + noise → sky + noise.

        The sky is fitted in the flattened image. Read noise has not been through the optics, so it is not divided.
        """
        if self.flat is None or not mask.any():
            return data
        sky = nsclean.fit(data / self.flat, mask, self.readout, **{**self.options, "background": "keep"}).background
        return data - (self.flat - 1) * sky
