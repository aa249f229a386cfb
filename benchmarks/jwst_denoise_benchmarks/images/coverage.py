"""How often the truth lies within the error that a network tells."""

from functools import lru_cache

import numpy as np
from scipy.special import erfinv

from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.images.denoisers import network, unless_missing
from jwst_denoise_benchmarks.images.exposures import WHITE, Noise
from jwst_denoise_benchmarks.images.scenes import scenes
from jwst_denoise_benchmarks.images.truth import views
from jwst_denoise_benchmarks.rows import Row

__all__ = ["CASES", "LEVELS", "calibration", "coverage", "covered", "measured", "pulls"]

#: Model, ratio of exposure times, what the error holds.
CASES = (
    ("astro_unet", 2.0, "aleatoric"), ("astro_unet", 5.0, "aleatoric"), ("noise2noise", 2.0, "aleatoric"),
    ("noise2noise-uncertainty", 2.0, "total"),
)  # fmt: skip
NOISES = {"white": WHITE, "correlated": Noise(correlated=True)}
#: Asked: limits of the fractions within the intervals of 68 % and 95 %.
ASKED = ((0.66, 0.70), (0.94, 0.96))

#: Probabilities of the calibration curve.
LEVELS = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.68, 0.8, 0.9, 0.95, 0.99])


def pulls(made, some, ratio=2.0, uncertainty="aleatoric", noise=WHITE):
    """Errors over what the network tells, of all pixels of some scenes, and the light of each pixel.

    Parameters
    ----------
    made : ImageDenoise
        What is judged.
    some : sequence of Scene
        Scenes.
    ratio : float, optional
        Of exposure times, for networks that know it.
    uncertainty : str, optional
        What the error holds.
    noise : Noise, optional
        Of the exposures.

    Returns
    -------
    pulls, signal : ndarray
        (n,) each: (result less scene) / error; light above the sky in units of the noise of the input.
    """
    found, light = [], []
    for scene in some:
        observed, _ = views(scene, 2, noise)
        result = made.denoise(observed, ratio=ratio, uncertainty=uncertainty)
        found.append(((result.rate - scene.rate) / result.err).ravel())
        own = np.sqrt(observed.read_noise**2 + scene.rate / scene.seconds)
        light.append(((scene.rate - np.percentile(scene.rate, 5)) / own).ravel())
    return np.concatenate(found), np.concatenate(light)


def covered(pull, levels=LEVELS):
    """Fraction of errors within the central interval of each probability of a Gaussian, an array."""
    return np.array([np.mean(np.abs(pull) < np.sqrt(2) * erfinv(level)) for level in np.atleast_1d(levels)])


def calibration(pull, signal, classes=(0.3, 3.0)):
    """Coverage at 68 % and 95 % of all pixels, and of those with little, some and much light.

    Returns
    -------
    dict
        ``all``, ``blank``, ``faint``, ``bright`` -> array (2,).
    """
    masks = {
        "all": np.ones(len(pull), bool), "blank": signal < classes[0],
        "faint": (signal >= classes[0]) & (signal < classes[1]), "bright": signal >= classes[1],
    }  # fmt: skip
    return {name: covered(pull[mask], (0.68, 0.95)) for name, mask in masks.items() if mask.any()}


def measured(case, noise, quick):
    """`pulls` of one of `CASES` with one of `NOISES`, once for all rows and pictures."""
    return _measured(case, noise, quick, models.directory())


@lru_cache(maxsize=8)
def _measured(case, noise, quick, _directory):
    name, ratio, kind = case
    return pulls(network(name), scenes(quick), ratio, kind, NOISES[noise])


@unless_missing("coverage")
def coverage(quick):
    """Rows: how often the truth lies within the intervals of 68 % and 95 %, and the curve of calibration."""
    for case in CASES:
        for noise in NOISES:
            pull, signal = measured(case, noise, quick)
            classes = calibration(pull, signal)
            near, wide = classes["all"]
            told = "; ".join(
                f"{name} {100 * one:.1f}, {100 * two:.1f} %" for name, (one, two) in classes.items() if name != "all"
            )
            met = all(low <= value <= high for value, (low, high) in zip((near, wide), ASKED, strict=True))
            yield Row(
                f"{case[0]}{f', r = {case[1]:g}' if 'astro' in case[0] else ''}, {noise} noise: truth within the "
                f"intervals of 68 % and 95 % of the {case[2]} error", f"{100 * near:.1f} %, {100 * wide:.1f} %; {told}",
                asked="66–70 %, 94–96 %", met=None if quick else met,
                figures={"classes": classes, "levels": LEVELS, "covered": covered(pull), "rms": float(pull.std())},
            )  # fmt: skip
