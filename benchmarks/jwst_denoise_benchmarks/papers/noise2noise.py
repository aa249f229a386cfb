"""The synthetic experiment of Noise2Noise: noisy against clean targets, removed noise, power spectra, errors."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import erf
from scipy.stats import kurtosis, skew

from jwst_denoise.quality import residual_statistics
from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise_benchmarks.core.inputs import seeded
from jwst_denoise_benchmarks.core.plots import COLORS, new_figure, save_figure, show_image
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.papers.filaments import (
    CASES,
    NOISE,
    REPEATED,
    SCENES,
    color_noise,
    error_predictor,
    observe,
    power_spectrum,
    scenes_for,
    train_denoiser,
)

__all__ = [
    "Result", "coverage", "coverage_rows", "curves", "denoise_case", "draw_experiment", "draw_spectra", "half_power",
    "pulls", "residual", "residual_rows", "spectra", "spectrum_rows", "target_rows", "targets",
]  # fmt: skip

LEAST, WITHIN = 5.0, 0.03  # targets: factor of the noise, and error with noisy targets over that with clean ones, − 1
PUBLISHED = 6.0e-4  # rms error
WIDTHS = (0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0)  # pixels, of Gaussian filters
INTERVALS = {"inside_68": (68, 2), "inside_95": (95, 1)}  # target in %, and its tolerance
HALF = 0.5  # of the power of the scene, which counts as preserved
BINS = 8  # ranges of predicted errors, in which they are calibrated
GAUSSIAN = 0.1  # limit of skewness and excess kurtosis
SHOWN = 10 * NOISE  # largest intensity of a figure
SIGMAS = np.linspace(0.05, 3, 40)


@dataclass(frozen=True)
class Result:
    """Denoised test scenes; (scenes, ny, nx) in units of the noise.

    Parameters
    ----------
    scene, image, result : ndarray
        Truth, image with noise, denoised image.
    """

    scene: np.ndarray
    image: np.ndarray
    result: np.ndarray

    @property
    def rms(self):
        """Rms error."""
        return float(np.sqrt(np.mean((self.result - self.scene) ** 2)))


@lru_cache(maxsize=16)
def denoise_case(name, clean, quick):
    """`Result` of the network that is trained on a case, a key of `CASES`."""
    network, planes = train_denoiser(name, clean, quick), []
    for number in range(2 if quick else SCENES["test"]):
        scene, image = observe(CASES[name], number)
        planes.append((scene, image.rate, network.denoise(image, uncertainty="none").rate))
    return Result(*(np.stack(arrays) for arrays in zip(*planes, strict=True)))


def targets(quick):
    """Rows: errors of networks trained with noisy and with clean targets; the best Gaussian filter as reference."""
    for name in CASES:
        noisy, clean = (denoise_case(name, known, quick) for known in (False, True))
        filtered, width = _best_filter(noisy)
        metrics = {"rms_noisy": noisy.rms, "rms_clean": clean.rms, "filter": filtered, "width": width}
        yield from target_rows(name, metrics, quick)


def target_rows(name, metrics, quick=False):
    """Rows of one case: rms errors with noisy and clean targets, of the best filter, and its width."""
    case, unit = CASES[name].name, NOISE / 1e-4
    noisy, clean = metrics["rms_noisy"], metrics["rms_clean"]
    yield Row(
        f"rms error, noise of {NOISE:g}", case, {"noisy targets": unit * noisy, "clean targets": unit * clean},
        {"Gaussian filter": unit * metrics["filter"], "paper": PUBLISHED / 1e-4}, "1e-4", form=".1f", metrics=metrics,
    )  # fmt: skip
    yield Row(
        "Noise over the rms error with noisy targets", case, {"noisy targets": 1 / noisy}, form=".2f",
        target=f"≥ {LEAST:g}", passed=None if quick else 1 / noisy >= LEAST,
    )  # fmt: skip
    excess = noisy / clean - 1
    yield Row(
        "Excess of the error with noisy targets over that with clean targets", case, {"noisy targets": 100 * excess},
        {}, "%", form="+.1f", target=f"≤ {100 * WITHIN:g}", passed=None if quick else excess <= WITHIN,
    )  # fmt: skip


def residual(quick):
    """Rows: removed noise beside the true noise."""
    for name in CASES:
        case = denoise_case(name, False, quick)
        planes = case.image - case.result, case.image - case.scene
        yield from residual_rows(name, *(_statistics(one) for one in planes), quick)


def residual_rows(name, removed, noise, quick=False):
    """Rows of one case: statistics of the removed and of the true noise."""
    case = CASES[name].name
    for key, label in (("rms", "width"), ("mean", "mean"), ("local_mean", "rms of the means of 32² boxes × 32")):
        tested, limit = key == "local_mean", 1.1 * noise[key]
        yield Row(
            "Removed noise, in units of the noise", f"{case}, {label}", {"removed": removed[key]},
            {"true noise": noise[key]}, form="+.4f" if key == "mean" else ".3f",
            target=f"≤ {limit:.2f}" if tested else "",
            passed=bool(removed[key] <= limit) if tested and not quick else None,
            metrics={"removed": removed, "noise": noise} if key == "rms" else {},
        )  # fmt: skip
    yield Row(
        "Shape of the removed noise", case,
        {"skewness": removed["skewness"], "excess kurtosis": removed["kurtosis"]}, form="+.3f",
        target=f"0 ± {GAUSSIAN:g}",
        passed=None if quick else max(abs(removed["skewness"]), abs(removed["kurtosis"])) < GAUSSIAN,
    )  # fmt: skip


def spectra(quick):
    """Rows: frequency up to which the result has half the power of the scene, critically sampled and oversampled."""
    for name in ("white", "oversampled"):
        frequency, scene, _, result = curves(name, quick)
        # the scene is below the noise where its power in units of that of the noise falls below half
        yield from spectrum_rows(name, half_power(frequency, result / scene), half_power(frequency, scene))


def spectrum_rows(name, kept, below_noise):
    """Row of one case: frequencies in 1 / pixel; the paper preserves structures down to 4–5 pixels."""
    yield Row(
        "Frequency up to which half of the power is preserved", CASES[name].name, {"network": kept},
        {"scene below noise from": below_noise}, "1/pixel", form=".2f",
    )  # fmt: skip


def curves(name, quick):
    """Frequency, and mean power of scenes, of the noise and of the results, in units of that of the noise."""
    case = denoise_case(name, False, quick)
    planes = case.scene, case.image - case.scene, case.result
    powers = [np.mean([power_spectrum(plane)[1] for plane in stack], axis=0) for stack in planes]
    return power_spectrum(case.scene[0])[0], *powers


def coverage(quick):
    """Rows: fraction of the errors within one and two predicted errors."""
    for name in CASES:
        pull = pulls(name, quick)
        inside = {key: float(np.mean(pull < limit)) for key, limit in zip(INTERVALS, (1.0, 1.96), strict=True)}
        yield from coverage_rows(name, inside, quick)


def coverage_rows(name, inside, quick=False):
    """Rows of one case: ``inside_68`` and ``inside_95`` -> fraction."""
    for key, (target, tolerance) in INTERVALS.items():
        percent = 100 * inside[key]
        yield Row(
            f"Errors within the predicted {target} % interval", CASES[name].name, {"network": percent}, {}, "%",
            form=".1f", target=f"{target} ± {tolerance}",
            passed=None if quick else abs(percent - target) <= tolerance,
        )  # fmt: skip


def pulls(name, quick):
    """Absolute errors over the predicted errors, which noisy images of other scenes have calibrated."""
    case, predict = denoise_case(name, False, quick), error_predictor(name, quick)
    errors = np.stack([predict(*planes) for planes in zip(case.image, case.result, strict=True)])
    return np.abs(case.result - case.scene) / np.interp(errors, *_calibration(name, quick))


@lru_cache(maxsize=8)
def _calibration(name, quick):
    """Predicted and true errors; measured without truth, against the mean of other noisy images."""
    case, network, predict = CASES[name], train_denoiser(name, False, quick), error_predictor(name, quick)
    predicted, square = [], []
    for number, scene in enumerate(scenes_for("validation", case.oversampled)):
        noise = (color_noise(scene.shape, seeded(63, number, which), case.band) for which in range(REPEATED))
        images = scene + np.stack(list(noise))
        for image in images:
            result = network.denoise(SlopeImage(image, np.ones_like(image), np.float32(0)), uncertainty="none").rate
            others = (images.sum(axis=0) - image) / (REPEATED - 1)
            predicted.append(predict(image, result).ravel())
            square.append((result - others).ravel() ** 2 - 1 / (REPEATED - 1))
    predicted, square = np.concatenate(predicted), np.concatenate(square)
    bins = np.array_split(np.argsort(predicted), BINS)
    knots = np.array([predicted[one].mean(dtype=float) for one in bins])
    errors = np.sqrt([max(square[one].mean(dtype=float), 1e-6) for one in bins])
    rising = np.append(True, np.diff(knots) > 0)
    return knots[rising], errors[rising]


def _statistics(planes):
    """Statistics of removed noise, (n, ny, nx) in units of the noise."""
    each = [residual_statistics(plane, np.full(plane.shape, True)) for plane in planes]
    return {
        "rms": float(planes.std()), "mean": float(planes.mean()),
        "local_mean": float(np.sqrt(np.mean([one.local_mean**2 for one in each]))),
        "skewness": float(skew(planes, axis=None)), "kurtosis": float(kurtosis(planes, axis=None)),
    }  # fmt: skip


def _best_filter(case):
    """Rms error and width of the Gaussian filter that is best on the same images."""
    pairs = list(zip(case.image, case.scene, strict=True))
    errors = {
        width: np.sqrt(np.mean([(gaussian_filter(image, width) - scene) ** 2 for image, scene in pairs]))
        for width in WIDTHS
    }
    best = min(errors, key=errors.get)
    return float(errors[best]), best


def half_power(frequency, ratio):
    """First frequency at which a ratio falls below half."""
    below = np.flatnonzero(ratio < HALF)
    return float(frequency[below[0]] if below.size else frequency[-1])


def draw_experiment(path, quick):
    """Scene, image and results with noisy and clean targets, and the removed noise (figure 3 of the paper)."""
    names = list(CASES)[:2]
    figure, rows = new_figure((15, 3.2 * len(names)), len(names), 5, squeeze=False)
    for axes, name in zip(rows, names, strict=True):
        noisy, clean = (denoise_case(name, known, quick) for known in (False, True))
        panels = {
            "scene": noisy.scene, "image": noisy.image, "noisy targets": noisy.result, "clean targets": clean.result
        }  # fmt: skip
        for axis, (title, stack) in zip(axes, panels.items(), strict=False):
            show_image(axis, NOISE * stack[0], title, -SHOWN, SHOWN, cmap="gray")
        show_image(axes[4], (noisy.image - noisy.result)[0], "removed, over the noise", -3, 3, cmap="gray")
        axes[0].set_ylabel(CASES[name].name)
    save_figure(figure, path)


def draw_spectra(path, quick):
    """Power of scene, noise and result, critically sampled and oversampled (figure 4), and errors in the intervals."""
    figure, axes = new_figure((15, 4.2), 1, 3)
    keys = {"truth": "scene", "theory": "noise", "jwst_denoise": "denoised"}
    for axis, name in zip(axes, ("white", "oversampled"), strict=False):
        frequency, *powers = curves(name, quick)
        for power, (key, label) in zip(powers, keys.items(), strict=True):
            axis.semilogy(frequency, power, color=COLORS[key], label=label)
        axis.set(title=CASES[name].name, xlabel="1 / pixel", ylabel="power over that of the noise", ylim=(1e-6, None))
        axis.legend()
    for name, case in CASES.items():
        pull = pulls(name, quick)
        axes[2].plot(SIGMAS, [np.mean(pull < limit) for limit in SIGMAS], label=case.name)
    axes[2].plot(SIGMAS, erf(SIGMAS / np.sqrt(2)), "--", color=COLORS["truth"], label="Gaussian")
    axes[2].set(title="errors within n predicted errors", xlabel="n", ylabel="fraction")
    axes[2].legend()
    save_figure(figure, path)
