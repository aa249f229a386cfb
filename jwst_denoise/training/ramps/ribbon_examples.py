"""Training examples for the network on ribbons: lines of simulated ramps with their flux, and the paper's loss."""

import numpy as np
import torch
from torch.utils.data import Dataset

from jwst_denoise.networks import build
from jwst_denoise.networks.hxrg.network import FLUX
from jwst_denoise.networks.hxrg.ribbons import line_ends, prepare_reads, to_ribbons
from jwst_denoise.simulate.fast.h4rg_ramps import BORDER, H4RGSetup, draw_h4rg_ramp

__all__ = [
    "POWERS",
    "PowerLoss",
    "RibbonExamples",
    "flux_scores",
    "measure_variance",
    "ribbon_examples",
    "ribbon_parts",
]

#: Powers of the error that the paper has tried.
POWERS = (2, 3, 4, 5, 6)
UNIT = FLUX / 10  # e-, in which the loss is; what it is does not matter to Adam as long as it is not tiny
#: Class of pixels -> e- of flux from and to (paper, section 4.1).
CLASSES = {"none": (-np.inf, 1.0), "low": (1.0, 20.0), "high": (20.0, np.inf)}


class PowerLoss:
    """Mean p-th power of the error of the flux (equation 1), in units of 6 e-.

    Parameters
    ----------
    power : int
        p; 4 in the paper, after trials with 2 to 6.

    References
    ----------
    Payeur et al. 2022, AJ, section 3.4.
    """

    def __init__(self, power=4):
        self.power = power

    def __call__(self, network, inputs, truth, weight):
        """Loss of a batch."""
        error = (network(**inputs) - truth).abs() / UNIT
        return (error**self.power * weight).sum() / weight.sum().clamp(min=1)


