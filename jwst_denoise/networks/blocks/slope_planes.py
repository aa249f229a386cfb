"""Slope images in units of the noise of their sky, as the recurrent denoiser sees them."""

from dataclasses import dataclass, replace

import numpy as np
import torch

__all__ = ["ScaledSlopes", "scaled"]

PLANES = ("signal", "variance", "light", "usable")
SAMPLE = 2**20  # pixels that are enough for a median


@dataclass(frozen=True)
class ScaledSlopes:
    """Slopes less their level over the noise of the sky; tensors (N, lines, pixels) in the direction of reading.

    Parameters
    ----------
    signal : Tensor
        Slope less level over unit; 0 where there is none.
    variance : Tensor
        Of the read noise and of the light of the level, over unit².
    light : Tensor
        Variance by the light above the level over ``signal``.
    usable : Tensor
        1 where there is a slope, otherwise 0.
    level, unit : float
        e- / s.
    """

    signal: torch.Tensor
    variance: torch.Tensor
    light: torch.Tensor
    usable: torch.Tensor
    level: float = 0.0
    unit: float = 1.0

    @property
    def spread(self):
        """Standard deviation of every pixel at its own signal, in units of ``unit``."""
        return spread(self.signal, self)

    def part(self, lines):
        """Some of the lines."""
        return self._each(lambda plane: plane[:, lines])

    def to(self, device):
        """The same on a device."""
        return self._each(lambda plane: plane.to(device))

    def _each(self, function):
        return replace(self, **{name: function(getattr(self, name)) for name in PLANES})


def spread(signal, slopes):
    """Standard deviation that ``slopes`` have where their signal is ``signal``."""
    return torch.sqrt(slopes.variance + slopes.light * signal.clamp(min=0))


def scaled(rate, read_noise, poisson, usable, level=None, unit=None):
    """Slopes in units of the noise of their sky.

    Parameters
    ----------
    rate, read_noise : ndarray
        (lines, pixels) e- / s.
    poisson : float or ndarray
        Variance by light over the rate, 1 / s.
    usable : ndarray
        (lines, pixels) bool; where ``rate`` and ``read_noise`` are finite and positive noise is known.
    level : float, optional
        Of the sky, e- / s; by default the median of usable pixels.
    unit : float, optional
        e- / s; by default the median noise of the sky.

    Returns
    -------
    ScaledSlopes
        Of one image, N = 1.
    """
    step = max(1, int((rate.size / SAMPLE) ** 0.5))
    some = (slice(None, None, step), slice(None, None, step))
    seen = usable[some] if usable[some].any() else usable
    if level is None:
        level = float(np.median(rate[some][seen])) if seen.any() else 0.0
    variance = np.where(usable, read_noise, 0).astype(np.float32) ** 2 + np.float32(max(level, 0)) * poisson
    if unit is None:
        unit = float(np.sqrt(np.median(variance[some][seen]))) if seen.any() else 1.0
    light = np.broadcast_to(np.asarray(poisson / unit, np.float32), rate.shape)
    planes = {
        "signal": np.where(usable, (rate - level) / unit, 0),
        "variance": np.where(usable, variance / unit**2, 1),
        "light": np.where(np.isfinite(light), light, 0),
        "usable": usable,
    }
    tensors = {name: torch.from_numpy(np.ascontiguousarray(a, dtype=np.float32))[None] for name, a in planes.items()}
    return ScaledSlopes(**tensors, level=level, unit=unit)
