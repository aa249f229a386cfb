"""Noiseless scenes, noisy exposures of them, and the networks as functions of an image."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise import simulate
from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise.simulate import fields, point_spread_function
from jwst_denoise_benchmarks.core.inputs import MissingInput, load_model, model_directory, seeded
from jwst_denoise_benchmarks.core.rows import skipped

__all__ = [
    "KINDS", "MODELS", "SAMPLINGS", "WHITE", "Noise", "Scene", "denoiser", "describe", "label", "network",
    "simulate_exposure", "simulate_scenes", "thin_exposure", "unless_missing",
]  # fmt: skip

DETECTOR = "NRCB1"
EDGE = 512
KINDS = {"cluster": fields.cluster, "resolved": fields.resolved, "galaxies": fields.field, "nebula": fields.nebula}
#: Numbers of sources of each kind on 2048² pixels.
NUMBERS = {
    "cluster": {"stars": 40000}, "resolved": {"stars": 600000}, "galaxies": {"stars": 80, "galaxies": 2500},
    "nebula": {"stars": 300},
}  # fmt: skip
#: Channel, filter and seconds of the input image; with these times the inputs are about as deep as the paper's.
SAMPLINGS = (("NIRCAM_SW", "F200W", 120.0), ("NIRCAM_LW", "F356W", 60.0), ("NIRISS", "F200W", 300.0))
#: Names of the models.
MODELS = ("astro_unet", "astro_unet-r2", "noise2noise", "noise2noise-uncertainty", "noise2noise-stack")


@dataclass(frozen=True, eq=False)
class Scene:
    """One scene.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    channel, filter : str
        Of its point-spread function.
    seconds : float
        Exposure time of the image that is denoised.
    rate : ndarray
        (ny, nx) e-/s.
    seed : tuple of int
        First numbers of the seeds of its exposures.
    """

    kind: str
    channel: str
    filter: str
    seconds: float
    rate: np.ndarray
    seed: tuple

    def rng(self, *numbers):
        """Random number generator of one of its exposures."""
        return seeded(*self.seed, *numbers)


@lru_cache(maxsize=4)
def simulate_scenes(quick, samplings=SAMPLINGS, purpose=0, brightness=1.0, crowding=1.0):
    """Every kind through every sampling; for ``quick`` through the first, a quarter of the area.

    Parameters
    ----------
    quick : bool
        Few and small.
    samplings : tuple, optional
        Channel, filter and seconds.
    purpose : int, optional
        Different purposes have different scenes.
    brightness : float, optional
        Factor for all sources.
    crowding : float, optional
        Factor for the numbers of stars and galaxies.

    Returns
    -------
    tuple of Scene
    """
    scenes = []
    for place, (channel, name, seconds) in enumerate(samplings[:1] if quick else samplings):
        psf = point_spread_function(channel, name)
        for number, (kind, simulate_field) in enumerate(KINDS.items()):
            seed = (purpose, place, number)
            edge = EDGE // 2 if quick else EDGE
            numbers = {name: crowding * number for name, number in NUMBERS[kind].items()}
            rate = simulate_field((edge, edge), psf, seeded(*seed), brightness=brightness, **numbers)
            scenes.append(Scene(kind, channel, name, seconds, np.maximum(rate, 0), seed))
    return tuple(scenes)


def describe(scenes):
    """Number and size of scenes in words."""
    return f"{len(scenes)} scenes of {scenes[0].rate.shape[0]}²"


@dataclass(frozen=True)
class Noise:
    """Noise of an exposure other than photon noise.

    Parameters
    ----------
    read_noise : float
        e- of the whole exposure, correlated part included.
    dark : float
        e-/s; its level has been subtracted.
    correlated : bool
        Whether a part is 1/f noise, in the same proportion to the white noise as in a NIRCam detector.
    """

    read_noise: float = 10.0
    dark: float = 0.01
    correlated: bool = False

    def draw(self, shape, seconds, rng):
        """Charge (ny, nx) in e-."""
        white = rng.standard_normal(shape, dtype=np.float32)
        read = _with_stripes(white, rng) if self.correlated else white
        return self.read_noise * read + np.sqrt(self.dark * seconds) * rng.standard_normal(shape, dtype=np.float32)

    def sigma(self, shape, seconds):
        """Standard deviation (ny, nx) in e-/s."""
        return np.full(shape, np.hypot(self.read_noise, np.sqrt(self.dark * seconds)) / seconds, dtype=np.float32)


#: Noise of an exposure of NIRCam without 1/f noise.
WHITE = Noise()


def _with_stripes(white, rng):
    """Read noise with the spectrum of a detector and a standard deviation of 1."""
    detector = simulate.detector(DETECTOR)
    stripes = simulate.correlated_noise(detector.readout(white.shape), detector, rng)[0]
    spectrum = detector.correlated
    rms = np.hypot(spectrum.common_rms, spectrum.output_rms)
    stripes *= rms / max(float(stripes.std()), 1e-6)
    return (detector.read_noise * white + stripes) / np.float32(np.hypot(detector.read_noise, rms))


def simulate_exposure(rate, seconds, rng, noise=WHITE):
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
        Noise in addition to photon noise.

    Returns
    -------
    SlopeImage
        e-/s, with its noise.
    """
    charge = rng.poisson(np.clip(rate, 0, None) * seconds) + noise.draw(rate.shape, seconds, rng)
    return SlopeImage((charge / seconds).astype(np.float32), noise.sigma(rate.shape, seconds), 1 / seconds)


def thin_exposure(long, seconds, rng, noise=WHITE):
    """Input image of the paper (its equation 4): Poisson noise of a real, longer exposure, then dark and read noise.

    Parameters
    ----------
    long : SlopeImage
        The longer exposure.
    seconds : float
        Exposure time of the result.
    rng, noise
        As for `simulate_exposure`.
    """
    return simulate_exposure(long.rate, seconds, rng, noise)


def network(name):
    """Network of a model.

    Raises
    ------
    MissingInput
        If there is no model of this name.
    """
    return _network(name, model_directory())


@lru_cache(maxsize=8)
def _network(name, _directory):
    return load_model(name).network


def denoiser(name):
    """Function (image, ratio) -> denoised image (ny, nx) in e-/s."""
    loaded = network(name)
    return lambda image, ratio: loaded.denoise(image, ratio=float(ratio), uncertainty="none").rate


def label(name, ratio):
    """Name of a model, with the ratio of exposure times if it depends on it."""
    return f"{name}, r = {ratio:g}" if name.startswith("astro_unet") else name


def unless_missing(quantity):
    """Decorator of a generator of rows: if a model is missing, it yields a row that says so."""

    def decorate(rows):
        def guarded(quick):
            try:
                yield from rows(quick)
            except MissingInput as error:
                yield skipped(quantity, "all models", error)

        guarded.__doc__ = rows.__doc__
        return guarded

    return decorate
