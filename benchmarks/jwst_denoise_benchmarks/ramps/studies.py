"""Choices of the training of the network on ribbons: the power of the error in its loss (paper, section 3.4)."""

import json
import tempfile
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from jwst_denoise.networks.hxrg.preprocess import subtract_background_levels, subtract_reference_levels
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.ramps.slopes import fit_slope
from jwst_denoise_benchmarks.ramps.exposures import seeded
from jwst_denoise_benchmarks.ramps.images import spectra
from jwst_denoise_benchmarks.ramps.noise import rms
from jwst_denoise_benchmarks.rows import Row

__all__ = ["Figures", "fitted", "losses", "measure", "trained"]

PRESET = ("ramp_denoise", "ribbons")
SHORT = {"epochs": 6, "schedule": "cosine"}  # a minute or three on one core
RAMPS = 8
QUICK = {"epochs": 1, "steps": 4, "scenes": 6, "validation": 16, "calibration": 16}
SHARP = 0.15  # of its surroundings: depth of absorption at which a pixel of the spectrum counts as a feature
SURROUNDINGS = 15  # pixels of the spectrum


@dataclass(frozen=True)
class Figures:
    """Errors of images of some ramps, e- in the time from the first read to the last.

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

    @property
    def text(self):
        """In words."""
        return (
            f"pixel {self.pixels:.2f} e-, spectrum {self.spectrum:.2f} e-, in its lines {self.features:.2f} e-, "
            f"bias {100 * self.bias:+.1f} %"
        )

    def over(self, other):
        """How many times smaller the errors are than others, in words."""
        ratios = (getattr(other, name) / getattr(self, name) for name in ("pixels", "spectrum", "features"))
        return " / ".join(f"{ratio:.2f}" for ratio in ratios) + " × lower"


def losses(quick):
    """Rows: errors of the same network trained with each power of the error, beside those of the fit."""
    from jwst_denoise.simulate.fast.h4rg_ramps import H4RGSetup, draw_h4rg_ramp
    from jwst_denoise.training.losses import POWERS
    from jwst_denoise.training.presets import select_preset

    settings = select_preset(*PRESET)
    setup = H4RGSetup(settings.lines, settings.outputs, settings.width, settings.reads)
    ramps = [draw_h4rg_ramp(setup, seeded(40, number)) for number in range(2 if quick else RAMPS)]
    fit = measure([fitted(ramp) for ramp in ramps], ramps)
    for power in POWERS:
        network = trained(quick, power=power)
        rates = (network.predict(**_ramp(ramp))[0] * _seconds(ramp) for ramp in ramps)
        found = measure(list(rates), ramps)
        yield Row(
            f"loss L{power}: errors of {len(ramps)} ramps of {setup.reads} reads, {setup.outputs} outputs × "
            f"{setup.width} pixels",
            f"{found.text}: {found.over(fit)}", f"fit {fit.text}", "L4 was best in the paper",
            figures={"power": power, "network": vars(found), "fit": vars(fit)},
        )  # fmt: skip


def trained(quick, **settings):
    """Network trained with the preset for ribbons and some other settings."""
    import torch

    from jwst_denoise.networks import build
    from jwst_denoise.training import train

    with tempfile.TemporaryDirectory() as directory:
        output = train(*PRESET, directory, progress=False, **settings | SHORT | (QUICK if quick else {}))
        info = json.loads((output / "info.json").read_text())
        with np.load(output / "weights.npz") as weights:
            network = build(info["architecture"])
            network.load_state_dict({name: torch.tensor(weights[name]) for name in weights})
    return network.eval()


def fitted(ramp):
    """Flux (ny, nx) e- by the slopes of a ramp, with the corrections that the network's input has had.

    They are linear, so that they may be applied to the slopes.
    """
    jump = np.array(ramp.jump)
    slope = fit_slope(ramp.groups, GroupNoise(1.0, ramp.group_time), usable=ramp.usable, jump=jump).rate
    slope = subtract_reference_levels(slope, ramp.readout)
    return subtract_background_levels(slope, ramp.readout, ramp.background) * _seconds(ramp)


def measure(images, ramps):
    """`Figures` of images (ny, nx) of some ramps, e-."""
    pixels = np.concatenate([(image - ramp.flux)[ramp.known] for image, ramp in zip(images, ramps, strict=True)])
    found, truth = [], []
    for image, ramp in zip(images, ramps, strict=True):
        extracted = spectra(ramp.flux, ramp.known, [image, ramp.flux])
        for values, total in zip((found, truth), extracted, strict=True):
            values += [order[ramp.known.any(axis=0)] for order in total]
    found, truth = np.array(found), np.array(truth)
    error = found - truth
    return Figures(rms(pixels), rms(error), rms(error[_sharp(truth)]), float(error.sum() / truth.sum()))


def _sharp(spectrum):
    """Pixels of spectra (orders, nx) in absorption lines: well below the highest of their surroundings."""
    return spectrum < (1 - SHARP) * maximum_filter1d(spectrum, SURROUNDINGS, axis=1)


def _seconds(ramp):
    return np.float32(ramp.group_time * (len(ramp.groups) - 1))


def _ramp(ramp):
    """Arguments of a network's ``predict``."""
    return {
        "groups": ramp.groups, "group_time": ramp.group_time, "readout": ramp.readout, "bad": ~ramp.usable,
        "jump": ramp.jump, "background": ramp.background,
    }  # fmt: skip
