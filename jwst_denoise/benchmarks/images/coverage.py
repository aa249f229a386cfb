"""How often the truth lies within the error that a network tells."""

import numpy as np
from scipy.special import erfinv

from jwst_denoise.benchmarks.images.exposures import Noise
from jwst_denoise.benchmarks.images.truth import views

__all__ = ["LEVELS", "calibration", "covered", "pulls"]

#: Probabilities of the calibration curve.
LEVELS = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.68, 0.8, 0.9, 0.95, 0.99])


def pulls(network, some, ratio=2.0, uncertainty="aleatoric", noise=Noise()):
    """Errors over what the network tells, of all pixels of some scenes, and the light of each pixel.

    Parameters
    ----------
    network : ImageDenoise
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
        result = network.denoise(observed, ratio=ratio, uncertainty=uncertainty)
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
