"""Least-squares slopes of ramps with gaps and jumps, and the noise of these slopes."""

from dataclasses import dataclass

import numpy as np

__all__ = ["RemovedNoise", "SlopeImage", "SlopeNoise", "fit_segments", "fit_slope", "slope_noise", "slope_weights"]

TINY = 1e-30


@dataclass(frozen=True)
class SlopeImage:
    """Slopes of the ramps of an image.

    Parameters
    ----------
    rate : ndarray
        (ny, nx) float32 e- / s in DMS orientation; NaN where there is no slope.
    read_noise : ndarray
        (ny, nx) e- / s: standard deviation of the slope due to read noise alone.
    poisson : float or ndarray
        Scalar or (ny, nx), 1 / s: Poisson variance of the slope divided by the rate.
    """

    rate: np.ndarray
    read_noise: np.ndarray
    poisson: np.ndarray

    @property
    def variance(self):
        """(ny, nx) e-² / s²: expected variance at the measured rate, without correlated noise."""
        return self.read_noise**2 + self.poisson * np.clip(np.nan_to_num(self.rate), 0, None)


@dataclass(frozen=True)
class SlopeNoise:
    """Factors from the noise of groups to the noise of their slope.

    Parameters
    ----------
    read : float
        1 / s: standard deviation of the slope over that of a group, for noise that is independent between groups.
    poisson : float
        1 / s: Poisson variance of the slope over the rate; the same for any random walk of variance 1 a second.
    """

    read: float
    poisson: float


def slope_weights(ngroups, group_time):
    """Weights with which equally weighted groups add up to their least-squares slope.

    Parameters
    ----------
    ngroups : int
        Two or more.
    group_time : float
        s from group to group.

    Returns
    -------
    ndarray
        (ngroups,) 1 / s.
    """
    time = group_time * (np.arange(ngroups) - (ngroups - 1) / 2)
    return time / np.sum(time**2)


class RemovedNoise:
    """Rms of the noise subtracted from the groups of ramps, and of the slope of that noise.

    Parameters
    ----------
    ngroups : int
        Groups of an integration, two or more.
    group_time : float or None
        s from group to group; without it the rms of the slopes is NaN.
    """

    def __init__(self, ngroups, group_time):
        self._weights = slope_weights(ngroups, group_time or np.nan).astype(np.float32)
        self._groups, self._slopes, self._slope, self._count = 0.0, 0.0, 0.0, 0

    def add(self, groups, removed):
        """Add the noise of some groups of an integration.

        Parameters
        ----------
        groups : slice
            Groups of ``removed``; the last slice of an integration ends with its last group.
        removed : ndarray
            (n, ny, nx) subtracted noise in DN; 0 for the first group of a ramp.
        """
        self._groups += float(np.mean(removed**2, dtype=float)) * len(removed)
        self._slope = self._slope + np.tensordot(self._weights[groups], removed, 1)
        if groups.stop == len(self._weights):
            self._slopes += float(np.mean(self._slope**2, dtype=float))
            self._slope, self._count = 0.0, self._count + 1

    @property
    def group_rms(self):
        """DN, over all groups but the first."""
        return float(np.sqrt(self._groups / (self._count * (len(self._weights) - 1))))

    @property
    def rate_rms(self):
        """DN / s, over the integrations."""
        return float(np.sqrt(self._slopes / self._count))


def slope_noise(ngroups, group_time, nframes=1, groupgap=0):
    """Noise of the least-squares slope of equally weighted groups.

    Photons that arrive between the averaged frames of a group count in part; the sums are over frames.

    Parameters
    ----------
    ngroups : int
        Two or more.
    group_time : float
        s from group to group.
    nframes, groupgap : int, optional
        Frames averaged into a group and dropped between groups.

    Returns
    -------
    SlopeNoise
        For ``nframes=1``: √(12 / (n (n² - 1))) / T and 6 (n² + 1) / (5 n (n² - 1) T).

    Raises
    ------
    ValueError
        If there are fewer than two groups.

    Examples
    --------
    >>> from jwst_denoise.ramps.slopes import slope_noise
    >>> round(slope_noise(100, 1.0).read * 99, 4)  # over 100 reads, for noise of 1 in each: equation A19 of the paper
    0.343
    """
    if ngroups < 2:
        raise ValueError(f"a slope needs two groups, not ngroups={ngroups}")
    weight = slope_weights(ngroups, group_time)
    frames = np.zeros((ngroups, nframes + groupgap))
    frames[:, :nframes] = weight[:, None] / nframes
    later = np.cumsum(frames.ravel()[::-1])[::-1][1:]
    return SlopeNoise(float(np.sqrt(np.sum(weight**2))), float(np.sum(later**2) * group_time / (nframes + groupgap)))


