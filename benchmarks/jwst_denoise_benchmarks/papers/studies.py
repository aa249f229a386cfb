"""Settings of the training, as compared in the papers: loss of the NIRPS network, and experiments of Astro U-net."""

import json
import tempfile
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from jwst_denoise.networks.hxrg.preprocess import subtract_background_levels, subtract_reference_levels
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.ramps.slopes import fit_slope
from jwst_denoise_benchmarks.core.inputs import seeded
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.images.scenes import simulate_scenes
from jwst_denoise_benchmarks.papers import astro_unet
from jwst_denoise_benchmarks.papers.nirps_images import extract_orders
from jwst_denoise_benchmarks.ramps.errors import rms

__all__ = [
    "RampErrors", "experiment_rows", "experiments", "fit_flux", "loss_rows", "losses", "measure_errors",
    "train_network",
]  # fmt: skip

RAMPS = 8
SHARP = 0.15  # of its surroundings: depth of absorption from which on a pixel of the spectrum counts as a feature
SURROUNDINGS = 15  # pixels of the spectrum
RATIO = 2
#: (family, preset) -> settings of a short training, a few minutes on one core, and for ``quick``.
SHORT = {
    ("ramp_denoise", "ribbons"): (
        {"epochs": 6, "schedule": "cosine"},
        {"epochs": 1, "steps": 4, "scenes": 6, "validation": 16, "calibration": 16},
    ),
    ("astro_unet", "small"): (
        {"highest": 2, "epochs": 12},
        {"epochs": 1, "steps": 2, "scenes": 4, "validation": 4, "calibration": 4},
    ),
}
NIRPS, ASTRO_UNET = SHORT
#: Difference from Network 1, settings, and error of the flux (%), stars recovered (%) and SNR gain in the paper.
EXPERIMENTS = {
    "L1, LeakyReLU, ratio 2 (Network 1)": ({}, (2.26, 95.9, 1.63)),
    "without ratio (experiment 1)": ({"ratio": "none"}, (2.43, 95.7, 1.64)),
    "L2 (experiment 2)": ({"loss": "l2"}, (4.87, 94.5, 1.58)),
    "L1 + KL (experiment 4)": ({"loss": "l1+kl"}, (2.18, 95.9, 1.63)),
    "ratios 2 to 5 (Network 2)": ({"highest": 5}, (2.26, 96.3, 1.64)),
    "ReLU (experiment 9)": ({"activation": "relu"}, (2.51, 96.0, 1.64)),
    "PReLU (experiment 10)": ({"activation": "prelu"}, (2.60, 95.9, 1.63)),
    "swish (experiment 11)": ({"activation": "swish"}, (2.20, 95.7, 1.61)),
    "output is the image, in e-/s": (
        {"input_scaling": "rate", "source_box": 0, "flux_box": 0, "line_length": 0}, (2.26, 95.9, 1.63)
    ),
    "noiseless targets": ({"clean": 1}, (None, None, None)),
}  # fmt: skip


def train_network(preset, quick, **settings):
    """Network trained for a short time with a key of `SHORT` and other settings."""
    import torch

    from jwst_denoise.networks import build
    from jwst_denoise.training import train

    short, quick_settings = SHORT[preset]
    with tempfile.TemporaryDirectory() as directory:
        options = short | settings | (quick_settings if quick else {})
        output = train(*preset, directory, progress=False, **options)
        info = json.loads((output / "info.json").read_text())
        with np.load(output / "weights.npz") as weights:
            network = build(info["architecture"])
            network.load_state_dict({name: torch.tensor(weights[name]) for name in weights})
    return network.eval()


@dataclass(frozen=True)
class RampErrors:
    """Errors of the images of several ramps, e- in the time from the first read to the last.

    Parameters
    ----------
    pixels, spectrum, features : float
        Rms error of a pixel, of a pixel of the extracted spectra, and of one in sharp absorption lines.
    bias : float
        Sum of the errors of the spectra over the sum of their flux.
    """

    pixels: float
    spectrum: float
    features: float
    bias: float


