"""Networks by the description that model files carry."""

import importlib
import inspect
from types import MappingProxyType

__all__ = ["FAMILIES", "build"]

#: Family -> where its class is.
FAMILIES = MappingProxyType(
    {
        "astro_unet": "jwst_denoise.networks.astro_unet:AstroUNet",
        "cosmic_ray_mask": "jwst_denoise.networks.cosmic_ray_mask:CosmicRayMask",
        "cosmic_ray_mask-ramp": "jwst_denoise.networks.group_differences:GroupDifferenceMask",
        "inpaint": "jwst_denoise.networks.inpaint:Inpaint",
        "noise2noise": "jwst_denoise.networks.noise2noise:Noise2Noise",
        "noise2noise-cube": "jwst_denoise.networks.noise2noise_cube:Noise2NoiseCube",
        "noise2noise-stack": "jwst_denoise.networks.noise2noise:Noise2NoiseStack",
        "ramp_denoise": "jwst_denoise.networks.ramp_denoise:RampDenoise",
        "ramp_denoise-hxrg": "jwst_denoise.networks.hxrg:HxRGDenoise",
    }
)


def build(architecture):
    """Make an untrained network.

    Parameters
    ----------
    architecture : mapping
        ``family``, a key of `FAMILIES`, and the parameters of its class.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    ValueError
        If the family or a parameter is not known or has an impossible value.

    Examples
    --------
    >>> from jwst_denoise.networks import build
    >>> build({"family": "cosmic_ray_mask", "depth": 2, "hidden": 4}).halo
    10
    """
    parameters = dict(architecture)
    family = parameters.pop("family", None)
    if family not in FAMILIES:
        raise ValueError(f"no network family {family!r}; known: {', '.join(FAMILIES)}")
    module, name = FAMILIES[family].split(":")
    cls = getattr(importlib.import_module(module), name)
    known = list(inspect.signature(cls).parameters)
    if unknown := sorted(set(parameters) - set(known)):
        raise ValueError(f"{family} has no parameter {', '.join(unknown)}; known: {', '.join(known)}")
    return cls(**parameters)
