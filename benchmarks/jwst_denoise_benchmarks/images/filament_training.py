"""Networks trained on scenes of filaments, and of their errors: the synthetic experiment of Noise2Noise."""

import tempfile
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise_benchmarks.images.filaments import NOISE, RING, colored, filaments
from jwst_denoise_benchmarks.images.scenes import seeded

__all__ = ["CASES", "SCENES", "Case", "observed", "scenes", "told", "trained"]

PRESET = ("noise2noise", "paper")
SHORT = {"hidden": 16, "learning_rate": 0.001, "schedule": "cosine", "steps": 200, "epochs": 10}
QUICK = {"hidden": 4, "steps": 10, "epochs": 1, "validation": 10}
EDGE = 256  # pixels of a scene
SCENES = {"training": 32, "validation": 4, "test": 6}
ERRORS = {"hidden": 12, "steps": 400, "batch": 10, "learning_rate": 0.002}  # of the network that tells the error
REPEATED = 8  # noisy images of a scene: one is denoised, and compared with the mean of the others
BOUND = 3.0  # of the outputs before training: errors of a fifth of the noise
MORE = 2  # times the edge of a stamp: noise is drawn on a larger, periodic field


@dataclass(frozen=True)
class Case:
    """Scene and noise of the experiment.

    Parameters
    ----------
    name : str
        In words.
    oversampled : bool
        Whether scenes are blurred by a Gaussian of 2 pixels full width.
    band : tuple of float or None
        Frequencies between which the noise has power, 1 / pixel; white without.
    """

    name: str
    oversampled: bool = False
    band: tuple[float, float] | None = None


CASES = {
    "white": Case("white noise"),
    "correlated": Case("correlated noise", band=RING),
    "oversampled": Case("white noise, oversampled", oversampled=True),
}


@lru_cache(maxsize=8)
def scenes(purpose, oversampled=False):
    """Scenes of a purpose, a key of `SCENES`, in units of the noise."""
    rng = seeded(60, list(SCENES).index(purpose))
    return [filaments((EDGE, EDGE), rng, oversampled) / np.float32(NOISE) for _ in range(SCENES[purpose])]


def observed(case, number):
    """Scene of the test and an image of it, in units of the noise."""
    scene = scenes("test", case.oversampled)[number]
    noise = colored(scene.shape, seeded(61, number), case.band)
    return scene, SlopeImage(scene + noise, np.ones_like(scene), np.float32(0))


@lru_cache(maxsize=16)
def trained(name, clean, quick):
    """Network of the paper, a narrower one, trained on a case; every call in a process gives the same one.

    Parameters
    ----------
    name : str
        Key of `CASES`.
    clean : bool
        Whether targets are without noise.
    quick : bool
        Whether a few steps do.
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
def told(name, quick):
    """Function (image, result) -> error, all in units of the noise, of the noisy-target network of a case.

    The small network of the paper, trained with the likelihood of Díaz Baso et al. 2019, equation 1, while the denoiser
    stays as it is. It sees the result beside the image.
    """
    import torch

    from jwst_denoise.networks.blocks.errors import ErrorNetwork

    denoiser, size = trained(name, False, quick), 52
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
        seen = torch.asinh(torch.stack([image, result], dim=1))
        variance = torch.exp(network(seen))[:, 0] + 1 / (REPEATED - 1)
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
        """Items (inputs, truth, weight) as `jwst_denoise.training.images.training_item` makes them; noise 1."""

        def __len__(self):
            return length

        def __getitem__(self, index):
            return _item(CASES[name], purpose, size, clean, index)

    return Stamps()


def _item(case, purpose, size, clean, index):
    import torch

    rng, scene = _stamp(case, purpose, size, 52, index)
    image, other = (scene + _noise(case, size, rng) for _ in range(2))
    ones = torch.ones(size, size)
    inputs = {"signal": _tensor(image), "variance": ones, "poisson": 0 * ones, "usable": ones}
    target, variance = (scene, 0 * ones) if clean else (other, ones)
    return inputs, torch.stack([_tensor(target), variance, _tensor(scene if clean else other)]), ones[None]


def _stamp(case, purpose, size, use, index):
    """Random numbers, and a stamp of a scene, turned, mirrored and of either sign."""
    rng = seeded(use, list(SCENES).index(purpose), index)
    known = scenes(purpose, case.oversampled)
    scene = known[rng.integers(len(known))]
    y, x = (int(rng.integers(n - size + 1)) for n in scene.shape)
    scene = np.rot90(scene[y : y + size, x : x + size], int(rng.integers(4)))
    return rng, (scene.T if rng.integers(2) else scene) * rng.choice((-1, 1))


def _noise(case, size, rng):
    return colored((MORE * size, MORE * size), rng, case.band)[:size, :size]


def _tensor(array):
    import torch

    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
