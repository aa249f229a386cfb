"""Numbers and curves of an image before and after a step: noise, errors, spectra, flags, sources."""

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.ndimage import uniform_filter
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise import masks, quality
from jwst_denoise.statistics import box_level, power_spectrum, robust_sigma

__all__ = [
    "RADIUS", "Comparison", "FlagCount", "Noise", "compare_images", "count_flags", "find_new_flags",
    "interquartile_profile", "measure_noise", "reject_outliers",
]  # fmt: skip

POISSON_LIMIT = 5.0  # largest ratio of Poisson variance to rate, in units of the typical ratio
RADIUS = 2.5  # pixels, of an aperture
BOXES = (3, 5, 11)  # pixels
COVERED = 0.75  # least good part of an aperture or box
FEWEST = 30  # apertures or boxes, from which their scatter is given
FEWEST_IN_LINE = 0.1  # least good part of a row or column in a profile
CLIP = 5.0  # sigma, outliers
SMOOTH = 9  # pixels, box in which extended outliers are found


class Noise(NamedTuple):
    """Noise of the background on one scale.

    Parameters
    ----------
    name : str
        Aperture or box.
    pixels : float
        Its area in pixels.
    scatter : float
        Scatter of the means, in the unit of the image; NaN with too few apertures.
    over_err : float
        Scatter over ERR summed in quadrature; NaN without ERR.
    """

    name: str
    pixels: float
    scatter: float
    over_err: float


class FlagCount(NamedTuple):
    """Number of pixels with one flag: before, after, newly set, and removed."""

    extension: str
    name: str
    before: int
    after: int
    new: int
    gone: int


