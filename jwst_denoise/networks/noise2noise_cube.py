"""Noise2Noise of cubes: the planes along the third axis are channels."""

import numpy as np
import torch
from torch import nn

from jwst_denoise.networks.blocks import planes
from jwst_denoise.networks.blocks.unet import UNet, UNetConfig

__all__ = ["Noise2NoiseCube", "reversed_planes"]


class Noise2NoiseCube(nn.Module):
    """The paper's U-net with all planes of a cube, such as wavelengths or integrations, at once.

    Each plane is brought to units of its noise above its level; the network tells the noise. It serves cubes of the
    number of planes, and of the spacing, that it was trained with.

    Parameters
    ----------
    planes : int
        Of a cube; 21 in the paper.
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
        """Denoised cubes of cubes (N, planes, ny, nx) in units of their noise; 0 where there is no datum."""
        return cube - self.unet(torch.asinh(cube))

    def predict(self, cube, err=None, bad=None, tile=256):
        """Denoise a cube in any units.

        Parameters
        ----------
        cube : ndarray
            (planes, ny, nx); NaN where there is no datum.
        err : ndarray or float, optional
            Its noise, of any shape that fits; only the median of a plane is used. By default measured in the cube.
        bad : ndarray, optional
            Bool, of any shape that fits: pixels that are not to be used.
        tile : int, optional
            Edge of the tiles in pixels; the result does not depend on it.

        Returns
        -------
        cube, None
            (planes, ny, nx) float32, NaN where there is no datum; it tells no error.

        Raises
        ------
        ValueError
            If the cube has another number of planes.
        """
        cube = np.asarray(cube)
        wanted = self.architecture["planes"]
        if cube.ndim != 3 or len(cube) != wanted:
            raise ValueError(f"a cube of {wanted} planes is needed, not an array of shape {cube.shape}")
        others = [[None] * wanted if a is None else np.broadcast_to(a, cube.shape) for a in (err, bad)]
        each = [planes.noise_of(*plane) for plane in zip(cube, *others, strict=True)]
        data = np.stack([plane for plane, _, _ in each])
        level, noise = (np.array([float(row[i]) for row in each], np.float32)[:, None, None] for i in (1, 2))
        scaled = torch.from_numpy(np.nan_to_num((data - level) / noise))
        taken = planes.run(self.unet, torch.asinh(scaled), tile)
        return data - noise * taken.reshape(scaled.shape).numpy(), None


def reversed_planes(cubes, rng):
    """Cubes, or the same with the planes in reverse order, in one case of two: twice as many profiles to train on."""
    return [cube[::-1] for cube in cubes] if rng.integers(2) else list(cubes)
