"""deepCR-mask: the probability that a cosmic ray has hit a pixel of an image."""

import torch
from torch import nn

from jwst_denoise.networks.blocks.scaling import compress_image, level_and_noise, map_planes, prepare_plane
from jwst_denoise.networks.blocks.tiling import run_tiled
from jwst_denoise.networks.blocks.unet import UNet, UNetConfig

__all__ = ["CosmicRayMask"]


class CosmicRayMask(nn.Module):
    """``mask-D-H`` of deepCR on an image in any units.

    The image is brought to units of its noise above its sky level and compressed by asinh; a second channel is the mask
    of valid pixels. So one model serves rates and counts at any exposure time.

    Parameters
    ----------
    depth, hidden : int
        D and H of the paper.

    References
    ----------
    Zhang & Bloom 2020, ApJ 889, 24, section 2.
    """

    family = "cosmic_ray_mask"

    def __init__(self, depth=2, hidden=32):
        super().__init__()
        self.unet = UNet(UNetConfig(depth, hidden, inputs=2))

    @property
    def architecture(self):
        """Description from which `jwst_denoise.networks.build` makes this network."""
        return {"family": self.family, "depth": self.unet.config.depth, "hidden": self.unet.config.hidden}

    @property
    def halo(self):
        """Distance in pixels within which the input affects an output pixel."""
        return self.unet.halo

    def forward(self, image, noise=None, level=None):
        """Logits (N, 1, ny, nx) of images (N, ny, nx) with NaN for missing pixels; (N,) noise and level where known."""
        level, noise = level_and_noise(image, noise, level)
        values, good = compress_image(image, level, noise)
        return self.unet(torch.stack([values, good], dim=1))

    def predict(self, image, err=None, bad=None, tile=256):
        """Probability that a pixel holds charge of a cosmic ray.

        Parameters
        ----------
        image : ndarray
            (ny, nx), or (n, ny, nx) of which each plane is treated independently; any units; NaN where there are no
            data.
        err : ndarray or float, optional
            Its noise in the same units, of which only the median is used. By default measured in the image.
        bad : ndarray, optional
            Bool: pixels that are not to be used.
        tile : int or None, optional
            Edge of the tiles in pixels; None for the image in one piece. The result does not depend on it.

        Returns
        -------
        ndarray
            float32, same shape, finite everywhere; missing pixels get the probability that their surroundings suggest.

        Raises
        ------
        ValueError
            If the shapes do not match.
        """
        return map_planes(lambda *plane: self._predict_plane(*plane, tile), image, err, bad)

    def _predict_plane(self, image, err, bad, tile):
        data, level, noise = prepare_plane(image, err, bad)
        values, good = compress_image(torch.from_numpy(data)[None], level, noise)
        return torch.sigmoid(run_tiled(self.unet, torch.cat([values, good]), tile)).numpy()
