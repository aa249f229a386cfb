"""Operating points and calibrated errors of a trained network, from data that were not used in training."""

from functools import partial

import numpy as np
import torch
from scipy import optimize

from jwst_denoise.networks.blocks.errors import set_error_factors
from jwst_denoise.networks.blocks.scaling import level_and_noise, pixel_noise
from jwst_denoise.simulate.fast.injection import APERTURE
from jwst_denoise.simulate.fast.scenes import ScenePool
from jwst_denoise.training.cosmic_rays import InpaintStamps, MaskStamps, RampStamps
from jwst_denoise.training.own_exposures.gain import calibrate_on_exposures, gain_scores
from jwst_denoise.training.presets import ImagePreset, RampPreset, RibbonPreset
from jwst_denoise.training.scores import (
    CLASSES,
    FLUX_CLASSES,
    aperture_errors,
    denoiser_errors,
    denoiser_scores,
    flux_kept,
    flux_scores,
    open_item,
    quantile_ratio,
    select_apertures,
)
from jwst_denoise.training.tasks import SEEDS, noisy_images, ribbon_examples, slope_blocks

__all__ = ["calibrate", "calibrate_errors", "fit_error_head", "operating_points"]

RATES = (0.0005, 0.005)  # false-positive rates of the operating points
FIELDS = ("galaxies", "cluster", "resolved", "slices")
EXPOSURES = "validation_exposures"  # name of the scores on the user's exposures
SCENES = 24  # largest number of each kind
HEAD_APERTURES = 2000  # of an item, to which the error head is fitted
LARGEST_SQUARE = 25.0  # squared error in units of the pixel's noise, larger ones being due to cosmic rays
HEAD_ITERATIONS = 60
KEPT_ITEMS = 12  # items into which sources are injected


def calibrate(family, network, settings, validation=None):
    """Thresholds and scores for the card of a model; errors that the network predicts are calibrated."""
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
    """Thresholds at which the false-positive rates are `RATES`, as a dict."""
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
    half, second = settings.calibration // 2, 1.0 if settings.second_world else 0.0
    items = [simulate(settings, "calibration", settings.calibration, 4, s) for s in (settings.second_world, second)]
    if isinstance(settings, RampPreset) or settings.input_scaling == "noise":
        calibrate_errors(network, *([part[index] for index in range(half)] for part in items))
    held_out = [items[1][index] for index in range(half, settings.calibration)]
    return denoiser_scores(network, held_out) | flux_kept(network, held_out[:KEPT_ITEMS])


def calibrate_errors(network, items, sky=None):
    """Set the error factors of a denoiser so that 68 % and 95 % of its errors are within one and two predicted ones.

    The errors are those of sums over apertures of 2.5 pixels of its estimate of the scene, and predicted ones are
    summed in quadrature, because that is what is done with them. If a second output of the U-net predicts them, its
    last layer is fitted first. At the end, one factor makes the median error of sky in the images ``sky`` right.
    """
    uncertainties = getattr(network, "uncertainties", ("none", "aleatoric"))[1:]
    if _last_unet(network).config.outputs > 1:
        fit_error_head(network, items)
    calibrated = [network.total_factor if name == "total" else network.error_factor for name in uncertainties]
    for name, factors in zip(uncertainties, calibrated, strict=True):
        factors.fill_(1)
        errors = denoiser_errors(network, items, name == "total", APERTURE)
        set_error_factors(factors, errors["predicted"], partial(quantile_ratio, np.abs(errors["scene_pull"])))
    if "correlated_error" in getattr(network, "architecture", ()):
        _calibrate_correlated(network, [*items, *(sky or [])])
    ratio = aperture_errors(network, sky or []).get("aperture_errors", {}).get("r2_5", 1.0)
    for factors in calibrated:
        factors *= ratio


