"""Posterior variance: a local formula, scaled to the errors of a drawn exposure whose noise is known.

Where the weights are uniform, a mode of prior power S keeps the variance S / (1 + w S). The formula takes w as the
local mean of the weights; one draw from the prior, analysed like the data, tells how far off it is.
"""

import numpy as np
from scipy import fft

__all__ = ["posterior_variance"]

BLOCK = 8
WEIGHT_NODES = 24


def posterior_variance(weight, drawn_weight, error, root_mean, root_difference, bins):
    """Variance of the estimated noise at the bins.

    Parameters
    ----------
    weight : ndarray
        (images, outputs, length) inverse variances of the bins.
    drawn_weight, error : ndarray
        (outputs, length) weights of a drawn exposure, and its true minus its estimated noise.
    root_mean, root_difference : ndarray
        Square roots of the prior eigenvalues, as for `Posterior`.
    bins : Bins
        The time bins.

    Returns
    -------
    ndarray
        (images, outputs, length).
    """
    powers = [np.square(root, dtype=np.float64) for root in (root_mean, root_difference)]
    kept = [_kept(power, float(max(weight.max(), drawn_weight.max())), bins) for power in powers]
    calibrate = _calibration(_formula(drawn_weight, powers[0], *kept, bins), error[..., : bins.used])
    series = np.zeros(weight.shape, dtype=np.float32)
    for image, image_weight in zip(series, weight, strict=True):
        blocks = np.repeat(calibrate(_formula(image_weight, powers[0], *kept, bins)), BLOCK, axis=-1)
        image[...] = blocks[..., : bins.length]
    return series


def _formula(weight, power, kept_mean, kept_difference, bins):
    """Local formula for each block of bins: (outputs, blocks)."""
    outputs = weight.shape[0]
    own = _local(weight, _memory(power, weight, bins))
    together = np.broadcast_to(own.mean(axis=0), own.shape)
    return kept_mean(together) / outputs + kept_difference(own) * (1 - 1 / outputs)


def _memory(power, weight, bins):
    """Time, in bins, over which the samples bear on one estimate: that of the frequency where w S = 1."""
    above = np.flatnonzero(power[1:] * weight.mean() > 1)
    frequency = bins.frequency[1 + above[-1]] if above.size else bins.frequency[1]
    return 1 / (2 * np.pi * frequency * bins.interval)


def _local(weight, sigma):
    """Mean weight around each block of bins (two-sided exponential of scale ``sigma`` bins)."""
    length = weight.shape[-1]
    omega = 2 * np.pi * fft.rfftfreq(length) * sigma
    local = fft.irfft(fft.rfft(weight) / (1 + omega**2), length)
    blocks = -(-length // BLOCK)
    padded = np.pad(local, ((0, 0), (0, blocks * BLOCK - length)), mode="edge")
    return np.maximum(padded.reshape(len(weight), blocks, BLOCK).mean(axis=-1), 0)


def _kept(power, top, bins):
    """Mean over frequency of S / (1 + w S), as a function of w up to ``top``, by interpolation."""
    nodes = np.concatenate([[0], np.geomspace(1e-5 * max(top, 1e-30), max(top, 1e-30), WEIGHT_NODES)])
    count = np.full(power.size, 2.0)
    count[0] = 1
    kept = [np.sum(count * power / (1 + node * power)) / bins.length for node in nodes]
    return lambda weight: np.interp(weight, nodes, kept)


def _calibration(formula, error, classes=4):
    """Correction of the local formula, by class of its value: mean squared error of the draw over mean formula."""
    blocks = error.shape[-1] // BLOCK
    squared = np.square(error[..., : blocks * BLOCK]).reshape(len(error), blocks, BLOCK).mean(axis=-1).ravel()
    formula = formula[:, :blocks].ravel()
    if formula.max() <= 0:
        return lambda values: values
    index = np.searchsorted(np.quantile(formula, np.linspace(0, 1, classes + 1)[1:-1]), formula)
    count = np.bincount(index, minlength=classes)
    predicted, found = (np.bincount(index, values, classes) for values in (formula, squared))
    used = predicted > 0
    nodes, factors = predicted[used] / count[used], found[used] / predicted[used]
    return lambda values: values * np.interp(values, nodes, factors)
