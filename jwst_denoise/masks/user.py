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
        ``.fits`` or ``.fits.gz``; the primary array or, if it is empty, the first image extension (where datamodels
        store their data). Non-zero pixels are dark; NaN counts as zero.
    shape : tuple of int
        Shape of the data to be masked: (ny, nx), (integrations, ny, nx) or (integrations, groups, ny, nx).
    start : (int, int)
        Column and row of the data's first pixel in the full frame, counted from 1 (SUBSTRT1, SUBSTRT2), at which a
        larger mask is cut.

    Returns
    -------
    ndarray of bool, shape (ny, nx) or (integrations, ny, nx)
        `True` on dark background. A mask of several integrations, used for a single image, is dark where all of them
        are.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file is not FITS, contains no image, or its shape does not match the data.
    """
    mask = read_first_image(path)
    ny, nx = shape[-2:]
    if mask.ndim not in (2, 3):
        raise ValueError(
            f"{path}: a background mask must have 2 or 3 dimensions, this one has {mask.ndim} {mask.shape}"
        )
    if mask.shape[-2:] != (ny, nx):
        mask = cut_subarray(mask, (ny, nx), start, path)
    mask = np.nan_to_num(mask) != 0
    if mask.ndim == 2:
        return mask
    if len(shape) == 2 or len(mask) == 1:
        return mask.all(axis=0)
    if len(mask) != shape[0]:
        raise ValueError(
            f"{path}: the mask has {len(mask)} integrations {mask.shape}, the data have {shape[0]} {tuple(shape)}; "
            "give one plane for each integration, or a 2-D mask for all"
        )
    return mask


def cut_subarray(mask, shape, start, name="mask"):
    """
    Cut a subarray out of a full-frame mask.

    Parameters
    ----------
    mask : ndarray, shape (..., my, mx)
        Mask of the larger frame.
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
            f"{name}: the mask has {mask.shape[-2]} rows and {mask.shape[-1]} columns, the data have {ny} and {nx} "
            f"starting at column {start[0]} and row {start[1]}; give a mask of the data's size or of the full frame"
        )
    return mask[..., row : row + ny, column : column + nx]


def write_mask(path, mask):
    """
    Write a background mask as FITS: one unsigned byte a pixel, 1 = dark background.

    Parameters
    ----------
    path : str or path-like
        File to write, ``.fits`` or ``.fits.gz``; an existing file is overwritten.
    mask : ndarray of bool, shape (ny, nx) or (integrations, ny, nx)
        `True` on dark background.

    Raises
    ------
    ValueError
        If the mask does not have two or three dimensions.
    """
    from astropy.io import fits

    mask = np.asarray(mask)
    if mask.ndim not in (2, 3):
        raise ValueError(
            f"{path}: a background mask must have 2 or 3 dimensions, this one has {mask.ndim} {mask.shape}"
        )
    hdu = fits.PrimaryHDU((mask != 0).astype(np.uint8))
    hdu.header["DARKFRAC"] = (float((mask != 0).mean()), "fraction of the pixels that is dark")
    hdu.header["COMMENT"] = "Background mask of jwst_denoise: 1 = dark background, 0 = science or unusable"
    hdu.writeto(os.fspath(path), overwrite=True)


def read_first_image(path):
    """
    Read the first image of a FITS file: the primary array or, if it is empty, the first image extension.

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
        If the file does not exist.
    ValueError
        If the file is not FITS or contains no image.
    """
    from astropy.io import fits

    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with fits.open(os.fspath(path), memmap=False) as hdus:
            images = (hdu.data for hdu in hdus if hdu.is_image and hdu.data is not None)
            image = next(images, None)
    except (OSError, ValueError, TypeError, KeyError) as error:  # raised by astropy for damaged headers and data
        raise ValueError(f"{path}: not a readable FITS file ({error})") from None
    if image is None:
        raise ValueError(f"{path}: contains no image")
    return image
