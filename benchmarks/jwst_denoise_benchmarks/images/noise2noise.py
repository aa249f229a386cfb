"""The synthetic experiment of Noise2Noise: noisy against clean targets, residual, power spectra, errors told."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.stats import kurtosis, skew

from jwst_denoise.quality import residual_statistics
from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise_benchmarks.images.filament_training import CASES, REPEATED, SCENES, observed, scenes, told, trained
from jwst_denoise_benchmarks.images.filaments import NOISE, colored, power_spectrum
from jwst_denoise_benchmarks.images.scenes import seeded
from jwst_denoise_benchmarks.rows import Row

__all__ = ["Result", "coverage", "curves", "denoised", "pulls", "residual", "spectra", "targets"]

LEAST, WITHIN = 5.0, 0.03  # factor by which noise falls; errors with noisy targets over those with clean ones, less 1
WIDTHS = (0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0)  # pixels, of Gaussian filters
INTERVALS = {1.0: (0.66, 0.70), 2.0: (0.94, 0.96)}  # standard deviations -> fraction of the errors within, from and to
HALF = 0.5  # of the power of the scene, which counts as kept
BINS = 8  # ranges of errors told, in which they are calibrated
FLAT = 0.1  # of skewness and excess kurtosis


@dataclass(frozen=True)
class Result:
    """Test scenes, denoised; (scenes, ny, nx) in units of the noise.

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
def denoised(name, clean, quick):
    """`Result` of the network that is trained on a case, a key of `CASES`."""
    network, found = trained(name, clean, quick), []
    for number in range(2 if quick else SCENES["test"]):
        scene, image = observed(CASES[name], number)
        found.append((scene, image.rate, network.denoise(image, uncertainty="none").rate))
    return Result(*(np.stack(arrays) for arrays in zip(*found, strict=True)))


def targets(quick):
    """Rows: error of networks trained with noisy and with clean targets; the best Gaussian filter as peer."""
    for name, case in CASES.items():
        noisy, clean = (denoised(name, known, quick) for known in (False, True))
        ratio = noisy.rms / clean.rms - 1
        filtered, width = _best_filter(noisy)
        yield Row(
            f"{case.name} of {NOISE:g}: rms error with noisy targets",
            f"{_units(noisy.rms)} (× {1 / noisy.rms:.2f} lower); with clean targets {_units(clean.rms)}, noisy "
            f"{100 * ratio:+.1f} %",
            f"Gaussian filter of {width:g} pixels {_units(filtered)}; published 6.0e-04 (× 5)",
            f"≥ × {LEAST:g}; noisy within {WITHIN:.0%} of clean",
            None if quick else 1 / noisy.rms >= LEAST and ratio <= WITHIN,
            {"rms_noisy": noisy.rms, "rms_clean": clean.rms, "filter": filtered, "width": width},
        )  # fmt: skip


def residual(quick):
    """Rows: what was taken beside the noise that was there."""
    for name, case in CASES.items():
        found = denoised(name, False, quick)
        taken, noise = found.image - found.result, found.image - found.scene
        measured, true = (_statistics(planes) for planes in (taken, noise))
        gaussian = max(abs(measured["skewness"]), abs(measured["kurtosis"])) < FLAT
        yield Row(
            f"{case.name}: what was taken",
            f"width {measured['rms']:.3f}, mean {measured['mean']:+.4f}, of boxes of 32 pixels × √pixels "
            f"{measured['local_mean']:.2f}, skewness {measured['skewness']:+.3f}, excess kurtosis "
            f"{measured['kurtosis']:+.3f}",
            f"the noise itself: width {true['rms']:.3f}, mean {true['mean']:+.4f}, of boxes {true['local_mean']:.2f}",
            "Gaussian of the noise's width, local mean not more than the noise's",
            None if quick else gaussian and measured["local_mean"] <= 1.1 * true["local_mean"],
            {"taken": measured, "noise": true},
        )  # fmt: skip


