"""What the paper measures of detected stars: how many are found again, their fluxes, their signal-to-noise ratio."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.benchmarks.images.detection import crossmatch

__all__ = ["Recovered", "figures", "recovered", "signal_to_noise"]


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
        (n, 2, 2) signal-to-noise ratio of stars that all three images show: here and in the input; by the noise of the
        background, and with that of the star's photons.
    """

    true: int
    found: int
    matched: int
    error: np.ndarray
    common: np.ndarray
    ratios: np.ndarray


def signal_to_noise(sources, index, seconds, photons):
    """Signal-to-noise ratios F / √(E² + B²) of equation 26, counted in e-.

    E² is SExtractor's: pixels times the square of the background's rms and, with ``photons``, those of the star. B is
    that rms; the background's level is no noise and has been subtracted.
    """
    flux, noise, rms = (values[index] * seconds for values in (sources.flux, sources.noise, sources.rms))
    return flux / np.sqrt(noise**2 + photons * np.clip(flux, 0, None) + rms**2)


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
    ratios = np.array([[signal_to_noise(*one, photons) for photons in (0, 1)] for one in shown])
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
        ``_signed``, the mean with its sign; ``snr_gain`` (28) by the noise of the background, ``stacked``, how many
        input images have that ratio, and ``snr_gain_photons`` with the photons of the stars; ``stars``, their number.
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
    snr, photons = map(float, ratios[0] / ratios[1])
    return result | {"snr_gain": snr, "stacked": snr**2, "snr_gain_photons": photons, "stars": true}
