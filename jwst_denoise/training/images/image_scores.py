"""Errors and scores of a trained denoiser of images, on scenes that nothing was trained with."""

import numpy as np
import torch

from jwst_denoise.networks.blocks.errors import KNOTS, FixedDropout, mean_and_deviation
from jwst_denoise.networks.blocks.scaling import pixel_noise
from jwst_denoise.training.error_head import fit_error_head
from jwst_denoise.training.images.image_losses import BRIGHTEST, slopes_of

__all__ = ["CLASSES", "calibrate_errors", "image_scores"]

#: Class -> S/N of a pixel, from and to.
CLASSES = {"faint": (-np.inf, 1), "middle": (1, 5), "bright": (5, BRIGHTEST)}
FEWEST = 1000  # errors that give a quantile
SAMPLES = 8  # passes with dropout
ONE, TWO = 0.6827, 0.9545  # of errors within one and two standard deviations


def calibrate_errors(network, items):
    """Set the factors of the errors that a network expects so that 68 % and 95 % are within one and two of them.

    They are those of its estimate of the scene. Where the U-net tells errors, its last layer is fitted first.

    Parameters
    ----------
    network : ImageDenoise
        In evaluation mode; changed.
    items : sequence
        Items of `jwst_denoise.training.images.noisy_images` with a known scene.
    """
    if network.unet.config.outputs > 1:
        fit_error_head(network, (_opened(one) for one in items))
    for name in network.uncertainties[1:]:
        factors = network.total_factor if name == "total" else network.error_factor
        factors.fill_(1)
        found = [_errors(network, one, name == "total") for one in items]
        expected, pull = (np.concatenate([errors[key] for errors in found]) for key in ("expected", "of scene"))
        nearest = np.abs(np.log(expected[:, None] / np.array(KNOTS))).argmin(axis=1)
        for index in range(len(KNOTS)):
            sizes = np.abs(pull[nearest == index])
            if len(sizes) >= FEWEST:
                factors[index] = float((np.quantile(sizes, ONE) + np.quantile(sizes, TWO) / 2) / 2)


def image_scores(network, items):
    """Errors of denoised images and of what was denoised, in units of the noise, by the pixel's S/N.

    Parameters
    ----------
    network : ImageDenoise
        In evaluation mode.
    items : sequence
        Items with a known scene.

    Returns
    -------
    dict
        Class -> ``rms``, ``rms_input``, ``bias``, and of networks that tell errors the fractions of errors within one
        and two of them, ``within_1`` and ``within_2``; classes without pixels are left out.
    """
    found = [_errors(network, one) for one in items]
    known = {name: np.concatenate([errors[name] for errors in found]) for name in found[0]}
    scores = {}
    for name, (low, high) in CLASSES.items():
        use = (known["true"] >= low) & (known["true"] < high)
        if not use.any():
            continue
        scores[name] = {
            "rms_input": float(np.sqrt(np.mean(known["input"][use] ** 2))),
            "rms": float(np.sqrt(np.mean(known["error"][use] ** 2))),
            "bias": float(np.mean(known["error"][use])),
        }
        if "pull" in known:
            scores[name] |= {f"within_{n}": float(np.mean(np.abs(known["pull"][use]) < n)) for n in (1, 2)}
    return scores


def _errors(network, one, total=False):
    """True S/N of pixels, errors of input and result in units of the noise; expected errors, and errors over theirs."""
    slopes, more, truth, use = _opened(one)
    with torch.inference_mode():
        signal, log_variance = network(slopes, *more)
        if total:
            signal, log_variance = _with_model_error(network, slopes, more, log_variance)
        scene, own = truth[2], pixel_noise(truth[2:3], slopes)[0]
        error = (signal[0] - scene)[use]
        before = (slopes.signal[0] - scene)[use]
        found = {"true": scene[use] / own[use], "input": before / own[use], "error": error / own[use]}
        if log_variance is not None:
            found["pull"] = error / network.deviation(signal, log_variance, slopes, more[0], total)[0][use]
            estimate = network.scene(signal, slopes, more[0])
            found["expected"] = torch.exp(0.5 * log_variance)[0][use]
            found["of scene"] = ((estimate[0] - scene) / pixel_noise(estimate, slopes)[0])[use] / found["expected"]
    return {name: values.numpy() for name, values in found.items()}


def _opened(one):
    """Slopes, further inputs of the network, truth, and pixels that count, of an item."""
    inputs, truth, weight = one
    inputs = {name: torch.as_tensor(value)[None] for name, value in inputs.items()}
    slopes = slopes_of(inputs)
    use = (weight[0] > 0) & (truth[2] < BRIGHTEST * pixel_noise(truth[2:3], slopes)[0])
    return slopes, (inputs.get("ratio"), inputs.get("extra")), truth, use


def _with_model_error(network, slopes, more, log_variance):
    """Mean of passes with dropout, and logarithm of the variance with that of the passes."""
    unet = network.unet

    def samples():
        for seed in range(SAMPLES):
            network.unet = _Forward(FixedDropout(unet, seed))
            yield network(slopes, *more)[0]

    try:
        signal, model = mean_and_deviation(samples())
    finally:
        network.unet = unet.eval()
    return signal, torch.log(torch.exp(log_variance) + (model / pixel_noise(signal, slopes)) ** 2)


class _Forward(torch.nn.Module):
    """A `FixedDropout` U-net as a module."""

    def __init__(self, dropped):
        super().__init__()
        self.call, self.config = dropped, dropped.config

    def forward(self, *arguments):
        return self.call(*arguments)
