"""Operating points and scores of a network on a user's exposures that the training has not seen."""

import numpy as np
import torch

from jwst_denoise.networks.blocks.scaling import level_and_noise
from jwst_denoise.training.calibration import RATES, operating_points
from jwst_denoise.training.own_exposures.exposure_gain import calibrate_errors, gain_scores

__all__ = ["scores"]


def scores(family, network, stamps):
    """Thresholds and scores for the card of a model.

    Parameters
    ----------
    family : str
        ``cosmic_ray_mask``, ``inpaint`` or ``noise2noise``.
    network : torch.nn.Module
        In evaluation mode; the errors of networks that expect some are calibrated in it.
    stamps : Dataset
        Items (inputs, truth, weight) of the validation exposures.

    Returns
    -------
    dict
        ``scores``, and for masks ``thresholds``, as `jwst_denoise.training.calibration.calibrate` gives them.

    Raises
    ------
    ValueError
        If there are no hits in the exposures, so that nothing can be measured.
    """
    if family == "noise2noise":
        return _denoising(network, stamps.parts)
    measure = _filling if family == "inpaint" else _masking
    return measure(network, stamps)


def _denoising(network, parts):
    """Calibrate the errors, and measure the gain."""
    calibrate_errors(network, parts)
    return {"thresholds": {}, "scores": gain_scores(network, parts)}


def _items(network, stamps):
    """Output, truth, weight and inputs of every stamp."""
    for inputs, truth, weight in (stamps[index] for index in range(len(stamps))):
        batch = {name: value[None] for name, value in inputs.items()}
        with torch.inference_mode():
            yield network(**batch)[0], truth, weight, batch


def _masking(network, stamps):
    probability, truth = [], []
    for output, expected, weight, _ in _items(network, stamps):
        use = weight > 0
        probability.append(torch.sigmoid(output)[use].numpy())
        truth.append(expected[use].numpy() > 0)
    probability, truth = np.concatenate(probability), np.concatenate(truth)
    if not truth.any():
        raise ValueError("there is no cosmic ray in the stamps of the validation; more of them: --set validation=…")
    points = operating_points(probability, truth)
    found = {f"tpr_at_fpr_{rate}": float(np.mean(probability[truth] > points[rate])) for rate in RATES}
    return {"thresholds": {str(rate): points[rate] for rate in RATES}, "scores": {"validation_exposures": found}}


def _filling(network, stamps):
    """Mean square error in units of the noise; the truth has noise of its own, of which a part of 1 is."""
    error, number = 0.0, 0.0
    for output, expected, weight, batch in _items(network, stamps):
        image = batch["image"].masked_fill(batch["hole"], torch.nan)
        level, noise = level_and_noise(image, batch["noise"], batch["level"])
        error += float((((output - (expected - level) / noise) ** 2) * weight).sum())
        number += float(weight.sum())
    return {"scores": {"validation_exposures": {"mean_square_error": error / max(number, 1.0)}}}
