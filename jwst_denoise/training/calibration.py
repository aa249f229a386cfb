"""Operating points, calibrated errors and scores of a trained network, from data that were not used in training."""

from functools import partial

import numpy as np
import torch

from jwst_denoise.networks.blocks.errors import FixedDropout, mean_and_deviation, set_error_factors
from jwst_denoise.networks.blocks.scaling import level_and_noise, pixel_noise
from jwst_denoise.simulate.fast.scenes import ScenePool
from jwst_denoise.training.cosmic_rays import InpaintStamps, MaskStamps, RampStamps
from jwst_denoise.training.losses import BRIGHTEST, slopes_of
from jwst_denoise.training.own_exposures.gain import calibrate_on_exposures, gain_scores
from jwst_denoise.training.presets import ImagePreset, RampPreset, RibbonPreset
from jwst_denoise.training.tasks import SEEDS, noisy_images, ribbon_examples, slope_blocks

__all__ = ["CLASSES", "calibrate", "calibrate_errors", "denoiser_scores", "fit_error_head", "operating_points"]

RATES = (0.0005, 0.005)  # false-positive rates of the operating points
FIELDS = ("galaxies", "cluster", "resolved", "slices")
EXPOSURES = "validation_exposures"  # name of the scores on the user's exposures
SCENES = 24  # largest number of each kind
#: Class -> range of the S/N of a pixel.
CLASSES = {"faint": (-np.inf, 1), "middle": (1, 5), "bright": (5, BRIGHTEST)}
#: Class -> range of the flux of a pixel, e- (Payeur et al. 2022, section 4.1).
FLUX_CLASSES = {"none": (-np.inf, 1.0), "low": (1.0, 20.0), "high": (20.0, np.inf), "all": (-np.inf, np.inf)}
FEWEST = 1000  # errors from which quantiles are measured
DROPOUT_PASSES = 8
ONE_SIGMA, TWO_SIGMA = 0.6827, 0.9545  # fractions of errors within one and two standard deviations
HEAD_PIXELS = 20000  # of an item, to which the error head is fitted
LARGEST_SQUARE = 25.0  # squared error in units of the pixel's noise, larger ones being due to cosmic rays
HEAD_ITERATIONS = 60


def calibrate(family, network, settings, validation=None):
    """Thresholds and scores for the card of a model; errors that the network predicts are calibrated.

    Parameters
    ----------
    family : str
        Of `jwst_denoise.training.presets.PRESETS`.
    network : torch.nn.Module
        In evaluation mode; its calibration factors are changed.
    settings : Preset
        ``calibration`` stamps of each kind, of the size ``stamp``.
    validation : Dataset, optional
        Validation set of a training on the user's exposures; by default new simulations.

    Returns
    -------
    dict
        ``scores``, and ``thresholds``, which are empty except for masks.

    Raises
    ------
    ValueError
        If there are no cosmic rays in the validation set of a mask.
    """
    if isinstance(settings, RibbonPreset):
        scores = measure_variance(network, ribbon_examples(settings, "calibration", settings.calibration))
    elif isinstance(settings, ImagePreset) and validation is not None:
        calibrate_on_exposures(network, validation.parts)
        scores = gain_scores(network, validation.parts)
    elif isinstance(settings, ImagePreset | RampPreset):
        scores = _calibrate_denoiser(network, settings)
    else:
        if validation is None:
            sets = {kind: _calibration_stamps(family, kind, settings) for kind in FIELDS}
        else:
            sets = {EXPOSURES: validation}
        if family != "inpaint":
            return _mask_scores(network, sets)
        scores = {name: {"mean_square_error": _inpainting_error(network, items)} for name, items in sets.items()}
    return {"thresholds": {}, "scores": scores}


def operating_points(probability, truth):
    """Thresholds at which the false-positive rates are `RATES`, as a dict.

    Parameters
    ----------
    probability, truth : ndarray
        (n,) float and bool.
    """
    return {rate: float(np.quantile(probability[~truth], 1 - rate)) for rate in RATES}