@dataclass(frozen=True)
class Comparison:
    """An image before and after a step.

    Parameters
    ----------
    before, after : jwst_denoise.report.exposure.Exposure
        The images.
    noise : ndarray
        (ny, nx) standard deviation of the pixels before.
    usable, background : ndarray of bool
        (ny, nx) pixels with a value in both images; background pixels among them.
    quality : jwst_denoise.quality.QualityMetrics
        Quality metrics of what was removed and of the sources.
    flagged : ndarray of bool or None
        (ny, nx) pixels with a new flag in any group; None if the flags cannot be compared.
    """

    before: object
    after: object
    noise: np.ndarray
    usable: np.ndarray
    background: np.ndarray
    quality: quality.QualityMetrics
    flagged: np.ndarray | None

    @property
    def pair(self):
        """Both images with their names."""
        return (("before", self.before), ("after", self.after))

    @property
    def unit(self):
        """Unit of the image before."""
        return self.before.unit

    @cached_property
    def removed(self):
        """(ny, nx) before − after."""
        with np.errstate(invalid="ignore"):
            return self.before.image - self.after.image

    @cached_property
    def unchanged(self):
        """Whether the image is the same before and after."""
        return not self.removed[np.isfinite(self.removed)].any()

    @cached_property
    def flat(self):
        """Name -> (ny, nx) image minus the local level of its background pixels."""
        return {name: one.image - box_level(one.image, self.background) for name, one in self.pair}

    @cached_property
    def over_err(self):
        """Name -> background pixels over ERR; an image without ERR has none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = {n: (self.flat[n] / one.err)[self.background] for n, one in self.pair if one.err is not None}
        return {name: values[np.isfinite(values)] for name, values in ratios.items()}

    @cached_property
    def noise_by_scale(self):
        """Name -> list of `Noise` of the background, for pixels, apertures and boxes."""
        return {name: measure_noise(self.flat[name], self.background, one.err) for name, one in self.pair}

    @cached_property
    def spectra(self):
        """Name -> frequency and power of the background in the order of readout, or along the rows."""
        readout = self.before.readout
        if readout is None:
            return {name: power_spectrum(flat, self.background) for name, flat in self.flat.items()}
        good = readout.to_streams(self.background).reshape(readout.outputs, -1)
        streams = {name: readout.to_streams(flat).reshape(good.shape) for name, flat in self.flat.items()}
        return {name: power_spectrum(stream, good, readout.pixel_time) for name, stream in streams.items()}

    def profiles(self, axis):
        """Name -> interquartile mean of the background pixels over one axis."""
        return {name: interquartile_profile(one.image, self.background, axis) for name, one in self.pair}


def compare_images(before, after, background=None, quality_metrics=None):
    """Compare an image before and after a step.

    Parameters
    ----------
    before, after : jwst_denoise.report.exposure.Exposure
        Images of one shape.
    background : ndarray of bool, optional
        (ny, nx) background pixels; by default those without detected sources. Outliers, such as cosmic rays, are
        left out in either case.
    quality_metrics : jwst_denoise.quality.QualityMetrics, optional
        Quality metrics that a step has measured.

    Returns
    -------
    Comparison
    """
    usable = before.usable & after.usable
    noise = _noise(before, after, usable)
    background = _background(after, noise, usable) if background is None else background & usable
    if quality_metrics is None:
        images = (np.where(usable, one.image, np.nan) for one in (before, after))
        quality_metrics = quality.assess_quality(*images, noise)
    background = reject_outliers(after.image, background)
    return Comparison(before, after, noise, usable, background, quality_metrics, find_new_flags(before, after))


def measure_noise(flat, good, err=None):
    """Noise of the background in single pixels, apertures of r = 2.5 pixels, and boxes of 3, 5 and 11 pixels.

    Parameters
    ----------
    flat : ndarray
        (ny, nx) background with the mean 0.
    good : ndarray of bool
        (ny, nx) background pixels.
    err : ndarray, optional
        (ny, nx) errors.

    Returns
    -------
    list of Noise
        Scatter of means over apertures that do not overlap and are covered to 75 % or more.
    """
    kernels = {"one pixel": np.ones((1, 1)), f"aperture, r = {RADIUS:g} pixels": _disk(RADIUS)}
    kernels |= {f"box of {n} × {n} pixels": np.ones((n, n)) for n in BOXES}
    return [Noise(name, float(kernel.sum()), *_scatter(flat, good, err, kernel)) for name, kernel in kernels.items()]


def interquartile_profile(image, good, axis):
    """Mean of the middle half of the good pixels over one axis: as robust as a median, without its steps.

    Parameters
    ----------
    image : ndarray
        (ny, nx).
    good : ndarray of bool
        (ny, nx).
    axis : int
        Axis over which the mean is taken.

    Returns
    -------
    ndarray
        NaN where fewer than 10 % of the pixels are good.
    """
    ordered = np.sort(np.moveaxis(np.where(good, image, np.inf), axis, -1), axis=-1)
    rank, count = np.arange(ordered.shape[-1]), np.count_nonzero(good, axis=axis)[:, None]
    middle = (rank >= count // 4) & (rank < count - count // 4)
    enough = count >= max(1, FEWEST_IN_LINE * len(rank))
    mean = np.where(middle, ordered, 0).sum(axis=-1) / np.maximum(middle.sum(axis=-1), 1)
    return np.where(enough[:, 0], mean, np.nan)


def reject_outliers(image, good):
    """Good pixels without outliers, such as cosmic rays and the halos of snowballs.

    Parameters
    ----------
    image : ndarray
        (ny, nx).
    good : ndarray of bool
        (ny, nx).

    Returns
    -------
    ndarray of bool
        Without pixels more than 5 sigma from the local level, and pixels around which the mean of 9 × 9 pixels is.
    """
    flat = np.where(good, image - box_level(image, good), 0).astype(np.float32)
    count = uniform_filter(good.astype(np.float32), SMOOTH)
    smooth = uniform_filter(flat, SMOOTH) / np.maximum(count, 1e-6)
    far = [np.abs(each) > CLIP * sigma for each in (flat, smooth) if (sigma := robust_sigma(each[good])) > 0]
    return good & ~np.logical_or.reduce(far) if far else good


def find_new_flags(before, after):
    """Pixels of the plane shown that have a new flag, in any group.

    Parameters
    ----------
    before, after : jwst_denoise.report.exposure.Exposure
        With flags.

    Returns
    -------
    ndarray of bool or None
        (ny, nx); None if the flags cannot be compared.
    """
    flagged = None
    for extension, old in before.flags.items():
        new = after.flags.get(extension)
        if new is not None and new.shape == old.shape and old.shape[-2:] == before.image.shape:
            fresh = _shown(new, before.plane) & ~_shown(old, before.plane)
            fresh = (fresh != 0).reshape(-1, *fresh.shape[-2:]).any(axis=0)
            flagged = fresh if flagged is None else flagged | fresh
    return flagged


def count_flags(before, after):
    """Count the pixels of every flag that occurs, in all planes.

    Parameters
    ----------
    before, after : jwst_denoise.report.exposure.Exposure
        With flags.

    Returns
    -------
    list of FlagCount
        For the extensions of one shape in both.
    """
    return [
        count
        for extension, old in before.flags.items()
        if (new := after.flags.get(extension)) is not None and new.shape == old.shape
        for count in _count(extension, old, new)
    ]


def _shown(flags, plane):
    """Flags of the plane shown; of all planes for their mean."""
    return flags if flags.ndim == 2 or plane is None else flags[plane % len(flags)]


def _count(extension, old, new):
    names = {bit: name for name, bit in dqflags.pixel.items() if bit}
    occurring = int(np.bitwise_or.reduce(old, axis=None) | np.bitwise_or.reduce(new, axis=None))
    for bit, name in sorted(names.items()):
        if occurring & bit:
            had, has = (old & old.dtype.type(bit)) != 0, (new & new.dtype.type(bit)) != 0
            yield FlagCount(extension, name, *map(int, map(np.count_nonzero, (had, has, has & ~had, had & ~has))))


def _disk(radius, parts=20):
    """Part of every pixel inside a circle around the middle pixel."""
    size = 2 * int(np.ceil(radius - 0.5)) + 1
    offsets = (np.arange(size * parts) + 0.5) / parts - size / 2
    inside = np.hypot(offsets[:, None], offsets) < radius
    return inside.reshape(size, parts, size, parts).mean(axis=(1, 3))


def _scatter(flat, good, err, kernel):
    """Scatter of means under a kernel, and of means over their errors."""
    n = len(kernel)
    ny, nx = (length // n for length in flat.shape)

    def sums(image, weights):
        cells = np.where(good, image, 0)[: ny * n, : nx * n].reshape(ny, n, nx, n)
        return np.einsum("aibj,ij->ab", cells, weights)

    area = sums(1.0, kernel)
    covered = area >= COVERED * kernel.sum()
    if np.count_nonzero(covered) < FEWEST:
        return np.nan, np.nan
    total, area = sums(flat, kernel)[covered], area[covered]
    if err is None:
        return robust_sigma(total / area), np.nan
    error = np.sqrt(sums(np.square(err, dtype=np.float64), kernel**2)[covered])
    known = np.isfinite(error) & (error > 0)
    over_err = robust_sigma(total[known] / error[known]) if known.any() else np.nan
    return robust_sigma(total / area), over_err


def _noise(before, after, usable):
    """Error before, with the Poisson variance at the image after: at the noisy image it would rise with the noise."""
    if before.err is None:
        flat = before.image - box_level(before.image, usable)
        return np.full(before.image.shape, max(robust_sigma(flat[usable]), 1e-30), np.float32)
    variance = before.err**2
    if before.var_poisson is not None and after.unit == before.unit:
        variance = variance - before.var_poisson + _poisson_after(before, after, usable)
    with np.errstate(invalid="ignore"):
        return np.sqrt(np.where(variance > 0, variance, before.err**2))


def _poisson_after(before, after, usable):
    """Poisson variance at the rate after."""
    exposed = usable & (before.image > 0) & (before.var_poisson > 0)
    if not exposed.any():
        return before.var_poisson
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = before.var_poisson / before.image
    typical = np.median(ratio[exposed])
    return np.where(exposed, np.minimum(ratio, POISSON_LIMIT * typical), typical) * np.maximum(after.image, 0)


def _background(after, noise, usable):
    """Background pixels of the image after, whose faint sources are clearer."""
    log = logging.getLogger("stpipe.jwst_denoise.masks")
    level, log.disabled = log.disabled, True  # the report itself shows how much background there is
    try:
        return masks.imaging_mask(np.where(usable, after.image, np.nan), noise) & usable
    finally:
        log.disabled = level
