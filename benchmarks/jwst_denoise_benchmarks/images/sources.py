"""False detections beside a real longer exposure, and the bias of fluxes in apertures."""

from functools import lru_cache

import numpy as np
from scipy import ndimage
from scipy.signal import oaconvolve

from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise.simulate import point_spread_function
from jwst_denoise_benchmarks.core.inputs import model_directory, seeded
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.images.detection import find_sources, measure_background
from jwst_denoise_benchmarks.images.scenes import (
    WHITE,
    denoiser,
    label,
    network,
    simulate_exposure,
    simulate_scenes,
    unless_missing,
)
from jwst_denoise_benchmarks.images.truth import views
from jwst_denoise_benchmarks.ramps.errors import bias_row, biases
from jwst_denoise_benchmarks.ramps.sources import APERTURES, catalog

__all__ = ["count_false", "false_rows", "false_sources", "flux_row", "fluxes", "measure_fluxes", "true_ratio"]

LEAST = 2.0  # S/N in the long exposure, by the best filter, of the faintest signal that is a source
SETTINGS = ((7.0, 10), (3.0, 5))  # threshold in rms of the background, and connected pixels
FALSE_CASES = (("astro_unet", 2), ("astro_unet", 5), ("noise2noise", 5))
MORE = 0.01  # tolerated in excess of the long exposure
EMPTY = 0.1  # of the noise, up to which the scene is the sky
#: Sky in e-/s and seconds.
FLUX_CASES = ((0.2, 120.0), (0.3, 600.0), (0.05, 1500.0))


def true_ratio(scene, long):
    """True signal-to-noise ratio (ny, nx) of a star at every pixel in an exposure.

    Parameters
    ----------
    scene : Scene
        The truth.
    long : SlopeImage
        The exposure.
    """
    psf = point_spread_function(scene.channel, scene.filter).stamp(0.0, 0.0)
    signal = oaconvolve(scene.rate - measure_background(scene.rate)[0], psf[::-1, ::-1], mode="same")
    variance = long.read_noise**2 + scene.rate * long.poisson
    return signal / np.sqrt(np.maximum(oaconvolve(variance, psf[::-1, ::-1] ** 2, mode="same"), 1e-30))


def count_false(sources, ratio):
    """Number of detections, and of those without a source within a pixel."""
    nearby = ndimage.maximum_filter(ratio, 3)
    y, x = (np.clip(np.rint(c).astype(int), 0, n - 1) for c, n in zip((sources.y, sources.x), ratio.shape, strict=True))
    return len(sources), int(np.count_nonzero(nearby[y, x] < LEAST))


@unless_missing("False detections")
def false_sources(quick):
    """Rows: fraction of false detections."""
    scenes = simulate_scenes(quick)
    for name, ratio in FALSE_CASES:
        denoise = denoiser(name)
        exposures = [views(scene, ratio) for scene in scenes]
        truths = [true_ratio(scene, long) for scene, (_, long) in zip(scenes, exposures, strict=True)]
        images = {"denoised": [denoise(one, ratio) for one, _ in exposures], "real": [one.rate for _, one in exposures],
                  "input": [one.rate for one, _ in exposures]}  # fmt: skip
        for threshold, connected in SETTINGS:
            counts = {
                key: np.sum([count_false(find_sources(image, threshold, connected), truth)
                             for image, truth in zip(values, truths, strict=True)], axis=0).tolist()
                for key, values in images.items()
            }  # fmt: skip
            yield from false_rows(label(name, ratio), threshold, connected, counts, quick)


def false_rows(name, threshold, connected, counts, quick=False):
    """Rows: ``denoised``, ``real`` longer exposure and ``input`` -> detections, and false ones among them."""
    configuration = f"{name}, {threshold:g} rms, {connected} pixels"
    fraction = {key: false / max(total, 1) for key, (total, false) in counts.items()}
    yield Row(
        "False detections", configuration, {"network": 100 * fraction["denoised"]},
        {"longer exposure": 100 * fraction["real"], "input": 100 * fraction["input"]}, "%", form=".2f",
        target=f"≤ {100 * (fraction['real'] + MORE):.2f}",
        passed=None if quick else bool(fraction["denoised"] <= fraction["real"] + MORE), metrics=counts,
    )  # fmt: skip
    yield Row(
        "Number of detections", configuration, {"network": counts["denoised"][0]},
        {"longer exposure": counts["real"][0], "input": counts["input"][0]},
    )  # fmt: skip


def measure_fluxes(denoiser, images, edge, ratio=2.0, noise=WHITE, cases=FLUX_CASES):
    """Biases of fluxes, in bins of their signal-to-noise ratio.

    The difference between a network's image and its input contains no source flux if the network conserves it, and far
    less noise than either; its sum in an aperture, minus its mean on empty sky, over the true flux is the bias.

    Parameters
    ----------
    denoiser : ImageDenoise
        Network.
    images, edge : int
        Number of images of each case, and their edge in pixels.
    ratio : float, optional
        Of exposure times, for networks that depend on it.
    noise : Noise, optional
        Of the exposures.
    cases : sequence of tuple, optional
        Of `FLUX_CASES`.

    Returns
    -------
    dict
        ``stars`` and ``galaxies`` -> `biases`.
    """
    parts = {kind: [] for kind in APERTURES}
    for number, (sky, seconds) in enumerate(cases):
        for seed in range(images):
            rng = seeded(20, number, seed)
            variance = (noise.read_noise**2 + (noise.dark + sky) * seconds) / seconds**2
            field = catalog((edge, edge), sky, variance, seconds, rng)
            observed = simulate_exposure(field.scene, seconds, rng, noise)
            change = denoiser.denoise(observed, ratio=ratio, uncertainty="none").rate - observed.rate
            level = np.mean(change[field.scene - sky < EMPTY * np.sqrt(variance)])
            sigma = np.sqrt(observed.read_noise**2 + field.scene / seconds)
            for kind, radius in APERTURES.items():
                places = np.transpose(field.places[kind])
                flux, scatter = aperture_sums(field.scene - sky, places, radius, sigma)
                parts[kind].append((aperture_sums(change - level, places, radius), flux, flux / scatter))
    return {kind: biases(*(np.concatenate(values) for values in zip(*part, strict=True)))
            for kind, part in parts.items()}  # fmt: skip


@lru_cache(maxsize=8)
def _fluxes(name, quick, ratio, _directory):
    return measure_fluxes(network(name), *((1, 256) if quick else (3, 768)), ratio)


@unless_missing("Bias of the flux of stars")
def fluxes(quick):
    """Rows: bias of the fluxes of stars and galaxies."""
    for name, ratio in (("astro_unet", 2.0), ("astro_unet", 5.0), ("noise2noise", 5.0)):
        for kind, bins in _fluxes(name, quick, ratio, model_directory()).items():
            yield flux_row(label(name, ratio), kind, bins, quick)


def flux_row(name, kind, bins, quick=False):
    """Row of the `biases` of one kind of source."""
    return bias_row(f"Bias of the flux of {kind} in apertures of {APERTURES[kind]:g} pixels", name, bins, not quick)
