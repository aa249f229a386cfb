"""Noise2Noise of cubes beside that of single planes and principal components along the third axis."""

import tempfile
from functools import lru_cache

import numpy as np

from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise_benchmarks.images.filament_training import trained as trained_on_planes
from jwst_denoise_benchmarks.images.filaments import NOISE, colored, filaments
from jwst_denoise_benchmarks.images.principal_components import reconstruct
from jwst_denoise_benchmarks.images.scenes import seeded
from jwst_denoise_benchmarks.rows import Row

__all__ = ["cubes", "spectral_cube"]

PLANES = 21  # wavelengths, as in the paper
EDGE = 128  # pixels
LINE = 2.5  # planes: width of the spectral line
SHIFT, BROADENING = 1.5, 0.3  # planes; of the width: rms from place to place
SCENES = {"training": 24, "validation": 3, "test": 4}
SETTINGS = {"hidden": 24, "steps": 100, "epochs": 10, "learning_rate": 0.001, "schedule": "cosine"}
QUICK = {"hidden": 4, "steps": 4, "epochs": 1, "validation": 10}


def spectral_cube(shape, rng):
    """Stokes V of a spectral line, (21, ny, nx): antisymmetric profiles, shifted and broadened from place to place.

    The strength is that of `filaments`; velocity and width are smooth fields of their own.
    """
    strength = filaments(shape, rng)
    velocity, width = (filaments(shape, rng) for _ in range(2))
    velocity, width = (field / field.std() for field in (velocity, width))
    center = SHIFT * np.tanh(velocity)
    sigma = LINE * (1 + BROADENING * np.tanh(width))
    place = (np.arange(PLANES)[:, None, None] - PLANES // 2 - center) / sigma
    return (-strength * place * np.exp((1 - place**2) / 2)).astype(np.float32)


def cubes(quick):
    """Row: rms errors of the cube network, of the network for planes, and of principal components, and of both."""
    network, planes = _trained(quick), trained_on_planes("white", False, quick)
    found = {"cube": [], "planes": [], "components": [], "cube, then components": []}
    for number in range(1 if quick else SCENES["test"]):
        scene = scenes("test")[number]
        image = scene + np.stack([colored(scene.shape[1:], seeded(71, number, plane)) for plane in range(PLANES)])
        cube = network.predict(image, err=1.0)[0]
        results = {
            "cube": cube,
            "planes": np.stack([_denoised(planes, plane) for plane in image]),
            "components": reconstruct(image, noise=1.0),
            "cube, then components": reconstruct(cube),
        }
        for name, result in results.items():
            found[name].append(np.mean((result - scene) ** 2))
    rms = {name: float(np.sqrt(np.mean(squares))) for name, squares in found.items()}
    yield Row(
        f"{PLANES} wavelengths of a line, white noise of {NOISE:g}: rms error",
        f"cube network {_units(rms['cube'])}, planes one by one {_units(rms['planes'])}, cube network, then principal "
        f"components {_units(rms['cube, then components'])}",
        f"principal components {_units(rms['components'])}",
        "cube network below planes one by one", None if quick else rms["cube"] < rms["planes"], rms,
    )  # fmt: skip


def _denoised(network, plane):
    return network.denoise(SlopeImage(plane, np.ones_like(plane), np.float32(0)), uncertainty="none").rate


@lru_cache(maxsize=4)
def scenes(purpose):
    """Cubes of a purpose, a key of `SCENES`, in units of the noise."""
    rng = seeded(70, list(SCENES).index(purpose))
    return [spectral_cube((EDGE, EDGE), rng) / np.float32(NOISE) for _ in range(SCENES[purpose])]


@lru_cache(maxsize=2)
def _trained(quick):
    import torch

    from jwst_denoise.networks import build
    from jwst_denoise.training.loop import fit
    from jwst_denoise.training.presets import select_preset
    from jwst_denoise.training.tasks import Task

    settings = select_preset("noise2noise", "paper", **SETTINGS | (QUICK if quick else {}))
    torch.manual_seed(settings.seed)
    network = build(
        {"family": "noise2noise-cube", "planes": PLANES, "hidden": settings.hidden, "depth": settings.depth}
    )
    sets = (
        _stamps(purpose, length, settings.stamp)
        for purpose, length in (("training", settings.batch * settings.steps), ("validation", settings.validation))
    )
    with tempfile.TemporaryDirectory() as directory:
        fit(Task(network, *sets, _square), settings, directory, progress=False)
    return network.eval()


def _square(network, cube, target, weight):
    return ((network(cube) - target) ** 2).mean()


def _stamps(purpose, length, size):
    import torch
    from torch.utils.data import Dataset

    class Stamps(Dataset):
        """Items (cube, target, weight): two noisy cubes of one scene, (21, ny, nx) in units of the noise."""

        def __len__(self):
            return length

        def __getitem__(self, index):
            rng = seeded(72, list(SCENES).index(purpose), index)
            known = scenes(purpose)
            scene = known[rng.integers(len(known))]
            y, x = (int(rng.integers(n - size + 1)) for n in scene.shape[1:])
            scene = np.rot90(scene[:, y : y + size, x : x + size], int(rng.integers(4)), (1, 2))
            scene = scene * rng.choice((-1, 1))
            order = -1 if rng.integers(2) else 1  # of the planes; the reverse doubles the number of profiles
            pair = (scene + rng.standard_normal(scene.shape, dtype=np.float32) for _ in range(2))
            one, other = (np.ascontiguousarray(a[::order], np.float32) for a in pair)
            return torch.from_numpy(one), torch.from_numpy(other), torch.ones(1)

    return Stamps()


def _units(value):
    return f"{value * NOISE:.1e}"
