"""The protocol of the Astro U-net paper: an input thinned from a real image of ``ratio`` times its exposure time."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise_benchmarks.core.inputs import model_directory
from jwst_denoise_benchmarks.core.plots import COLORS, new_figure, save_figure
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.images.detection import RADIUS, cross_match, find_sources
from jwst_denoise_benchmarks.images.scenes import (
    denoiser,
    simulate_exposure,
    simulate_scenes,
    thin_exposure,
    unless_missing,
)
from jwst_denoise_benchmarks.images.truth import divergence, psnr, ssim

__all__ = [
    "PAPER", "RATIOS", "Recovered", "compare_stars", "draw_ratios", "exposure_pair", "measure", "measured",
    "network_one", "network_two", "rows_of_ratio", "star_metrics",
]  # fmt: skip

RATIOS = (2, 3, 4, 5)
DYNAMIC_RANGE = 2.0  # e-, of equation 21: scikit-image's for floating point; the paper does not state it
#: Table 2 of the paper, Network 2, and its input at ratio 2, whose SNR is in units of that of the real image.
PAPER = {
    2: {"rfe": 0.0226, "tpr": 0.9626, "f": 0.85, "snr_gain": 1.64, "psnr": 16.3, "ssim": 0.63, "kl": 0.0068},
    3: {"rfe": 0.0340, "tpr": 0.9427, "f": 0.84, "snr_gain": 1.94, "psnr": 15.0, "ssim": 0.53, "kl": 0.0092},
    4: {"rfe": 0.0378, "tpr": 0.9421, "f": 0.80, "snr_gain": 2.28, "psnr": 14.6, "ssim": 0.49, "kl": 0.0099},
    5: {"rfe": 0.0413, "tpr": 0.9326, "f": 0.78, "snr_gain": 2.55, "psnr": 14.4, "ssim": 0.46, "kl": 0.0097},
}
PAPER_INPUT = {"rfe": 0.0155, "tpr": 0.6808, "f": 0.78, "kl": 0.0231, "psnr": -16.0, "ssim": 0.45}
PAPER_REAL_GAIN = 1.49  # of the real image at ratio 2
PAPER_INPUT_ROWS = (
    ("Stars recovered", "tpr", 100, "%", ".1f"), ("F-measure", "f", 1, "", ".3f"),
    ("Mean error of the flux of stars detected in the input", "rfe", 100, "%", ".2f"), ("KL", "kl", 1, "", ".4f"),
    ("PSNR", "psnr", 1, "dB", ".1f"), ("SSIM", "ssim", 1, "", ".3f"),
)  # fmt: skip
#: Targets that exceed the paper.
TARGETS = {2: {"snr_gain": 1.7, "tpr": 0.965, "rfe": 0.020}, 5: {"snr_gain": 2.6, "tpr": 0.94, "rfe": 0.04}}
PSNR, SSIM, KL = 29.6, 0.19, 0.30  # of the paper at ratio 2: gain over the input in dB and in SSIM, ratio of KL
#: What E of equation 26 contains: noise of the background only; its rms as measured by SExtractor, with the faint stars
#: in it; and the photons of the star in addition.
NOISES = {"": ("alone", 0), "_measured": ("noise", 0), "_photons": ("noise", 1)}
PIXELS = np.pi * RADIUS**2


@dataclass(frozen=True, eq=False)
class Recovered:
    """Stars of one image compared with those of the real one.

    Parameters
    ----------
    true, detected, matched : int
        Stars of the real image, of this one, and of both.
    error : ndarray
        (matched,) relative error of the flux (equation 25): real minus measured over real.
    common : ndarray
        (matched,) bool: whether the star is detected in the input image, too.
    ratios : ndarray
        (n, 2, 3) signal-to-noise ratio of stars detected in all three images: here and in the input, with each of
        `NOISES`.
    """

    true: int
    detected: int
    matched: int
    error: np.ndarray
    common: np.ndarray
    ratios: np.ndarray


def signal_to_noise(sources, index, seconds, name=""):
    """Signal-to-noise ratios F / √(E² + B²) of equation 26, in e-, with one of `NOISES`.

    B is the noise of a pixel of the background; its level is not noise and has been subtracted.
    """
    kind, photons = NOISES[name]
    flux, noise = sources.flux[index] * seconds, getattr(sources, kind)[index] * seconds
    return flux / np.sqrt(noise**2 * (1 + 1 / PIXELS) + photons * np.clip(flux, 0, None))


def compare_stars(real, image, observed, seconds, ratio):
    """Compare the stars of an image, whose exposure counts as ``ratio`` times that of the input.

    Parameters
    ----------
    real, image, observed : Sources
        Of the real image, of this one, and of the input, in e-/s.
    seconds : float
        Exposure time of the input.
    ratio : float
        Of the exposure time of this image; 1 for the input.

    Returns
    -------
    Recovered
    """
    true, here = cross_match(real.places, image.places)
    error = (real.flux[true] - image.flux[here]) / real.flux[true]
    known, there = cross_match(real.places, observed.places)
    common = np.isin(true, known)
    in_input = there[np.searchsorted(known, true[common])]
    pairs = (image, here[common], ratio * seconds), (observed, in_input, seconds)
    ratios = np.array([[signal_to_noise(*pair, name) for name in NOISES] for pair in pairs])
    return Recovered(len(real), len(image), len(true), error, common, np.moveaxis(ratios, -1, 0))


def star_metrics(parts):
    """Metrics of all stars of several images.

    Parameters
    ----------
    parts : sequence of Recovered
        Of each image.

    Returns
    -------
    dict
        ``tpr`` (equation 23), ``precision`` (22), ``f`` (24); ``rfe`` and ``rfe_common``, mean absolute relative error
        of the flux of all stars and of those detected in the input, with ``_error``, the standard error, and
        ``_signed``, the mean with its sign; ``snr_gain`` (28) with each of `NOISES`; ``stacked``, the number of input
        images whose stack has the first of these gains; ``stars``, their number.
    """
    true, detected, matched = (sum(getattr(part, name) for part in parts) for name in ("true", "detected", "matched"))
    tpr, precision = matched / max(true, 1), matched / max(detected, 1)
    error, common = (np.concatenate([getattr(part, name) for part in parts]) for name in ("error", "common"))
    ratios = np.mean(np.concatenate([part.ratios for part in parts]), axis=0)
    metrics = {"tpr": tpr, "precision": precision, "f": 2 * tpr * precision / max(tpr + precision, 1e-9)}
    for name, values in (("rfe", error), ("rfe_common", error[common])):
        metrics[name] = float(np.mean(np.abs(values)))
        metrics[f"{name}_error"] = float(np.std(np.abs(values)) / np.sqrt(max(len(values), 1)))
        metrics[f"{name}_signed"] = float(np.mean(values))
    metrics |= {f"snr_gain{name}": float(gain) for name, gain in zip(NOISES, ratios[0] / ratios[1], strict=True)}
    return metrics | {"stacked": metrics["snr_gain"] ** 2, "stars": true}


@lru_cache(maxsize=64)
def exposure_pair(scene, ratio):
    """Real image and input of a scene: `SlopeImage` each, and the sources of both."""
    long = simulate_exposure(scene.rate, ratio * scene.seconds, scene.rng(ratio, 0))
    observed = thin_exposure(long, scene.seconds, scene.rng(ratio, 1))
    return long, observed, *(find_sources(one.rate, scene=scene.rate) for one in (long, observed))


def measure(method, scenes, ratio):
    """Metrics of the paper of a method, of its input, and of the real image.

    Parameters
    ----------
    method : callable
        Takes a `SlopeImage` and the ratio and returns the image (ny, nx) in e-/s.
    scenes : sequence of Scene
        Scenes.
    ratio : int
        Of the exposure times.

    Returns
    -------
    dict, dict, dict
        `star_metrics` of the method, of the input, and of the real image; of the first two also ``psnr`` and ``ssim``
        in e- of each image's exposure time, as published, so that the input is ``ratio`` times fainter;
        ``psnr_scaled``, where it is not, and ``kl``.
    """
    parts, pixels = [], []
    for scene in scenes:
        long, observed, real, detected = exposure_pair(scene, ratio)
        image = method(observed, ratio)
        seconds = scene.seconds
        compared = (find_sources(image, scene=scene.rate), ratio), (detected, 1), (real, ratio)
        parts.append([compare_stars(real, one, detected, seconds, times) for one, times in compared])
        images = (image, ratio), (observed.rate, 1)
        pixels.append([_pixel_metrics(long.rate, rate, seconds, ratio, times) for rate, times in images])
    of_stars = [star_metrics([part[index] for part in parts]) for index in range(3)]
    of_pixels = [_means([one[index] for one in pixels]) for index in (0, 1)]
    return tuple(one | other for one, other in zip(of_stars, [*of_pixels, {}], strict=True))


def _means(parts):
    return {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}


def _pixel_metrics(real, image, seconds, ratio, times):
    """Metrics of one image; ``times`` is its exposure time in units of that of the input."""
    in_electrons = real * seconds * ratio, image * seconds * times
    return {
        "psnr": psnr(*in_electrons),
        "psnr_scaled": psnr(real, image),
        "ssim": ssim(*in_electrons, DYNAMIC_RANGE),
        "kl": divergence(real, image),
    }


def measured(name, quick, ratio):
    """`measure` of a model, once for all rows and figures."""
    return _measured(name, quick, ratio, model_directory())


@lru_cache(maxsize=16)
def _measured(name, quick, ratio, _directory):
    return measure(denoiser(name), simulate_scenes(quick), ratio)


@unless_missing("SNR gain")
def network_two(quick):
    """Rows: the paper's table 2 for Network 2."""
    for ratio in RATIOS:
        yield from rows_of_ratio("astro_unet", ratio, *measured("astro_unet", quick, ratio), quick)


