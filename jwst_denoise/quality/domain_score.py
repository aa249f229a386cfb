"""How unlike the images of the training an image is, from its noise and its light."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from jwst_denoise.quality.peaks import Contrast
from jwst_denoise.statistics import robust_sigma

__all__ = ["DomainScore", "score_domain"]

NOISE = np.log(1.25)  # of the measured over the told noise, at which an image is outside
CORRELATION = 0.15  # of neighboring pixels, at which it is
CROWDED = 0.5  # fraction of the pixels with light of sources, at which it is
FAINT = 3.0  # sigma of light, below which a pixel shows noise
LIGHT = 3.0  # sigma of a pixel above the median
CLIP = 5.0  # of the scatter
FEWEST = 100  # pixels
COVERED = 0.5  # least weight of known pixels near a pixel
AROUND = 3.0  # pixels, Gaussian width of what is near
STRUCTURE, CALMEST = 0.3, 0.25  # variance over that of the noise; fraction of the pixels


@dataclass(frozen=True)
class DomainScore:
    """What a network should know of an image.

    Parameters
    ----------
    noise : float
        Noise of the faint pixels over what it is told to be; 1 is right.
    correlation : float
        Correlation of the noise of neighboring pixels, along rows or columns; networks expect 0.
    bright : float
        Fraction of the pixels that stand out of the background.
    """

    noise: float
    correlation: float
    bright: float

    @property
    def score(self):
        """Out-of-domain score: 0 as in training, 1 at the edge, more beyond it; NaN if nothing could be measured."""
        return max(self._parts.values()) if np.isfinite(self.noise) else float("nan")

    @property
    def reason(self):
        """What the score is due to, in words."""
        return max(self._parts, key=self._parts.get)

    @property
    def _parts(self):
        """Reason -> how far the image is on the way to the edge."""
        noise = f"pixels differ from their neighbors by {self.noise:.2f} times what their errors say"
        correlation = f"the noise of neighboring pixels has the correlation {self.correlation:.2f}"
        bright = f"{self.bright:.0%} of the pixels stand out of the background"
        return {
            noise: float(abs(np.log(max(self.noise, 1e-3))) / NOISE),
            correlation: abs(self.correlation) / CORRELATION,
            bright: self.bright / CROWDED,
        }


def score_domain(image, noise, usable, after=None):
    """Measure the noise and the light of an image.

    Parameters
    ----------
    image, noise : ndarray
        (ny, nx), and standard deviation of each pixel as the network is told.
    usable : ndarray of bool
        (ny, nx) pixels that count.
    after : ndarray, optional
        (ny, nx) what the network made of it: where that has fine structure above the noise, noise is not measured.

    Returns
    -------
    DomainScore

    Notes
    -----
    Noise is what a pixel differs by from the mean of two neighbors on a diagonal, away from sources. What is smooth
    drops out, and so does most of the light between sources.
    """
    nothing = DomainScore(float("nan"), float("nan"), float("nan"))
    if not usable.any():
        return nothing
    scaled = np.where(usable, (image - np.median(image[usable])) / np.where(usable, noise, 1), 0).astype(np.float32)
    quiet = usable & (np.abs(Contrast(noise, usable).of(image)) < FAINT)
    known, difference = _bends(scaled, quiet)
    if after is not None:
        known = _calm(_bends(np.where(usable, after / np.where(usable, noise, 1), 0), quiet)[1], known)
    if np.count_nonzero(known) < FEWEST:
        return nothing
    measured = robust_sigma(difference[known])
    known &= np.abs(difference) <= CLIP * measured
    bright = np.count_nonzero(scaled[usable] > LIGHT) / np.count_nonzero(usable)
    return DomainScore(measured, _correlation(difference, known), float(bright))


def _bends(image, quiet):
    """Where all three pixels are quiet, and the difference of a pixel to the mean of two, of the same scatter."""
    middle, first, second = np.s_[1:-1, 1:-1], np.s_[:-2, :-2], np.s_[2:, 2:]
    difference = (image[middle] - (image[first] + image[second]) / 2) / np.float32(np.sqrt(1.5))
    return quiet[middle] & quiet[first] & quiet[second], difference


def _calm(structure, known):
    """Known pixels around which the structure is fainter than the noise, and at least the calmest quarter of them."""
    weight = gaussian_filter(known.astype(np.float32), AROUND)
    energy = gaussian_filter(np.where(known, structure**2, 0).astype(np.float32), AROUND)
    known = known & (weight > COVERED)
    energy = np.where(known, energy / np.maximum(weight, COVERED), np.inf)
    return energy <= max(STRUCTURE, np.quantile(energy[known], CALMEST)) if known.any() else known


def _correlation(values, known):
    """Larger of the correlations of neighbors in a row and in a column."""
    variance = np.mean(values[known] ** 2, dtype=np.float64)
    found = [0.0]
    for first, second in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        pairs = known[first] & known[second]
        if np.count_nonzero(pairs) >= FEWEST and variance > 0:
            found.append(np.mean(values[first][pairs] * values[second][pairs], dtype=np.float64) / variance)
    return float(max(found, key=abs))
