"""The synthetic experiment of Noise2Noise: scenes with structure on all scales, their noise, and trained networks."""

import tempfile
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.fft import irfft2, rfft2, rfftfreq
from scipy.ndimage import gaussian_filter

from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise_benchmarks.core.inputs import seeded

__all__ = [
    "CASES", "NOISE", "REPEATED", "RING", "SCENES", "Case", "color_noise", "draw_filaments", "error_predictor",
    "observe", "power_spectrum", "scenes_for", "train_denoiser", "training_item",
]  # fmt: skip

NOISE = 3e-3  # standard deviation, in units of the continuum intensity (section 3.1)
SCALES = (12, 24, 48, 96)  # pixels
STRENGTH = 0.05  # of filaments of the largest scale, where they are strongest
STEEPNESS = 1.3  # exponent of strength against scale
SHARPNESS = 0.35  # width of a filament over the rms of the field whose zeros it follows
PATCHINESS = 2.2  # logarithm of the strongest over the median strength
OVERSAMPLED = 2.0  # pixels: full width at half maximum of the blur of the oversampled scenes (section 3.1)
RING = (0.06, 0.3)  # 1 / pixel: noise after image reconstruction, as in a real solar image
FWHM = 2 * np.sqrt(2 * np.log(2))

PRESET = ("noise2noise", "paper")
SHORT = {"hidden": 16, "learning_rate": 0.001, "schedule": "cosine", "steps": 200, "epochs": 10}
QUICK = {"hidden": 4, "steps": 10, "epochs": 1, "validation": 10}
EDGE = 256  # pixels of a scene
SCENES = {"training": 32, "validation": 4, "test": 6}
ERRORS = {"hidden": 12, "steps": 400, "batch": 10, "learning_rate": 0.002}  # of the network that predicts the error
REPEATED = 8  # noisy images of a scene: one is denoised, and compared with the mean of the others
BOUND = 3.0  # of the outputs before training: errors of a fifth of the noise
MARGIN = 2  # times the edge of a stamp: noise is drawn on a larger, periodic field


@dataclass(frozen=True)
class Case:
    """Scene and noise of the experiment.

    Parameters
    ----------
    name : str
        Short description.
    oversampled : bool
        Whether scenes are blurred by a Gaussian of 2 pixels full width.
    band : tuple of float or None
        Frequencies between which the noise has power, 1 / pixel; None for white noise.
    """

    name: str
    oversampled: bool = False
    band: tuple[float, float] | None = None


CASES = {
    "white": Case("white noise"),
    "correlated": Case("correlated noise", band=RING),
    "oversampled": Case("white noise, oversampled", oversampled=True),
}


def draw_filaments(shape, rng, oversampled=False):
    """Signed filaments of several widths, strong in a few places and weak in most, as in maps of polarization.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    rng : `numpy.random.Generator`
        Source of the random numbers.
    oversampled : bool, optional
        Whether the scene is blurred by a Gaussian of 2 pixels full width.

    Returns
    -------
    ndarray
        (ny, nx) float32, in units of the continuum intensity.
    """
    image = np.zeros(shape, dtype=np.float32)
    for scale in SCALES:
        ridge = np.exp(-((_smooth_field(shape, scale, rng) / SHARPNESS) ** 2) / 2)
        sign = np.tanh(2 * _smooth_field(shape, 3 * scale, rng))
        strength = np.exp(PATCHINESS * (np.tanh(_smooth_field(shape, SCALES[-1], rng)) - 1))
        image += STRENGTH * (scale / SCALES[-1]) ** STEEPNESS * strength * sign * ridge
    return gaussian_filter(image, OVERSAMPLED / FWHM, mode="wrap") if oversampled else image


def _smooth_field(shape, scale, rng):
    """Periodic Gaussian random field of variance 1 that varies over ``scale`` pixels."""
    field = gaussian_filter(rng.standard_normal(shape), scale / FWHM, mode="wrap")
    return field / field.std()


def color_noise(shape, rng, band=None):
    """Noise of standard deviation 1: white, or with a flat spectrum between two frequencies.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    rng : `numpy.random.Generator`
        Source of the random numbers.
    band : tuple of float, optional
        Lowest and highest frequency, 1 / pixel.

    Returns
    -------
    ndarray
        (ny, nx) float32.
    """
    noise = rng.standard_normal(shape, dtype=np.float32)
    if band is None:
        return noise
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], rfftfreq(shape[1]))
    inside = (frequency >= band[0]) & (frequency < band[1])
    noise = irfft2(rfft2(noise) * inside, shape)
    return (noise / np.sqrt(np.pi * (band[1] ** 2 - band[0] ** 2))).astype(np.float32)


def power_spectrum(image, bins=50):
    """Azimuthal mean of the power spectrum of an image with a Hann window.

    Parameters
    ----------
    image : ndarray
        (ny, nx).
    bins : int, optional
        Between 0 and 0.5 / pixel.

    Returns
    -------
    frequency, power : ndarray
        (bins,) 1 / pixel; variance per mode.
    """
    window = np.outer(*(np.hanning(n) for n in image.shape))
    window /= np.sqrt(np.mean(window**2))
    power = np.abs(np.fft.rfft2((image - image.mean()) * window)) ** 2 / image.size
    frequency = np.hypot(np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1]))
    edges = np.linspace(0, 0.5, bins + 1)
    number, _ = np.histogram(frequency, edges)
    total, _ = np.histogram(frequency, edges, weights=power)
    return (edges[1:] + edges[:-1]) / 2, total / np.maximum(number, 1)


