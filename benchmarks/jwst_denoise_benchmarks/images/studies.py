"""Choices of the training of Astro U-net, as in table 1 of its paper: losses, activations, ratios, units."""

import json
import tempfile

import numpy as np

from jwst_denoise_benchmarks.images import published
from jwst_denoise_benchmarks.images.scenes import in_words, scenes
from jwst_denoise_benchmarks.rows import Row

__all__ = ["EXPERIMENTS", "trained", "training"]

PRESET = ("astro_unet", "small")
SHORT = {"highest": 2, "epochs": 12}  # a minute or two on one core
QUICK = {"epochs": 1, "steps": 2, "scenes": 4, "validation": 4, "calibration": 4}
RATIO = 2
#: What is other than in Network 1, settings, and the paper's experiment with its flux error, TPR and SNR gain.
EXPERIMENTS = {
    "L1, LeakyReLU, ratio 2 (Network 1)": ({}, "2.26 %, 95.9 %, 1.63"),
    "the ratio not told (experiment 1)": ({"ratio": "none"}, "2.43 %, 95.7 %, 1.64"),
    "L2 (experiment 2)": ({"loss": "l2"}, "4.87 %, 94.5 %, 1.58"),
    "L1 + KL (experiment 4)": ({"loss": "l1+kl"}, "2.18 %, 95.9 %, 1.63"),
    "ratios 2 to 5 (Network 2)": ({"highest": 5}, "2.26 %, 96.3 %, 1.64"),
    "ReLU (experiment 9)": ({"activation": "relu"}, "2.51 %, 96.0 %, 1.64"),
    "PReLU (experiment 10)": ({"activation": "prelu"}, "2.60 %, 95.9 %, 1.63"),
    "swish (experiment 11)": ({"activation": "swish"}, "2.20 %, 95.7 %, 1.61"),
    "the network itself makes the image, in e-/s, as in the paper": (
        {"input_scaling": "rate", "source_box": 0, "flux_box": 0, "line_length": 0}, "2.26 %, 95.9 %, 1.63"
    ),
    "noiseless targets": ({"clean": 1}, "–"),
}  # fmt: skip


def training(quick):
    """Rows: figures of the paper's protocol for each experiment, of small networks trained for the same few steps."""
    some = scenes(quick)[:4]
    for what, (settings, paper) in EXPERIMENTS.items():
        network = trained(quick, **settings)
        ours, seen, _ = published.measure(_method(network), some, RATIO)
        yield Row(
            f"{what}: error of the flux; stars recovered; SNR gain; KL; PSNR; SSIM ({in_words(some)})",
            f"{_text(ours)}; {ours['kl']:.4f}; {ours['psnr']:.1f} dB; {ours['ssim']:.3f}",
            f"input {_text(seen)}; paper {paper}", figures={"settings": settings, "ours": ours, "input": seen},
        )  # fmt: skip


def _method(network):
    return lambda image, ratio: network.denoise(image, ratio=float(ratio), uncertainty="none").rate


def _text(figures):
    return f"{100 * figures['rfe']:.2f} %; {100 * figures['tpr']:.1f} %; {figures['snr_gain']:.2f}"


def trained(quick, **settings):
    """Small network, trained for a short time with some other settings."""
    import torch

    from jwst_denoise.networks import build
    from jwst_denoise.training import train

    with tempfile.TemporaryDirectory() as directory:
        output = train(*PRESET, directory, progress=False, **SHORT | settings | (QUICK if quick else {}))
        info = json.loads((output / "info.json").read_text())
        with np.load(output / "weights.npz") as weights:
            network = build(info["architecture"])
            network.load_state_dict({name: torch.tensor(weights[name]) for name in weights})
    return network.eval()
