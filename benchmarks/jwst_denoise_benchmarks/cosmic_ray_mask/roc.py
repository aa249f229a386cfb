"""Rates of true and false positives of masks, over the pixels of many images."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation, maximum_filter

__all__ = ["RATES", "Scores", "of_masks", "rates_at", "thresholded"]

#: False-positive rates at which masks are compared.
RATES = (0.0005, 0.005)
SQUARE = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, eq=False)
class Scores:
    """Score of every judged pixel, the larger the more like a cosmic ray.

    Parameters
    ----------
    plain, dilated : ndarray
        (n,) the pixel's own score, and the largest in 3 × 3: dilating the mask of scores above a threshold is
        taking the dilated scores above it.
    truth : ndarray
        (n,) bool.
    """

    plain: np.ndarray
    dilated: np.ndarray
    truth: np.ndarray

    @classmethod
    def of(cls, maps, cases):
        """Pool the score maps of some cases."""
        triples = [(m[c.good], maximum_filter(m, 3)[c.good], c.truth[c.good]) for m, c in zip(maps, cases, strict=True)]
        return cls(*(np.concatenate(parts) for parts in zip(*triples, strict=True)))

    def threshold(self, rate):
        """Score that a share ``rate`` of the pixels without cosmic rays exceeds."""
        return np.quantile(self.plain[~self.truth], 1 - rate, method="higher")

    def found(self, threshold):
        """Rates (false positives, true positives, true positives of the dilated mask) above a threshold."""
        above = self.plain > threshold
        return above[~self.truth].mean(), above[self.truth].mean(), (self.dilated[self.truth] > threshold).mean()

    def curve(self, rates):
        """`found` at the thresholds of some false-positive rates, (n, 3)."""
        return np.array([self.found(self.threshold(rate)) for rate in rates])


def thresholded(scores, rates=RATES):
    """Rates of true positives at rates of false ones.

    Parameters
    ----------
    scores : Scores
        Pixels of all images.
    rates : sequence of float, optional
        False-positive rates, of the masks before dilation.

    Returns
    -------
    dict
        ``plain`` and ``dilated``: list of true-positive rates.
    """
    _, plain, dilated = scores.curve(rates).T
    return {"plain": plain.tolist(), "dilated": dilated.tolist()}


def of_masks(masks, cases):
    """Rates (false positives, true positives, true positives of the dilated masks) of some masks, pooled."""
    counts = np.zeros(5)
    for mask, case in zip(masks, cases, strict=True):
        truth, false = case.truth & case.good, ~case.truth & case.good
        grown = binary_dilation(mask, SQUARE)
        counts += [np.count_nonzero(part) for part in (mask & false, mask & truth, grown & truth, false, truth)]
    return np.array([counts[0] / counts[3], counts[1] / counts[4], counts[2] / counts[4]])


def rates_at(points, rates=RATES):
    """True-positive rates where a curve of single points passes false-positive rates.

    Parameters
    ----------
    points : ndarray
        (n, 3) as `of_masks` gives them, in any order.
    rates : sequence of float, optional
        False-positive rates.

    Returns
    -------
    dict
        As of `thresholded`. Between two points, and between none and the first, straight lines; beyond the last, its
        value.
    """
    points = np.vstack([np.zeros(3), points[np.argsort(points[:, 0], kind="stable")]])
    points[:, 1:] = np.maximum.accumulate(points[:, 1:])
    return {name: np.interp(rates, points[:, 0], points[:, k]).tolist() for k, name in ((1, "plain"), (2, "dilated"))}
