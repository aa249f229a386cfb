"""Independent exposures compared with the noiseless scene, and the metrics of whole images of the U-net paper."""

from functools import lru_cache

import numpy as np

from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise.statistics import robust_sigma
from jwst_denoise_benchmarks.core.inputs import model_directory
from jwst_denoise_benchmarks.core.plots import new_figure, save_figure, show_image
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.images.detection import find_sources
from jwst_denoise_benchmarks.images.scenes import (
    WHITE,
    denoiser,
    describe,
    label,
    simulate_exposure,
    simulate_scenes,
    unless_missing,
)

__all__ = [
    "divergence", "draw_scenes", "measure", "measured", "metrics_row", "psnr", "ssim", "truth", "truth_rows", "views",
]  # fmt: skip

RADIUS = 3.0  # pixels, of the apertures of stars
SPREAD = (0.5, 99.5)  # percentiles of the truth between which SSIM has its dynamic range
EMPTY = 0.2  # of the noise: pixels with less signal above the sky are background
BRIGHTEST = 30.0  # signal-to-noise ratio in the input of the stars that count
BINS, RANGE = 100, (0.1, 99.9)  # of the histograms: their number, and percentiles of the truth at their ends


def psnr(truth, image):
    """Peak signal-to-noise ratio in dB (Vojtekova et al. 2021, equations 12 and 13), with the peak of the truth."""
    error = np.mean((truth - image) ** 2, dtype=float)
    return float(10 * np.log10(float(truth.max()) ** 2 / error))


def ssim(truth, image, dynamic_range):
    """Mean structural similarity (equation 21) in windows of 7 × 7 pixels."""
    from skimage.metrics import structural_similarity

    return float(structural_similarity(np.asarray(truth, float), np.asarray(image, float), data_range=dynamic_range))


def divergence(truth, image):
    """Kullback-Leibler divergence Σ p log(p / q) of histograms (equation 9), p of the truth, q of the image.

    The paper does not state its bins; here 100, equal between two percentiles of the truth, the outer ones open. A bin
    of the truth without a pixel of the image counts as having one, so that the sum is finite.
    """
    edges = np.linspace(*np.percentile(truth, RANGE), BINS + 1)[1:-1]
    p, q = (np.bincount(np.searchsorted(edges, values.ravel()), minlength=BINS) for values in (truth, image))
    p, q = p / p.sum(), np.maximum(q, 1) / q.sum()
    present = p > 0
    return float(np.sum(p[present] * np.log(p[present] / q[present])))


def views(scene, ratio, noise=WHITE):
    """Image of a scene, and another exposure ``ratio`` times as long: `SlopeImage` each, always the same."""
    return _views(scene, ratio, noise)


@lru_cache(maxsize=64)
def _views(scene, ratio, noise):
    return (
        simulate_exposure(scene.rate, scene.seconds, scene.rng(ratio, 2), noise),
        simulate_exposure(scene.rate, ratio * scene.seconds, scene.rng(ratio, 3), noise),
    )


def measure(method, scenes, ratio, noise=WHITE):
    """Metrics of a method, of its input, and of a real exposure ``ratio`` times as long.

    Parameters
    ----------
    method : callable
        Takes a `SlopeImage` and the ratio and returns the image (ny, nx) in e-/s.
    scenes : sequence of Scene
        Scenes.
    ratio : int
        Of the exposure times.
    noise : Noise, optional
        Of all exposures.

    Returns
    -------
    dict, dict, dict
        Each ``noise``, rms error over that of the input in background pixels; ``psnr``, ``ssim``, ``kl`` against the
        noiseless truth; ``star_noise``, robust scatter of the errors of aperture fluxes of stars with an S/N below 30
        over that of the input.
    """
    parts = [[], [], []]
    for scene in scenes:
        observed, long = views(scene, ratio, noise)
        images = method(observed, ratio), observed.rate, long.rate
        stars = find_sources(long.rate)
        sigma = np.sqrt(observed.read_noise**2 + scene.rate / scene.seconds)
        empty = scene.rate - np.percentile(scene.rate, 5) < EMPTY * sigma
        for part, image in zip(parts, images, strict=True):
            part.append(_errors(image, scene, stars, sigma, empty))
    return tuple(_metrics(part, parts[1]) for part in parts)


