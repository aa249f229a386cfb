"""Noise2Noise: denoisers that are trained on noisy images alone, of single images and of stacks."""

import numpy as np
import torch

from jwst_denoise.networks.blocks.unet import UNetConfig
from jwst_denoise.networks.image_denoise import PLANES, ImageDenoise
from jwst_denoise.ramps.coadd import coadd

__all__ = ["Noise2Noise", "Noise2NoiseStack", "stack_planes"]

SCATTER = (0.1, 1e3)  # within which the scatter of frames is told
STACK_PLANES = 3


class Noise2Noise(ImageDenoise):
    """The U-net of the paper: reflection padding, nearest-neighbor upsampling, ReLU.

    Parameters
    ----------
    hidden, depth : int
        Channels and levels; 32 and 3 in the paper.
    dropout : float
        Probability with which a channel is dropped; for `uncertainty='total'`.
    error : {"head", "network", "none"}
        What tells the error, see `ImageDenoise`; ``network`` is the paper's.
    units, kernel, wide, lines
        As for `ImageDenoise`; in the paper ``units='rate'``, which needs 0 for the other three.

    References
    ----------
    Díaz Baso et al. 2019, A&A 629, A99, sections 2.2 and 3.1.1, tables B.1 and B.2; Lehtinen et al. 2018.
    """

    family = "noise2noise"

    def __init__(self, hidden=16, depth=3, dropout=0.0, error="head", units="noise", kernel=5, wide=31, lines=0):
        inputs = 1 if units == "rate" else self._inputs(lines)
        unet = UNetConfig(
            depth, hidden, inputs=inputs, outputs=2 if error == "head" else 1, normalize=False, padding="reflect",
            upsampling="nearest", dropout=float(dropout),
        )  # fmt: skip
        super().__init__(unet, units=units, error=error, kernel=kernel, wide=wide, lines=lines)
        self.architecture = {
            "family": self.family, "hidden": hidden, "depth": depth, "dropout": float(dropout), "error": error,
            "units": units, "kernel": kernel, "wide": wide, "lines": lines,
        }  # fmt: skip

    def _inputs(self, lines):
        return PLANES + 2 * bool(lines)


class Noise2NoiseStack(Noise2Noise):
    """Noise2Noise of stacks: any number of frames of one scene in, one image out.

    The U-net sees the clipped mean of the frames, how much they scatter, how many were kept and how many there are.

    Parameters
    ----------
    hidden, depth, dropout, error, kernel, wide, lines
        As for `Noise2Noise`.

    References
    ----------
    Guo et al. 2026, arXiv:2602.17205 (ASTERIS), for the training on halves of a stack.
    """

    family = "noise2noise-stack"
    takes_stack = True

    def __init__(self, hidden=16, depth=4, dropout=0.0, error="head", kernel=5, wide=31, lines=255):
        super().__init__(hidden, depth, dropout, error, "noise", kernel, wide, lines)
        del self.architecture["units"]

    def _inputs(self, lines):
        return super()._inputs(lines) + STACK_PLANES

    def _observed(self, frames):
        mean = coadd(list(frames))
        return mean.image, stack_planes(mean)


def stack_planes(mean):
    """What the U-net is told of a stack beside its mean, (1, 3, ny, nx).

    Parameters
    ----------
    mean : jwst_denoise.ramps.coadd.Coadd
        The mean.

    Returns
    -------
    Tensor
        Logarithm of the scatter, fraction of frames that were kept, inverse number of frames.
    """
    planes = np.log(np.clip(mean.scatter, *SCATTER)) / 2, mean.kept, np.full_like(mean.kept, 1 / mean.frames)
    return torch.from_numpy(np.stack(planes)[None].astype(np.float32))