def _calibrate_correlated(network, items):
    """Set ``correlated_error`` of a ramp denoiser, and scale its factors, by least absolute errors of sky variances."""
    network.architecture["correlated_error"], squares, strengths = 0.0, [], []
    for slopes, more, scene, use in map(open_item, items):
        with torch.inference_mode():
            signal, log_variance, correlated, _ = network(slopes, *more)
            chosen, total_of = select_apertures(use, APERTURE)
            sky = (scene / pixel_noise(scene, slopes))[chosen] < CLASSES["faint"][1]
            variance = total_of(network.deviation(signal, log_variance, slopes, correlated) ** 2)[sky]
            pull = (total_of(signal - scene)[sky] / variance**0.5).abs().numpy()
        if ratio := quantile_ratio(pull, pull >= 0):
            squares.append(ratio**2)
            pixels = total_of(torch.ones_like(scene)).max()
            strengths.append(float((correlated**2).sum() / slopes.usable.sum() * pixels / variance.median()))
    if squares:
        squares, strengths = np.array(squares), np.array(strengths)
        cost = lambda p: np.abs(squares - p[0] ** 2 - p[1] ** 2 * strengths).sum()  # noqa: E731
        scale, root = optimize.minimize(cost, (1.0, 1.0), method="Nelder-Mead").x
        network.error_factor *= abs(scale)
        network.architecture["correlated_error"] = round(float(root**2), 4)


def _last_unet(network):
    """U-net whose second output is the logarithm of the variance."""
    return network.unet if hasattr(network, "unet") else network.noise


def fit_error_head(network, items):
    """Fit the weights of the second output of a U-net, the logarithm of the variance, by the likelihood of true errors.

    The errors are those of sums over apertures of 2.5 pixels, so that variances of pixels add up to theirs.
    """
    features, squares, weights = [], [], []
    rng = np.random.default_rng(0)
    output = _last_unet(network).output
    handle = output.register_forward_pre_hook(lambda layer, given: features.append(given[0].float()))
    reach = int(APERTURE)
    y, x = (torch.from_numpy(a[np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) < APERTURE])
            for a in np.mgrid[-reach : reach + 1, -reach : reach + 1])  # fmt: skip
    try:
        for slopes, more, scene, use in map(open_item, items):
            with torch.no_grad():
                signal = network(slopes, *more)[0]
                estimate = signal if len(more) < 2 else network.scene(signal, slopes, more[0])
                variance = pixel_noise(estimate, slopes) ** 2
            centers = torch.nonzero(select_apertures(use, APERTURE)[0][0])
            centers = centers[torch.from_numpy(rng.permutation(len(centers))[:HEAD_APERTURES])]
            where = centers[:, :1] + y, centers[:, 1:] + x
            features[-1] = features[-1][0][:, *where]
            weights.append(variance[0][where] / variance[0][where].sum(1, keepdim=True))
            square = (estimate - scene)[0][where].sum(1) ** 2 / variance[0][where].sum(1)
            squares.append(square.clamp(max=LARGEST_SQUARE))
    finally:
        handle.remove()
    weight, bias = _fit_log_variance(torch.cat(features, dim=1), torch.cat(squares), torch.cat(weights), output)
    with torch.no_grad():
        output.weight[1, :, 0, 0] = weight
        output.bias[1] = bias


def _fit_log_variance(features, square, shares, start):
    """Linear function of the features, the logarithm of the variance of pixels, by which sums are the most likely."""
    weight = start.weight[1, :, 0, 0].detach().clone().requires_grad_()
    bias = start.bias[1].detach().clone().requires_grad_()
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=HEAD_ITERATIONS, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        pixels = (torch.einsum("c,cnk->nk", weight, features) + bias).clamp(-12, 4)
        variance = (shares * torch.exp(pixels)).sum(1)
        loss = (square / variance + torch.log(variance)).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weight.detach(), bias.detach()


def measure_variance(network, examples):
    """Set the ``variance`` of a network on ribbons to that of its errors, and return its scores."""
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
