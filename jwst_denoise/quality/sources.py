"""Sources before and after: which vanished, which appeared, and whether they kept their light."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter

from jwst_denoise.masks.segment import lone_pixels
from jwst_denoise.quality.peaks import Contrast, find
from jwst_denoise.quality.photometry import aperture_sums, ring_medians
from jwst_denoise.statistics import robust_sigma

__all__ = ["Sources", "source_check"]

CLEAR = 2.0  # sigma above the threshold, from which a source may not vanish
BEYOND = 3.0  # sigma by which a source may be more than the input shows
NEAR = 5  # pixels, edge of the box in which a source is looked for
FADED = 0.5  # a source with less of its contrast has vanished
RADIUS = 3.0  # pixels, of the aperture
RING = (6.0, 12.0)  # pixels, of the local background
BRIGHT = 10.0  # S/N in the aperture from which fluxes are compared
SCATTER = (0.1, 1.0)  # of the contrast after, in units of that before, within which it counts
MOST = 500  # sources whose fluxes are compared


@dataclass(frozen=True)
class Sources:
    """Sources of an image before and after.

    Parameters
    ----------
    before, after : int
        Sources found in each.
    clear, vanished : int
        Sources that were beyond doubt before, and those of them with less than half the contrast after.
    appeared : int
        Sources that are found after and whose light the image before contradicts by three standard deviations.
    flux_before, flux_after, flux_error : ndarray
        (n,) light in the same aperture above the same local background, and its error before, for sources with S/N
        > 10 after.
    """

    before: int
    after: int
    clear: int
    vanished: int
    appeared: int
    flux_before: np.ndarray
    flux_after: np.ndarray
    flux_error: np.ndarray

    @property
    def change(self):
        """Median relative change of the flux, and its standard error; NaN without sources."""
        if not len(self.flux_before):
            return float("nan"), float("nan")
        ratio = self.flux_after / self.flux_before - 1
        return float(np.median(ratio)), 1.25 * robust_sigma(ratio) / float(np.sqrt(len(ratio)))


def source_check(before, after, noise, usable, threshold=5.0):
    """Find sources in both images in the same way and compare them.

    Parameters
    ----------
    before, after : ndarray
        (ny, nx) images.
    noise : ndarray
        (ny, nx) standard deviation of the pixels before.
    usable : ndarray of bool
        (ny, nx) pixels that count.
    threshold : float, optional
        Significance of a source: of the noise that is told before, and of the scatter that is seen after.

    Returns
    -------
    Sources

    Notes
    -----
    Pixels sharper than any star (hot pixels, cosmic rays) are no sources. Sources are chosen for the comparison of
    fluxes by the image after, whose noise is a part of that before: choosing by the latter would favor those whose
    noise was positive, and their light would seem to fade.
    """
    level = np.median(before[usable]) if usable.any() else 0.0
    scaled = np.where(usable, (before - level) / np.where(usable, noise, 1), 0).astype(np.float32)
    lone = lone_pixels(scaled, usable) if usable.any() else np.zeros(usable.shape, bool)
    contrast = Contrast(noise, usable & ~lone)
    old, new = contrast.of(before), contrast.of(after)
    scatter = robust_sigma(new[contrast.covered]) if contrast.covered.any() else 1.0
    first, last = find(old, threshold), find(new, threshold * np.clip(scatter, *SCATTER))
    clear = first[old[tuple(first.T)] > threshold + CLEAR]
    unsupported = new[tuple(last.T)] - maximum_filter(old, NEAR)[tuple(last.T)] > BEYOND
    fluxes = _fluxes(before, after, noise, usable, last[old[tuple(last.T)] > BEYOND])
    vanished = maximum_filter(new, NEAR)[tuple(clear.T)] < FADED * old[tuple(clear.T)]
    counts = (int(np.count_nonzero(array)) for array in (vanished, unsupported))
    return Sources(len(first), len(last), len(clear), *counts, *fluxes)


def _fluxes(before, after, noise, usable, places):
    """Fluxes before and after in the same apertures, and their errors, of bright sources."""
    if not len(places):
        return (np.empty(0),) * 3
    points = places[np.unique(np.linspace(0, len(places) - 1, MOST).astype(int))][:, ::-1]
    filled = np.where(usable, before, 0)
    sky = ring_medians(filled, points, *RING, mask=~usable) * aperture_sums(usable, points, RADIUS)
    flux, error = aperture_sums(filled, points, RADIUS, np.where(usable, noise, 0))
    flux, later = flux - sky, aperture_sums(np.where(usable, after, 0), points, RADIUS) - sky
    good = np.isfinite(sky) & (later > BRIGHT * error) & (flux > 0)
    return flux[good], later[good], error[good]
