"""Mean relative errors of fluxes, in bins of their signal-to-noise ratio, with their statistical errors."""

import numpy as np

__all__ = ["BINS", "LIMIT", "biases", "is_met", "text"]

#: Limits of the bins of signal-to-noise ratio.
BINS = ((3.0, 10.0), (10.0, 30.0), (30.0, 100.0), (100.0, np.inf))
LIMIT = 0.005  # above S/N 10
FEWEST = 10  # fluxes in a bin


def biases(error, flux, ratio):
    """Sum of the errors over the sum of the fluxes, in each of the `BINS`.

    Parameters
    ----------
    error, flux : ndarray
        (n,) measured less true flux, and true flux of the source.
    ratio : ndarray
        (n,) signal-to-noise ratio.

    Returns
    -------
    dict
        Bin -> ``bias``, its standard error ``error`` from the scatter of the fluxes, and their ``number``; bins with
        few fluxes are left out.
    """
    found = {}
    for low, high in BINS:
        some = (ratio >= low) & (ratio < high)
        if some.sum() >= FEWEST:
            total = flux[some].sum(dtype=float)
            bias = float(error[some].sum(dtype=float) / total)
            scatter = float(np.sqrt(np.sum((error[some] - bias * flux[some]) ** 2, dtype=float)) / total)
            found[low, high] = {"bias": bias, "error": scatter, "number": int(some.sum())}
    return found


def is_met(found):
    """Whether every bias above a ratio of 10 is below `LIMIT`; None if errors as large as that do not let one tell."""
    bright = [one for (low, _), one in found.items() if low >= BINS[1][0] and one["error"] < LIMIT]
    return all(abs(one["bias"]) < LIMIT for one in bright) if bright else None


def text(found):
    """Biases in words."""
    return "; ".join(
        f"S/N {low:g}–{high:g}: {100 * one['bias']:+.2f} ± {100 * one['error']:.2f} %" if np.isfinite(high)
        else f"S/N > {low:g}: {100 * one['bias']:+.2f} ± {100 * one['error']:.2f} %"
        for (low, high), one in found.items()
    )  # fmt: skip
