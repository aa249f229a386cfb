"""Background masks in FITS files."""

import os
from pathlib import Path

import numpy as np


def read_user_mask(path, shape, start=(1, 1)):
    """
    Read a background mask from the first image of a FITS file.

    Parameters
    ----------
    path : str or path-like
        ``.fits`` or ``.fits.gz``; the primary array or, if it is empty, the first image extension (where
        datamodels write their data). Non-zero pixels are dark; NaN counts as zero.
    shape : tuple of int
        Shape of the data to be masked: (ny, nx), (integrations, ny, nx) or (integrations, groups, ny, nx).
    start : (int, int)
        Column and row, counted from 1 (SUBSTRT1, SUBSTRT2), where the data begin in the full frame. A mask
        larger than the data is cut out there.

    Returns
    -------
    ndarray of bool, shape (ny, nx) or (integrations, ny, nx)
        `True` where dark. A mask of several integrations given for a single image is dark where all of them are.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not FITS, holds no image, or its shape does not fit the data.
    """
    mask = first_image(path)
    ny, nx = shape[-2:]
    if mask.ndim not in (2, 3):
        raise ValueError(f"{path}: a background mask has 2 or 3 dimensions, this one {mask.ndim} {mask.shape}")
    if mask.shape[-2:] != (ny, nx):
        mask = cut_out(mask, (ny, nx), start, path)
    mask = np.nan_to_num(mask) != 0
    if mask.ndim == 2:
        return mask
    if len(shape) == 2 or len(mask) == 1:
        return mask.all(axis=0)
    if len(mask) != shape[0]:
        raise ValueError(
            f"{path}: the mask has {len(mask)} integrations {mask.shape}, the data {shape[0]} {tuple(shape)}; "
            "give one plane for each integration, or a 2-D mask for all of them"
        )
    return mask


def cut_out(mask, shape, start, name="mask"):
    """
    Cut the part of a full-frame mask that a subarray reads.

    Parameters
    ----------
    mask : ndarray, shape (..., my, mx)
        Mask of a larger frame.
    shape : tuple of int
        (ny, nx) of the subarray.
    start : (int, int)
        Column and row, counted from 1, of the subarray's first pixel in the frame.
    name : str or path-like
        Name for error messages.

    Returns
    -------
    ndarray, shape (..., ny, nx)
        A view of the mask.

    Raises
    ------
    ValueError
        If the subarray does not lie inside the mask.
    """
    ny, nx = shape
    column, row = (int(value) - 1 for value in start)
    if column < 0 or row < 0 or row + ny > mask.shape[-2] or column + nx > mask.shape[-1]:
        raise ValueError(
            f"{name}: the mask has {mask.shape[-2]} rows and {mask.shape[-1]} columns, the data {ny} and {nx}, "
            f"starting at column {start[0]} and row {start[1]}; give a mask of the data's size or of the full frame"
        )
    return mask[..., row : row + ny, column : column + nx]


def write_mask(path, mask):
    """
    Write a background mask as FITS: one unsigned byte a pixel, 1 = dark background.

    Parameters
    ----------
    path : str or path-like
        File to write, ``.fits`` or ``.fits.gz``; an existing file is replaced.
    mask : ndarray of bool, shape (ny, nx) or (integrations, ny, nx)
        `True` where dark.

    Raises
    ------
    ValueError
        If the mask has neither two nor three dimensions.
    """
    from astropy.io import fits

    mask = np.asarray(mask)
    if mask.ndim not in (2, 3):
        raise ValueError(f"{path}: a background mask has 2 or 3 dimensions, this one {mask.ndim} {mask.shape}")
    hdu = fits.PrimaryHDU((mask != 0).astype(np.uint8))
    hdu.header["DARKFRAC"] = (float((mask != 0).mean()), "fraction of the pixels that is dark")
    hdu.header["COMMENT"] = "Background mask of jwst_denoise: 1 = dark background, 0 = science or unusable"
    hdu.writeto(os.fspath(path), overwrite=True)


def first_image(path):
    """
    Read the first image of a FITS file: its primary array or, if that is empty, its first image extension.

    Parameters
    ----------
    path : str or path-like
        FITS file, compressed or not.

    Returns
    -------
    ndarray
        The image.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not FITS or holds no image.
    """
    from astropy.io import fits

    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with fits.open(os.fspath(path), memmap=False) as hdus:
            images = (hdu.data for hdu in hdus if hdu.is_image and hdu.data is not None)
            image = next(images, None)
    except (OSError, ValueError, TypeError, KeyError) as error:  # what astropy says of damaged headers and data
        raise ValueError(f"{path}: not a FITS file that can be read ({error})") from None
    if image is None:
        raise ValueError(f"{path}: holds no image")
    return image
