"""A real solar image, denoised by a network that has seen nothing else, beside the published output."""

import tempfile
from functools import lru_cache

import numpy as np
from scipy.ndimage import uniform_filter

from jwst_denoise.quality import residual_statistics
from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise_benchmarks.images.filaments import power_spectrum
from jwst_denoise_benchmarks.images.recorruption import LocalNoise
from jwst_denoise_benchmarks.images.scenes import seeded
from jwst_denoise_benchmarks.nsclean.scenes import data_file
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["denoised", "images", "solar"]

FILES = "sst_stokes.npy", "sst_stokes_published_denoised.npy"
UNIT = 1e-3  # of the continuum's intensity
PRESET = ("noise2noise", "paper")
SHORT = {
    "hidden": 16, "depth": 4, "stamp": 64, "batch": 8, "steps": 200, "epochs": 10, "learning_rate": 0.001,
    "schedule": "cosine", "validation": 160,
}  # fmt: skip
QUICK = {"hidden": 4, "steps": 4, "epochs": 1, "validation": 8}
STRENGTH = 1.0  # of the noise that is added to the input and taken from the target
PER_PAIR = 40  # stamps that are cut from a pair
HELD_OUT = 8  # one block of so many is for the validation
BLOCK = 100  # pixels
CONTRAST = (0.5, 1.5)  # by which stamps are multiplied
DRAWS = 32  # recorrupted images whose results are averaged
LOW, HIGH = 0.05, 0.1  # 1 / pixel: below, the scene; above, the noise
BOX = 9  # pixels, in which what was taken is compared with what is left


def solar(quick):
    """Rows: what is kept of the power of the scene, what is left of the noise, what was taken."""
    try:
        image, published = images()
    except MissingData as error:
        yield skipped("real solar image", error)
        return
    sigma = LocalNoise(image).sigma
    ours, theirs = (_figures(image, result, sigma) for result in (denoised(quick), published))
    for name, words, form, better in MEASURES:
        yield Row(
            f"real solar image: {words}", form.format(ours[name]), f"published output {form.format(theirs[name])}",
            ASKED[better], None if quick or not better else better * abs(ours[name]) >= better * abs(theirs[name]),
            {"ours": ours, "published": theirs},
        )  # fmt: skip


ASKED = {1: "not less than the published", -1: "not more than the published", 0: "–"}
MEASURES = (
    ("kept", f"power kept below {LOW} / pixel", "{:.3f}", 1),
    ("left", f"power left above {HIGH} / pixel, where noise rules", "{:.4f}", -1),
    ("taken", "rms of what was taken, 1e-3", "{:.3f}", 0),
    ("mean", "mean of what was taken, 1e-3", "{:+.4f}", -1),
    ("local_mean", "means of what was taken in boxes of 32 pixels over the noise, × √pixels", "{:.3f}", -1),
    ("correlation", f"correlation of what was taken with what is left, in boxes of {BOX} pixels", "{:+.3f}", -1),
)


def images():
    """The image and the published output, (800, 800) in 1e-3 of the continuum's intensity."""
    return tuple(np.load(data_file(name)).astype(np.float32) / np.float32(UNIT) for name in FILES)


@lru_cache(maxsize=2)
def denoised(quick):
    """The image denoised by a network trained on it alone: mean over recorrupted images, turned and mirrored."""
    image, network = images()[0], _trained(quick)
    noise, total, draws = LocalNoise(image), 0.0, 2 if quick else DRAWS
    for number in range(draws):
        noisy, _ = noise.pair(image, STRENGTH, seeded(60, 9, number))
        turned = SlopeImage(
            *(_turned(array, number).astype(np.float32) for array in (noisy, noise.sigma)), np.float32(0)
        )
        total = total + _turned_back(network.denoise(turned, uncertainty="none").rate, number)
    return total / draws


@lru_cache(maxsize=2)
def _trained(quick):
    import torch

    from jwst_denoise.networks import build
    from jwst_denoise.training.loop import fit
    from jwst_denoise.training.losses import ImageLoss
    from jwst_denoise.training.presets import select_preset
    from jwst_denoise.training.tasks import Task, image_architecture

    settings = select_preset(*PRESET, **SHORT | (QUICK if quick else {}))
    torch.manual_seed(settings.seed)
    image = images()[0]
    noise = LocalNoise(image)
    held_out = _blocks(image.shape)
    sets = (
        _stamps(image, noise, where, length, settings.stamp, seed)
        for where, length, seed in (
            (~held_out, settings.batch * settings.steps, 1), (held_out, settings.validation, 2)
        )
    )  # fmt: skip
    task = Task(build(image_architecture(PRESET[0], settings)), *sets, ImageLoss(settings.loss))
    with tempfile.TemporaryDirectory() as directory:
        fit(task, settings, directory, progress=False)
    return task.network.eval()


def _stamps(image, noise, where, length, size, seed):
    import torch
    from torch.utils.data import Dataset

    def tensor(array):
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))

    class Stamps(Dataset):
        """Items (inputs, truth, weight) as `jwst_denoise.training.images.training_item` makes them."""

        def __len__(self):
            return length

        def __getitem__(self, index):
            rng = seeded(60, seed, index)
            noisy, target = pair(index // PER_PAIR)
            y, x = (int(rng.integers(n - size + 1)) for n in image.shape)
            here, turn = np.s_[y : y + size, x : x + size], int(rng.integers(8))
            factor = rng.uniform(*CONTRAST) * rng.choice((-1, 1))
            one, other, sigma, known = (_turned(a[here], turn) for a in (noisy, target, noise.sigma, where))
            variance = tensor((STRENGTH**2 + 1) * sigma**2) * factor**2
            ones = torch.ones(size, size)
            inputs = {"signal": tensor(factor * one), "variance": variance, "poisson": 0 * ones, "usable": ones}
            return inputs, torch.stack([tensor(factor * other), variance, tensor(factor * other)]), tensor(known)[None]

    @lru_cache(maxsize=1)
    def pair(number):
        return noise.pair(image, STRENGTH, seeded(60, seed, 0, number))

    return Stamps()


def _blocks(shape):
    """(ny, nx) bool: blocks that are held out."""
    rows, columns = (n // BLOCK for n in shape)
    chosen = seeded(60, 0).permutation(rows * columns).reshape(rows, columns) < rows * columns // HELD_OUT
    return np.kron(chosen, np.ones((BLOCK, BLOCK), dtype=bool))


def _turned(array, number):
    array = np.rot90(array, number % 4)
    return array.T if number // 4 % 2 else array


def _turned_back(array, number):
    return np.rot90(array.T if number // 4 % 2 else array, -(number % 4))


def _figures(image, result, sigma):
    """Measures of a result, by name."""
    taken = image - result
    frequency, power = power_spectrum(image)
    _, left = power_spectrum(result)
    low, high = frequency < LOW, frequency > HIGH
    modes = frequency  # a ring has so many
    statistics = residual_statistics(taken / sigma, np.full(image.shape, True))
    boxes = (uniform_filter(array, BOX).ravel() for array in (taken, result))
    return {
        "kept": float((left * modes)[low].sum() / (power * modes)[low].sum()),
        "left": float((left * modes)[high].sum() / (power * modes)[high].sum()),
        "taken": float(taken.std()), "mean": float(taken.mean()), "local_mean": statistics.local_mean,
        "correlation": float(np.corrcoef(*boxes)[0, 1]), "near": statistics.correlation,
    }  # fmt: skip
