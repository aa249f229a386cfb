"""Level and noise of images: robust, with missing pixels, from a bounded number of pixels."""

import torch

__all__ = ["level_and_noise", "scaled"]

SAMPLE = 2**18  # pixels that are enough for a median
QUARTILE = 0.31864  # |x| below which a quarter of a standard normal distribution lies
SMALLEST = 1e-30


def level_and_noise(image, noise=None, level=None):
    """Sky level and noise of each image.

    Parameters
    ----------
    image : Tensor
        (N, ny, nx); NaN where there is no datum.
    noise : Tensor, optional
        (N,) noise of the sky where it is known, NaN where not. Without it: the lower quartile of the differences
        between diagonal neighbors, which sources disturb less than the median.
    level : Tensor, optional
        (N,) sky level where it is known, NaN where not. Without it: the median.

    Returns
    -------
    level, noise : Tensor
        (N,) each; 0 and 1 for an image without data.
    """
    ny, nx = image.shape[-2:]
    step = max(1, int((ny * nx / SAMPLE) ** 0.5))
    sample = image[:, ::step, ::step]
    median = torch.nanmedian(sample.flatten(1), dim=1).values
    level = median if level is None else torch.where(torch.isfinite(level), level, median)
    difference = (image[:, 1::step, 1::step] - image[:, :-1:step, :-1:step]).abs().flatten(1)
    quartile = torch.nanquantile(difference, 0.25, dim=1) if difference.shape[1] else torch.full_like(level, torch.nan)
    estimate = quartile / (QUARTILE * 2**0.5)
    noise = estimate if noise is None else torch.where(torch.isfinite(noise) & (noise > 0), noise, estimate)
    noise = torch.where(noise > SMALLEST, noise, torch.ones_like(noise))
    return torch.nan_to_num(level), noise


def scaled(image, level, noise):
    """Images in units of their noise, compressed: asinh((image - level) / noise), 0 where there is no datum.

    Parameters
    ----------
    image : Tensor
        (N, ny, nx).
    level, noise : Tensor
        (N,) each.

    Returns
    -------
    values, good : Tensor
        (N, ny, nx) float32 each; ``good`` is 1 where there is a datum.
    """
    good = torch.isfinite(image)
    values = torch.asinh((image - level[:, None, None]) / noise[:, None, None])
    return torch.where(good, values, torch.zeros_like(values)), good.to(image.dtype)
