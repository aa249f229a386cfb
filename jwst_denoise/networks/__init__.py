"""Neural networks: building blocks and architectures.

This layer stands on torch, numpy, scipy and the array layer (`jwst_denoise.readout`, `jwst_denoise.nsclean`,
`jwst_denoise.masks`, `jwst_denoise.simulate`). It never imports jwst, stpipe, stdatamodels, asdf or astropy, so that
it works on training machines that have none of them.
"""

from jwst_denoise.networks.blocks.unet import UNet, UNetConfig
from jwst_denoise.networks.build import FAMILIES, build, family_class
from jwst_denoise.networks.cosmic_ray_mask import CosmicRayMask
from jwst_denoise.networks.inpaint import Inpaint

__all__ = ["FAMILIES", "CosmicRayMask", "Inpaint", "UNet", "UNetConfig", "build", "family_class"]
