"""What the paper measures of detected stars: how many are found again, their fluxes, their signal-to-noise ratio."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise_benchmarks.images.detection import RADIUS, crossmatch

__all__ = ["NOISES", "Recovered", "figures", "recovered", "signal_to_noise"]


@dataclass(frozen=True, eq=False)
class Recovered:
    """Stars of one image beside those of the real one.

    Parameters
    ----------
    true, found, matched : int
        Stars of the real image, of this one, and of both.
    error : ndarray
        (matched,) relative error of the flux (equation 25): real less found over real.
    common : ndarray
        (matched,) bool: whether the input image shows the star, too.
    ratios : ndarray
        (n, 2, 3) signal-to-noise ratio of stars that all three images show: here and in the input, with each of
        `NOISES`.
    """

    true: int
    found: int
    matched: int
    error: np.ndarray
    common: np.ndarray
    ratios: np.ndarray


#: What E of equation 26 is made of: noise of the background alone; its rms as SExtractor measures it, with the faint
#: stars that are in it; the same and the photons of the star.
NOISES = {"": ("alone", 0), "_measured": ("noise", 0), "_photons": ("noise", 1)}
PIXELS = np.pi * RADIUS**2


def signal_to_noise(sources, index, seconds, name=""):
    """Signal-to-noise ratios F / √(E² + B²) of equation 26, counted in e-, with one of `NOISES`.

    B is the noise of a pixel of the background; its level is no noise and has been subtracted.
    """
    kind, photons = NOISES[name]
    flux, noise = sources.flux[index] * seconds, getattr(sources, kind)[index] * seconds
    return flux / np.sqrt(noise**2 * (1 + 1 / PIXELS) + photons * np.clip(flux, 0, None))


def recovered(real, image, observed, seconds, ratio):
    """Compare the stars of an image, whose exposure counts as ``ratio`` times that of the input.

    Parameters
    ----------
    real, image, observed : Sources
        Of the real image, of this one, and of the input, in e-/s.
    seconds : float
        Exposure time of the input.
    ratio : float
        Of the exposure time of this image; 1 for the input itself.

    Returns
    -------
    Recovered
    """
    true, here = crossmatch(real.places, image.places)
    error = (real.flux[true] - image.flux[here]) / real.flux[true]
    known, there = crossmatch(real.places, observed.places)
    common = np.isin(true, known)
    seen = there[np.searchsorted(known, true[common])]
    shown = (image, here[common], ratio * seconds), (observed, seen, seconds)
    ratios = np.array([[signal_to_noise(*one, name) for name in NOISES] for one in shown])
    return Recovered(len(real), len(image), len(true), error, common, np.moveaxis(ratios, -1, 0))


def figures(parts):
    """Figures of all stars of several images.

    Parameters
    ----------
    parts : sequence of Recovered
        Of each image.

    Returns
    -------
    dict
        ``tpr`` (equation 23), ``precision`` (22), ``f`` (24); ``rfe`` and ``rfe_common``, mean absolute relative error
        of the flux of all stars and of those that the input shows, with ``_error``, the standard error, and
        ``_signed``, the mean with its sign; ``snr_gain`` (28) with each of `NOISES`; ``stacked``, how many input
        images have the first of these ratios; ``stars``, their number.
    """
    true, found, matched = (sum(getattr(part, name) for part in parts) for name in ("true", "found", "matched"))
    tpr, precision = matched / max(true, 1), matched / max(found, 1)
    error, common = (np.concatenate([getattr(part, name) for part in parts]) for name in ("error", "common"))
    ratios = np.mean(np.concatenate([part.ratios for part in parts]), axis=0)
    result = {"tpr": tpr, "precision": precision, "f": 2 * tpr * precision / max(tpr + precision, 1e-9)}
    for name, values in (("rfe", error), ("rfe_common", error[common])):
        result[name] = float(np.mean(np.abs(values)))
        result[f"{name}_error"] = float(np.std(np.abs(values)) / np.sqrt(max(len(values), 1)))
        result[f"{name}_signed"] = float(np.mean(values))
    result |= {f"snr_gain{name}": float(gain) for name, gain in zip(NOISES, ratios[0] / ratios[1], strict=True)}
    return result | {"stacked": result["snr_gain"] ** 2, "stars": true}
