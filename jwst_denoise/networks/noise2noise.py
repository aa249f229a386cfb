"""Noise2Noise: denoisers that are trained on noisy images alone, of single images, stacks and cubes."""

import numpy as np
import torch
from torch import nn

from jwst_denoise.networks.blocks.scaling import prepare_plane
from jwst_denoise.networks.blocks.tiling import run_tiled
from jwst_denoise.networks.blocks.unet import UNet, UNetConfig
from jwst_denoise.networks.image_denoise import ImageDenoise, input_planes
from jwst_denoise.ramps.coadd import coadd_frames

__all__ = ["Noise2Noise", "Noise2NoiseCube", "Noise2NoiseStack", "stack_planes"]

SCATTER = (0.1, 1e3)  # limits of the scatter of frames
STACK_PLANES = 3


class Noise2Noise(ImageDenoise):
    """The U-net of the paper: reflection padding, nearest-neighbor upsampling, ReLU.

    Parameters
    ----------
    hidden, depth : int
        Channels and levels; 32 and 3 in the paper.
    dropout : float
        Probability with which a channel is dropped; for ``uncertainty='total'``.
    error : {"head", "network", "none"}
        Source of the predicted error, see `ImageDenoise`; ``network`` is the paper's.
    input_scaling, source_box, flux_box, line_length
        As for `ImageDenoise`; in the paper ``input_scaling='rate'``, which requires 0 for the other three.

    References
    ----------
    Díaz Baso et al. 2019, A&A 629, A99, sections 2.2 and 3.1.1, tables B.1 and B.2; Lehtinen et al. 2018.
    """

    family = "noise2noise"

    def __init__(
        self, hidden=16, depth=3, dropout=0.0, error="head", input_scaling="noise", source_box=5, flux_box=31,
        line_length=0,
    ):  # fmt: skip
        inputs = 1 if input_scaling == "rate" else self._inputs(line_length)
        unet = UNetConfig(
            depth, hidden, inputs=inputs, outputs=2 if error == "head" else 1, normalize=False, padding="reflect",
            upsampling="nearest", dropout=float(dropout),
        )  # fmt: skip
        boxes = {"source_box": source_box, "flux_box": flux_box, "line_length": line_length}
        super().__init__(unet, input_scaling=input_scaling, error=error, **boxes)
        self.architecture = {
            "family": self.family, "hidden": hidden, "depth": depth, "dropout": float(dropout), "error": error,
            "input_scaling": input_scaling, **boxes,
        }  # fmt: skip

    def _inputs(self, line_length):
        return input_planes(line_length)


class Noise2NoiseStack(Noise2Noise):
    """Noise2Noise of stacks: any number of frames of one scene in, one image out.

    The input of the U-net is the clipped mean of the frames, their scatter, the fraction that was kept and their
    number.

    Parameters
    ----------
    hidden, depth, dropout, error, source_box, flux_box, line_length
        As for `Noise2Noise`.

    References
    ----------
    Guo et al. 2026, arXiv:2602.17205 (ASTERIS), for the training on halves of a stack.
    """

    family = "noise2noise-stack"
    takes_stack = True

    def __init__(self, hidden=16, depth=4, dropout=0.0, error="head", source_box=5, flux_box=31, line_length=255):
        super().__init__(hidden, depth, dropout, error, "noise", source_box, flux_box, line_length)
        del self.architecture["input_scaling"]

    def _inputs(self, line_length):
        return super()._inputs(line_length) + STACK_PLANES

    def _observed(self, frames):
        mean = coadd_frames(list(frames))
        return mean.image, stack_planes(mean)


def stack_planes(mean):
    """Input of the U-net that describes a stack, in addition to its mean, (1, 3, ny, nx).

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


class Noise2NoiseCube(nn.Module):
    """The paper's U-net for cubes: all planes, such as wavelengths or integrations, are channels.

    Each plane is brought to units of its noise above its level; the network predicts the noise. It serves cubes with
    the number and spacing of planes with which it was trained.

    Parameters
    ----------
    planes : int
        Number of planes; 21 in the paper.
    hidden, depth : int
        Channels and levels of the U-net; 32 and 3 in the paper.

    References
    ----------
    Díaz Baso et al. 2019, A&A 629, A99, section 3.2.3.
    """

    family = "noise2noise-cube"

    def __init__(self, planes=21, hidden=32, depth=3):
        super().__init__()
        config = UNetConfig(
            depth, hidden, inputs=planes, outputs=planes, normalize=False, padding="reflect", upsampling="nearest"
        )
        self.unet = UNet(config)
        self.architecture = {"family": self.family, "planes": planes, "hidden": hidden, "depth": depth}

    def forward(self, cube):
        """Denoised cubes of cubes (N, planes, ny, nx) in units of their noise; 0 where there are no data."""
        return cube - self.unet(torch.asinh(cube))

    def predict(self, cube, err=None, bad=None, tile=256):
        """Denoise a cube in any units.

        Parameters
        ----------
        cube : ndarray
            (planes, ny, nx); NaN where there are no data.
        err : ndarray or float, optional
            Its noise, which is broadcast to the cube; only the median of a plane is used. By default measured.
        bad : ndarray, optional
            Bool, broadcast to the cube: pixels that are not to be used.
        tile : int, optional
            Edge of the tiles in pixels; the result does not depend on it.

        Returns
        -------
        cube, None
            (planes, ny, nx) float32, NaN where there are no data; the network predicts no error.

        Raises
        ------
        ValueError
            If the cube has another number of planes.
        """
        cube = np.asarray(cube)
        number = self.architecture["planes"]
        if cube.ndim != 3 or len(cube) != number:
            raise ValueError(f"a cube of {number} planes is needed, not an array of shape {cube.shape}")
        others = [[None] * number if a is None else np.broadcast_to(a, cube.shape) for a in (err, bad)]
        prepared = [prepare_plane(*plane) for plane in zip(cube, *others, strict=True)]
        data = np.stack([plane for plane, _, _ in prepared])
        level, noise = (np.array([float(row[i]) for row in prepared], np.float32)[:, None, None] for i in (1, 2))
        scaled = torch.from_numpy(np.nan_to_num((data - level) / noise))
        removed = run_tiled(self.unet, torch.asinh(scaled), tile)
        return data - noise * removed.reshape(scaled.shape).numpy(), None
