"""The front door: one call for every method, for one image or a stack of them."""

import numpy as np

from jwst_denoise.nsclean.frame import fit_frame
from jwst_denoise.nsclean.gp.gaussian_process import GaussianProcess
from jwst_denoise.nsclean.lines import fit_lines
from jwst_denoise.nsclean.median import fit_median
from jwst_denoise.nsclean.options import FitOptions, NoiseFit
from jwst_denoise.readout import copy_tiled

__all__ = ["estimate_hyper", "fit", "fit_noise"]


def fit_noise(data, mask, readout, method="gp", *, err=None, background="remove", **options):
    """Estimate correlated read noise from the dark pixels of an image.

    Parameters
    ----------
    data : ndarray
        (ny, nx) image in DMS orientation, or a stack (…, ny, nx) of images that share their noise statistics. Any unit.
        NaN and infinite pixels are not used.
    mask : ndarray
        (ny, nx) or data's shape; True (non-zero) on dark background pixels.
    readout : Readout
        How the pixels are read.
    method : {"gp", "nsclean", "median"}, optional
        Gaussian-process posterior mean; the least-squares Fourier fit of Rauscher (2024); median of every line.
    err : ndarray, optional
        White noise of each pixel, one standard deviation, for ``gp``; only its relative values matter, its scale is
        measured. Uniform by default.
    background : {"remove", "keep"}, optional
        Whether the level and smooth field under the dark pixels are part of the noise (picture frame, truly dark
        pixels) or are sky, which stays.
    **options
        Further fields of `FitOptions`.

    Returns
    -------
    noise : ndarray
        data's shape: what to subtract. Finite everywhere; goes to 0 with the number of dark pixels.
    variance : ndarray
        data's shape: the variance of ``noise`` as an estimate of the true noise.

    Raises
    ------
    ValueError
        If shapes disagree or an option is unknown or impossible.

    Examples
    --------
    >>> import numpy as np
    >>> from jwst_denoise.readout import Readout
    >>> readout = Readout((64, 64), fastaxis=1, slowaxis=2)
    >>> stripes = np.repeat(np.arange(64.0)[:, None] % 7, 64, axis=1)
    >>> noise, variance = fit_noise(stripes, np.ones((64, 64), bool), readout, method="median")
    >>> bool(np.allclose(noise, stripes))
    True
    """
    result = fit(data, mask, readout, method, err=err, background=background, **options)
    return result.noise, result.variance


def fit(data, mask, readout, method="gp", *, err=None, background="remove", **options):
    """Like `fit_noise`, with the background and the noise statistics in the result.

    Returns
    -------
    NoiseFit
    """
    chosen = FitOptions.from_keywords(method=method, background=background, **options)
    data, usable, err = _prepare(data, mask, readout, err)
    if chosen.method == "gp":
        return GaussianProcess(readout, chosen).fit(data, usable, err)
    noise, variance = np.empty_like(data), np.empty_like(data)
    level = np.zeros((*data.shape[:-2], 1, 1), dtype=data.dtype)
    for index in np.ndindex(data.shape[:-2]):
        dark = usable[index if usable.ndim == data.ndim else ()]
        if chosen.background == "keep" and dark.any():
            level[index] = np.median(data[index][dark])
        for target, found in zip(
            (noise, variance), _fit_image(data[index] - level[index], dark, readout, chosen), strict=True
        ):
            copy_tiled(target[index], found)
    return NoiseFit(noise, variance, level)


def estimate_hyper(data, mask, readout, err=None, **options):
    """Noise statistics of the dark pixels: amplitudes and slopes of the 1/f spectra, white noise, smooth field.

    Parameters
    ----------
    data, mask, readout, err
        As for `fit_noise`.
    **options
        Fields of `FitOptions`.

    Returns
    -------
    Hyper
    """
    chosen = FitOptions.from_keywords(**options)
    data, usable, err = _prepare(data, mask, readout, err)
    return GaussianProcess(readout, chosen).estimate(data, usable, err)


def _fit_image(image, dark, readout, options):
    if options.method == "median":
        return fit_median(image, dark, readout, options.fit_by_output)
    full_frame = readout.outputs > 1
    return (fit_lines if full_frame else fit_frame)(image, dark, readout, options)


def _prepare(data, mask, readout, err):
    """Float data that is 0 where not finite, a boolean mask that leaves such pixels out, and err or None."""
    data = np.asarray(data)
    data = data.astype(np.float64 if data.dtype == np.float64 else np.float32, copy=False)
    mask = np.asarray(mask)
    if data.ndim < 2 or data.shape[-2:] != tuple(readout.shape):
        raise ValueError(f"data has shape {data.shape}, its read-out geometry {readout.shape}")
    if mask.shape not in (data.shape, data.shape[-2:]):
        raise ValueError(f"mask has shape {mask.shape}, data {data.shape}: expected {data.shape[-2:]} or the data's")
    usable = mask != 0
    finite = np.isfinite(data)
    if err is not None:
        err = np.asarray(err, dtype=np.float32)
        if err.shape not in (data.shape, data.shape[-2:]):
            raise ValueError(f"err has shape {err.shape}, data {data.shape}: expected {data.shape[-2:]} or the data's")
        usable = usable & np.isfinite(err) & (err > 0)
    if not finite.all():
        usable = usable & finite
        data = np.where(finite, data, 0)
    return data, usable, err
