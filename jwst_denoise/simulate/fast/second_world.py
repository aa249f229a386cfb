"""A second world, which shares no code with the first: scenes, exposures and slopes with other assumptions.

Scenes are made of analytic profiles, photon noise is normal, and correlated noise is the sum of random phases in time.
The budget of the noise is drawn from zero to twice the published one, each part of it independently.
"""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise.simulate.fast.injection import KINDS, WIDTHS, add_stamp, draw_profile

__all__ = ["SecondCamera", "draw_second_camera", "draw_second_scene", "second_slopes"]

COMMON, OWN, ALTERNATING = 3.0, 1.0, 0.5  # e- of a frame, published budget of correlated noise
OVERHEAD = 12  # pixel times after a line
EMPTY = 0.15  # share of the scenes
DENSITY = (3e-5, 5e-3)  # sources a pixel
FLUX = (1.0, 3e3)  # of a source, in units of the noise of an aperture
LOST = 0.003  # share of the pixels without data


@dataclass(frozen=True)
class SecondCamera:
    """Noise of an exposure in the second world; attributes as of `jwst_denoise.simulate.fast.images.Camera`.

    Parameters
    ----------
    seconds, read_noise, poisson
        As of the first world's camera.
    budget : tuple of float
        Rms of noise correlated along lines, and of alternating columns, in units of the read noise.
    """

    seconds: float
    read_noise: float
    poisson: float
    budget: tuple[float, float]

    def observe(self, rate, rng, seconds=None, pixels=1.0):
        """Simulate an exposure, see `jwst_denoise.simulate.fast.images.Camera.observe`."""
        seconds = seconds or self.seconds
        poisson, read = self.poisson / seconds, self.read_noise / seconds * np.broadcast_to(pixels, rate.shape)
        data = rate + np.sqrt(read**2 + poisson * np.clip(rate, 0, None)) * rng.standard_normal(rate.shape)
        strength, alternating = self.budget
        if strength:
            data += self.read_noise / seconds * pink_noise(rate.shape, strength, 0.5, rng)
        data += self.read_noise / seconds * alternating * rng.standard_normal() * (-1.0) ** np.arange(rate.shape[1])
        data = np.where(rng.uniform(size=rate.shape) < LOST, np.nan, data)
        return SlopeImage(data.astype(np.float32), read.astype(np.float32), np.float32(poisson))

    def sky_noise(self, rate):
        """Standard deviation of the noise of a scene's sky, e- / s."""
        return np.hypot(self.read_noise / self.seconds, np.sqrt(self.poisson / self.seconds * np.median(rate)))

    def truth(self, rate):
        """Noiseless scene in the camera's pixels."""
        return rate


def draw_second_camera(rng):
    """Draw a camera of the second world; a third of them have white noise only."""
    white = rng.uniform() < 0.35
    budget = (0.0, 0.0) if white else (rng.uniform(0, 0.5), rng.uniform(0, 0.15))
    return SecondCamera(10 ** rng.uniform(1.3, 3.5), 10 ** rng.uniform(0.5, 1.5), rng.uniform(1, 2), budget)


def pink_noise(shape, rms, slope, rng, overhead=OVERHEAD):
    """Noise of amplitude f^-slope in the order in which lines are read, (lines, pixels)."""
    number = shape[0] * (shape[1] + overhead)
    frequency = np.fft.rfftfreq(number)
    frequency[0] = np.inf
    phases = rng.standard_normal((2, frequency.size))
    samples = np.fft.irfft(frequency**-slope * (phases[0] + 1j * phases[1]), number)
    return (samples * (rms / samples.std())).reshape(shape[0], -1)[:, : shape[1]]


def draw_second_scene(shape, rng, noise):
    """Draw a scene above zero sky, (ny, nx), with sources from far below to far above a noise of a pixel."""
    image = np.zeros(shape)
    if rng.uniform() < EMPTY:
        return image
    width = np.exp(rng.uniform(*np.log(WIDTHS["star"])))
    library = [draw_profile(kind, rng, width if kind == "star" else None) for kind in KINDS for _ in range(6)]
    slope = rng.uniform(0.5, 1.5)
    for _ in range(rng.poisson(np.exp(rng.uniform(*np.log(DENSITY))) * image.size)):
        profile = library[int(rng.integers(len(library)) * rng.uniform() ** 0.5)]
        flux = FLUX[0] * (FLUX[1] / FLUX[0]) ** (rng.uniform() ** slope)
        y, x = (int(rng.integers(n)) for n in shape)
        add_stamp(image, profile * (5 * flux * noise), y, x)
    if rng.uniform() < 0.3:  # a trace with absorption lines
        axis = int(rng.integers(2))
        along, across = np.arange(shape[axis]), np.arange(shape[1 - axis])
        center, sigma = rng.uniform(0, shape[1 - axis]), np.exp(rng.uniform(-0.3, 1.0))
        profile = np.exp(-0.5 * ((across - center) / sigma) ** 2)
        depth = sum(rng.uniform(0, 0.6) * np.exp(-0.5 * ((along - p) / rng.uniform(1, 4)) ** 2)
                    for p in rng.uniform(0, shape[axis], 4))  # fmt: skip
        trace = np.outer(10 ** rng.uniform(-0.5, 1.3) * noise * np.clip(1 - depth, 0, None), profile)
        image += trace if axis == 0 else trace.T
    return image


def second_slopes(shape, outputs, rng, draw_rate):
    """Slopes of a block of lines as of `simulate_slopes`, and the scene as ``rate``, by least squares over frames.

    ``draw_rate`` makes the scene (lines, pixels) from the noise of a pixel, both in e- / s.
    """
    groups, seconds = int(np.exp(rng.uniform(np.log(2), np.log(41)))), rng.uniform(0.5, 60)
    time = (np.arange(groups) - (groups - 1) / 2) * seconds
    fit = 1 / np.sqrt(np.sum(time**2))  # standard deviation of the slope over that of a group
    poisson = 1.2 * (groups**2 + 1) / (groups * (groups + 1)) / (seconds * max(groups - 1, 1))
    white, strength = rng.uniform(4, 14), rng.uniform(0, 2, 3) * (rng.uniform(size=3) > 0.15)
    read = white * fit
    rate = draw_rate(read) + rng.uniform(0, 0.3)
    data = rate + np.sqrt(read**2 + poisson * np.clip(rate, 0, None)) * rng.standard_normal(shape)
    part = (shape[0], shape[1] // outputs)
    common = pink_noise(part, 1, rng.uniform(0.4, 0.6), rng) * (COMMON * strength[0])
    correlated = []
    for output in range(outputs):
        noise = common + pink_noise(part, 1, rng.uniform(0.4, 0.6), rng) * (OWN * strength[1])
        noise = noise + rng.standard_normal() * ALTERNATING * strength[2] * (-1.0) ** np.arange(part[1])
        correlated.append(noise[:, ::-1] if output % 2 else noise)
    correlated = np.concatenate(correlated, axis=1) * fit
    correlated -= correlated.mean()
    arrays = {"slope": data + correlated, "read_noise": np.full(shape, read), "poisson": np.full(shape, poisson)}
    arrays |= {"correlated": correlated, "rate": rate}
    result = {name: array.astype(np.float32) for name, array in arrays.items()}
    return result | {"usable": rng.uniform(size=shape) > LOST}
