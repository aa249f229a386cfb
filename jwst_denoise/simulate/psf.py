"""Point-spread functions of a segmented telescope at the instruments' sampling."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

__all__ = ["PSF", "filters", "point_spread_function"]


@dataclass(frozen=True, eq=False)
class PSF:
    """A point-spread function, integrated over pixels.

    Parameters
    ----------
    name : str
        Channel and filter.
    samples : ndarray
        (n, n) float32, n odd: fraction of the flux in a pixel whose center lies at each offset, with
        ``oversample`` offsets a pixel; the middle sample is offset 0.
    oversample : int
        Samples a pixel.
    """

    name: str
    samples: np.ndarray
    oversample: int

    @property
    def reach(self):
        """Largest distance in whole pixels that `stamp` covers."""
        return (len(self.samples) // 2) // self.oversample - 1

    def stamp(self, dy, dx):
        """Flux in the pixels around a source (dy, dx) pixels from the center of the middle one, each within ±0.5."""
        rows, columns = self._nodes(dy), self._nodes(dx)
        return sum(wy * wx * self.samples[ry, rx] for wy, ry in rows for wx, rx in columns)

    def _nodes(self, shift):
        """Weights and slices of the two samplings between which a shift lies."""
        middle, step = len(self.samples) // 2, self.oversample
        position = -shift * step
        low = int(np.floor(position))
        starts = [middle + low + offset - self.reach * step for offset in (0, 1)]
        slices = [slice(start, start + 2 * self.reach * step + 1, step) for start in starts]
        return list(zip((low + 1 - position, position - low), slices, strict=True))


@cache
def _shipped():
    with files("jwst_denoise.simulate").joinpath("data/psf_kernels.npz").open("rb") as stream:
        return dict(np.load(stream))


def filters(channel):
    """Filters of a channel that have a shipped kernel -> wavelength in µm."""
    names = [key.split("-") for key in _shipped() if key.endswith("-um")]
    return {name: float(_shipped()[f"{owner}-{name}-um"]) for owner, name, _ in names if owner == channel}


@cache
def point_spread_function(channel, name=None):
    """Point-spread function of a filter, or of the one nearest in wavelength that is shipped.

    Parameters
    ----------
    channel : str
        ``NIRCAM_SW``, ``NIRCAM_LW``, ``NIRISS``, ``NIRSPEC`` or ``FGS``.
    name : str, optional
        Filter, e.g. ``"F200W"``; by default the bluest.

    Raises
    ------
    ValueError
        If the channel is not known.

    Notes
    -----
    Made with poppy from 18 hexagonal segments with 65 nm rms of wavefront error (`tools/make_psf_kernels.py` in the
    source repository).
    """
    known = filters(channel)
    if not known:
        channels = sorted({key.split("-")[0] for key in _shipped() if key.endswith("-um")})
        raise ValueError(f"no point-spread function for {channel!r}; known channels: {', '.join(channels)}")
    if name not in known:
        digits = re.match(r"F(\d{3})", name or "")
        wavelength = int(digits[1]) / 100 if digits else 0.0
        name = min(known, key=lambda candidate: abs(known[candidate] - wavelength))
    intensity = _shipped()[f"{channel}-{name}"].astype(np.float64) ** 2
    step = int(_shipped()["oversample"])
    samples = _integrate_over_pixels(intensity / intensity.sum(), step)
    return PSF(f"{channel}-{name}", samples.astype(np.float32), step)


def _integrate_over_pixels(intensity, step):
    """Sum over one pixel around every sample; the samples on its edges count half."""
    box = np.ones(step + 1)
    box[[0, -1]] = 0.5
    for axis in (0, 1):
        intensity = np.apply_along_axis(np.convolve, axis, intensity, box, mode="same")
    return intensity
