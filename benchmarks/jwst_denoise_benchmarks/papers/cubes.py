"""Noise2Noise of cubes beside that of single planes and principal components along the third axis."""

import tempfile
from functools import lru_cache

import numpy as np

from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise_benchmarks.core.inputs import seeded
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.papers.filaments import NOISE, color_noise, draw_filaments, train_denoiser

__all__ = ["cube_row", "cubes", "reconstruct", "spectral_cube"]

PLANES = 21  # wavelengths, as in the paper
EDGE = 128  # pixels
LINE = 2.5  # planes: width of the spectral line
SHIFT, BROADENING = 1.5, 0.3  # planes; fraction of the width: rms over the image
SCENES = {"training": 24, "validation": 3, "test": 4}
SETTINGS = {"hidden": 24, "steps": 100, "epochs": 10, "learning_rate": 0.001, "schedule": "cosine"}
QUICK = {"hidden": 4, "steps": 4, "epochs": 1, "validation": 10}
ENOUGH = 2  # usable pixels, without which there are no components


def spectral_cube(shape, rng):
    """Stokes V of a spectral line, (21, ny, nx): antisymmetric profiles, whose shift and width vary over the image.

    The strength is that of `draw_filaments`; velocity and width are smooth, independent fields.
    """
    strength = draw_filaments(shape, rng)
    velocity, width = (draw_filaments(shape, rng) for _ in range(2))
    velocity, width = (field / field.std() for field in (velocity, width))
    center = SHIFT * np.tanh(velocity)
    sigma = LINE * (1 + BROADENING * np.tanh(width))
    place = (np.arange(PLANES)[:, None, None] - PLANES // 2 - center) / sigma
    return (-strength * place * np.exp((1 - place**2) / 2)).astype(np.float32)


def cubes(quick):
    """Row: rms errors of the cube network, of the network for planes, of principal components, and of both."""
    network, planes = _train(quick), train_denoiser("white", False, quick)
    squares = {"cube": [], "planes": [], "components": [], "cube, then components": []}
    for number in range(1 if quick else SCENES["test"]):
        scene = scenes_for("test")[number]
        image = scene + np.stack([color_noise(scene.shape[1:], seeded(71, number, plane)) for plane in range(PLANES)])
        cube = network.predict(image, err=1.0)[0]
        results = {
            "cube": cube,
            "planes": np.stack([_denoise(planes, plane) for plane in image]),
            "components": reconstruct(image, noise=1.0),
            "cube, then components": reconstruct(cube),
        }
        for name, result in results.items():
            squares[name].append(np.mean((result - scene) ** 2))
    yield cube_row({name: float(np.sqrt(np.mean(values))) for name, values in squares.items()}, quick)


def cube_row(rms, quick=False):
    """Row of the rms errors: ``cube``, ``planes``, ``components`` and ``cube, then components``."""
    unit = NOISE / 1e-4
    return Row(
        f"rms error of {PLANES} wavelengths of a line, noise of {NOISE:g} (units of 1e-4)", "white noise",
        {"cube network": unit * rms["cube"], "and components": unit * rms["cube, then components"]},
        {"planes": unit * rms["planes"], "components": unit * rms["components"]}, form=".1f",
        target=f"< {unit * rms['planes']:.1f}", passed=None if quick else rms["cube"] < rms["planes"], metrics=rms,
    )  # fmt: skip


def _denoise(network, plane):
    return network.denoise(SlopeImage(plane, np.ones_like(plane), np.float32(0)), uncertainty="none").rate


@lru_cache(maxsize=4)
def scenes_for(purpose):
    """Cubes of a purpose, a key of `SCENES`, in units of the noise."""
    rng = seeded(70, list(SCENES).index(purpose))
    return [spectral_cube((EDGE, EDGE), rng) / np.float32(NOISE) for _ in range(SCENES[purpose])]


@lru_cache(maxsize=2)
def _train(quick):
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
            scenes = scenes_for(purpose)
            scene = scenes[rng.integers(len(scenes))]
            y, x = (int(rng.integers(n - size + 1)) for n in scene.shape[1:])
            scene = np.rot90(scene[:, y : y + size, x : x + size], int(rng.integers(4)), (1, 2))
            scene = scene * rng.choice((-1, 1))
            pair = (scene + rng.standard_normal(scene.shape, dtype=np.float32) for _ in range(2))
            order = -1 if rng.integers(2) else 1  # of the planes; the reverse doubles the number of profiles
            one, other = (np.ascontiguousarray(a[::order], np.float32) for a in pair)
            return torch.from_numpy(one), torch.from_numpy(other), torch.ones(1)

    return Stamps()


def reconstruct(cube, components=None, noise=None):
    """Cube of its strongest principal components.

    Every pixel's profile along the first axis is the mean profile and a sum of a few components.

    Parameters
    ----------
    cube : ndarray
        (n, ny, nx): planes of one scene, such as wavelengths or integrations, with noise of the same width in all;
        NaN for missing data.
    components : int, optional
        Number to keep. By default those whose variance exceeds that of white noise, σ² (1 + √(n / pixels))²
        (Marchenko & Pastur 1967).
    noise : float, optional
        σ, in the units of the cube; by default from the median of the variances of all components.

    Returns
    -------
    ndarray
        (n, ny, nx) float32; pixels with missing data are unchanged.

    Raises
    ------
    ValueError
        If the cube does not have three axes or the number of components is out of range.

    References
    ----------
    Martínez González et al. 2008, A&A 486, 637; as reference in Díaz Baso et al. 2019, A&A 629, A99, section 1.

    Examples
    --------
    >>> import numpy as np
    >>> from jwst_denoise_benchmarks.papers.cubes import reconstruct
    >>> rng = np.random.default_rng(1)
    >>> truth = np.sin(np.arange(20.0))[:, None, None] * rng.normal(size=(1, 32, 32))
    >>> result = reconstruct(truth + 0.1 * rng.normal(size=truth.shape))
    >>> round(float((result - truth).std()), 2)
    0.03
    """
    cube = np.asarray(cube, dtype=np.float32)
    if cube.ndim != 3:
        raise ValueError(f"a cube (n, ny, nx) is needed, not an array of shape {cube.shape}")
    if components is not None and not 0 <= components <= len(cube):
        raise ValueError(f"components={components} must be from 0 to the number of planes, {len(cube)}")
    known = np.isfinite(cube).all(axis=0)
    if known.sum() < ENOUGH:
        return cube.copy()
    profiles = cube[:, known]
    mean = profiles.mean(axis=1, keepdims=True)
    variance, vectors = np.linalg.eigh(np.cov(profiles))
    number = _significant(variance, known.sum(), noise) if components is None else components
    basis = vectors[:, len(vectors) - number :]
    result = cube.copy()
    result[:, known] = mean + basis @ (basis.T @ (profiles - mean))
    return result


def _significant(variance, pixels, noise):
    """Number of components above what white noise gives."""
    sigma2 = np.median(variance) if noise is None else noise**2
    return int(np.sum(variance > sigma2 * (1 + np.sqrt(len(variance) / pixels)) ** 2))
