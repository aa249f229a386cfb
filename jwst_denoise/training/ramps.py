"""Training examples of the ramp denoisers, simulated on the fly: blocks of slopes, and ribbons of whole ramps."""

from dataclasses import replace

import numpy as np
import torch
from torch.utils.data import Dataset

from jwst_denoise.networks.blocks.scaling import PLANES, scale_slopes
from jwst_denoise.networks.hxrg.ribbons import prepare_reads, to_ribbons
from jwst_denoise.simulate.fast.h4rg_ramps import BORDER, draw_h4rg_ramp
from jwst_denoise.simulate.fast.injection import inject_sources
from jwst_denoise.simulate.fast.second_world import draw_second_scene, second_slopes
from jwst_denoise.simulate.fast.slopes import simulate_slopes

__all__ = ["RibbonExamples", "SlopeBlocks"]


class SlopeBlocks(Dataset):
    """Items (inputs, truth, weight) for `RampDenoise`: planes of `ScaledSlopes` and the number of outputs.

    The truth (2, lines, pixels) is the scene and the correlated noise in the inputs' units; the weight is 1 where there
    is a slope. Block i depends on the seed and i alone.

    Parameters
    ----------
    scenes : LineScenes or EchelleScenes
        Scenes.
    draw_setup : callable
        `jwst_denoise.simulate.fast.slopes.draw_jwst_setup` or ``draw_nirps_setup``.
    length, seed : int
        Number of blocks in an epoch, first part of their seeds.
    pixels : int
        Approximate size of a block; blocks with shorter lines have more lines.
    second : float
        Share of the blocks from the second world.
    response : bool
        Inject sources, see `inject_sources`.
    """

    def __init__(self, scenes, draw_setup, length, seed, pixels, second=0.0, response=False):
        self.scenes, self.draw_setup, self.length, self.seed, self.pixels = scenes, draw_setup, length, seed, pixels
        self.second, self.response = second, response

    def __len__(self):
        """Number of blocks."""
        return self.length

    def __getitem__(self, index):
        """Inputs, truth and weight of a block."""
        rng = np.random.default_rng([self.seed, index])
        setup = self.draw_setup(16, rng)
        pixels = setup.outputs * setup.width
        lines = int(np.clip(self.pixels // pixels // 16 * 16, 32, 256))
        setup = replace(setup, lines=lines)
        if self.second and np.random.default_rng([self.seed, index, 2]).uniform() < self.second:
            shape = (lines, pixels)
            block = second_slopes(shape, setup.outputs, rng, lambda noise: draw_second_scene(shape, rng, noise))
            rate = block["rate"]
        else:
            rate = self.scenes.block((lines, pixels), rng)
            block = simulate_slopes(rate, setup, rng)
        level = 0.0 if setup.subtract_background else None
        scaled = scale_slopes(block["slope"], block["read_noise"], block["poisson"], block["usable"], level)
        truth = np.stack([(rate - scaled.level) / scaled.unit, block["correlated"] / scaled.unit]).astype(np.float32)
        inputs = {name: getattr(scaled, name)[0] for name in PLANES} | {"outputs": setup.outputs}
        if self.response:
            own = np.random.default_rng([self.seed, index, 3])
            inputs["sources"] = torch.from_numpy(inject_sources(scaled.noise[0].numpy(), own))
        return inputs, torch.from_numpy(truth), torch.from_numpy(block["usable"].astype(np.float32))


class RibbonExamples(Dataset):
    """Items (inputs, truth, weight) for `HxRGDenoise`: a line of a ramp with its neighbors, and the flux of its pixels.

    Lines come in random order, each once in every pass. An item depends on the seed and the index alone. Ramps are
    simulated when they are first needed, and those of a pass are kept in memory, at 2 bytes a value.

    Parameters
    ----------
    setup : jwst_denoise.simulate.fast.h4rg_ramps.H4RGSetup
        Detector and read-out.
    ramps : int
        Number of ramps.
    seed : int
        First part of the seed of each ramp; sets with different seeds share no ramp.
    length : int, optional
        Items in an epoch; by default the lines of all ramps.
    rows : int
        Lines of a sample.
    masked : {"neighbor", "feature"}
        See `jwst_denoise.networks.hxrg.ribbons.prepare_reads`.
    passes : int, optional
        Passes over all lines after which new ramps are simulated; by default the same ramps are used forever.
    """

    def __init__(self, setup, ramps, seed, length=None, rows=3, masked="neighbor", passes=None):
        self.setup, self.ramps, self.seed, self.rows, self.masked = setup, ramps, seed, rows, masked
        self.lines = np.arange(BORDER, setup.lines - BORDER)
        self.length = length or ramps * len(self.lines)
        self.passes, self._cache = passes, {}

    def __len__(self):
        """Items in an epoch."""
        return self.length

    def __getitem__(self, index):
        """Inputs ``values`` and maybe ``measured`` for `HxRGDenoise`; flux e- and weight (width, outputs)."""
        pass_number, place = divmod(index, self.ramps * len(self.lines))
        order = np.random.default_rng([self.seed, 1, pass_number]).permutation(self.ramps * len(self.lines))
        number, line = divmod(int(order[place]), len(self.lines))
        reads, flux, known = self._ramp(pass_number // self.passes if self.passes else 0, number)
        line = self.lines[[line]]
        readout = self.setup.readout
        values, measured = (part[0] for part in reads.samples(readout, self.rows, line))
        inputs = {"values": torch.from_numpy(values.astype(np.float32))}
        if self.masked == "feature":
            inputs["measured"] = torch.from_numpy(np.ascontiguousarray(measured))
        truth, weight = (to_ribbons(image, readout, line)[0, :, : readout.outputs] for image in (flux, known))
        return inputs, torch.from_numpy(truth), torch.from_numpy(weight.astype(np.float32))

    def _ramp(self, generation, number):
        """Reads, flux and mask of known pixels of a ramp."""
        if (generation, number) not in self._cache:
            self._cache = {key: value for key, value in self._cache.items() if key[0] == generation}
            ramp = draw_h4rg_ramp(self.setup, np.random.default_rng([self.seed, generation, number]))
            reads = prepare_reads(
                ramp.groups, ramp.readout, usable=ramp.usable, jump=ramp.jump, masked=self.masked,
                background=ramp.background,
            )  # fmt: skip
            half = replace(reads, values=np.clip(reads.values, -6e4, 6e4).astype(np.float16))
            self._cache[generation, number] = half, ramp.flux, ramp.known
        return self._cache[generation, number]
