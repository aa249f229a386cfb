"""Operating points and scores of a trained network, on scenes and exposures of their own."""

from functools import partial

import numpy as np
import torch

from jwst_denoise.networks.blocks.scaling import level_and_noise
from jwst_denoise.simulate.fast.scenes import ScenePool
from jwst_denoise.training.cosmic_rays.image_stamps import InpaintStamps, MaskStamps
from jwst_denoise.training.cosmic_rays.ramp_stamps import RampStamps
from jwst_denoise.training.images.image_scores import calibrate_errors as calibrate_image_errors
from jwst_denoise.training.images.image_scores import image_scores
from jwst_denoise.training.presets import ImagePreset, RibbonPreset
from jwst_denoise.training.ramps.ribbon_examples import measure_variance, ribbon_examples
from jwst_denoise.training.ramps.slope_scores import calibrate_errors, slope_scores
from jwst_denoise.training.tasks import SEEDS, noisy_images, slope_blocks

__all__ = ["calibrate", "operating_points"]

RATES = (0.0005, 0.005)  # false-positive rates of the operating points
FIELDS = ("galaxies", "cluster", "resolved", "slices")
SCENES = 24  # of each kind, at most


def calibrate(family, network, settings):
    """Thresholds and scores for the card of a model.

    Parameters
    ----------
    family : str
        Of `jwst_denoise.training.presets.PRESETS`.
    network : torch.nn.Module
        In evaluation mode; the errors of networks that expect some are calibrated in it.
    settings : Preset
        ``calibration`` stamps of each kind, of the size ``stamp``.

    Returns
    -------
    dict
        ``scores``, and for masks ``thresholds``.
    """
    if isinstance(settings, RibbonPreset):
        examples = ribbon_examples(settings, "calibration", SEEDS, settings.calibration)
        return {"thresholds": {}, "scores": measure_variance(network, examples)}
    if family == "ramp_denoise":
        return {"thresholds": {}, "scores": _of_slopes(network, settings)}
    if isinstance(settings, ImagePreset):
        return {"thresholds": {}, "scores": _of_images(network, settings)}
    if family == "inpaint":
        return {"scores": {kind: _filling(network, kind, settings) for kind in FIELDS}}
    found = {kind: _probabilities(network, kind, settings) for kind in FIELDS}
    together = [np.concatenate(values) for values in zip(*found.values(), strict=True)]
    thresholds = operating_points(*together)
    return {
        "thresholds": {str(rate): value for rate, value in thresholds.items()},
        "scores": {
            kind: {f"tpr_at_fpr_{rate}": float(np.mean(p[t] > operating_points(p, t)[rate])) for rate in RATES}
            for kind, (p, t) in found.items()
        },
    }


def operating_points(probability, truth):
    """Thresholds at which the false-positive rates are `RATES`, as a dict.

    Parameters
    ----------
    probability, truth : ndarray
        (n,) float and bool.
    """
    return {rate: float(np.quantile(probability[~truth], 1 - rate)) for rate in RATES}


def _of_slopes(network, settings):
    """Calibrate the errors on one half of the blocks, and measure on the other."""
    blocks = slope_blocks(settings, "calibration", settings.calibration, 4)
    half = settings.calibration // 2
    calibrate_errors(network, [blocks[index] for index in range(half)])
    return slope_scores(network, [blocks[index] for index in range(half, settings.calibration)])


def _of_images(network, settings):
    """Calibrate the errors on one half of the images, and measure on the other."""
    images = noisy_images(settings, "calibration", settings.calibration, 4)
    half = settings.calibration // 2
    if settings.input_scaling == "noise":
        calibrate_image_errors(network, [images[index] for index in range(half)])
    return image_scores(network, [images[index] for index in range(half, settings.calibration)])


def _probabilities(network, kind, settings):
    """Probability and truth of all good pixels of the calibration stamps of a kind."""
    probability, truth = [], []
    stamps = partial(RampStamps, flight=True) if settings.data == "ramps" else MaskStamps
    for inputs, expected, weight in _items(stamps, kind, settings):
        with torch.inference_mode():
            output = torch.sigmoid(network(**inputs))[0]
        use = weight > 0
        probability.append(output[use].numpy())
        truth.append(expected[use].numpy() > 0)
    return np.concatenate(probability), np.concatenate(truth)


def _filling(network, kind, settings):
    """Mean square error in holes in units of the noise, and that of the square root for bright pixels."""
    error, number = 0.0, 0.0
    for inputs, expected, weight in _items(InpaintStamps, kind, settings):
        with torch.inference_mode():
            output = network(**inputs)[0]
        level, noise = _scale(inputs)
        error += float((((output - (expected - level) / noise) ** 2) * weight).sum())
        number += float(weight.sum())
    return {"mean_square_error": error / max(number, 1.0)}


def _scale(inputs):
    return level_and_noise(inputs["image"].masked_fill(inputs["hole"], torch.nan), inputs["noise"], inputs["level"])


def _items(stamps, kind, settings):
    seed = SEEDS["calibration"] + settings.seed
    pool = ScenePool.draw(min(SCENES, settings.calibration), seed, [kind])
    dataset = stamps(pool, settings.calibration, seed, settings.stamp)
    for index in range(len(dataset)):
        inputs, expected, weight = dataset[index]
        yield {name: value[None] for name, value in inputs.items()}, expected, weight