class RibbonExamples(Dataset):
    """Items (inputs, truth, weight): the line of a ramp between its neighbors, and the flux of its pixels.

    Lines come in random order, all of them once before any comes again. An item depends on the seed and the index
    alone. Exposures are simulated when they are first needed.

    Parameters
    ----------
    setup : H4RGSetup
        What the ramps are taken with.
    exposures : int
        How many ramps; all of a pass are kept in memory, at 2 bytes a value.
    seed : int
        Where the random numbers begin; different seeds share no exposure.
    length : int, optional
        Items of an epoch; by default the lines of all exposures.
    rows : int
        Lines of a sample.
    masked : {"neighbor", "feature"}
        See `jwst_denoise.networks.hxrg.ribbons.prepare_reads`.
    passes : int, optional
        Passes over all lines, after which other exposures take their place; by default the same ones for ever.
    """

    def __init__(self, setup, exposures, seed, length=None, rows=3, masked="neighbor", passes=None):
        self.setup, self.exposures, self.seed, self.rows, self.masked = setup, exposures, seed, rows, masked
        self.lines = np.arange(BORDER, setup.lines - BORDER)
        self.length = length or exposures * len(self.lines)
        self.passes, self._kept = passes, {}

    def __len__(self):
        """Items of an epoch."""
        return self.length

    def __getitem__(self, index):
        """Inputs ``values`` and maybe ``measured`` as `HxRGDenoise` takes them; flux e- and weight (width, outputs)."""
        pass_number, place = divmod(index, self.exposures * len(self.lines))
        order = np.random.default_rng([self.seed, 1, pass_number]).permutation(self.exposures * len(self.lines))
        number, line = divmod(int(order[place]), len(self.lines))
        reads, flux, known = self._exposure(pass_number // self.passes if self.passes else 0, number)
        line = self.lines[[line]]
        readout = self.setup.readout
        values, measured = (part[0] for part in reads.samples(readout, self.rows, line))
        inputs = {"values": torch.from_numpy(values.astype(np.float32))}
        if self.masked == "feature":
            inputs["measured"] = torch.from_numpy(np.ascontiguousarray(measured))
        truth, weight = (to_ribbons(image, readout, line)[0, :, : readout.outputs] for image in (flux, known))
        return inputs, torch.from_numpy(truth), torch.from_numpy(weight.astype(np.float32))

    def _exposure(self, generation, number):
        if (generation, number) not in self._kept:
            self._kept = {key: value for key, value in self._kept.items() if key[0] == generation}
            ramp = draw_h4rg_ramp(self.setup, np.random.default_rng([self.seed, generation, number]))
            reads = prepare_reads(
                ramp.groups,
                ramp.readout,
                usable=ramp.usable,
                jump=ramp.jump,
                masked=self.masked,
                background=ramp.background,
            )
            half = type(reads)(np.clip(reads.values, -6e4, 6e4).astype(np.float16), reads.measured)
            self._kept[generation, number] = half, ramp.flux, ramp.known
        return self._kept[generation, number]


def ribbon_examples(settings, purpose, seeds, length):
    """Examples for a purpose, a key of ``seeds``; for all but the training a sixth of the ramps."""
    setup = H4RGSetup(settings.lines, settings.outputs, settings.width, settings.reads)
    training = purpose == "training"
    return RibbonExamples(
        setup, settings.scenes if training else max(1, settings.scenes // 6), seeds[purpose] + settings.seed, length,
        settings.rows, settings.masked, settings.passes if training else None,
    )  # fmt: skip


def ribbon_parts(settings, seeds):
    """Network, training and validation examples and loss for the settings of a training.

    Parameters
    ----------
    settings : RibbonPreset
        Sizes.
    seeds : mapping
        Seeds of ``training`` and ``validation``.
    """
    training = ribbon_examples(settings, "training", seeds, settings.batch * settings.steps)
    validation = ribbon_examples(settings, "validation", seeds, settings.validation)
    network = build(
        {
            "family": "ramp_denoise-hxrg", "outputs": settings.outputs,
            "reference": sum(line_ends(training.setup.readout)), "rows": settings.rows, "reads": settings.reads,
            "recurrent_units": settings.recurrent_units, "filters": settings.filters, "masked": settings.masked,
            "activation": settings.activation, "dropout": settings.dropout,
        }
    )  # fmt: skip
    return network, training, validation, PowerLoss(settings.power)


def measure_variance(network, examples):
    """Set the ``variance`` of a network to what its errors are, and return scores of its errors.

    Parameters
    ----------
    network : HxRGDenoise
        In evaluation mode; is changed.
    examples : RibbonExamples
        That it has not been trained with.

    Returns
    -------
    dict
        As of `flux_scores`.
    """
    error, flux = _errors(network, examples)
    dark = flux < CLASSES["none"][1]
    least = np.mean(error[dark] ** 2)
    share = np.sum(error[~dark] ** 2 - least) / np.sum(flux[~dark]) if (~dark).any() else 0.0
    network.variance.copy_(torch.tensor([least, max(share, 0.0)]))
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
        Class of `CLASSES` and ``all`` -> ``rmse`` and ``bias``, e-; classes without pixels are left out.
    """
    chosen = {name: (flux >= low) & (flux < high) for name, (low, high) in CLASSES.items()} | {"all": flux == flux}
    return {
        name: {"rmse": float(np.sqrt(np.mean(error[use] ** 2))), "bias": float(np.mean(error[use]))}
        for name, use in chosen.items()
        if use.any()
    }


def _errors(network, examples):
    """Errors and true flux of the pixels that count, e-."""
    errors, fluxes = [], []
    for index in range(len(examples)):
        inputs, truth, weight = examples[index]
        with torch.inference_mode():
            found = network(**{name: value[None] for name, value in inputs.items()})[0]
        use = weight > 0
        errors.append((found - truth)[use].numpy())
        fluxes.append(truth[use].numpy())
    return np.concatenate(errors), np.concatenate(fluxes)
