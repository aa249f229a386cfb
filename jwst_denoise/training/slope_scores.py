"""Scores of a trained `RampDenoise` on blocks that nothing was trained with."""

import numpy as np
import torch

from jwst_denoise.networks.slope_planes import spread
from jwst_denoise.training.slope_losses import BRIGHTEST, slopes_of

__all__ = ["CLASSES", "slope_scores"]

#: Class -> S/N of a pixel, from and to.
CLASSES = {"faint": (-np.inf, 1), "middle": (1, 5), "bright": (5, BRIGHTEST)}


def slope_scores(network, blocks):
    """Errors of the denoised slopes and of the fit, in units of the noise of the sky, by the pixel's S/N.

    Parameters
    ----------
    network : RampDenoise
        In evaluation mode.
    blocks : SlopeBlocks
        To measure on.

    Returns
    -------
    dict
        Class -> ``rmse``, ``rmse_fit`` (without correction of the level of lines), ``bias`` and ``pull`` (standard
        deviation of the error over the error that the network expects); classes without pixels are left out.
    """
    found = [_errors(network, blocks[index]) for index in range(len(blocks))]
    ratio, fitted, denoised, pull = (np.concatenate(values) for values in zip(*found, strict=True))
    scores = {}
    for name, (low, high) in CLASSES.items():
        use = (ratio >= low) & (ratio < high)
        if not use.any():
            continue
        scores[name] = {
            "rmse_fit": float(np.sqrt(np.mean(fitted[use] ** 2))),
            "rmse": float(np.sqrt(np.mean(denoised[use] ** 2))),
            "bias": float(np.mean(denoised[use])),
            "pull": float(np.std(pull[use])),
        }
    return scores


def _errors(network, item):
    inputs, truth, weight = item
    slopes, outputs = slopes_of({name: torch.as_tensor(value)[None] for name, value in inputs.items()})
    with torch.inference_mode():
        signal, log_variance, *_ = network(slopes, outputs)
    use = weight > 0
    expected = spread(signal, slopes) * torch.exp(0.5 * log_variance)
    error = signal[0] - truth[0]
    ratio = truth[0] / spread(truth[:1], slopes)[0]
    return [a[use].numpy() for a in (ratio, slopes.signal[0] - truth[0], error, error / expected[0])]
