"""deepCR-inpaint: the signal that a masked pixel would have had."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import conv2d

from jwst_denoise.networks.blocks.scaling import compress_image, level_and_noise, map_planes, prepare_plane
from jwst_denoise.networks.blocks.tiling import run_tiled
from jwst_denoise.networks.blocks.unet import UNet, UNetConfig

__all__ = ["Inpaint"]

SURROUNDINGS = ((1.0, 1.0), (3.5, 1e-3))  # widths in pixels and weights of the Gaussians of `mean_of_surroundings`
REACH = 10  # pixels, where they are truncated
LARGEST = 16.0  # asinh of the largest value of the output, in units of the noise


class Inpaint(nn.Module):
    """``inpaint-D-H`` of deepCR on an image in any units.

    The image is brought to the units of `CosmicRayMask`. The network sees its deviation from the mean of its
    surroundings, with holes at 0, the mask of the holes, and that mean, to which its output is added. So a star looks
    the same at any brightness. Pixels without data count as holes.

    Parameters
    ----------
    depth, hidden : int
        D and H of the paper.

    References
    ----------
    Zhang & Bloom 2020, ApJ 889, 24, section 2.
    """

    family = "inpaint"

    def __init__(self, depth=2, hidden=32):
        super().__init__()
        self.unet = UNet(UNetConfig(depth, hidden, inputs=3))

    @property
    def architecture(self):
        """Description from which `jwst_denoise.networks.build` makes this network."""
        return {"family": self.family, "depth": self.unet.config.depth, "hidden": self.unet.config.hidden}

    @property
    def halo(self):
        """Distance in pixels within which the input affects an output pixel."""
        return self.unet.halo

    def forward(self, image, hole, noise=None, level=None):
        """Values (N, 1, ny, nx), in units of the noise above the sky level, for images (N, ny, nx) and holes (bool)."""
        level, noise = level_and_noise(image, noise, level)
        inputs, around = _inputs(*compress_image(image.masked_fill(hole, torch.nan), level, noise))
        return _expand(self.unet(inputs) + around)

    def predict(self, image, hole, err=None, bad=None, tile=256):
        """Fill the holes of an image.

        Parameters
        ----------
        image : ndarray
            (ny, nx), or (n, ny, nx) of which each plane is treated independently; any units; NaN where there are no
            data.
        hole : ndarray
            Bool: pixels to fill, (ny, nx) or the image's shape.
        err : ndarray or float, optional
            Its noise, of which only the median is used. By default measured in the image.
        bad : ndarray, optional
            Bool: pixels that are neither used nor filled.
        tile : int or None, optional
            Edge of the tiles in pixels; None for the image in one piece. The result does not depend on it.

        Returns
        -------
        ndarray
            Same shape and type; unchanged outside the holes.

        Raises
        ------
        ValueError
            If the shapes do not match.
        """
        if np.shape(hole) != np.shape(image)[-np.ndim(hole) :]:
            raise ValueError(f"the mask of holes has shape {np.shape(hole)}, the image {np.shape(image)}")
        return map_planes(lambda *plane: self._predict_plane(*plane, tile), image, hole, err, bad)

    def _predict_plane(self, image, hole, err, bad, tile):
        hole = np.asarray(hole, dtype=bool)
        outside = hole if bad is None else hole | np.asarray(bad, dtype=bool)
        data, level, noise = prepare_plane(image, err, outside)
        inputs, around = _inputs(*compress_image(torch.from_numpy(data)[None], level, noise))
        output = _expand(run_tiled(self.unet, inputs[0], tile) + around[0, 0]) * noise + level
        fill = hole if bad is None else hole & ~np.asarray(bad, dtype=bool)
        result = np.array(image)
        result[fill] = output.numpy()[fill]
        return result


def _inputs(values, good):
    """Channels (N, 3, ny, nx) of the network and the mean of the surroundings (N, 1, ny, nx)."""
    values, good = values[:, None], good[:, None]
    with torch.autocast(values.device.type, enabled=False):
        around = mean_of_surroundings(values, good)
    return torch.cat([(values - around) * good, 1 - good, around], dim=1), around


def mean_of_surroundings(values, good):
    """Mean of the good pixels around each pixel, (N, 1, ny, nx); distant ones matter where near ones are missing."""
    offset = torch.arange(-REACH, REACH + 1, dtype=values.dtype, device=values.device)
    total, coverage = torch.zeros_like(values), torch.full_like(values, 1e-12)
    for width, weight in SURROUNDINGS:
        profile = torch.exp(-0.5 * (offset / width) ** 2)
        total += weight * _convolve(values * good, profile)
        coverage += weight * _convolve(good, profile)
    return total / coverage


def _convolve(image, profile):
    rows = conv2d(image, profile.reshape(1, 1, -1, 1), padding=(REACH, 0))
    return conv2d(rows, profile.reshape(1, 1, 1, -1), padding=(0, REACH))


def _expand(output):
    """Inverse of the compressed scale: values in units of the noise."""
    return torch.sinh(output.clamp(-LARGEST, LARGEST))
