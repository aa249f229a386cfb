"""Networks trained on scenes of filaments with noisy or clean targets: the synthetic experiment of Noise2Noise."""

import tempfile
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise.benchmarks.images.filaments import NOISE, RING, coloured, filaments
from jwst_denoise.benchmarks.images.scenes import seeded
from jwst_denoise.ramps.slopes import SlopeImage

__all__ = ["CASES", "Case", "observed", "scenes", "trained"]

PRESET = ("noise2noise", "paper")
SHORT = {"hidden": 16, "error": "head", "learning_rate": 0.001, "schedule": "cosine", "steps": 200, "epochs": 10}
QUICK = {"hidden": 4, "steps": 10, "epochs": 1, "validation": 10}
EDGE = 256  # pixels of a scene
SCENES = {"training": 32, "validation": 4, "test": 6}
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
    rng = seeded(50, list(SCENES).index(purpose))
    return [filaments((EDGE, EDGE), rng, oversampled) / np.float32(NOISE) for _ in range(SCENES[purpose])]


def observed(case, number):
    """Scene of the test and an image of it, in units of the noise."""
    scene = scenes("test", case.oversampled)[number]
    noise = coloured(scene.shape, seeded(51, number), case.band)
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
    from jwst_denoise.training.image_losses import ImageLoss
    from jwst_denoise.training.loop import fit
    from jwst_denoise.training.presets import preset
    from jwst_denoise.training.tasks import Task, image_architecture

    settings = preset(*PRESET, **SHORT | (QUICK if quick else {}))
    torch.manual_seed(settings.seed)
    sets = (
        _stamps(name, purpose, length, settings.stamp, clean)
        for purpose, length in (("training", settings.batch * settings.steps), ("validation", settings.validation))
    )
    task = Task(build(image_architecture(PRESET[0], settings)), *sets, ImageLoss(settings.loss, known=clean))
    with tempfile.TemporaryDirectory() as directory:
        fit(task, settings, directory, progress=False)
    return task.network.eval()


def _stamps(name, purpose, length, size, clean):
    from torch.utils.data import Dataset

    class Stamps(Dataset):
        """Items (inputs, truth, weight) as `jwst_denoise.training.noisy_images.item` makes them, with noise 1."""

        def __len__(self):
            return length

        def __getitem__(self, index):
            return _item(CASES[name], purpose, size, clean, index)

    return Stamps()


def _item(case, purpose, size, clean, index):
    import torch

    rng = seeded(52, list(SCENES).index(purpose), index)
    known = scenes(purpose, case.oversampled)
    scene = known[rng.integers(len(known))]
    y, x = (int(rng.integers(n - size + 1)) for n in scene.shape)
    scene = np.rot90(scene[y : y + size, x : x + size], int(rng.integers(4)))
    scene = (scene.T if rng.integers(2) else scene) * rng.choice((-1, 1))
    image, other = (scene + coloured((MORE * size, MORE * size), rng, case.band)[:size, :size] for _ in range(2))
    ones = torch.ones(size, size)
    inputs = {"signal": _tensor(image), "variance": ones, "light": 0 * ones, "usable": ones}
    target, variance = (scene, 0 * ones) if clean else (other, ones)
    return inputs, torch.stack([_tensor(target), variance, _tensor(scene if clean else other)]), ones[None]


def _tensor(array):
    import torch

    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
