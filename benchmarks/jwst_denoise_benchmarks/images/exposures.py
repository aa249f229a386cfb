"""Noisy images of a scene: independent exposures, and the paper's, thinned from a longer one."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise import simulate
from jwst_denoise.ramps.slopes import SlopeImage

__all__ = ["WHITE", "Noise", "exposed", "thinned"]

DETECTOR = "NRCB1"


@dataclass(frozen=True)
class Noise:
    """Noise of an exposure that is not of its light.

    Parameters
    ----------
    read_noise : float
        e- of the whole exposure, correlated part included.
    dark : float
        e-/s; its level has been subtracted.
    correlated : bool
        Whether a part is 1/f noise, as much as a NIRCam detector has beside its white noise.
    """

    read_noise: float = 10.0
    dark: float = 0.01
    correlated: bool = False

    def draw(self, shape, seconds, rng):
        """Charge (ny, nx) in e-."""
        white = rng.standard_normal(shape, dtype=np.float32)
        read = _with_stripes(white, rng) if self.correlated else white
        return self.read_noise * read + np.sqrt(self.dark * seconds) * rng.standard_normal(shape, dtype=np.float32)

    def told(self, shape, seconds):
        """Standard deviation (ny, nx) in e-/s."""
        return np.full(shape, np.hypot(self.read_noise, np.sqrt(self.dark * seconds)) / seconds, dtype=np.float32)


#: Of an exposure of NIRCam without 1/f noise.
WHITE = Noise()


def _with_stripes(white, rng):
    """Read noise with the spectrum of a detector and the standard deviation 1."""
    detector = simulate.detector(DETECTOR)
    stripes = simulate.correlated_noise(detector.readout(white.shape), detector, rng)[0]
    spectrum = detector.correlated
    rms = np.hypot(spectrum.common_rms, spectrum.output_rms)
    stripes *= rms / max(float(stripes.std()), 1e-6)
    return (detector.read_noise * white + stripes) / np.float32(np.hypot(detector.read_noise, rms))


def exposed(rate, seconds, rng, noise=WHITE):
    """Exposure of a scene.

    Parameters
    ----------
    rate : ndarray
        (ny, nx) e-/s.
    seconds : float
        Exposure time.
    rng : `numpy.random.Generator`
        Source of the random numbers.
    noise : Noise, optional
        What comes with the light's.

    Returns
    -------
    SlopeImage
        e-/s with the noise that an observer is told of.
    """
    charge = rng.poisson(np.clip(rate, 0, None) * seconds) + noise.draw(rate.shape, seconds, rng)
    return SlopeImage((charge / seconds).astype(np.float32), noise.told(rate.shape, seconds), 1 / seconds)


def thinned(long, seconds, rng, noise=WHITE):
    """Input image of the paper (its equation 4): Poisson noise of a real, longer exposure, then dark and read noise.

    Parameters
    ----------
    long : SlopeImage
        The longer exposure.
    seconds : float
        Exposure time of the result.
    rng, noise
        As for `exposed`.
    """
    return exposed(long.rate, seconds, rng, noise)
