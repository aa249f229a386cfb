"""Difference of an image from the training images in its noise and sources."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from jwst_denoise.quality.sources import Contrast
from jwst_denoise.statistics import box_level, robust_sigma

__all__ = ["DomainScore", "score_domain"]

# At these values an image is at the edge of the domain.
NOISE = np.log(1.25)  # of the measured over the expected noise
CORRELATION = 0.15  # of neighboring pixels
STRIPES = 0.08  # rms of the offsets of lines, in units of the noise of a pixel
CROWDED = 0.5  # fraction of the pixels with signal of sources

FAINT = 3.0  # sigma of signal, below which a pixel belongs to the background
SIGNAL = 3.0  # sigma of a pixel above the median
CLIP = 5.0  # times the scatter
FEWEST = 100  # pixels
REACH = 2  # lines from a line to those that it is compared with
COVERED = 0.5  # minimum weight of known pixels near a pixel
AROUND = 3.0  # pixels, Gaussian width of the neighborhood of a pixel
STRUCTURE, SMOOTHEST = 0.3, 0.25  # variance over that of the noise; fraction of the pixels
SEGMENT = 256  # pixels of a line that are averaged
FEWEST_SEGMENTS = 20
MAD_VARIANCE = 2.7  # n times the relative variance of a squared MAD, over that of a squared standard deviation


@dataclass(frozen=True)
class DomainScore:
    """Properties of an image that a network must have seen in training.

    Parameters
    ----------
    noise : float
        Noise of the background pixels over the expected noise; 1 in training.
    correlation : float
        Correlation of the noise of neighboring pixels, along rows or columns; 0 in training.
    bright : float
        Fraction of the pixels that stand out from the background.
    stripes : float
        Rms of the offsets of rows or columns from their neighbors, as 1/f noise leaves them, in units of the noise of
        a pixel; 0 in training.
    """

    noise: float
    correlation: float
    bright: float
    stripes: float

    @property
    def score(self):
        """Out-of-domain score: 0 as in training, 1 at the edge, more beyond it; NaN if nothing could be measured."""
        return max(self._parts.values()) if np.isfinite(self.noise) else float("nan")

    @property
    def reason(self):
        """Property that determines the score, in words."""
        return max(self._parts, key=self._parts.get)

    @property
    def _parts(self):
        """Reason -> score of one property."""
        noise = f"the noise of the pixels is {self.noise:.2f} times their expected noise"
        correlation = f"the noise of neighboring pixels has the correlation {self.correlation:.2f}"
        stripes = f"lines have offsets of {self.stripes:.2f} times the noise of a pixel; run nsclean first"
        bright = f"{self.bright:.0%} of the pixels stand out from the background"
        return {
            noise: float(abs(np.log(max(self.noise, 1e-3))) / NOISE),
            correlation: abs(self.correlation) / CORRELATION,
            stripes: self.stripes / STRIPES,
            bright: self.bright / CROWDED,
        }


def score_domain(image, noise, usable, after=None):
    """Measure the noise of an image, its correlation, and the fraction of bright pixels.

    Parameters
    ----------
    image, noise : ndarray
        (ny, nx), and expected standard deviation of each pixel.
    usable : ndarray of bool
        (ny, nx) pixels that count.
    after : ndarray, optional
        (ny, nx) output of the network: where it has fine structure above the noise, the noise is not measured.

    Returns
    -------
    DomainScore

    Notes
    -----
    Noise is measured from the differences of background pixels from the mean of two pixels on a diagonal, which cancel
    smooth structure; offsets of lines from the differences of their segments from the neighbors on both sides. Sources
    affect rows and columns alike, 1/f noise only one of them, so the smaller variance is subtracted from the larger.
    """
    nothing = DomainScore(*(float("nan"),) * 4)
    if not usable.any():
        return nothing
    scaled = np.where(usable, (image - np.median(image[usable])) / np.where(usable, noise, 1), 0).astype(np.float32)
    background = usable & (np.abs(Contrast(noise, usable).of(image)) < FAINT)
    known, difference = _differences(scaled, background, 1)
    if after is not None:
        _, structure = _differences(np.where(usable, after / np.where(usable, noise, 1), 0), background, 1)
        known = _smooth(structure, known)
        background = background & np.pad(known, 1)
    if np.count_nonzero(known) < FEWEST:
        return nothing
    measured = robust_sigma(difference[known])
    known, difference = _differences(scaled, background, 2)  # far enough that correlations do not cancel
    known &= np.abs(difference) <= CLIP * measured
    bright = np.count_nonzero(scaled[usable] > SIGNAL) / np.count_nonzero(usable)
    stripes = _stripes((scaled - box_level(scaled, background)) / np.float32(measured or 1), background)
    return DomainScore(measured, _correlation(difference, known), float(bright), stripes)


def _differences(image, background, reach):
    """Where three pixels on a diagonal are background, and one's difference from the mean of two, of equal scatter."""
    first, middle, second = (np.s_[k : k - 2 * reach or None, k : k - 2 * reach or None] for k in (0, reach, 2 * reach))
    difference = (image[middle] - (image[first] + image[second]) / 2) / np.float32(np.sqrt(1.5))
    return background[middle] & background[first] & background[second], difference


