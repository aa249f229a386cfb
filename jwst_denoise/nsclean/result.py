"""What a fit returns."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.nsclean.hyper import Hyper

__all__ = ["NoiseFit"]


@dataclass(frozen=True)
class NoiseFit:
    """Result of a fit.

    Parameters
    ----------
    noise : ndarray
        (…, ny, nx) what to subtract, in the data's units; finite everywhere.
    variance : ndarray
        (…, ny, nx) its variance as an estimate of the true noise; a read-only broadcast where all images share it.
    background : ndarray
        (…, ny or 1, nx or 1) level and smooth field that were fitted beside the 1/f noise. With
        ``background="keep"`` they are not part of ``noise``, otherwise they are.
    hyper : Hyper or None
        The noise statistics that ``gp`` used.
    """

    noise: np.ndarray
    variance: np.ndarray
    background: np.ndarray
    hyper: Hyper | None = None
