"""Scores of trained networks: errors by signal-to-noise ratio, errors of sums, flux kept of faint sources."""

from dataclasses import replace

import numpy as np
import torch

from jwst_denoise.networks.blocks.errors import FixedDropout, mean_and_deviation
from jwst_denoise.networks.blocks.scaling import pixel_noise
from jwst_denoise.simulate.fast.injection import APERTURE, KINDS, inject_sources
from jwst_denoise.training.losses import BRIGHTEST, ResponseLoss, slopes_of

__all__ = [
    "CLASSES", "FLUX_CLASSES", "aperture_errors", "denoiser_errors", "denoiser_scores", "flux_kept", "flux_scores",
    "open_item", "quantile_ratio", "select_apertures",
]  # fmt: skip

#: Class -> range of the S/N of a pixel.
CLASSES = {"faint": (-np.inf, 1), "middle": (1, 5), "bright": (5, BRIGHTEST)}
#: Class -> range of the flux of a pixel, e- (Payeur et al. 2022, section 4.1).
FLUX_CLASSES = {"none": (-np.inf, 1.0), "low": (1.0, 20.0), "high": (20.0, np.inf), "all": (-np.inf, np.inf)}
FEWEST = 100  # errors from which quantiles are measured
DROPOUT_PASSES = 8
ONE_SIGMA, TWO_SIGMA = 0.6827, 0.9545  # fractions of errors within one and two standard deviations
KEPT_SNR = (3, 5, 10, 30)  # of injected sources
RADII = {"pixel": 0.0, "r1_5": 1.5, "r2_5": APERTURE, "r4": 4.0, "r8": 8.0}  # pixels
DEFAULT_RATIO = 2  # of exposure times
STEP = 3  # pixels between apertures in which errors are summed


def quantile_ratio(pull, chosen, fewest=FEWEST):
    """Standard deviation of a Gaussian with the quantiles of some pulls; None for too few."""
    sizes = pull[chosen]
    if len(sizes) < fewest:
        return None
    return (np.quantile(sizes, ONE_SIGMA) + np.quantile(sizes, TWO_SIGMA) / 2) / 2


def denoiser_scores(network, items):
    """Errors of a denoiser and of its input, in units of the pixel's noise, by the S/N of the pixel.

    ``pixel_error`` is the ratio of errors to predicted errors, which are those of apertures; ``within_1`` and
    ``within_2`` are the fractions of errors within one and two predicted errors times this ratio. ``aperture_errors``
    has the ratio of the errors of sums of sky over apertures to the predicted errors, summed in quadrature: the median
    of the items, by radius in pixels, for the default ratio of exposure times.
    """
    errors = denoiser_errors(network, items)
    scores = aperture_errors(network, items) if "pull" in errors else {}
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
                scores[name]["pixel_error"] = float(quantile_ratio(sizes, sizes >= 0, 1))
                sizes = sizes / scores[name]["pixel_error"]
                scores[name] |= {f"within_{n}": float(np.mean(sizes < n)) for n in (1, 2)}
    return scores


def aperture_errors(network, items):
    """Scores ``aperture_errors`` of `denoiser_scores`."""
    items = [item for item in items if item[0].get("ratio", DEFAULT_RATIO) == DEFAULT_RATIO] or items
    ratios = {}
    for name, radius in RADII.items():
        errors = [_item_errors(network, item, False, radius) for item in items]
        values = [quantile_ratio(np.abs(e["pull"]), e["snr"] < CLASSES["faint"][1]) for e in errors]
        ratios |= {name: float(np.median([v for v in values if v is not None]))} if any(values) else {}
    return {"aperture_errors": ratios} if ratios else {}


@torch.inference_mode()
def flux_kept(network, items):
    """Mean response to injected sources by kind and S/N, and its error, in apertures of 2.5 pixels above rings."""
    responses = {}
    for number, item in enumerate(items):
        slopes, more, _, use = open_item(item)
        before = network(slopes, *more)[0]
        for which, kind in enumerate(KINDS):
            for snr in KEPT_SNR:
                rng = np.random.default_rng([number, which, snr])
                sources = torch.from_numpy(inject_sources(slopes.noise[0].numpy(), rng, snr, kind))[None]
                change = network(replace(slopes, signal=slopes.signal + sources[:, 0]), *more)[0] - before
                halves = torch.cat(ResponseLoss.responses(change, sources, use)[:2]).flatten()
                responses.setdefault(kind, {}).setdefault(f"snr_{snr}", []).extend(halves.tolist())
    return {
        f"flux kept, {kind}": {name: float(np.mean(values)) for name, values in by_snr.items()}
        | {f"error_{name[4:]}": float(np.std(values) / len(values) ** 0.5) for name, values in by_snr.items()}
        for kind, by_snr in responses.items()
    }


def _rms(values):
    return float(np.sqrt(np.mean(values**2)))


def denoiser_errors(network, items, total=False, radius=0.0):
    """Errors of all pixels of the items by name, see `_item_errors`."""
    errors = [_item_errors(network, item, total, radius) for item in items]
    return {name: np.concatenate([one[name] for one in errors]) for name in errors[0]}


def _item_errors(network, item, total, radius):
    """True S/N of pixels; errors of input and result over the noise, of pixels or apertures; predictions; pulls."""
    slopes, more, scene, use = open_item(item)
    chosen, total_of = select_apertures(use, radius)
    with torch.inference_mode():
        signal, log_variance, *others = network(slopes, *more)
        if total:
            signal, log_variance = _add_model_error(network, slopes, more, log_variance)
        noise = pixel_noise(scene, slopes)
        error, own = total_of(signal - scene), total_of(noise**2) ** 0.5
        errors = {"snr": (scene / noise)[chosen], "input": total_of(slopes.signal - scene) / own, "error": error / own}
        if log_variance is not None:
            estimate, deviation = signal, (signal, log_variance, slopes, *others[:1])
            if "outputs" not in item[0]:
                estimate, deviation = network.scene(signal, slopes, more[0]), (*deviation, more[0], total)
            errors["pull"] = error / total_of(network.deviation(*deviation) ** 2) ** 0.5
            variance = pixel_noise(estimate, slopes) ** 2
            scene_variance = total_of(variance * torch.exp(log_variance))
            errors["predicted"] = (scene_variance / total_of(variance)) ** 0.5
            errors["scene_pull"] = total_of(estimate - scene) / scene_variance**0.5
    return {name: values.numpy() for name, values in errors.items()}


def select_apertures(use, radius):
    """Centers of apertures without unused pixels, (1, ny, nx) bool, and the function that sums an image over them."""
    if not radius:
        return use, lambda image: image[use]
    reach = int(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = torch.from_numpy((np.hypot(y, x) < radius).astype(np.float32))[None, None]

    def sums(image):
        return torch.nn.functional.conv2d(torch.where(use, image, 0.0)[:, None], kernel, padding=reach, stride=1)[:, 0]

    chosen = sums(torch.ones_like(use, dtype=torch.float32)) > kernel.sum() - 0.5
    grid = torch.zeros_like(use)
    grid[:, ::STEP, ::STEP] = True
    chosen &= grid
    return chosen, lambda image: sums(image)[chosen]


def open_item(item):
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


def flux_scores(error, flux):
    """Errors by the flux of the pixels."""
    classes = {name: error[(flux >= low) & (flux < high)] for name, (low, high) in FLUX_CLASSES.items()}
    return {name: {"rmse": _rms(e), "bias": float(np.mean(e))} for name, e in classes.items() if len(e)}