def _smooth(structure, known):
    """Known pixels around which structure is weaker than the noise, and at least the smoothest quarter of them."""
    weight = gaussian_filter(known.astype(np.float32), AROUND)
    energy = gaussian_filter(np.where(known, structure**2, 0).astype(np.float32), AROUND)
    known = known & (weight > COVERED)
    energy = np.where(known, energy / np.maximum(weight, COVERED), np.inf)
    return energy <= max(STRUCTURE, np.quantile(energy[known], SMOOTHEST)) if known.any() else known


def _correlation(values, known):
    """Larger of the correlations of neighbors in a row and in a column."""
    variance = np.mean(values[known] ** 2, dtype=np.float64) if known.any() else 0.0
    correlations = [0.0]
    for first, second in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        pairs = known[first] & known[second]
        if np.count_nonzero(pairs) >= FEWEST and variance > 0:
            correlations.append(np.mean(values[first][pairs] * values[second][pairs], dtype=np.float64) / variance)
    return float(max(correlations, key=abs))


def _stripes(scaled, background):
    """Rms of the offsets of lines in rows or columns, beyond chance and beyond that in the other direction."""
    rows, columns = (_line_variance(*planes) for planes in ((scaled, background), (scaled.T, background.T)))
    excess = max(rows[0] - max(columns[0], 0) - 2 * rows[1], columns[0] - max(rows[0], 0) - 2 * columns[1], 0)
    return float(np.sqrt(excess))


def _line_variance(scaled, background):
    """Variance of the offsets of rows from their neighbors beyond that of white noise, and its standard error."""
    parts = max(1, round(scaled.shape[1] / SEGMENT))
    width = scaled.shape[1] // parts
    values, used = (plane[:, : parts * width].reshape(-1, parts, width) for plane in (scaled, background))
    count = used.sum(axis=2)
    mean, variance = np.where(used, values, 0).sum(axis=2) / np.maximum(count, 1), 1 / np.maximum(count, 1)
    if len(mean) <= 2 * REACH:
        return 0.0, 0.0
    middle, sides = np.s_[REACH:-REACH], (np.s_[: -2 * REACH], np.s_[2 * REACH :])
    offset = mean[middle] - (mean[sides[0]] + mean[sides[1]]) / 2
    white = variance[middle] + (variance[sides[0]] + variance[sides[1]]) / 4
    enough = count > width / 4
    good = enough[middle] & enough[sides[0]] & enough[sides[1]]
    if np.count_nonzero(good) < FEWEST_SEGMENTS:
        return 0.0, 0.0
    white = float(np.median(white[good])) / 1.5
    error = white * np.sqrt(2 * MAD_VARIANCE * 1.5 / np.count_nonzero(good))
    return robust_sigma(offset[good]) ** 2 / 1.5 - white, error