def losses(quick):
    """Rows: errors of the NIRPS network trained with each power of the error, beside those of the fit."""
    from jwst_denoise.simulate.fast.h4rg_ramps import H4RGSetup, draw_h4rg_ramp
    from jwst_denoise.training.losses import POWERS
    from jwst_denoise.training.presets import select_preset

    settings = select_preset(*NIRPS)
    setup = H4RGSetup(settings.lines, settings.outputs, settings.width, settings.reads)
    ramps = [draw_h4rg_ramp(setup, seeded(40, number)) for number in range(2 if quick else RAMPS)]
    yield from loss_rows("fit", measure_errors([fit_flux(ramp) for ramp in ramps], ramps))
    for power in POWERS:
        network = train_network(NIRPS, quick, power=power)
        rates = (network.predict(**_arguments(ramp))[0] * _seconds(ramp) for ramp in ramps)
        yield from loss_rows(f"loss L{power}", measure_errors(list(rates), ramps))


def loss_rows(configuration, errors):
    """Rows of the `RampErrors` of one network, or of the fit."""
    columns = {"pixel": errors.pixels, "spectrum": errors.spectrum, "absorption lines": errors.features}
    title = "of 20 reads, 8 outputs × 32 pixels, by the loss; L4 was best in the paper"
    yield Row(f"rms error of ramps {title}", configuration, columns, unit="e-", form=".2f", metrics=vars(errors))
    yield Row("Bias of the spectrum by the loss", configuration, {"bias": 100 * errors.bias}, unit="%", form="+.1f")


def fit_flux(ramp):
    """Flux (ny, nx) e- by the slopes of a ramp, with the corrections of the network's input.

    They are linear, so that they may be applied to the slopes.
    """
    jump = np.array(ramp.jump)
    slope = fit_slope(ramp.groups, GroupNoise(1.0, ramp.group_time), usable=ramp.usable, jump=jump).rate
    slope = subtract_reference_levels(slope, ramp.readout)
    return subtract_background_levels(slope, ramp.readout, ramp.background) * _seconds(ramp)


def measure_errors(images, ramps):
    """`RampErrors` of images (ny, nx) of several ramps, e-."""
    pixels = np.concatenate([(image - ramp.flux)[ramp.known] for image, ramp in zip(images, ramps, strict=True)])
    spectra, truth = [], []
    for image, ramp in zip(images, ramps, strict=True):
        extracted = extract_orders(ramp.flux, ramp.known, [image, ramp.flux])
        for values, orders in zip((spectra, truth), extracted, strict=True):
            values += [order[ramp.known.any(axis=0)] for order in orders]
    spectra, truth = np.array(spectra), np.array(truth)
    error = spectra - truth
    return RampErrors(rms(pixels), rms(error), rms(error[_sharp(truth)]), float(error.sum() / truth.sum()))


def _sharp(spectrum):
    """Pixels of spectra (orders, nx) in absorption lines: well below the maximum of their surroundings."""
    return spectrum < (1 - SHARP) * maximum_filter1d(spectrum, SURROUNDINGS, axis=1)


def _seconds(ramp):
    return np.float32(ramp.group_time * (len(ramp.groups) - 1))


def _arguments(ramp):
    """Arguments of a network's ``predict``."""
    return {
        "groups": ramp.groups, "group_time": ramp.group_time, "readout": ramp.readout, "bad": ~ramp.usable,
        "jump": ramp.jump, "background": ramp.background,
    }  # fmt: skip


def experiments(quick):
    """Rows: the paper's metrics of small Astro U-nets, trained for the same few steps with different settings."""
    scenes = simulate_scenes(quick)[:4]
    for index, (name, (settings, _)) in enumerate(EXPERIMENTS.items()):
        network = train_network(ASTRO_UNET, quick, **settings)
        metrics, observed, _ = astro_unet.measure(_denoiser(network), scenes, RATIO)
        if not index:
            yield from experiment_rows("input", observed)
        yield from experiment_rows(name, metrics)


def _denoiser(network):
    return lambda image, ratio: network.denoise(image, ratio=float(ratio), uncertainty="none").rate


def experiment_rows(name, metrics):
    """Rows of one experiment, from the metrics of its network."""
    result = {
        "flux error (%)": 100 * metrics["rfe"], "recovered (%)": 100 * metrics["tpr"],
        "SNR gain": metrics["snr_gain"], "KL": metrics["kl"], "PSNR (dB)": metrics["psnr"],
    }  # fmt: skip
    settings, paper = EXPERIMENTS.get(name, ({}, ()))
    yield Row("Small Astro U-nets by their training, r = 2", name, result, metrics={"settings": settings} | metrics)
    yield Row("SSIM by the training", name, {"SSIM": metrics["ssim"]}, form=".3f")
    if paper:
        columns = ("flux error (%)", "recovered (%)", "SNR gain")
        yield Row("Experiments of the paper (table 1)", name, {}, dict(zip(columns, paper, strict=True)))
