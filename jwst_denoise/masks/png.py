"""
Masks painted in an image editor.

Rauscher (2023, section 3.4): show the rate image in SAOImage DS9, export it as PNG, paint the dark areas 30 % red in an
editor, export again. Paint changes a gray value g to (0.7 g + 0.3, 0.7 g, 0.7 g), so red exceeds green and blue by
30 % of full scale on painted pixels, whatever their gray value.
"""

import os
from pathlib import Path

import numpy as np

from jwst_denoise.statistics import robust_level

PAINT = 0.3  # opacity of the red paint
ORIGINS = ("lower", "upper")


def from_png(path, base=None, *, shape=None, origin="lower", threshold=PAINT / 2):
    """
    Make a background mask from a picture in which the dark areas are painted red.

    Parameters
    ----------
    path : str or path-like
        Painted picture with one pixel for each detector pixel, in any format that Pillow reads.
    base : str or path-like, optional
        The picture before painting; its redness is subtracted, for pictures that were not gray.
    shape : tuple of int, optional
        (ny, nx) that the mask must have.
    origin : {"lower", "upper"}
        Position of the detector's first row in the picture. DS9 and `write_overlay` put it at the bottom; a picture
        saved directly from an array often has it at the top.
    threshold : float
        A pixel is dark where red exceeds green and blue by more than this fraction of full scale.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` on painted pixels.

    Raises
    ------
    FileNotFoundError
        If a picture does not exist.
    ValueError
        If a picture cannot be read or has the wrong size, nothing is painted, or an option is out of range.
    """
    if origin not in ORIGINS:
        raise ValueError(f"origin={origin!r} must be one of {', '.join(ORIGINS)}")
    if not 0 < threshold < 1:
        raise ValueError(f"threshold={threshold} must be between 0 and 1")
    red = _redness(path)
    if base is not None:
        red = red - _same_size(_redness(base), red.shape, base)
    if shape is not None:
        _same_size(red, tuple(shape), path)
    mask = red > threshold
    if not mask.any():
        raise ValueError(
            f"{path}: no pixel is painted red (red above green and blue by {100 * threshold:.0f} % of full scale); "
            "paint the dark areas with 30 % red or lower the threshold"
        )
    return mask[::-1].copy() if origin == "lower" else mask


def write_overlay(path, image, mask, origin="lower"):
    """
    Write a picture of an image with its dark areas shaded 30 % red, for editing in an image editor.

    Parameters
    ----------
    path : str or path-like
        PNG file to write; an existing file is overwritten.
    image : ndarray of float, shape (ny, nx)
        Image; shown in gray from 2 sigma below the background's level to its 99.5th percentile, on an arcsinh scale.
    mask : ndarray of bool, shape (ny, nx)
        `True` on dark background.
    origin : {"lower", "upper"}
        Position of the image's first row in the picture.

    Raises
    ------
    ValueError
        If image and mask differ in shape.
    """
    from PIL import Image

    if np.shape(image) != np.shape(mask) or np.ndim(image) != 2:
        raise ValueError(f"the image has shape {np.shape(image)}, the mask {np.shape(mask)}; both must be (ny, nx)")
    color = np.repeat(to_gray(np.asarray(image, float), mask)[..., None], 3, axis=-1)
    color = np.where(np.asarray(mask, bool)[..., None], (1 - PAINT) * color + PAINT * np.array([1, 0, 0]), color)
    pixels = np.round(255 * color).astype(np.uint8)
    Image.fromarray(pixels[::-1] if origin == "lower" else pixels).save(os.fspath(path), format="PNG")


def to_gray(image, mask):
    """
    Gray scale of an image, stretched to show background noise and faint sources.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Image; pixels that are not finite are black.
    mask : ndarray of bool, shape (ny, nx)
        `True` on dark background, from which level and width are measured.

    Returns
    -------
    ndarray of float, shape (ny, nx)
        Values from 0 (black) to 1 (white).
    """
    finite = np.isfinite(image)
    if not finite.any():
        return np.zeros(image.shape)
    dark = finite & np.asarray(mask, bool)
    level, sigma = robust_level(image[dark if dark.any() else finite])
    scaled = np.arcsinh((np.where(finite, image, level) - level) / (2 * sigma or 1))
    low, high = np.arcsinh(-1.0), max(np.quantile(scaled[finite], 0.995), np.arcsinh(2.0))
    return np.where(finite, np.clip((scaled - low) / (high - low), 0, 1), 0)


def _redness(path):
    from PIL import Image, UnidentifiedImageError

    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such picture")
    try:
        with Image.open(os.fspath(path)) as picture:
            pixels = np.asarray(picture.convert("RGBA"), np.float32) / 255
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"{path}: not a readable picture ({error})") from None
    red, green, blue, alpha = np.moveaxis(pixels, -1, 0)
    return alpha * (red - np.maximum(green, blue))


def _same_size(array, shape, path):
    if array.shape != shape:
        raise ValueError(
            f"{path}: the picture has {array.shape[1]} x {array.shape[0]} pixels, but {shape[1]} x {shape[0]} "
            "are needed; export it with one picture pixel for each detector pixel (zoom 1 in DS9)"
        )
    return array
