"""Independent exposures against the noiseless scene."""

from functools import lru_cache

import numpy as np

from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise.statistics import robust_sigma
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.images import pixels
from jwst_denoise_benchmarks.images.denoisers import method, unless_missing
from jwst_denoise_benchmarks.images.detection import find
from jwst_denoise_benchmarks.images.exposures import WHITE, exposed
from jwst_denoise_benchmarks.images.scenes import in_words, scenes
from jwst_denoise_benchmarks.rows import Row

__all__ = ["measure", "measured", "truth", "views"]

RADIUS = 3.0  # pixels, of the apertures of stars
SPREAD = (0.5, 99.5)  # percentiles of the truth between which SSIM has its dynamic range
BLANK = 0.2  # of the noise: pixels with less light above the sky are blank
BRIGHTEST = 30.0  # signal-to-noise ratio in the input of the stars whose gain is told


def views(scene, ratio, noise=WHITE):
    """Image of a scene, and another exposure ``ratio`` times as long: `SlopeImage` each, always the same."""
    return _views(scene, ratio, noise)


@lru_cache(maxsize=64)
def _views(scene, ratio, noise):
    return (
        exposed(scene.rate, scene.seconds, scene.rng(ratio, 2), noise),
        exposed(scene.rate, ratio * scene.seconds, scene.rng(ratio, 3), noise),
    )


def measure(method, some, ratio, noise=WHITE):
    """Figures of a method, of its input, and of a real exposure ``ratio`` times as long.

    Parameters
    ----------
    method : callable
        Takes a `SlopeImage` and the ratio and gives the image (ny, nx) in e-/s.
    some : sequence of Scene
        Scenes.
    ratio : int
        Of the exposure times.
    noise : Noise, optional
        Of all exposures.

    Returns
    -------
    dict, dict, dict
        Each ``noise``, rms error over that of the input in blank pixels; ``psnr``, ``ssim``, ``kl`` against the
        noiseless truth; ``star_noise``, robust scatter of the errors of aperture fluxes of stars with an S/N below 30
        over that of the input.
    """
    kept = [[], [], []]
    for scene in some:
        observed, long = views(scene, ratio, noise)
        images = method(observed, ratio), observed.rate, long.rate
        stars = find(long.rate)
        own = np.sqrt(observed.read_noise**2 + scene.rate / scene.seconds)
        blank = scene.rate - np.percentile(scene.rate, 5) < BLANK * own
        for one, image in zip(kept, images, strict=True):
            one.append(_errors(image, scene, stars, own, blank))
    inputs = kept[1]
    return tuple(_figures(one, inputs) for one in kept)


def _errors(image, scene, stars, own, blank):
    """Errors of one image."""
    error = image - scene.rate
    flux, noise = aperture_sums(scene.rate - np.percentile(scene.rate, 5), stars.places, RADIUS, own)
    wrong = aperture_sums(error, stars.places, RADIUS)
    faint = (flux < BRIGHTEST * noise) & (flux > 0)
    low, high = np.percentile(scene.rate, SPREAD)
    return {
        "blank": error[blank] / own[blank], "stars": wrong[faint] / noise[faint],
        "psnr": pixels.psnr(scene.rate, image), "ssim": pixels.ssim(scene.rate, image, high - low),
        "kl": pixels.divergence(scene.rate, image),
    }  # fmt: skip


def _figures(parts, inputs):
    found = {name: float(np.mean([part[name] for part in parts])) for name in ("psnr", "ssim", "kl")}
    for name, label, scatter in (("blank", "noise", _rms), ("stars", "star_noise", _robust)):
        here, there = (scatter(np.concatenate([part[name] for part in some])) for some in (parts, inputs))
        found[label] = here / there
    return found


def _rms(values):
    return float(np.sqrt(np.mean(values**2, dtype=float))) if len(values) else np.nan


def _robust(values):
    return robust_sigma(values, None, center=0) if len(values) else np.nan


def measured(name, quick, ratio):
    """`measure` of a model, once for all rows and pictures."""
    return _measured(name, quick, ratio, models.directory())


@lru_cache(maxsize=16)
def _measured(name, quick, ratio, _directory):
    return measure(method(name), scenes(quick), ratio)


@unless_missing("against the noiseless truth")
def truth(quick):
    """Rows: noise, fluxes and pixels against the noiseless scene, beside a real longer exposure."""
    for name, ratio in (("astro_unet", 2), ("astro_unet", 5), ("noise2noise", 5)):
        ours, seen, real = measured(name, quick, ratio)
        told = f"{name}, r = {ratio}" if name == "astro_unet" else name
        yield Row(
            f"{told}, against the noiseless truth ({in_words(scenes(quick))}): noise of blank sky; errors of the "
            "fluxes of stars below S/N 30, over the input's; KL; PSNR; SSIM", _text(ours),
            f"input {_text(seen)}; an exposure {ratio} × as long {_text(real)}",
            figures={"ours": ours, "input": seen, "real": real},
        )  # fmt: skip


def _text(figures):
    return (
        f"{figures['noise']:.3f}; {figures['star_noise']:.3f}; {figures['kl']:.4f}; {figures['psnr']:.1f} dB; "
        f"{figures['ssim']:.4f}"
    )