def _errors(image, scene, stars, sigma, empty):
    """Errors of one image."""
    error = image - scene.rate
    flux, noise = aperture_sums(scene.rate - np.percentile(scene.rate, 5), stars.places, RADIUS, sigma)
    star_error = aperture_sums(error, stars.places, RADIUS)
    faint = (flux < BRIGHTEST * noise) & (flux > 0)
    low, high = np.percentile(scene.rate, SPREAD)
    return {
        "background": error[empty] / sigma[empty], "stars": star_error[faint] / noise[faint],
        "psnr": psnr(scene.rate, image), "ssim": ssim(scene.rate, image, high - low),
        "kl": divergence(scene.rate, image),
    }  # fmt: skip


def _metrics(parts, inputs):
    metrics = {name: float(np.mean([part[name] for part in parts])) for name in ("psnr", "ssim", "kl")}
    for name, key, scatter in (("background", "noise", _rms), ("stars", "star_noise", _robust)):
        here, there = (scatter(np.concatenate([part[name] for part in one])) for one in (parts, inputs))
        metrics[key] = here / there
    return metrics


def _rms(values):
    return float(np.sqrt(np.mean(values**2, dtype=float))) if len(values) else np.nan


def _robust(values):
    return robust_sigma(values, None, center=0) if len(values) else np.nan


def measured(name, quick, ratio):
    """`measure` of a model, once for all rows and figures."""
    return _measured(name, quick, ratio, model_directory())


@lru_cache(maxsize=16)
def _measured(name, quick, ratio, _directory):
    return measure(denoiser(name), simulate_scenes(quick), ratio)


@unless_missing("Errors against the noiseless truth")
def truth(quick):
    """Rows: noise, fluxes and pixels compared with the noiseless scene, beside a real longer exposure."""
    for name, ratio in (("astro_unet", 2), ("astro_unet", 5), ("noise2noise", 5)):
        yield from truth_rows(name, ratio, describe(simulate_scenes(quick)), *measured(name, quick, ratio))


def truth_rows(name, ratio, scenes, denoised, observed, real):
    """Rows of one model, from `measure`; ``scenes`` in words."""
    names = {label(name, ratio): denoised, f"input of r = {ratio}": observed, f"exposure {ratio} × as long": real}
    for configuration, metrics in names.items():
        if name != "noise2noise" or metrics is denoised:
            yield metrics_row(f"Errors against the noiseless truth, {scenes}", configuration, metrics)


def metrics_row(quantity, configuration, metrics):
    """Row with the metrics of one method against the truth."""
    result = {
        "background noise": metrics["noise"], "star noise": metrics["star_noise"], "KL": metrics["kl"],
        "PSNR (dB)": metrics["psnr"], "SSIM": metrics["ssim"],
    }  # fmt: skip
    return Row(quantity, configuration, result, form=".4g", metrics=metrics)


def draw_scenes(path, quick):
    """Parts of scenes: truth, input, a longer exposure, and the results of the networks."""
    ratio, stamp, names = 5, np.s_[:128, :128], ("astro_unet", "noise2noise")
    figure, axes = new_figure((14, 11), 4, 5)
    for row, scene in zip(axes, simulate_scenes(quick)[:4], strict=True):
        observed, long = views(scene, ratio)
        images = {"truth": scene.rate, f"input, {scene.seconds:g} s": observed.rate, f"{ratio} × as long": long.rate}
        images |= {label(name, ratio): denoiser(name)(observed, ratio) for name in names}
        sigma = float(np.median(observed.read_noise))
        low = np.percentile(scene.rate[stamp], 5) - 2 * sigma
        high = max(np.percentile(scene.rate[stamp], 97), low + 8 * sigma)
        for axis, (title, image) in zip(row, images.items(), strict=True):
            show_image(axis, image[stamp], f"{scene.kind}: {title}", low, high, cmap="gray")
    save_figure(figure, path)