def _calibration_stamps(family, kind, settings):
    """Simulated stamps of a kind of scene, with cosmic rays at the rates in flight."""
    seed = SEEDS["calibration"] + settings.seed
    pool = ScenePool.draw(min(SCENES, settings.calibration), seed, [kind])
    stamps = partial(RampStamps, flight=True) if settings.data == "ramps" else MaskStamps
    return (InpaintStamps if family == "inpaint" else stamps)(pool, settings.calibration, seed, settings.stamp)


def _outputs(network, items):
    """Inputs, output, truth and weight of every item."""
    for inputs, truth, weight in (items[index] for index in range(len(items))):
        batch = {name: value[None] for name, value in inputs.items()}
        with torch.inference_mode():
            yield batch, network(**batch)[0], truth, weight


def _mask_scores(network, sets):
    """Operating points on all stamps together, and the true-positive rates of each set at its own."""
    pixels = {}
    for name, items in sets.items():
        probability, truth = [], []
        for _, output, expected, weight in _outputs(network, items):
            use = weight > 0
            probability.append(torch.sigmoid(output)[use].numpy())
            truth.append(expected[use].numpy() > 0)
        pixels[name] = np.concatenate(probability), np.concatenate(truth)
        if name == EXPOSURES and not pixels[name][1].any():
            raise ValueError("no cosmic ray in the stamps of the validation; use more of them: --set validation=…")
    thresholds = operating_points(*(np.concatenate(values) for values in zip(*pixels.values(), strict=True)))
    return {
        "thresholds": {str(rate): value for rate, value in thresholds.items()},
        "scores": {
            name: {f"tpr_at_fpr_{rate}": float(np.mean(p[t] > operating_points(p, t)[rate])) for rate in RATES}
            for name, (p, t) in pixels.items()
        },
    }


def _inpainting_error(network, items):
    """Mean square error in holes in units of the noise; a noisy truth contributes 1."""
    error, number = 0.0, 0.0
    for batch, output, expected, weight in _outputs(network, items):
        image = batch["image"].masked_fill(batch["hole"], torch.nan)
        level, noise = level_and_noise(image, batch["noise"], batch["level"])
        error += float((((output - (expected - level) / noise) ** 2) * weight).sum())
        number += float(weight.sum())
    return error / max(number, 1.0)


def _calibrate_denoiser(network, settings):
    """Calibrate the errors on one half of the simulations, and measure the scores on the other."""
    simulate = slope_blocks if isinstance(settings, RampPreset) else noisy_images
    items, half = simulate(settings, "calibration", settings.calibration, 4), settings.calibration // 2
    if isinstance(settings, RampPreset) or settings.input_scaling == "noise":
        calibrate_errors(network, [items[index] for index in range(half)])
    return denoiser_scores(network, [items[index] for index in range(half, settings.calibration)])


def calibrate_errors(network, items):
    """Set the error factors of a denoiser so that 68 % and 95 % of its errors are within one and two predicted ones.

    The errors are those of its estimate of the scene. If a second output of the U-net predicts them, its last layer is
    fitted first.

    Parameters
    ----------
    network : ImageDenoise or RampDenoise
        In evaluation mode; changed.
    items : sequence
        Items of `jwst_denoise.training.images`, with a known scene, or of `SlopeBlocks`.
    """
    uncertainties = getattr(network, "uncertainties", ("none", "aleatoric"))
    if hasattr(network, "unet") and network.unet.config.outputs > 1:
        fit_error_head(network, items)
    for name in uncertainties[1:]:
        factors = network.total_factor if name == "total" else network.error_factor
        factors.fill_(1)
        errors = _denoiser_errors(network, items, name == "total")
        set_error_factors(factors, errors["predicted"], partial(_quantile_ratio, np.abs(errors["scene_pull"])))