@lru_cache(maxsize=8)
def scenes_for(purpose, oversampled=False):
    """Scenes of a purpose, a key of `SCENES`, in units of the noise."""
    rng = seeded(60, list(SCENES).index(purpose))
    return [draw_filaments((EDGE, EDGE), rng, oversampled) / np.float32(NOISE) for _ in range(SCENES[purpose])]


def observe(case, number):
    """Scene of the test and an image of it, in units of the noise."""
    scene = scenes_for("test", case.oversampled)[number]
    noise = color_noise(scene.shape, seeded(61, number), case.band)
    return scene, SlopeImage(scene + noise, np.ones_like(scene), np.float32(0))


@lru_cache(maxsize=16)
def train_denoiser(name, clean, quick):
    """Network of the paper with fewer channels, trained on a case; the same one for all calls of a process.

    Parameters
    ----------
    name : str
        Key of `CASES`.
    clean : bool
        Whether targets are noiseless.
    quick : bool
        Whether to train for a few steps only.
    """
    import torch

    from jwst_denoise.networks import build
    from jwst_denoise.training.loop import fit
    from jwst_denoise.training.losses import ImageLoss
    from jwst_denoise.training.presets import select_preset
    from jwst_denoise.training.tasks import Task, image_architecture

    settings = select_preset(*PRESET, **SHORT | (QUICK if quick else {}))
    torch.manual_seed(settings.seed)
    sets = (
        _stamps(name, purpose, length, settings.stamp, clean)
        for purpose, length in (("training", settings.batch * settings.steps), ("validation", settings.validation))
    )
    task = Task(build(image_architecture(PRESET[0], settings)), *sets, ImageLoss(settings.loss, known_scene=clean))
    with tempfile.TemporaryDirectory() as directory:
        fit(task, settings, directory, progress=False)
    return task.network.eval()


@lru_cache(maxsize=8)
def error_predictor(name, quick):
    """Function (image, result) -> error, in units of the noise, for the denoiser with noisy targets of a case.

    The small network of the paper, trained with the likelihood of Díaz Baso et al. 2019, equation 1, with a fixed
    denoiser. Its input contains the result besides the image.
    """
    import torch

    from jwst_denoise.networks.blocks.errors import ErrorNetwork

    denoiser, size = train_denoiser(name, False, quick), 52
    torch.manual_seed(1)
    network = ErrorNetwork(2, ERRORS["hidden"], 0.0)
    torch.nn.init.constant_(network.layers[-1].bias, BOUND)
    steps = 5 if quick else ERRORS["steps"]
    optimizer = torch.optim.Adam(network.parameters(), ERRORS["learning_rate"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        numbers = range(step * ERRORS["batch"], (step + 1) * ERRORS["batch"])
        image, other = (torch.stack(planes) for planes in zip(*(_pair(name, size, n) for n in numbers), strict=True))
        with torch.no_grad():
            result = denoiser.unet(image[:, None])[:, 0]
        inputs = torch.asinh(torch.stack([image, result], dim=1))
        variance = torch.exp(network(inputs))[:, 0] + 1 / (REPEATED - 1)
        loss = torch.mean((result - other) ** 2 / variance + torch.log(variance)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()

    def error(image, result):
        with torch.inference_mode():
            return torch.exp(network(_tensor(np.arcsinh([image, result]))[None])[0, 0] / 2).numpy()

    return error


def _pair(name, size, number):
    """Noisy stamp, and the mean of others of the same scene."""
    rng, scene = _stamp(CASES[name], "training", size, 53, number)
    image, *others = (_noise(CASES[name], size, rng) for _ in range(REPEATED))
    return _tensor(scene + image), _tensor(scene + np.mean(others, axis=0))


def _stamps(name, purpose, length, size, clean):
    from torch.utils.data import Dataset

    class Stamps(Dataset):
        """Items of `training_item`."""

        def __len__(self):
            return length

        def __getitem__(self, index):
            return training_item(CASES[name], purpose, size, clean, index)

    return Stamps()


def training_item(case, purpose, size, clean, index):
    """(inputs, truth, weight) like those of `jwst_denoise.training.images.training_item`, with a noise of 1."""
    import torch

    rng, scene = _stamp(case, purpose, size, 52, index)
    image, other = (scene + _noise(case, size, rng) for _ in range(2))
    ones = torch.ones(size, size)
    inputs = {"signal": _tensor(image), "variance": ones, "poisson": 0 * ones, "usable": ones}
    target, variance = (scene, 0 * ones) if clean else (other, ones)
    return inputs, torch.stack([_tensor(target), variance, _tensor(scene if clean else other)]), ones[None]


def _stamp(case, purpose, size, use, index):
    """Random number generator, and a stamp of a scene, rotated, mirrored and with either sign."""
    rng = seeded(use, list(SCENES).index(purpose), index)
    scenes = scenes_for(purpose, case.oversampled)
    scene = scenes[rng.integers(len(scenes))]
    y, x = (int(rng.integers(n - size + 1)) for n in scene.shape)
    scene = np.rot90(scene[y : y + size, x : x + size], int(rng.integers(4)))
    return rng, (scene.T if rng.integers(2) else scene) * rng.choice((-1, 1))


def _noise(case, size, rng):
    return color_noise((MARGIN * size, MARGIN * size), rng, case.band)[:size, :size]


def _tensor(array):
    import torch

    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
