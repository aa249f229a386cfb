"""Single images with cosmic rays: count rates of exposures without jump correction."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.detectors.parameters import ipc_kernel
from jwst_denoise.simulate.cosmic_rays import CosmicRayParameters, cosmic_rays
from jwst_denoise.simulate.response import couple

__all__ = ["Image", "simulate_image"]

IPC = ipc_kernel(0.005)
WELL = 1e5  # e-, a pixel with more is saturated
READS = 8  # of an exposure: a star is lost if it saturates in the first of them
INTERVALS = 4  # parts of an exposure in which cosmic rays arrive, for fitted slopes


@dataclass(frozen=True)
class Image:
    """A simulated image and its truth, (ny, nx) float32 each, e- / s.

    Parameters
    ----------
    data : ndarray
        Count rate; NaN where saturated.
    err : ndarray
        Standard deviation of the noise (Poisson and read noise) without cosmic rays.
    cosmic_rays : ndarray
        Contribution of cosmic rays to ``data``.
    rate : ndarray
        Expected rate without them, dark current included.
    seconds : float
        Exposure time.
    """

    data: np.ndarray
    err: np.ndarray
    cosmic_rays: np.ndarray
    rate: np.ndarray
    seconds: float

    @property
    def bad(self):
        """Pixels without a value, bool."""
        return ~np.isfinite(self.data)

    def truth(self, n_sigma=1.5):
        """Pixels in which cosmic rays leave more than ``n_sigma`` times the noise, bool."""
        return self.cosmic_rays > n_sigma * self.err


def simulate_image(
    rate, seconds, rng, *, read_noise=10.0, dark=0.01, stripes=0.2, hits=None, slope=False, limit=None, hit_rng=None
):
    """Simulate a rate image with the cosmic rays of an exposure.

    Parameters
    ----------
    rate : ndarray
        (ny, nx) e- / s of the scene.
    seconds : float
        Exposure time.
    rng : `numpy.random.Generator`
        Source of all random numbers.
    read_noise : float, optional
        White noise of the whole exposure, e-.
    dark : float, optional
        Dark current, e- / s.
    stripes : float, optional
        Rms of residual 1/f noise in the rows, in units of ``read_noise``.
    hits : CosmicRayParameters, optional
        Cosmic rays.
    slope : bool, optional
        Weight each cosmic ray as the slope of a uniformly sampled ramp does, 6 f (1 - f) when it arrives after a
        fraction f of the exposure; otherwise 1, as the difference of the last and the first read.
    limit : float, optional
        Charge in e- above which a jump step has removed the cosmic ray from a pixel; by default none is removed.
    hit_rng : `numpy.random.Generator`, optional
        Source of the cosmic rays alone; by default ``rng``.

    Returns
    -------
    Image

    Raises
    ------
    ValueError
        If the exposure time is not positive.
    """
    if not seconds > 0:
        raise ValueError(f"seconds={seconds} must be positive")
    rate = np.asarray(rate, dtype=np.float32) + np.float32(dark)
    coupled = couple(rate, IPC)
    charge, saturated = _hits(rate.shape, seconds, hits or CosmicRayParameters(), slope, limit, hit_rng or rng)
    noise = read_noise * rng.standard_normal(rate.shape, dtype=np.float32)
    noise += stripes * read_noise * rng.standard_normal((rate.shape[0], 1), dtype=np.float32)
    data = (rng.poisson(coupled * seconds) + noise + charge) / np.float32(seconds)
    data[saturated | (coupled * seconds > READS * WELL)] = np.nan
    variance = coupled * seconds + (1 + stripes**2) * read_noise**2
    err, charge = np.sqrt(variance) / np.float32(seconds), charge / np.float32(seconds)
    return Image(data.astype(np.float32), err.astype(np.float32), charge, coupled, float(seconds))


def _hits(shape, seconds, parameters, slope, limit, rng):
    """Charge of cosmic rays in an image, e-, and where they fill a well."""
    number = INTERVALS if slope or limit is not None else 1
    charge, saturated = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=bool)
    for interval in range(number):
        new = couple(cosmic_rays(shape, seconds / number, parameters, rng), IPC)
        saturated |= new > WELL
        if limit is not None:
            new[new > limit] = 0
        fraction = (interval + 0.5) / number
        charge += new * np.float32(6 * fraction * (1 - fraction) if slope else 1)
    return charge, saturated