def spectra(quick):
    """Rows: up to which frequency the result has half the power of the scene, critically and oversampled."""
    for name in ("white", "oversampled"):
        frequency, truth, _, result = curves(name, quick)
        kept = _edge(frequency, result / truth)
        noisy = _edge(frequency, truth)  # where the scene falls below the noise
        yield Row(
            f"{CASES[name].name}: power of the scene kept",
            f"half or more up to {kept:.2f} / pixel (structures of {1 / max(kept, 1e-3):.0f} pixels)",
            f"the scene is below the noise from {noisy:.2f} / pixel; published: kept down to 4–5 pixels",
            figures={"kept": kept, "below_noise": noisy},
        )  # fmt: skip


def curves(name, quick):
    """Frequency, and mean power of scenes, of the noise and of the results, in units of the noise's."""
    found = denoised(name, False, quick)
    planes = found.scene, found.image - found.scene, found.result
    powers = [np.mean([power_spectrum(plane)[1] for plane in stack], axis=0) for stack in planes]
    return power_spectrum(found.scene[0])[0], *powers


def coverage(quick):
    """Rows: fraction of the errors within one and two of the errors that the network tells."""
    for name, case in CASES.items():
        pull = pulls(name, quick)
        inside = {n: float(np.mean(pull < limit)) for n, limit in ((1.0, 1.0), (2.0, 1.96))}
        met = all(low <= inside[n] <= high for n, (low, high) in INTERVALS.items())
        yield Row(
            f"{case.name}: errors within the 68 % and 95 % intervals that are told",
            f"{100 * inside[1.0]:.1f} %, {100 * inside[2.0]:.1f} %", "published: most within 2 σ",
            "66–70 %, 94–96 %", None if quick else met, {"inside_68": inside[1.0], "inside_95": inside[2.0]},
        )  # fmt: skip


def pulls(name, quick):
    """Absolute errors over the errors that the network tells, which noisy images of other scenes have calibrated."""
    found = denoised(name, False, quick)
    errors = np.stack([told(name, quick)(*planes) for planes in zip(found.image, found.result, strict=True)])
    return np.abs(found.result - found.scene) / np.interp(errors, *_calibration(name, quick))


@lru_cache(maxsize=8)
def _calibration(name, quick):
    """Errors that are told, and those that are made; measured without truth, against the mean of other noisy images."""
    case, network, expected, square = CASES[name], trained(name, False, quick), [], []
    for number, scene in enumerate(scenes("validation", case.oversampled)):
        noise = (colored(scene.shape, seeded(63, number, which), case.band) for which in range(REPEATED))
        images = scene + np.stack(list(noise))
        for image in images:
            result = network.denoise(SlopeImage(image, np.ones_like(image), np.float32(0)), uncertainty="none").rate
            others = (images.sum(axis=0) - image) / (REPEATED - 1)
            expected.append(told(name, quick)(image, result).ravel())
            square.append((result - others).ravel() ** 2 - 1 / (REPEATED - 1))
    expected, square = np.concatenate(expected), np.concatenate(square)
    bins = np.array_split(np.argsort(expected), BINS)
    knots = np.array([expected[one].mean(dtype=float) for one in bins])
    made = np.sqrt([max(square[one].mean(dtype=float), 1e-6) for one in bins])
    rising = np.append(True, np.diff(knots) > 0)
    return knots[rising], made[rising]


def _statistics(planes):
    """Figures of what was taken, (n, ny, nx) in units of the noise."""
    each = [residual_statistics(plane, np.full(plane.shape, True)) for plane in planes]
    return {
        "rms": float(planes.std()), "mean": float(planes.mean()),
        "local_mean": float(np.sqrt(np.mean([one.local_mean**2 for one in each]))),
        "skewness": float(skew(planes, axis=None)), "kurtosis": float(kurtosis(planes, axis=None)),
    }  # fmt: skip


def _best_filter(found):
    """Rms error and width of the Gaussian filter that does best on these very images."""
    errors = {
        width: np.sqrt(np.mean([(gaussian_filter(image, width) - scene) ** 2 for image, scene in _pairs(found)]))
        for width in WIDTHS
    }
    best = min(errors, key=errors.get)
    return float(errors[best]), best


def _pairs(found):
    return zip(found.image, found.scene, strict=True)


def _edge(frequency, ratio):
    """First frequency at which a ratio falls below half."""
    below = np.flatnonzero(ratio < HALF)
    return float(frequency[below[0]] if below.size else frequency[-1])


def _units(value):
    """Error in units of the continuum's intensity."""
    return f"{value * NOISE:.1e}"
