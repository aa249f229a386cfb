"""Rates of true and false positives of masks over the pixels of many images, and LACosmic as reference method."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation, maximum_filter

__all__ = [
    "FALSE_RATES", "Scores", "best_lacosmic", "lacosmic_mask", "rates_at", "rates_of_masks", "scan_lacosmic",
    "strictest_lacosmic", "true_rates",
]  # fmt: skip

#: False-positive rates at which masks are compared.
FALSE_RATES = (0.0005, 0.005)
SQUARE = np.ones((3, 3), dtype=bool)
#: LACosmic's contrast with the fine structure image: the higher, the fewer stars are flagged; and its threshold.
OBJLIM = (2.0, 3.5, 5.0, 10.0, 25.0)
SIGCLIP = (2.0, 3.0, 4.5, 7.0, 12.0, 25.0, 60.0)
LACOSMIC = {"sigclip": 4.5, "objlim": 5.0}


@dataclass(frozen=True, eq=False)
class Scores:
    """Score of every pixel that counts; the larger, the more like a cosmic ray.

    Parameters
    ----------
    plain, dilated : ndarray
        (n,) the score of the pixel, and the largest in 3 × 3: a mask of scores above a threshold, dilated, is the mask
        of dilated scores above the threshold.
    truth : ndarray
        (n,) bool.
    """

    plain: np.ndarray
    dilated: np.ndarray
    truth: np.ndarray

    @classmethod
    def of(cls, maps, cases):
        """Pool the score maps of several cases."""
        triples = [(m[c.good], maximum_filter(m, 3)[c.good], c.truth[c.good]) for m, c in zip(maps, cases, strict=True)]
        return cls(*(np.concatenate(parts) for parts in zip(*triples, strict=True)))

    def threshold(self, rate):
        """Score that a fraction ``rate`` of the pixels without cosmic rays exceeds."""
        return np.quantile(self.plain[~self.truth], 1 - rate, method="higher")

    def rates(self, threshold):
        """Rates (false positives, true positives, true positives of the dilated mask) above a threshold."""
        above = self.plain > threshold
        return above[~self.truth].mean(), above[self.truth].mean(), (self.dilated[self.truth] > threshold).mean()

    def curve(self, false_rates):
        """`rates` at the thresholds of several false-positive rates, (n, 3)."""
        return np.array([self.rates(self.threshold(rate)) for rate in false_rates])


def true_rates(scores, false_rates=FALSE_RATES):
    """Rates of true positives at rates of false ones.

    Parameters
    ----------
    scores : Scores
        Pixels of all images.
    false_rates : sequence of float, optional
        False-positive rates of the masks before dilation.

    Returns
    -------
    dict
        ``plain`` and ``dilated``: list of true-positive rates.
    """
    _, plain, dilated = scores.curve(false_rates).T
    return {"plain": plain.tolist(), "dilated": dilated.tolist()}


def rates_of_masks(masks, cases):
    """Rates (false positives, true positives, true positives of the dilated masks) of several masks, pooled."""
    counts = np.zeros(5)
    for mask, case in zip(masks, cases, strict=True):
        truth, false = case.truth & case.good, ~case.truth & case.good
        dilated = binary_dilation(mask, SQUARE)
        counts += [np.count_nonzero(part) for part in (mask & false, mask & truth, dilated & truth, false, truth)]
    return np.array([counts[0] / counts[3], counts[1] / counts[4], counts[2] / counts[4]])


def rates_at(points, false_rates=FALSE_RATES):
    """True-positive rates where a curve of single points passes false-positive rates.

    Parameters
    ----------
    points : ndarray
        (n, 3) from `rates_of_masks`, in any order.
    false_rates : sequence of float, optional
        False-positive rates.

    Returns
    -------
    dict
        As of `true_rates`, by linear interpolation between the origin and the points, constant after the last one.
    """
    points = np.vstack([np.zeros(3), points[np.argsort(points[:, 0], kind="stable")]])
    points[:, 1:] = np.maximum.accumulate(points[:, 1:])
    columns = {"plain": points[:, 1], "dilated": points[:, 2]}
    return {name: np.interp(false_rates, points[:, 0], column).tolist() for name, column in columns.items()}


def lacosmic_mask(image, **options):
    """Mask of an image by LACosmic (van Dokkum 2001, PASP 113, 1420; astroscrappy) with the true variance.

    Parameters
    ----------
    image : Image
        Simulated image.
    **options
        ``sigclip``, ``objlim``, … of ``astroscrappy.detect_cosmics``; by default `LACOSMIC`.

    Returns
    -------
    ndarray
        (ny, nx) bool.
    """
    from astroscrappy import detect_cosmics

    electrons = np.where(image.bad, 0, image.data * image.seconds).astype(np.float32)
    variance = (image.err * image.seconds).astype(np.float32) ** 2
    options = LACOSMIC | {"inmask": image.bad, "invar": variance, "satlevel": np.inf} | options
    return detect_cosmics(electrons, **options)[0]


def scan_lacosmic(cases, objlim=OBJLIM, sigclip=SIGCLIP):
    """(``objlim``, ``sigclip``) -> `rates_of_masks` of LACosmic."""
    return {
        (contrast, clip): rates_of_masks([lacosmic_mask(c.image, sigclip=clip, objlim=contrast) for c in cases], cases)
        for contrast in objlim
        for clip in sigclip
    }


def best_lacosmic(scan, false_rates=FALSE_RATES):
    """True-positive rates with the best ``objlim`` for each false-positive rate.

    Parameters
    ----------
    scan : dict
        From `scan_lacosmic`.
    false_rates : sequence of float, optional
        False-positive rates.

    Returns
    -------
    dict
        ``plain``, ``dilated``: list of true-positive rates; ``objlim``: list of the best for ``plain``.
    """
    contrasts = sorted({contrast for contrast, _ in scan})
    points = [np.array([rates for (key, _), rates in scan.items() if key == contrast]) for contrast in contrasts]
    curves = [rates_at(curve, false_rates) for curve in points]
    plain, dilated = (np.array([curve[name] for curve in curves]) for name in ("plain", "dilated"))
    limits = [contrasts[k] for k in plain.argmax(axis=0)]
    return {"plain": plain.max(axis=0).tolist(), "dilated": dilated.max(axis=0).tolist(), "objlim": limits}


def strictest_lacosmic(scan, rate=FALSE_RATES[0]):
    """Setting with the most true positives below a false-positive rate, or else with the fewest false positives."""
    few = {key: rates for key, rates in scan.items() if rates[0] <= rate}
    if few:
        objlim, sigclip = max(few, key=lambda key: few[key][1])
    else:
        objlim, sigclip = min(scan, key=lambda key: scan[key][0])
    return {"objlim": objlim, "sigclip": sigclip}
