"""What a step hands back to the base step, for the record and the optional products."""

from dataclasses import dataclass, field

import numpy as np

__all__ = ["ImagePreview", "MaskPreview", "Preview", "Result"]


@dataclass(frozen=True)
class Preview:
    """One plane of the exposure for the picture.

    Parameters
    ----------
    before, after : ndarray
        (ny, nx) in the unit of the product.
    mask : ndarray of bool
        (ny, nx), True where the fit looked.
    readout : jwst_denoise.readout.Readout
        Direction of the lines.
    label : str
        Which plane it is.
    mask_label : str
        What the mask is.
    """

    before: np.ndarray
    after: np.ndarray
    mask: np.ndarray
    readout: object
    label: str = ""
    mask_label: str = "dark pixels used"


@dataclass(frozen=True)
class MaskPreview:
    """One plane of an exposure in which pixels were flagged, for the picture.

    Parameters
    ----------
    before, after : ndarray
        (ny, nx) in the unit of the product; the same unless flagged pixels were filled.
    flagged : ndarray of bool
        (ny, nx), True on what was found.
    label : str
        Which plane it is.
    """

    before: np.ndarray
    after: np.ndarray
    flagged: np.ndarray
    label: str = ""


@dataclass(frozen=True)
class ImagePreview:
    """One image that a network has denoised, for the picture.

    Parameters
    ----------
    before, after, noise : ndarray
        (ny, nx) in the unit of the product; standard deviation of the pixels before.
    trust : jwst_denoise.quality.QualityMetrics
        Metrics of the image.
    label : str
        Which image it is.
    """

    before: np.ndarray
    after: np.ndarray
    noise: np.ndarray
    trust: object
    label: str = ""


@dataclass(frozen=True)
class Result:
    """Outcome of one correction.

    Parameters
    ----------
    noise : ndarray or None
        What was removed, input − output, in the shape of the data. None unless it is to be saved.
    mask : ndarray of bool or None
        The background mask. None unless it is to be saved.
    background : ndarray or None
        The smooth field under the dark pixels. None unless it is to be saved.
    preview : Preview, MaskPreview, ImagePreview or None
        Planes for the picture.
    metrics : dict
        Values for the provenance.
    probability : ndarray or None
        Probability of a cosmic ray in each pixel, in the shape of the data; of ramps, for each group. None unless it is
        to be saved.
    """

    noise: np.ndarray | None = None
    mask: np.ndarray | None = None
    background: np.ndarray | None = None
    preview: Preview | MaskPreview | ImagePreview | None = None
    metrics: dict = field(default_factory=dict)
    probability: np.ndarray | None = None