@unless_missing("SNR gain")
def network_one(quick):
    """Rows: the paper's table 2 for Network 1."""
    yield from rows_of_ratio("astro_unet-r2", 2, *measured("astro_unet-r2", quick, 2), quick)


def rows_of_ratio(name, ratio, denoised, observed, real, quick=False):
    """Rows of one model and ratio, from the metrics of `measure`."""
    configuration = f"{name}, r = {ratio}"
    paper, target = PAPER[ratio], PAPER[ratio] | TARGETS.get(ratio, {})

    def row(quantity, key, factor=1, unit="", form="", reference=None, bound="", passed=None, **options):
        """Row of one metric; ``bound`` is the target."""
        values = {"network": _value(denoised, key, factor)}
        values |= {name: _value(metrics, key, factor) for name, metrics in (reference or {}).items()}
        network = {"network": values.pop("network")}
        passed = None if quick else passed
        return Row(quantity, configuration, network, values, unit, form, bound, passed, **options)

    bound, metrics = target["snr_gain"], {"denoised": denoised, "input": observed, "real": real}
    yield row(
        "SNR gain", "snr_gain", 1, "", ".2f", {"real image": real, "paper": paper}, f"≥ {bound:g}",
        denoised["snr_gain"] >= bound, metrics=metrics,
    )  # fmt: skip
    yield row("SNR gain by the measured rms, with faint stars", "snr_gain_measured", 1, "", ".2f", {"real image": real})
    yield row("Number of stacked inputs with the same SNR", "stacked", 1, "", ".1f")
    both, bound = {"input": observed, "paper": paper}, 100 * target["tpr"]
    recovered = denoised["tpr"] >= target["tpr"]
    yield row("Stars recovered", "tpr", 100, "%", ".1f", both, f"≥ {bound:.4g}", recovered)
    yield row("F-measure", "f", 1, "", ".3f", both)
    bound = 100 * target["rfe"]
    passed = denoised["rfe"] <= target["rfe"]
    yield row("Mean error of the flux of stars", "rfe", 100, "%", ".2f", {"paper": paper}, f"≤ {bound:g}", passed)
    passed = denoised["rfe_common"] <= observed["rfe_common"]
    yield row(
        "Mean error of the flux of stars detected in the input", "rfe_common", 100, "%", ".2f", {"input": observed},
        "≤ reference", passed,
    )  # fmt: skip
    yield row("Mean error of the flux with its sign", "rfe_signed", 100, "%", "+.2f")
    factor, decibels, similarity = (KL, PSNR, SSIM) if ratio == 2 else (1, 0, 0)
    bounds = {"kl": factor * observed["kl"], "psnr": observed["psnr"] + decibels, "ssim": observed["ssim"] + similarity}
    for key, unit, form in (("kl", "", ".4f"), ("psnr", "dB", ".1f"), ("ssim", "", ".3f")):
        sign, passed = ("≤", denoised[key] <= bounds[key]) if key == "kl" else ("≥", denoised[key] >= bounds[key])
        yield row(key.upper(), key, 1, unit, form, both, f"{sign} {bounds[key]:{form}}", passed)
    if configuration == "astro_unet, r = 2":
        yield Row("SNR gain", "paper, r = 2", {}, {"real image": PAPER_REAL_GAIN}, form=".2f")
        for quantity, key, factor, unit, form in PAPER_INPUT_ROWS:
            yield Row(quantity, "input of the paper, r = 2", {}, {"input": factor * PAPER_INPUT[key]}, unit, form)


