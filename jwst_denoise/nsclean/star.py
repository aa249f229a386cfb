"""Star of a time series: template, and its free amplitude in every column and order, or in the whole image."""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, optimize, signal

from jwst_denoise.statistics import MAD_TO_SIGMA, masked_median, robust_sigma

__all__ = ["Amplitudes", "Star", "median_image"]

#: Standard deviations, pixels across and along the dispersion, with which the template is smoothed to find its
#: faintest pixels and the valleys between its orders.
SMOOTHING = 3.0, 24.0
#: Limits of the shares of the pixels of an image, or of a column of a spectrum, that are taken for background.
FAINT_PERCENT = 10, 20, 30, 40
#: Scales in pixels of the exponential wings of a spectrum.
WINGS = 5, 10, 20, 40
#: Standard deviations beyond which a pixel does not count for the flux of an integration.
CLIP_SIGMA = 5.0
#: Pixels between the places where a step of the background is tried, pixels that are binned, and rounds of clipping.
STEP_GRID, BINNING, CLIPPINGS = 64, 8, 2
#: Rms residual of the best step relative to that of a constant, below which the background has a step.
STEP_GAIN = 0.5
#: An order is a peak of at least so many sigma and this fraction of the column's highest, separated by a valley of
#: less than 1 − the last number of its height.
ORDER_SIGMA, ORDER_FRACTION, ORDER_PROMINENCE = 5.0, 0.01, 0.7


@dataclass(frozen=True)
class Star:
    """Template of a star whose flux varies.

    Parameters
    ----------
    template : ndarray
        (ny, nx) median of the integrations, background included.
    profiles : ndarray
        (orders, ny, nx) flux of the star in each order; a pixel belongs to one order.
    shifts : ndarray
        (1 or 2, ny, nx) change of the template with a shift of one pixel, for pointing jitter.
    by_column : bool
        Whether every column has separate amplitudes (dispersion along x).
    variation : float
        Largest relative change of the flux among the integrations of the template.
    count : int
        Number of integrations of the template.
    """

    template: np.ndarray
    profiles: np.ndarray
    shifts: np.ndarray
    by_column: bool
    variation: float
    count: int

    @classmethod
    def measure(cls, data, light_curve=None, by_column=True):
        """Measure the template.

        Parameters
        ----------
        data : ndarray
            (integrations, ny, nx), NaN where there is no data.
        light_curve : ndarray, optional
            (integrations,) relative flux; measured by default.
        by_column : bool, optional
            Whether every column has separate amplitudes.

        Returns
        -------
        Star
        """
        template = median_image(data)
        flux = template - _background(template, by_column)
        if light_curve is None:
            change = _relative_flux(data - template, flux)
            change -= np.median(change)
        else:
            change = light_curve - 1
        change = change.astype(np.float32)
        template = median_image(data - change[:, None, None] * flux)
        flux = template - _background(template, by_column)
        noise = robust_sigma(np.diff(template, axis=-1).ravel()) / np.sqrt(2)
        orders = _orders(flux, noise) if by_column else np.zeros(flux.shape, int)
        profiles = np.stack([np.where(orders == order, flux, 0) for order in range(orders.max() + 1)])
        shifts = [np.gradient(flux, axis=axis) for axis in ((0,) if by_column else (0, 1))]
        return cls(template, profiles, np.stack(shifts), by_column, float(np.abs(change).max()), len(data))

    @property
    def residual_scatter(self):
        """Scatter of the difference from template and amplitudes, relative to the noise.

        The median absolute deviation from the median of n values is that of the noise times √(1 − 2 / n).
        """
        free = len(self.profiles) / len(self.template) if self.by_column else 0
        return np.sqrt(max(1 - 2 / self.count, 0.25) * (1 - free))

    @property
    def flux(self):
        """(ny, nx) template without its background."""
        return self.profiles.sum(axis=0)

    def subtracted(self, data, light_curve=None):
        """Subtract the template, scaled by the light curve, from data (integrations, ny, nx)."""
        difference = data - self.template
        change = _relative_flux(difference, self.flux) if light_curve is None else light_curve - 1
        return difference - np.asarray(change, np.float32)[:, None, None] * self.flux


class Amplitudes:
    """Projection of images onto what no change of the star's amplitudes or position resembles.

    With weights W and the star's profiles P it applies 1 − P (PᵀWP)⁻¹ PᵀW.

    Parameters
    ----------
    star : Star
        The star.
    weight : ndarray
        (images, ny, nx) inverse variances.
    """

    def __init__(self, star, weight):
        self._star, self.weight = star, weight
        norm = self._sums(weight * star.profiles.sum(axis=0))
        self._inverse = np.divide(1, norm, out=np.zeros_like(norm), where=norm > 0)
        self._shifts = []
        for shift in star.shifts:
            shift = self.project(np.broadcast_to(shift, weight.shape))
            square = np.einsum("nyx,nyx,nyx->n", weight, shift, shift)
            self._shifts.append((shift, np.divide(1, square, out=np.zeros_like(square), where=square > 0)))

    def project(self, images):
        """Subtract the best-fitting change of the star from images (images, ny, nx)."""
        amplitudes = self._inverse * self._sums(self.weight * images)
        rest = images - np.einsum("nkx,kyx->nyx", amplitudes, self._star.profiles)
        for shift, inverse in self._shifts:
            size = inverse * np.einsum("nyx,nyx,nyx->n", self.weight, shift, rest)
            rest -= size[:, None, None] * shift
        return rest

    def _sums(self, weighted):
        """Sums PᵀW d: (images, orders, nx)."""
        sums = np.einsum("nyx,kyx->nkx", weighted, self._star.profiles)
        return sums if self._star.by_column else np.broadcast_to(sums.sum(axis=-1, keepdims=True), sums.shape)


