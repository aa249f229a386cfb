"""Errors of images, of their blocks, and of fluxes in bins of their signal-to-noise ratio."""

import numpy as np

from jwst_denoise.statistics import robust_sigma
from jwst_denoise_benchmarks.core.rows import Row

__all__ = ["BIAS_LIMIT", "bias_row", "biases", "block_rms", "is_unbiased", "pull", "rms"]

#: Limits of the bins of signal-to-noise ratio.
BINS = ((3.0, 10.0), (10.0, 30.0), (30.0, 100.0), (100.0, np.inf))
BIAS_LIMIT = 0.005  # above S/N 10
FEWEST = 10  # fluxes in a bin
FEWEST_PIXELS = 0.1  # of the pixels of a block


def rms(values):
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values, dtype=float))))


def pull(errors):
    """Robust scatter about 0 of errors in units of ERR, without the outliers due to cosmic rays."""
    return robust_sigma(errors, None, center=0)


def block_rms(error, good, edge):
    """Rms error of square blocks.

    Parameters
    ----------
    error : ndarray
        (ny, nx).
    good : ndarray
        (ny, nx) bool: pixels that count.
    edge : int
        Pixels of a block; incomplete blocks at the upper edges are omitted.

    Returns
    -------
    ndarray
        (ny // edge, nx // edge); NaN where few pixels count.

    Examples
    --------
    >>> import numpy as np
    >>> from jwst_denoise_benchmarks.ramps.errors import block_rms
    >>> block_rms(np.array([[3.0, -3.0], [3.0, 9.0]]), np.array([[True, True], [True, False]]), 2)
    array([[3.]])
    """
    ny, nx = (n // edge for n in error.shape)
    cut = np.s_[: ny * edge, : nx * edge]
    total, number = (
        values[cut].reshape(ny, edge, nx, edge).sum(axis=(1, 3), dtype=float)
        for values in (np.where(good, error, 0) ** 2, good)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(number >= FEWEST_PIXELS * edge**2, np.sqrt(total / number), np.nan)


def biases(error, flux, ratio):
    """Sum of the errors divided by the sum of the fluxes, in each bin of signal-to-noise ratio.

    Parameters
    ----------
    error, flux : ndarray
        (n,) measured minus true flux, and true flux of the source.
    ratio : ndarray
        (n,) signal-to-noise ratio.

    Returns
    -------
    dict
        Lower limit of the bin, as text -> ``bias``, its standard error ``error`` from the scatter of the fluxes, and
        their ``number``; bins with few fluxes are omitted.
    """
    bins = {}
    for low, high in BINS:
        inside = (ratio >= low) & (ratio < high)
        if inside.sum() >= FEWEST:
            total = flux[inside].sum(dtype=float)
            bias = float(error[inside].sum(dtype=float) / total)
            scatter = float(np.sqrt(np.sum((error[inside] - bias * flux[inside]) ** 2, dtype=float)) / total)
            bins[f"{low:g}"] = {"bias": bias, "error": scatter, "number": int(inside.sum())}
    return bins


def is_unbiased(bins):
    """Whether every bias above S/N 10 is below `BIAS_LIMIT`; None if the errors are as large as the limit."""
    bright = [one for low, one in bins.items() if float(low) >= BINS[1][0] and one["error"] < BIAS_LIMIT]
    return all(abs(one["bias"]) < BIAS_LIMIT for one in bright) if bright else None


def bias_row(quantity, configuration, bins, tested=True, metrics=None):
    """Row of the `biases` of one method; the target holds above S/N 10.

    Parameters
    ----------
    quantity, configuration : str
        Of the row.
    bins : dict
        From `biases`.
    tested : bool, optional
        Whether the biases are compared with the target.
    metrics : dict, optional
        By default ``bins``.
    """
    labels = {f"{low:g}": f"S/N {low:g}–{high:g}" if np.isfinite(high) else f"S/N > {low:g}" for low, high in BINS}
    result = {label: _percent(bins.get(low)) for low, label in labels.items()}
    return Row(
        f"{quantity} by S/N, target above S/N 10", configuration, result, {}, "%", form="+.2f",
        target=f"< {100 * BIAS_LIMIT:g}", passed=is_unbiased(bins) if tested else None, metrics=metrics or bins,
    )  # fmt: skip


def _percent(one):
    return (100 * one["bias"], 100 * one["error"]) if one else None
