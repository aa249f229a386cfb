"""Noise of the groups of a ramp: everything that must be known besides the ramp."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.detectors.read_patterns import poisson_fraction

__all__ = ["GroupNoise"]


@dataclass(frozen=True, eq=False)
class GroupNoise:
    """How the groups of an exposure were read, and their noise.

    Parameters
    ----------
    read_noise : float or ndarray
        White noise of one frame, e- rms; scalar or (ny, nx).
    group_time : float, optional
        s from group to group; slopes need it, cosmic-ray masks do not.
    gain : float or ndarray, optional
        e- / DN of groups in DN, scalar or (ny, nx). Pixels without a positive gain are not used.
    nframes, groupgap : int, optional
        Frames averaged into a group and dropped between groups.

    Raises
    ------
    ValueError
        If no group can be made of the frames.

    Examples
    --------
    >>> float(GroupNoise(10.0, nframes=4).difference_variance)
    50.0
    """

    read_noise: float | np.ndarray
    group_time: float | None = None
    gain: float | np.ndarray = 1.0
    nframes: int = 1
    groupgap: int = 0

    def __post_init__(self):
        """Refuse impossible numbers of frames."""
        if self.nframes < 1 or self.groupgap < 0:
            raise ValueError(f"nframes={self.nframes} and groupgap={self.groupgap} make no group")

    @property
    def difference_variance(self):
        """Variance of the difference of two groups due to read noise, e-²."""
        return 2 * np.asarray(self.read_noise) ** 2 / self.nframes

    @property
    def poisson_fraction(self):
        """Ratio of the Poisson variance of a difference of groups to its mean."""
        return poisson_fraction(self.nframes, self.groupgap)
