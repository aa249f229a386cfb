"""Public functions: one call for every method, for one image or a stack."""

import numpy as np

from jwst_denoise.nsclean.frame import fit_frame
from jwst_denoise.nsclean.gp.gaussian_process import GaussianProcess
from jwst_denoise.nsclean.lines import fit_lines
from jwst_denoise.nsclean.median import fit_median
from jwst_denoise.nsclean.options import FitOptions, NoiseFit
from jwst_denoise.readout import copy_tiled

__all__ = ["estimate_hyper", "fit", "fit_noise"]


def fit_noise(data, mask, readout, method="gp", max_source_loss=0.01, *, err=None, background="remove", **options):
    """Estimate correlated read noise from the dark pixels of an image.

    Parameters
    ----------
    data : ndarray
        (ny, nx) image in DMS orientation, or a stack (…, ny, nx) of images that share their noise statistics. Any unit.
        NaN and infinite pixels are not used.
    mask : ndarray
        (ny, nx) or data's shape; True (non-zero) on dark background pixels.
    readout : Readout
        Order in which the pixels are read.
    method : {"gp", "nsclean", "median"}, optional
        Gaussian-process posterior mean; least-squares Fourier fit of Rauscher (2024); median of each line.
    max_source_loss : float, optional
        Largest fraction of its flux that ``gp`` may remove from a faint source on dark pixels; 1 for no bound.
    err : ndarray, optional
        Standard deviation of the white noise of each pixel, for ``gp``. Only relative values matter; the scale is
        measured. Uniform by default.
    background : {"remove", "keep"}, optional
        Whether the level and smooth field of the dark pixels are noise (picture frame, pixels without sky) or sky,
        which is kept.
    **options
        Further fields of `FitOptions`.

    Returns
    -------
    noise : ndarray
        data's shape: the noise to subtract. Finite everywhere; approaches 0 as the number of dark pixels does.
    variance : ndarray
        data's shape: variance of ``noise`` about the true noise.

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
    result = fit(data, mask, readout, method, max_source_loss, err=err, background=background, **options)
    return result.noise, result.variance


def fit(data, mask, readout, method="gp", max_source_loss=0.01, *, err=None, background="remove", **options):
    """Estimate the noise like `fit_noise`, and return the background and the noise statistics too.

    Returns
    -------
    NoiseFit
    """
    settings = FitOptions.from_keywords(
        method=method, max_source_loss=max_source_loss, background=background, **options
    )
    data, usable, err = _prepare(data, mask, readout, err)
    if settings.method == "gp":
        return GaussianProcess(readout, settings).fit(data, usable, err)
    noise, variance = np.empty_like(data), np.empty_like(data)
    level = np.zeros((*data.shape[:-2], 1, 1), dtype=data.dtype)
    for index in np.ndindex(data.shape[:-2]):
        dark = usable[index if usable.ndim == data.ndim else ()]
        if settings.background == "keep" and dark.any():
            level[index] = np.median(data[index][dark])
        estimates = _fit_image(data[index] - level[index], dark, readout, settings)
        for target, estimate in zip((noise, variance), estimates, strict=True):
            copy_tiled(target[index], estimate)
    return NoiseFit(noise, variance, level)


def estimate_hyper(data, mask, readout, err=None, **options):
    """Estimate the noise statistics of the dark pixels: 1/f spectra, white noise, smooth field.

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
    settings = FitOptions.from_keywords(**options)
    data, usable, err = _prepare(data, mask, readout, err)
    return GaussianProcess(readout, settings).estimate(data, usable, err)


def _fit_image(image, dark, readout, options):
    if options.method == "median":
        return fit_median(image, dark, readout, options.fit_by_output)
    full_frame = readout.outputs > 1
    return (fit_lines if full_frame else fit_frame)(image, dark, readout, options)


def _prepare(data, mask, readout, err):
    """Return data as floats (0 where not finite), a boolean mask without such pixels, and err or None."""
    data = np.asarray(data)
    data = data.astype(np.float64 if data.dtype == np.float64 else np.float32, copy=False)
    mask = np.asarray(mask)
    if data.ndim < 2 or data.shape[-2:] != tuple(readout.shape):
        raise ValueError(f"data has shape {data.shape}, but the read-out geometry has {readout.shape}")
    _check_shape("mask", mask, data)
    usable = mask != 0
    finite = np.isfinite(data)
    if err is not None:
        err = np.asarray(err, dtype=np.float32)
        _check_shape("err", err, data)
        usable = usable & np.isfinite(err) & (err > 0)
    if not finite.all():
        usable = usable & finite
        data = np.where(finite, data, 0)
    return data, usable, err


def _check_shape(name, array, data):
    if array.shape not in (data.shape, data.shape[-2:]):
        wanted = " or ".join(map(str, dict.fromkeys((data.shape[-2:], data.shape))))
        raise ValueError(f"{name} has shape {array.shape}, but the data need {wanted}")
