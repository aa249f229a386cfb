"""Pictures of a page as PNG in data URIs: scenes in gray, asinh or by a table zscale, and differences in color."""

import base64
import io
from dataclasses import dataclass

import numpy as np

from jwst_denoise.masks.segment import bin_sum
from jwst_denoise.statistics import robust_sigma

__all__ = ["LEVELS", "Stretch", "difference_colors", "paint_difference", "paint_flags", "shrink_image"]

LARGEST = 1024  # pixels on the longer side of a picture
LEVELS = 160  # of gray; level 0 is transparent: no data
BELOW, SOFT = 5.0, 2.0  # sigma of the noise: limit below the sky, and where the stretch turns logarithmic
FLAGGED = (249, 115, 22)


@dataclass(frozen=True)
class Stretch:
    """Gray levels of an image: asinh((value − level) / soft), from low to high.

    Parameters
    ----------
    level, soft : float
        Of the asinh.
    low, high : float
        Values that are black and white.
    zscale : tuple of float
        Values that are black and white when the stretch is linear.
    """

    level: float
    soft: float
    low: float
    high: float
    zscale: tuple

    @classmethod
    def of(cls, before, after, good):
        """Stretch for an image before and after.

        Parameters
        ----------
        before, after : ndarray
            (ny, nx).
        good : ndarray of bool
            (ny, nx) pixels that count.
        """
        from astropy.visualization import ZScaleInterval

        values = after[good]
        if not values.size:
            return cls(0.0, 1.0, -1.0, 1.0, (-1.0, 1.0))
        level = float(np.median(values))
        scales = robust_sigma(before[good]), float(np.std(before[good])), abs(level), 1.0
        sigma = next(scale for scale in scales if scale > 0)
        low = level - BELOW * sigma
        high = max(float(np.percentile(values, 99.95)), level + 2 * BELOW * sigma)
        first, last = (float(limit) for limit in ZScaleInterval().get_limits(before[good]))
        return cls(level, SOFT * sigma, low, high, (first, max(last, first + 1e-3 * sigma)))

    def levels(self, image):
        """Gray levels from 1 to `LEVELS`, 0 without data."""
        low, high = self._asinh(np.array([self.low, self.high]))
        with np.errstate(invalid="ignore"):
            scaled = (self._asinh(image) - low) / (high - low)
        levels = 1 + (LEVELS - 1) * np.clip(np.nan_to_num(scaled), 0, 1)
        return np.where(np.isfinite(image), levels.round(), 0).astype(np.uint8)

    @property
    def values(self):
        """(LEVELS,) value of every gray level."""
        low, high = self._asinh(np.array([self.low, self.high]))
        return self.level + self.soft * np.sinh(np.linspace(low, high, LEVELS))

    @property
    def table(self):
        """(LEVELS,) brightness by zscale, from 0 to 1, of every gray level."""
        first, last = self.zscale
        return np.clip((self.values - first) / (last - first), 0, 1)

    def paint(self, image):
        """Data URI of an image in gray."""
        gray = np.linspace(0, 255, LEVELS).round().astype(np.uint8)
        return _png(self.levels(image), np.repeat(gray, 3))

    def _asinh(self, values):
        return np.arcsinh((values - self.level) / self.soft)


def difference_colors():
    """(LEVELS, 3) colors of a difference, uint8, from the lowest value to the highest."""
    from matplotlib import colormaps

    return (255 * colormaps["RdBu_r"](np.linspace(0, 1, LEVELS))[:, :3]).round().astype(np.uint8)


def paint_difference(image, span):
    """Data URI of a difference: blue below zero, white at it, red above.

    Parameters
    ----------
    image : ndarray
        (ny, nx).
    span : float
        Value of the strongest red.
    """
    with np.errstate(invalid="ignore"):
        scaled = 1 + (LEVELS - 1) * np.clip(np.nan_to_num(0.5 + image / (2 * span)), 0, 1)
    return _png(np.where(np.isfinite(image), scaled.round(), 0).astype(np.uint8), difference_colors().ravel())


def paint_flags(flagged):
    """Data URI of flagged pixels in orange; the others are transparent."""
    return _png(flagged.astype(np.uint8), np.array(FLAGGED, np.uint8))


def shrink_image(image, largest=LARGEST):
    """Average blocks of pixels, so that a picture has at most ``largest`` pixels on a side.

    Parameters
    ----------
    image : ndarray
        (ny, nx); NaN is left out. In a boolean image, a block is True if any pixel is.
    largest : int, optional
        Pixels on the longer side.

    Returns
    -------
    ndarray
        The image itself if it is small.
    """
    factor = -(-max(image.shape) // largest)
    if factor == 1:
        return image
    if image.dtype == bool:
        return bin_sum(image, factor) > 0
    good = np.isfinite(image)
    count = bin_sum(good, factor)
    return bin_sum(np.where(good, image, 0), factor) / np.where(count > 0, count, np.nan)


def _png(levels, colors):
    """Data URI of an image with a palette, the first row at the bottom; level 0 is transparent."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(levels[::-1]))
    picture.putpalette(bytes(3) + colors.tobytes())
    stream = io.BytesIO()
    picture.save(stream, "PNG", transparency=0, optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