def _quantile_ratio(pull, chosen):
    """Standard deviation of a Gaussian with the quantiles of some pulls; None for too few."""
    sizes = pull[chosen]
    if len(sizes) < FEWEST:
        return None
    return (np.quantile(sizes, ONE_SIGMA) + np.quantile(sizes, TWO_SIGMA) / 2) / 2


def denoiser_scores(network, items):
    """Errors of a denoiser and of its input, in units of the pixel's noise, by the S/N of the pixel.

    Parameters
    ----------
    network : ImageDenoise or RampDenoise
        In evaluation mode.
    items : sequence
        As for `calibrate_errors`.

    Returns
    -------
    dict
        Class of `CLASSES` -> ``rms_input``, ``rms``, ``bias``, and if the network predicts errors the fractions of
        errors within one and two of them, ``within_1`` and ``within_2``; classes without pixels are omitted.
    """
    errors = _denoiser_errors(network, items)
    scores = {}
    for name, (low, high) in CLASSES.items():
        use = (errors["snr"] >= low) & (errors["snr"] < high)
        if use.any():
            scores[name] = {
                "rms_input": _rms(errors["input"][use]),
                "rms": _rms(errors["error"][use]),
                "bias": float(np.mean(errors["error"][use])),
            }
            if "pull" in errors:
                sizes = np.abs(errors["pull"][use])
                scores[name] |= {f"within_{n}": float(np.mean(sizes < n)) for n in (1, 2)}
    return scores


def _rms(values):
    return float(np.sqrt(np.mean(values**2)))


def _denoiser_errors(network, items, total=False):
    """Errors of all pixels of the items by name, see `_item_errors`."""
    errors = [_item_errors(network, item, total) for item in items]
    return {name: np.concatenate([one[name] for one in errors]) for name in errors[0]}


def _item_errors(network, item, total):
    """True S/N of the pixels; errors of input and result in units of the noise; predicted errors, and pulls."""
    slopes, more, scene, use = _open_item(item)
    with torch.inference_mode():
        signal, log_variance, *_ = network(slopes, *more)
        if total:
            signal, log_variance = _add_model_error(network, slopes, more, log_variance)
        noise = pixel_noise(scene, slopes)
        error = (signal - scene)[use]
        errors = {
            "snr": (scene / noise)[use],
            "input": (slopes.signal - scene)[use] / noise[use],
            "error": error / noise[use],
        }
        if log_variance is not None:
            estimate, deviation = signal, (signal, log_variance, slopes)
            if "outputs" not in item[0]:
                estimate, deviation = network.scene(signal, slopes, more[0]), (*deviation, more[0], total)
            errors["pull"] = error / network.deviation(*deviation)[use]
            errors["predicted"] = torch.exp(0.5 * log_variance)[use]
            errors["scene_pull"] = ((estimate - scene) / pixel_noise(estimate, slopes))[use] / errors["predicted"]
    return {name: values.numpy() for name, values in errors.items()}


def _open_item(item):
    """Scaled slopes, further inputs of the network, scene (1, ny, nx), and mask of the pixels that count."""
    inputs, truth, weight = item
    inputs = {name: torch.as_tensor(value)[None] for name, value in inputs.items()}
    slopes = slopes_of(inputs)
    if "outputs" in inputs:  # blocks of slopes
        more, scene, weight = (int(inputs["outputs"][0]),), truth[:1], weight[None]
    else:
        more, scene, weight = (inputs.get("ratio"), inputs.get("extra")), truth[2:3], weight[:1]
    return slopes, more, scene, (weight > 0) & (scene < BRIGHTEST * pixel_noise(scene, slopes))


