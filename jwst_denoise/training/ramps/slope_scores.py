"""Scores of a trained `RampDenoise` on blocks that nothing was trained with."""

import numpy as np
import torch

from jwst_denoise.networks.blocks.errors import KNOTS
from jwst_denoise.networks.blocks.scaling import pixel_noise
from jwst_denoise.training.ramps.slope_losses import BRIGHTEST, slopes_of

__all__ = ["CLASSES", "calibrate_errors", "slope_scores"]

#: Class -> S/N of a pixel, from and to.
CLASSES = {"faint": (-np.inf, 1), "middle": (1, 5), "bright": (5, BRIGHTEST)}


OUTLIER = 5.0  # of its expected error, beyond which an error does not count: cosmic rays that are left
FEWEST = 1000  # errors that give a standard deviation


def calibrate_errors(network, blocks):
    """Set the network's `error_factor` so that errors are as large as expected.

    Errors far beyond what is expected do not count: they are of faint cosmic rays, which are light to the network.

    Parameters
    ----------
    network : RampDenoise
        In evaluation mode; changed.
    blocks : sequence
        Items of `SlopeBlocks` to measure on.
    """
    network.error_factor.fill_(1)
    found = [_errors(network, block) for block in blocks]
    expected, pull = (np.concatenate([errors[name] for errors in found]) for name in ("expected", "pull"))
    knots = np.log(KNOTS)
    edges = np.exp((knots[1:] + knots[:-1]) / 2)
    nearest = np.digitize(expected, edges)
    for index in range(len(KNOTS)):
        errors = pull[(nearest == index) & (np.abs(pull) < OUTLIER)]
        if len(errors) >= FEWEST:
            network.error_factor[index] = float(errors.std())


def slope_scores(network, blocks):
    """Errors of the denoised slopes and of the fit, in units of the noise of the sky, by the pixel's S/N.

    Parameters
    ----------
    network : RampDenoise
        In evaluation mode.
    blocks : sequence
        Items of `SlopeBlocks` to measure on.

    Returns
    -------
    dict
        Class -> ``rmse``, ``rmse_fit`` (without correction of the level of lines), ``bias`` and ``pull`` (standard
        deviation of the error over the error that the network expects); classes without pixels are left out.
    """
    found = [_errors(network, block) for block in blocks]
    ratio, fitted, denoised, pull = (
        np.concatenate([errors[name] for errors in found]) for name in ("true", "fitted", "denoised", "pull")
    )
    scores = {}
    for name, (low, high) in CLASSES.items():
        use = (ratio >= low) & (ratio < high)
        if not use.any():
            continue
        scores[name] = {
            "rmse_fit": float(np.sqrt(np.mean(fitted[use] ** 2))),
            "rmse": float(np.sqrt(np.mean(denoised[use] ** 2))),
            "bias": float(np.mean(denoised[use])),
            "pull": float(np.std(pull[use & (np.abs(pull) < OUTLIER)])),
        }
    return scores


def _errors(network, item):
    """True S/N of pixels, error that the network expects, errors of fit and denoised signal; these over their own."""
    inputs, truth, weight = item
    slopes, outputs = slopes_of({name: torch.as_tensor(value)[None] for name, value in inputs.items()})
    with torch.inference_mode():
        signal, log_variance, *_ = network(slopes, outputs)
        expected = network.deviation(signal, log_variance, slopes)
    use = weight > 0
    error = signal[0] - truth[0]
    found = {
        "true": truth[0] / pixel_noise(truth[:1], slopes)[0],
        "expected": torch.exp(0.5 * log_variance)[0],
        "fitted": slopes.signal[0] - truth[0],
        "denoised": error,
        "pull": error / expected[0],
    }
    return {name: values[use].numpy() for name, values in found.items()}
