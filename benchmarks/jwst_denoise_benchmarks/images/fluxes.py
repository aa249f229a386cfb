"""Fluxes of stars and galaxies in apertures: bias by paired runs, the same noise before and after."""

from functools import lru_cache

import numpy as np

from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.images.denoisers import network, unless_missing
from jwst_denoise_benchmarks.images.exposures import WHITE, exposed
from jwst_denoise_benchmarks.images.scenes import seeded
from jwst_denoise_benchmarks.ramps.bias import LIMIT, biases, is_met, text
from jwst_denoise_benchmarks.ramps.sources import APERTURE, catalog
from jwst_denoise_benchmarks.rows import Row

__all__ = ["CASES", "fluxes", "measure", "measured"]

DARK = 0.1  # of the noise, up to which the scene is the sky
#: Sky in e-/s and seconds.
CASES = ((0.2, 120.0), (0.3, 600.0), (0.05, 1500.0))


def measure(made, images, edge, ratio=2.0, noise=WHITE, cases=CASES):
    """Biases of fluxes, in bins of their signal-to-noise ratio.

    A network's image less its input holds no light if it keeps fluxes, and far less noise than either: its sum in an
    aperture, less its mean on dark sky, relative to the true flux, is the bias.

    Parameters
    ----------
    made : ImageDenoise
        What is judged.
    images, edge : int
        Number of images of each case, and their edge in pixels.
    ratio : float, optional
        Of exposure times, for networks that know it.
    noise : Noise, optional
        Of the exposures.
    cases : sequence of tuple, optional
        Of `CASES`.

    Returns
    -------
    dict
        ``stars`` and ``galaxies`` -> `biases`.
    """
    parts = {kind: [] for kind in APERTURE}
    for number, (sky, seconds) in enumerate(cases):
        for seed in range(images):
            rng = seeded(20, number, seed)
            variance = (noise.read_noise**2 + (noise.dark + sky) * seconds) / seconds**2
            field = catalog((edge, edge), sky, variance, seconds, rng)
            observed = exposed(field.scene, seconds, rng, noise)
            change = made.denoise(observed, ratio=ratio, uncertainty="none").rate - observed.rate
            level = np.mean(change[field.scene - sky < DARK * np.sqrt(variance)])
            own = np.sqrt(observed.read_noise**2 + field.scene / seconds)
            for kind, radius in APERTURE.items():
                places = np.transpose(field.places[kind])
                flux, scatter = aperture_sums(field.scene - sky, places, radius, own)
                parts[kind].append((aperture_sums(change - level, places, radius), flux, flux / scatter))
    return {kind: biases(*(np.concatenate(values) for values in zip(*some, strict=True)))
            for kind, some in parts.items()}  # fmt: skip


def measured(name, quick, ratio):
    """`measure` of a model, once for all rows and pictures."""
    return _measured(name, quick, ratio, models.directory())


@lru_cache(maxsize=8)
def _measured(name, quick, ratio, _directory):
    return measure(network(name), *((1, 256) if quick else (3, 768)), ratio)


@unless_missing("fluxes")
def fluxes(quick):
    """Rows: bias of the fluxes of stars and galaxies."""
    for name, ratio in (("astro_unet", 2.0), ("astro_unet", 5.0), ("noise2noise", 5.0)):
        told = f"{name}, r = {ratio:g}" if name == "astro_unet" else name
        for kind, found in measured(name, quick, ratio).items():
            number = sum(one["number"] for one in found.values())
            yield Row(
                f"{told}: bias of the flux of {kind} by paired runs, {number} in circles of {APERTURE[kind]:g} pixels",
                text(found), asked=f"< {100 * LIMIT:g} % above S/N 10", met=None if quick else is_met(found),
                figures={f"{low:g}": one for (low, _), one in found.items()},
            )  # fmt: skip