def _add_model_error(network, slopes, more, log_variance):
    """Mean of passes with dropout, and logarithm of the variance including that of the passes."""
    unet = network.unet

    def samples():
        for seed in range(DROPOUT_PASSES):
            network.unet = _AsModule(FixedDropout(unet, seed))
            yield network(slopes, *more)[0]

    try:
        signal, model = mean_and_deviation(samples())
    finally:
        network.unet = unet.eval()
    return signal, torch.log(torch.exp(log_variance) + (model / pixel_noise(signal, slopes)) ** 2)


class _AsModule(torch.nn.Module):
    """A `FixedDropout` network as a module."""

    def __init__(self, dropout):
        super().__init__()
        self.call, self.config = dropout, dropout.config

    def forward(self, *arguments):
        return self.call(*arguments)


def fit_error_head(network, items):
    """Fit the weights of the second output of a U-net, the logarithm of the variance, by the likelihood of true errors.

    Parameters
    ----------
    network : ImageDenoise
        In evaluation mode, with ``error='head'``; changed.
    items : iterable
        Items with a known scene.
    """
    features, squares = [], []
    rng = np.random.default_rng(0)
    output = network.unet.output
    handle = output.register_forward_pre_hook(lambda layer, given: features.append(given[0].float()))
    try:
        for slopes, more, scene, use in map(_open_item, items):
            with torch.no_grad():
                signal, _ = network(slopes, *more)
                estimate = network.scene(signal, slopes, more[0])
                square = ((estimate - scene) / pixel_noise(estimate, slopes)) ** 2
            chosen = torch.from_numpy(rng.permutation(int(use.sum()))[:HEAD_PIXELS])
            features[-1] = features[-1][0, :, use[0]][:, chosen]
            squares.append(square[use][chosen].clamp(max=LARGEST_SQUARE))
    finally:
        handle.remove()
    weight, bias = _fit_log_variance(torch.cat(features, dim=1), torch.cat(squares), output)
    with torch.no_grad():
        output.weight[1, :, 0, 0] = weight
        output.bias[1] = bias


def _fit_log_variance(features, square, start):
    """Weights and bias of the linear function of the features that is the most likely logarithm of the variance."""
    weight = start.weight[1, :, 0, 0].detach().clone().requires_grad_()
    bias = start.bias[1].detach().clone().requires_grad_()
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=HEAD_ITERATIONS, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        log_variance = (weight @ features + bias).clamp(-12, 4)
        loss = (square * torch.exp(-log_variance) + log_variance).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weight.detach(), bias.detach()


def measure_variance(network, examples):
    """Set the ``variance`` of a network on ribbons to that of its errors, and return its scores.

    Parameters
    ----------
    network : HxRGDenoise
        In evaluation mode; changed.
    examples : RibbonExamples
        That were not used in training.

    Returns
    -------
    dict
        As of `flux_scores`.
    """
    errors, fluxes = [], []
    for _, output, truth, weight in _outputs(network, examples):
        use = weight > 0
        errors.append((output - truth)[use].numpy())
        fluxes.append(truth[use].numpy())
    error, flux = np.concatenate(errors), np.concatenate(fluxes)
    background = flux < FLUX_CLASSES["none"][1]
    least = np.mean(error[background] ** 2)
    source = ~background
    slope = np.sum(error[source] ** 2 - least) / np.sum(flux[source]) if source.any() else 0.0
    network.variance.copy_(torch.tensor([least, max(slope, 0.0)]))
    return flux_scores(error, flux)


def flux_scores(error, flux):
    """Errors by the flux of the pixels.

    Parameters
    ----------
    error, flux : ndarray
        (n,) e-.

    Returns
    -------
    dict
        Class of `FLUX_CLASSES` -> ``rmse`` and ``bias``, e-; classes without pixels are omitted.
    """
    classes = {name: error[(flux >= low) & (flux < high)] for name, (low, high) in FLUX_CLASSES.items()}
    return {name: {"rmse": _rms(e), "bias": float(np.mean(e))} for name, e in classes.items() if len(e)}
