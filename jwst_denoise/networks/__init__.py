"""Neural networks: building blocks and architectures.

This layer uses torch, numpy, scipy and the array layers of the package. It never imports jwst, stpipe, stdatamodels,
asdf or astropy, so that it runs on training machines that have none of them.
"""

from jwst_denoise.networks.blocks.unet import UNet, UNetConfig
from jwst_denoise.networks.build import FAMILIES, build, family_class
from jwst_denoise.networks.cosmic_ray_mask import CosmicRayMask
from jwst_denoise.networks.inpaint import Inpaint

__all__ = ["FAMILIES", "CosmicRayMask", "Inpaint", "UNet", "UNetConfig", "build", "family_class"]
