"""Blocks of lines of simulated slope images, made on the fly, for `RampDenoise`."""

from dataclasses import replace

import numpy as np
import torch
from torch.utils.data import Dataset

from jwst_denoise.networks.blocks.scaling import PLANES, scale_slopes
from jwst_denoise.simulate.fast.slopes import simulate_slopes

__all__ = ["SlopeBlocks"]


class SlopeBlocks(Dataset):
    """Items (inputs, truth, weight): inputs are the planes of `ScaledSlopes` and the number of outputs.

    The truth (2, lines, pixels) is the scene and the correlated noise in the inputs' units, the weight 1 where there is
    a slope. Block i depends on the seed and i alone.

    Parameters
    ----------
    scenes : LineScenes or EchelleScenes
        What to look at.
    draw : callable
        `draw_jwst_setup` or `draw_nirps_setup`.
    length : int
        Number of blocks.
    seed : int
        Where the random numbers begin.
    pixels : int
        Of a block, about: narrower ones have more lines.
    """

    def __init__(self, scenes, draw, length, seed, pixels):
        self.scenes, self.draw, self.length, self.seed, self.pixels = scenes, draw, length, seed, pixels

    def __len__(self):
        """Number of blocks."""
        return self.length

    def __getitem__(self, index):
        """Inputs, truth and weight of a block."""
        rng = np.random.default_rng([self.seed, index])
        setup = self.draw(16, rng)
        pixels = setup.outputs * setup.width
        lines = int(np.clip(self.pixels // pixels // 16 * 16, 32, 256))
        setup = replace(setup, lines=lines)
        rate = self.scenes.block((lines, pixels), rng)
        found = simulate_slopes(rate, setup, rng)
        level = None if not setup.subtract_background else 0.0
        seen = scale_slopes(found["slope"], found["read_noise"], found["poisson"], found["usable"], level)
        truth = np.stack([(rate - seen.level) / seen.unit, found["correlated"] / seen.unit]).astype(np.float32)
        inputs = {name: getattr(seen, name)[0] for name in PLANES} | {"outputs": setup.outputs}
        return inputs, torch.from_numpy(truth), torch.from_numpy(found["usable"].astype(np.float32))