def _value(metrics, key, factor):
    """Value of a metric, with its error if there is one."""
    if f"{key}_error" in metrics:
        return factor * metrics[key], factor * metrics[f"{key}_error"]
    return factor * metrics[key]


def draw_ratios(path, quick):
    """Flux error, stars recovered and SNR gain against the ratio of exposure times."""
    results = {ratio: measured("astro_unet", quick, ratio) for ratio in RATIOS}
    panels = {"rfe": ("error of the flux, %", 100), "tpr": ("stars recovered, %", 100), "snr_gain": ("SNR gain", 1)}
    figure, axes = new_figure((13, 4), 1, 3)
    for axis, (name, (label, factor)) in zip(axes, panels.items(), strict=True):
        for index, (title, style) in enumerate((("astro_unet", "s-"), ("input", "o-"), ("real image", "^:"))):
            axis.plot(RATIOS, [factor * results[ratio][index][name] for ratio in RATIOS], style, label=title)
        published = [factor * PAPER[ratio][name] for ratio in RATIOS]
        axis.plot(RATIOS, published, "--", color=COLORS["theory"], label="paper, Network 2")
        axis.set(xlabel="ratio of exposure times", ylabel=label, xticks=RATIOS)
    axes[0].legend()
    save_figure(figure, path)
