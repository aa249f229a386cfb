"""Gaps in the dark samples: how long they are, and what to add to the normal equations because of them."""

import numpy as np

__all__ = ["GAP_RIDGE", "longest_gap", "ridge"]

#: Ridge of gappy fits, as a fraction of the mean diagonal of the normal equations.
GAP_RIDGE = 0.3


def longest_gap(mask):
    """Longest run of samples without a dark one along the last axis, the line being periodic.

    Parameters
    ----------
    mask : ndarray of bool
        (…, n).

    Returns
    -------
    ndarray of int
        (…); n where there is no dark sample at all.
    """
    n = mask.shape[-1]
    lines = mask.reshape(-1, n)
    line, sample = np.nonzero(lines)
    longest = np.full(len(lines), n)
    if sample.size:
        first = np.flatnonzero(np.diff(line, prepend=-1))
        previous = np.roll(sample, 1)
        previous[first] = sample[np.append(first[1:], sample.size) - 1] - n
        longest[line[first]] = np.maximum.reduceat(sample - previous - 1, first)
    return longest.reshape(mask.shape[:-1])


def ridge(mask, total_weight, shortest_period, strength=GAP_RIDGE):
    """Ridge of each fit: 0 where the dark samples determine every fitted frequency, as published.

    A gap longer than the shortest fitted period leaves combinations of frequencies that no sample sees; the
    published least squares then answers with noise. There the diagonal grows by ``strength`` of its own mean,
    which pulls just those combinations toward zero.

    Parameters
    ----------
    mask : ndarray of bool
        (…, n).
    total_weight : ndarray
        (…), Σ w: the diagonal of the normal equations.
    shortest_period : float
        Of the fitted low frequencies, in samples.
    strength : float, optional
        Fraction of the diagonal.

    Returns
    -------
    ndarray
        (…), what to add to the diagonal.
    """
    return np.where(longest_gap(mask) > shortest_period, strength, 0) * total_weight
