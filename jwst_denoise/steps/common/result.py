"""Outcome of a step, for the record and the optional products."""

from dataclasses import dataclass, field

import numpy as np

__all__ = ["Result"]


@dataclass(frozen=True)
class Result:
    """Outcome of one correction.

    Parameters
    ----------
    noise : ndarray or None
        Noise that was removed, input − output, in the shape of the data. None unless it is to be saved.
    mask : ndarray of bool or None
        The background mask. None unless it is to be saved.
    background : ndarray or None
        The smooth field under the dark pixels. None unless it is to be saved.
    metrics : dict
        Values for the provenance.
    probability : ndarray or None
        Probability of a cosmic ray in each pixel, in the shape of the data; of ramps, for each group. None unless it is
        to be saved.
    background_pixels : ndarray of bool or None
        (ny, nx) background pixels of the first image, for the picture.
    weight : ndarray or None
        (ny, nx) weight of the network in the first image, from 0 to 1, for the picture.
    quality : jwst_denoise.quality.QualityMetrics or None
        Quality metrics, for the picture.
    """

    noise: np.ndarray | None = None
    mask: np.ndarray | None = None
    background: np.ndarray | None = None
    metrics: dict = field(default_factory=dict)
    probability: np.ndarray | None = None
    background_pixels: np.ndarray | None = None
    weight: np.ndarray | None = None
    quality: object = None