def median_image(data):
    """Median of the integrations; 0 where there is no data."""
    return masked_median(data, np.isfinite(data), axis=0).astype(np.float32)


def _background(template, by_column):
    """Background of the template: (1, nx) or (1, 1).

    It is measured in the faintest pixels of the image or of each column. The wings of a spectrum reach these pixels,
    too, in proportion to the flux of the column. So several ranges of these pixels are fitted with the wings, as a sum
    of profiles, and the background: a slope, and a step to a constant (zodiacal background of NIRISS SOSS). The wings
    are left to the star.
    """
    smooth = ndimage.gaussian_filter(template, SMOOTHING, mode="nearest")
    axis = 0 if by_column else None
    edges = np.percentile(smooth, (0, *FAINT_PERCENT), axis=axis, keepdims=True)
    lowest = np.mean(template, axis=axis, keepdims=True, where=smooth <= edges[1])
    nx = lowest.shape[1]
    if nx < 2 * STEP_GRID:
        return lowest
    flux = np.maximum(smooth - lowest, 0)
    rows = np.arange(len(template))[:, None]
    center = np.sum(rows * flux**2, axis=0) / np.maximum(np.sum(flux**2, axis=0), np.finfo(np.float32).tiny)
    distance = np.abs(rows - center)
    shapes = flux.sum(axis=0) * np.stack([1 / (1 + distance**2), *(np.exp(-distance / scale) for scale in WINGS)])
    inside = [(smooth >= low) & (smooth <= high) for low, high in itertools.pairwise(edges)]
    level = np.stack([np.mean(template, axis=0, where=faint) for faint in inside])
    wings = np.stack([np.mean(shapes, axis=1, where=faint) for faint in inside], axis=1)
    level, wings = (values[..., : nx // BINNING * BINNING] for values in (level, wings))
    level, wings = (np.mean(v.reshape(*v.shape[:-1], -1, BINNING), axis=-1) for v in (level, wings))
    columns = np.tile(BINNING * np.arange(level.shape[1]), len(level))
    level, wings = level.ravel(), wings.reshape(len(wings), -1)
    wings /= np.maximum(wings.max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    good = np.isfinite(level)
    for _ in range(CLIPPINGS):
        fits = []
        for step in range(0, nx, STEP_GRID):
            sky = _step(columns, step, nx)
            matrix = np.stack([*sky, *-sky, *wings], axis=1)  # only the wings must be positive
            solution, cost = optimize.nnls(matrix[good], level[good])
            fits.append((cost, step, solution, matrix))
        best = min(fits, key=lambda fit: fit[0])
        _, step, solution, matrix = best if best[0] < STEP_GAIN * fits[0][0] else fits[0]  # the first is a constant
        rest = np.abs(level - matrix @ solution)
        good = rest <= 3 * MAD_TO_SIGMA * np.median(rest[good])
    return ((solution[:3] - solution[3:6]) @ _step(np.arange(nx), step, nx))[None].astype(np.float32)


def _step(columns, step, nx):
    """Constant and slope before a column, and constant from there on: (3, number of columns)."""
    before = columns < step
    return np.stack([before, before * columns / nx, ~before]).astype(float)


def _relative_flux(difference, flux):
    """Least-squares change of the flux, relative to the template; cosmic rays are clipped."""
    good = np.isfinite(difference)
    for _ in range(2):
        change = np.where(good, difference, 0)
        norm = np.einsum("nyx,yx->n", good, flux**2, dtype=np.float64)
        change = np.einsum("nyx,yx->n", change, flux) / np.where(norm > 0, norm, 1)
        rest = np.abs(difference - change[:, None, None].astype(np.float32) * flux)
        good = rest <= CLIP_SIGMA * MAD_TO_SIGMA * median_image(rest)
    return change


def _orders(flux, noise):
    """Order of each pixel (ny, nx): columns are divided at the valleys between separate traces."""
    across, along = SMOOTHING
    smooth = ndimage.gaussian_filter(flux, (across, along), mode="nearest")
    lowest = ORDER_SIGMA * noise / np.sqrt(4 * np.pi * across * along)
    orders = np.zeros(flux.shape, int)
    for column, order in zip(np.pad(smooth, ((1, 1), (0, 0))).T, orders.T, strict=True):
        height = max(lowest, ORDER_FRACTION * column.max())
        peaks, properties = signal.find_peaks(column, height=height, prominence=height)
        peaks = peaks[properties["prominences"] > ORDER_PROMINENCE * properties["peak_heights"]] - 1
        for first, second in zip(peaks[:-1], peaks[1:], strict=True):
            order[first + 1 + np.argmin(column[first + 1 : second + 1]) :] += 1
    return orders
