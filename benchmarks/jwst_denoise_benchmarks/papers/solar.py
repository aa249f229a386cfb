"""A real solar image, denoised by a network that was trained on this image only, beside the published output."""

import tempfile
from functools import lru_cache

import numpy as np
from scipy.fft import fft2, fftfreq, ifft2
from scipy.ndimage import gaussian_filter, uniform_filter

from jwst_denoise.quality import residual_statistics
from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise_benchmarks.core.inputs import MissingInput, data_file, seeded
from jwst_denoise_benchmarks.core.plots import COLORS, new_figure, save_figure, show_image
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.papers.filaments import power_spectrum

__all__ = ["LocalNoise", "denoise_image", "draw_solar", "read_images", "solar", "solar_rows"]

FILES = "sst_stokes.npy", "sst_stokes_published_denoised.npy"
UNIT = 1e-3  # of the continuum intensity
PRESET = ("noise2noise", "paper")
SHORT = {
    "hidden": 16, "depth": 4, "stamp": 64, "batch": 8, "steps": 200, "epochs": 10, "learning_rate": 0.001,
    "schedule": "cosine", "validation": 160,
}  # fmt: skip
QUICK = {"hidden": 4, "steps": 4, "epochs": 1, "validation": 8}
STRENGTH = 1.0  # of the noise that is added to the input and subtracted from the target
PER_PAIR = 40  # stamps that are cut from a pair
HELD_OUT = 8  # one of so many blocks is for the validation
BLOCK = 100  # pixels
CONTRAST = (0.5, 1.5)  # factors for stamps
DRAWS = 32  # recorrupted images whose results are averaged
LOW, HIGH = 0.05, 0.1  # 1 / pixel: below, the scene; above, the noise
BOX = 9  # pixels, in which the removed noise is compared with the result
LIMIT = 4.0  # of figures, 1e-3
#: Metric -> name, format, and the sign of an improvement.
METRICS = {
    "kept": (f"power preserved below {LOW} / pixel", ".3f", 1),
    "left": (f"residual power above {HIGH} / pixel", ".4f", -1),
    "taken": ("rms of the removed noise, 1e-3", ".3f", 0),
    "mean": ("mean of the removed noise, 1e-3", "+.4f", -1),
    "local_mean": ("rms of means of 32² boxes over the noise × 32", ".3f", -1),
    "correlation": (f"correlation with the result in {BOX}² boxes", "+.3f", -1),
}

PATCH = 160  # pixels: edge of the patches with separate noise spectra
SIGNAL = 0.08  # 1 / pixel, below which the scene dominates the noise
SMOOTHING = 2.0  # modes
FINE, WIDTH = 20.0, 1.5  # pixels: scale of the strength of the noise, and width of the blur that is subtracted before
REALIZATIONS = 6  # with which the strength is normalized


