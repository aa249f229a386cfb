"""Slope images with the noise that they have by read noise and by light."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.ramps.segments import fit_slopes

__all__ = ["SlopeImage", "SlopeNoise", "fit_slope", "slope_noise"]


@dataclass(frozen=True)
class SlopeImage:
    """Slopes of the ramps of an image.

    Parameters
    ----------
    rate : ndarray
        (ny, nx) float32 e- / s in DMS orientation; NaN where there is none.
    read_noise : ndarray
        (ny, nx) e- / s: standard deviation of the slope by read noise alone.
    poisson : float or ndarray
        Scalar or (ny, nx), 1 / s: variance of the slope by light over the rate.
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
    """What a slope makes of the noise of the groups.

    Parameters
    ----------
    read : float
        1 / s: standard deviation of the slope over that of a group, for noise that differs from group to group.
    poisson : float
        1 / s: variance of the slope over the rate, for light; the same for any random walk of variance 1 a second.
    """

    read: float
    poisson: float


def slope_noise(ngroups, group_time, nframes=1, groupgap=0):
    """Noise of the least-squares slope of equally weighted groups.

    Light that comes between the averaged frames of a group counts in part; the sums are over frames.

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

    Examples
    --------
    >>> from jwst_denoise.ramps.slopes import slope_noise
    >>> round(slope_noise(100, 1.0).read * 99, 4)  # over 100 reads, for noise of 1 in each: equation A19 of the paper
    0.343
    """
    if ngroups < 2:
        raise ValueError(f"a slope needs two groups, not ngroups={ngroups}")
    time = group_time * (np.arange(ngroups) - (ngroups - 1) / 2)
    weight = time / np.sum(time**2)
    frames = np.zeros((ngroups, nframes + groupgap))
    frames[:, :nframes] = weight[:, None] / nframes
    later = np.cumsum(frames.ravel()[::-1])[::-1][1:]
    return SlopeNoise(float(np.sqrt(np.sum(weight**2))), float(np.sum(later**2) * group_time / (nframes + groupgap)))


def fit_slope(groups, read_noise, group_time, *, usable=None, jump=None, nframes=1, groupgap=0):
    """Least-squares slope of every pixel over the usable groups, broken at jumps.

    Parameters
    ----------
    groups : ndarray
        (ngroups, ny, nx) e-, linear; what is not finite is not used.
    read_noise : float or ndarray
        White noise of one frame, e- rms.
    group_time : float
        s from group to group.
    usable : ndarray, optional
        (ngroups, ny, nx) bool; False where a group is saturated or bad.
    jump : ndarray, optional
        (ngroups, ny, nx) bool; True where charge came between this group and the one before.
    nframes, groupgap : int, optional
        Frames averaged into a group and dropped between groups.

    Returns
    -------
    SlopeImage

    Raises
    ------
    ValueError
        If there are fewer than two groups.

    Notes
    -----
    Groups have equal weights within a piece: the optimal choice where read noise rules, which is where a network is of
    use. ``ramp_fit`` weighs bright pixels better.
    """
    groups = np.asarray(groups)
    if groups.ndim != 3 or len(groups) < 2:
        raise ValueError(f"two groups (ngroups, ny, nx) or more are needed, not an array of shape {groups.shape}")
    good = np.isfinite(groups) if usable is None else usable & np.isfinite(groups)
    broken = np.where(good, 0 if jump is None else np.asarray(jump).astype(np.int8), 2).astype(np.int8)
    slope, weight = fit_slopes(groups, broken, group_time * np.arange(len(groups)))
    whole = slope_noise(len(groups), group_time, nframes, groupgap)
    with np.errstate(divide="ignore"):
        read = np.where(weight > 0, 1 / np.sqrt(weight), np.nan).astype(np.float32)
    poisson = whole.poisson * np.cbrt(read / whole.read) ** 2  # fewer groups: noise as 1 / √n³, light as 1 / n
    return SlopeImage(slope, read * np.float32(1 / np.sqrt(nframes)) * read_noise, poisson.astype(np.float32))