def fit_slope(groups, noise, *, usable=None, jump=None):
    """Least-squares slope of every pixel over the usable groups, broken at jumps.

    Parameters
    ----------
    groups : ndarray
        (ngroups, ny, nx) e-, linear; values that are not finite are not used.
    noise : jwst_denoise.ramps.noise.GroupNoise
        Read noise, group time and frames; its gain is not used.
    usable : ndarray, optional
        (ngroups, ny, nx) bool; False where a group is saturated or bad.
    jump : ndarray, optional
        (ngroups, ny, nx) bool; True where charge arrived between this group and the one before.

    Returns
    -------
    SlopeImage

    Raises
    ------
    ValueError
        If there are fewer than two groups.

    Notes
    -----
    Groups have equal weights within a segment. This is optimal where read noise dominates, which is where a network
    helps; ``ramp_fit`` weights bright pixels better.
    """
    groups = np.asarray(groups)
    if groups.ndim != 3 or len(groups) < 2:
        raise ValueError(f"two groups (ngroups, ny, nx) or more are needed, not an array of shape {groups.shape}")
    good = np.isfinite(groups) if usable is None else usable & np.isfinite(groups)
    broken = np.where(good, 0 if jump is None else np.asarray(jump).astype(np.int8), 2).astype(np.int8)
    slope, weight = fit_segments(groups, broken, noise.group_time * np.arange(len(groups)))
    whole = slope_noise(len(groups), noise.group_time, noise.nframes, noise.groupgap)
    with np.errstate(divide="ignore"):
        read = np.where(weight > 0, 1 / np.sqrt(weight), np.nan).astype(np.float32)
    poisson = whole.poisson * np.cbrt(read / whole.read) ** 2  # fewer groups: read noise ∝ 1/√n³, Poisson ∝ 1/√n
    read_noise = read * np.float32(1 / np.sqrt(noise.nframes)) * noise.read_noise
    return SlopeImage(slope, read_noise, poisson.astype(np.float32))


def fit_segments(ramp, broken, times):
    """Least-squares slope that all segments of each pixel's ramp share, each segment with its own offset.

    Parameters
    ----------
    ramp : ndarray
        (ngroups, ny, nx).
    broken : ndarray
        (ngroups, ny, nx) int8: 1 where a new segment begins (a jump between this group and the one before), 2 where
        the group cannot be used.
    times : ndarray
        (ngroups,) s.

    Returns
    -------
    slope : ndarray
        (ny, nx) float32, NaN where no segment has two groups.
    weight : ndarray
        (ny, nx) float32: sum of squared times from the mean of their segment, s². The variance of the slope for
        white noise of variance σ² is σ² / weight.

    Notes
    -----
    With t and y reduced by their segment's means, the slope is Σ t y / Σ t².
    """
    ngroups, ny, nx = ramp.shape
    time = np.asarray(times, dtype=float) - np.mean(times)
    slope = np.full((ny, nx), np.nan) if ngroups < 2 else np.zeros((ny, nx))
    for group, usable, t in zip(ramp, broken < 2, time / max(np.sum(time**2), TINY), strict=True):
        slope += t * np.where(usable, group, 0)
    weight = np.full((ny, nx), np.sum(time**2))
    y, x = np.nonzero((broken[1:] > 0).any(axis=0) | (broken[0] > 1))
    if len(y):
        slope[y, x], weight[y, x] = _fit_broken(ramp[:, y, x].T.astype(float), broken[:, y, x].T, time)
    return slope.astype(np.float32), weight.astype(np.float32)


def _fit_broken(ramp, broken, time):
    """Slope and weight of ramps (n, ngroups) with gaps or jumps."""
    n, ngroups = ramp.shape
    usable = broken < 2
    label = np.cumsum(broken == 1, axis=1) + np.arange(n)[:, None] * (ngroups + 1)

    def reduced(values):
        count = np.bincount(label[usable], minlength=n * (ngroups + 1))
        total = np.bincount(label[usable], values[usable], minlength=n * (ngroups + 1))
        return np.where(usable, values - (total / np.maximum(count, 1))[label], 0)

    t, y = reduced(np.broadcast_to(time, ramp.shape)), reduced(ramp)
    weight = np.sum(t**2, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.where(weight > 0, np.sum(t * y, axis=1) / weight, np.nan)
    return slope, weight