class LocalNoise:
    """Noise whose spectrum, direction included, varies over an image, in which it is measured.

    Above 0.08 / pixel the power of the image counts as noise. Below, where the scene dominates, the noise is assumed to
    decrease with the square of the frequency. Its strength follows the image over 20 pixels: if the model is a few
    percent too weak, half of that fraction of the noise remains in the result.

    Parameters
    ----------
    image : ndarray
        (ny, nx), edges multiples of half a patch.
    patch : int, optional
        Edge of a patch in pixels; patches overlap by half.

    Attributes
    ----------
    sigma : ndarray
        (ny, nx) float32: its standard deviation.
    """

    def __init__(self, image, patch=PATCH):
        self.shape, self.patch = image.shape, patch
        place = np.pi * (np.arange(patch) + 0.5) / patch
        self._window = np.outer(np.sin(place), np.sin(place))  # squares of overlapping windows add up to 1
        self._frequency = np.hypot(fftfreq(patch)[:, None], fftfreq(patch))
        padded = np.pad(image, patch // 2, mode="reflect")
        self._starts = [(y, x) for y in self._steps(0) for x in self._steps(1)]
        self._spectra = [self._spectrum(padded[y : y + patch, x : x + patch]) for y, x in self._starts]
        variance = self._combine([np.full((patch, patch), power.mean()) for power in self._spectra], 2)
        self._strength = np.ones(self.shape)
        rng = np.random.default_rng(0)
        drawn = np.mean([_fine_power(self.draw(rng)) for _ in range(REALIZATIONS)], axis=0)
        self._strength = np.sqrt(_fine_power(image) / gaussian_filter(drawn, FINE))
        self.sigma = (np.sqrt(variance) * self._strength).astype(np.float32)

    def draw(self, rng):
        """One realization, (ny, nx) float32, of a `numpy.random.Generator`."""
        white = (rng.standard_normal((self.patch, self.patch), dtype=np.float32) for _ in self._starts)
        parts = [ifft2(fft2(w) * np.sqrt(power)).real for w, power in zip(white, self._spectra, strict=True)]
        return (self._combine(parts, 1) * self._strength).astype(np.float32)

    def pair(self, image, strength, rng):
        """Two images of one scene with independent noise, if the noise of the image has the measured spectrum.

        Parameters
        ----------
        image : ndarray
            (ny, nx).
        strength : float
            Of the noise that is added to the first image, in units of its noise.
        rng : `numpy.random.Generator`
            Source of the random numbers.

        References
        ----------
        Pang et al. 2021, CVPR, 2043 (Recorrupted-to-Recorrupted).
        """
        noise = self.draw(rng)
        return image + strength * noise, image - noise / strength

    def _steps(self, axis):
        return range(0, self.shape[axis] + 1, self.patch // 2)

    def _spectrum(self, part):
        """Power of the noise, (patch, patch); its mean is the variance."""
        modes = fft2((part - part.mean()) * self._window)
        power = gaussian_filter(np.abs(modes) ** 2, SMOOTHING, mode="wrap") / np.sum(self._window**2)
        ring = np.abs(self._frequency - 1.25 * SIGNAL) < 0.25 * SIGNAL
        low = power[ring].mean() * (self._frequency / SIGNAL) ** 2
        return np.where(self._frequency < SIGNAL, np.minimum(low, power), power)

    def _combine(self, parts, exponent):
        half = self.patch // 2
        total = np.zeros([n + self.patch for n in self.shape])
        for (y, x), part in zip(self._starts, parts, strict=True):
            total[y : y + self.patch, x : x + self.patch] += part * self._window**exponent
        return total[half:-half, half:-half]


def _fine_power(image):
    """Local mean square of variations within a few pixels."""
    return gaussian_filter((image - gaussian_filter(image, WIDTH)) ** 2, FINE)


def solar(quick):
    """Rows: preserved power of the scene, residual noise, and removed noise."""
    try:
        image, published = read_images()
    except MissingInput as error:
        yield skipped("Solar image: power preserved", "all", error)
        return
    sigma = LocalNoise(image).sigma
    yield from solar_rows(*(_measure(image, result, sigma) for result in (denoise_image(quick), published)), quick)


def solar_rows(denoised, published, quick=False):
    """Rows from the metrics of the network's image and of the published output."""
    for key, (name, form, sign) in METRICS.items():
        passed = None if quick or not sign else bool(sign * abs(denoised[key]) >= sign * abs(published[key]))
        yield Row(
            f"Solar image: {name}", "Noise2Noise", {"network": denoised[key]}, {"published": published[key]}, form=form,
            target={1: "≥ reference", -1: "≤ reference", 0: ""}[sign], passed=passed,
            metrics={"network": denoised, "published": published} if key == "kept" else {},
        )  # fmt: skip


def read_images():
    """The image and the published output, (800, 800) in 1e-3 of the continuum intensity."""
    return tuple(np.load(data_file(name)).astype(np.float32) / np.float32(UNIT) for name in FILES)


@lru_cache(maxsize=2)
def denoise_image(quick):
    """The image denoised by a network trained on it: mean over recorrupted images, rotated and mirrored."""
    image, network = read_images()[0], _train(quick)
    noise, total, draws = LocalNoise(image), 0.0, 2 if quick else DRAWS
    for number in range(draws):
        noisy, _ = noise.pair(image, STRENGTH, seeded(60, 9, number))
        rotated = SlopeImage(
            *(_rotate(array, number).astype(np.float32) for array in (noisy, noise.sigma)), np.float32(0)
        )
        total = total + _rotate_back(network.denoise(rotated, uncertainty="none").rate, number)
    return total / draws


@lru_cache(maxsize=2)
def _train(quick):
    import torch

    from jwst_denoise.networks import build
    from jwst_denoise.training.loop import fit
    from jwst_denoise.training.losses import ImageLoss
    from jwst_denoise.training.presets import select_preset
    from jwst_denoise.training.tasks import Task, image_architecture

    settings = select_preset(*PRESET, **SHORT | (QUICK if quick else {}))
    torch.manual_seed(settings.seed)
    image = read_images()[0]
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
        """Items (inputs, truth, weight) like those of `jwst_denoise.training.images.training_item`."""

        def __len__(self):
            return length

        def __getitem__(self, index):
            rng = seeded(60, seed, index)
            noisy, target = pair(index // PER_PAIR)
            y, x = (int(rng.integers(n - size + 1)) for n in image.shape)
            here, turn = np.s_[y : y + size, x : x + size], int(rng.integers(8))
            factor = rng.uniform(*CONTRAST) * rng.choice((-1, 1))
            one, other, sigma, known = (_rotate(a[here], turn) for a in (noisy, target, noise.sigma, where))
            variance = tensor((STRENGTH**2 + 1) * sigma**2) * factor**2
            ones = torch.ones(size, size)
            inputs = {"signal": tensor(factor * one), "variance": variance, "poisson": 0 * ones, "usable": ones}
            return inputs, torch.stack([tensor(factor * other), variance, tensor(factor * other)]), tensor(known)[None]

    @lru_cache(maxsize=1)
    def pair(number):
        return noise.pair(image, STRENGTH, seeded(60, seed, 0, number))

    return Stamps()


def _blocks(shape):
    """(ny, nx) bool: blocks for the validation."""
    rows, columns = (n // BLOCK for n in shape)
    chosen = seeded(60, 0).permutation(rows * columns).reshape(rows, columns) < rows * columns // HELD_OUT
    return np.kron(chosen, np.ones((BLOCK, BLOCK), dtype=bool))


def _rotate(array, number):
    array = np.rot90(array, number % 4)
    return array.T if number // 4 % 2 else array


def _rotate_back(array, number):
    return np.rot90(array.T if number // 4 % 2 else array, -(number % 4))


def _measure(image, result, sigma):
    """Metrics of a result."""
    removed = image - result
    frequency, power = power_spectrum(image)
    _, residual = power_spectrum(result)
    low, high = frequency < LOW, frequency > HIGH
    modes = frequency  # the number of modes in a ring is proportional to its frequency
    statistics = residual_statistics(removed / sigma, np.full(image.shape, True))
    boxes = (uniform_filter(array, BOX).ravel() for array in (removed, result))
    return {
        "kept": float((residual * modes)[low].sum() / (power * modes)[low].sum()),
        "left": float((residual * modes)[high].sum() / (power * modes)[high].sum()),
        "taken": float(removed.std()), "mean": float(removed.mean()), "local_mean": statistics.local_mean,
        "correlation": float(np.corrcoef(*boxes)[0, 1]), "near": statistics.correlation,
    }  # fmt: skip


def draw_solar(path, quick):
    """The solar image, the network's result, the published one, the removed noise, and power spectra."""
    image, published = read_images()
    denoised, sigma = denoise_image(quick), LocalNoise(image).sigma
    figure, axes = new_figure((15, 8.4), 2, 3)
    panels = {"image": image, "jwst_denoise": denoised, "published output": published}
    for axis, (title, panel) in zip(axes.flat, panels.items(), strict=False):
        show_image(axis, panel, title, -LIMIT, LIMIT, cmap="gray")
    for axis, (title, result) in zip(axes[1], list(panels.items())[1:], strict=False):
        show_image(axis, (image - result) / sigma, f"removed, over the noise: {title}", -3, 3, cmap="gray")
    for (title, panel), key in zip(panels.items(), ("truth", "jwst_denoise", "reference"), strict=True):
        axes[1, 2].loglog(*power_spectrum(panel), color=COLORS[key], label=title)
    axes[1, 2].axvline(LOW, color=COLORS["theory"], linestyle=":")
    axes[1, 2].set(xlabel="1 / pixel", ylabel="power")
    axes[1, 2].legend()
    save_figure(figure, path)
