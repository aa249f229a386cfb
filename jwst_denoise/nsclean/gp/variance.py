"""Posterior variance: a local formula, calibrated on the errors of a simulated exposure with known noise.

With uniform weights, a mode of prior power S has the posterior variance S / (1 + w S). The formula uses the local mean
of the weights for w; one draw from the prior, analyzed like the data, calibrates it.
"""

import numpy as np
from scipy import fft

__all__ = ["posterior_variance", "sum_excess"]

BLOCK = 8
WEIGHT_NODES = 24
#: Lines of the areas over which `sum_excess` sums, bins and areas of the blocks whose level is subtracted, and the
#: smallest number of areas.
SUM_LINES, LEVEL_BINS, LEVEL_AREAS, FEWEST_AREAS = 5, 16, 12, 400


def posterior_variance(weight, drawn_weight, error, root_mean, root_difference, bins):
    """Variance of the estimated noise at the bins.

    Parameters
    ----------
    weight : ndarray
        (images, outputs, length) inverse variances of the bins.
    drawn_weight, error : ndarray
        (outputs, length) weights of the simulated exposure, and its true minus its estimated noise.
    root_mean, root_difference : ndarray
        Square roots of the prior eigenvalues, as for `Posterior`.
    bins : Bins
        Time bins.

    Returns
    -------
    ndarray
        (images, outputs, length).
    """
    powers = [np.square(root, dtype=np.float64) for root in (root_mean, root_difference)]
    kept = [_kept(power, float(max(weight.max(), drawn_weight.max())), bins) for power in powers]
    drawn = _formula(drawn_weight, powers[0], *kept, bins)
    dark, masked = (_calibration(drawn, error, among, bins.used) for among in (drawn_weight > 0, drawn_weight == 0))
    series = np.zeros(weight.shape, dtype=np.float32)
    for image, image_weight in zip(series, weight, strict=True):
        formula = _formula(image_weight, powers[0], *kept, bins)
        blocks = (np.repeat(formula * calibrate(formula), BLOCK, axis=-1) for calibrate in (dark, masked))
        image[...] = np.where(image_weight > 0, *(block[..., : bins.length] for block in blocks))
    return series


def sum_excess(residual, weight, bins):
    """Variance of sums over five lines and one bin, about the size of an aperture, over that of independent pixels.

    Parameters
    ----------
    residual, weight : ndarray
        (outputs, length) Σ w times the cleaned data of a simulated exposure, and Σ w.
    bins : Bins
        Time bins.

    Returns
    -------
    float
        1 if there are too few dark pixels to measure it.
    """
    used = weight > 0.5 * weight.max(initial=0)
    series = [np.divide(a, weight, out=np.zeros_like(weight), where=used) for a in (residual, np.ones_like(weight))]
    lines, width = bins.frame_shape
    size = SUM_LINES * LEVEL_AREAS, LEVEL_BINS
    blocks = lines // size[0], width // size[1]
    shape = (blocks[0], LEVEL_AREAS, SUM_LINES, blocks[1], LEVEL_BINS)
    frames = (bins.to_frame(a)[: blocks[0] * size[0], : blocks[1] * size[1]].reshape(shape) for a in (*series, used))
    mean, white, whole = (np.asarray(frame, np.float64) for frame in frames)
    whole = np.broadcast_to(whole.all(axis=2, keepdims=True), whole.shape)
    if whole.sum() < FEWEST_AREAS * SUM_LINES:
        return 1.0
    number = np.maximum(np.sum(whole, axis=(1, 2, 4), keepdims=True), 1)
    mean = np.where(whole, mean - np.sum(mean * whole, axis=(1, 2, 4), keepdims=True) / number, 0)
    pixels = np.mean(mean[whole] ** 2) / bins.size + np.mean(white[whole]) * (1 - 1 / bins.size)
    sums = np.mean(mean.sum(axis=2)[whole[:, :, 0]] ** 2) / SUM_LINES
    return float(np.clip(sums / pixels, 0.5, 2.0))


def _formula(weight, power, kept_mean, kept_difference, bins):
    """Evaluate the local formula for each block of bins: (outputs, blocks)."""
    outputs = weight.shape[0]
    own = _local(weight, _memory(power, weight, bins))
    together = np.broadcast_to(own.mean(axis=0), own.shape)
    return kept_mean(together) / outputs + kept_difference(own) * (1 - 1 / outputs)


def _memory(power, weight, bins):
    """Time scale, in bins, of the samples that determine one estimate: that of the frequency where w S = 1."""
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


def _calibration(formula, error, among, used, classes=4):
    """Correction of the local formula, by class of its value: mean squared error over mean formula.

    Parameters
    ----------
    formula : ndarray
        (outputs, blocks) local formula of the draw.
    error, among : ndarray
        (outputs, length) error of the simulated exposure, and the bins to use.
    used : int
        Bins of the frame.
    classes : int, optional

    Returns
    -------
    callable
        Factor as a function of the formula; 1 without bins to use.
    """
    blocks = used // BLOCK
    shape = (len(error), blocks, BLOCK)
    error, among = (a[..., : blocks * BLOCK].reshape(shape) for a in (error, among))
    formula, count = formula[:, :blocks].ravel(), among.sum(axis=-1).ravel()
    squared = np.sum(error**2, axis=-1, where=among).ravel()
    index = np.searchsorted(np.quantile(formula, np.linspace(0, 1, classes + 1)[1:-1]), formula)
    bins_of, predicted, measured = (np.bincount(index, v, classes) for v in (count, count * formula, squared))
    occupied = predicted > 0
    if not occupied.any():
        return np.ones_like
    nodes, factors = predicted[occupied] / bins_of[occupied], measured[occupied] / predicted[occupied]
    return lambda values: np.interp(values, nodes, factors)
