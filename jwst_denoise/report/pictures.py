"""Pictures of a page as PNG in data URIs."""

import base64
import io

import numpy as np

from jwst_denoise.masks.segment import bin_sum

__all__ = ["LEVELS", "level_values", "paint_flags", "paint_image", "palette", "shrink_image"]

LARGEST = 1024  # pixels on the longer side of a picture
LEVELS = 160  # of a palette; one more is transparent: no data
FLAGGED = (249, 115, 22)


def paint_image(image, norm, colormap):
    """Data URI of an image.

    Parameters
    ----------
    image : ndarray
        (ny, nx).
    norm : matplotlib.colors.Normalize
        From values to 0 to 1.
    colormap : str
        Name of a color map.

    Returns
    -------
    str
        Pixels without data are transparent.
    """
    scaled = np.clip(norm(np.where(np.isfinite(image), image, norm.vmin)), 0, 1)
    levels = 1 + np.rint((LEVELS - 1) * np.asarray(scaled)).astype(np.uint8)
    return _png(np.where(np.isfinite(image), levels, 0).astype(np.uint8), palette(colormap))


def paint_flags(flagged):
    """Data URI of flagged pixels in orange; the others are transparent."""
    return _png(flagged.astype(np.uint8), np.array(FLAGGED, np.uint8))


def palette(colormap):
    """(LEVELS, 3) colors of a color map, uint8."""
    from matplotlib import colormaps

    return np.rint(255 * colormaps[colormap](np.linspace(0, 1, LEVELS))[:, :3]).astype(np.uint8)


def level_values(norm):
    """(LEVELS,) value of every color."""
    return np.asarray(norm.inverse(np.linspace(0, 1, LEVELS)))


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
