"""Networks by the description that model files carry."""

import importlib
import importlib.metadata
import inspect
from types import MappingProxyType

__all__ = ["FAMILIES", "GROUP", "build", "family_class"]

#: Group of entry points in which other packages name families of theirs.
GROUP = "jwst_denoise.networks"

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
        "ramp_denoise-hxrg": "jwst_denoise.networks.hxrg.network:HxRGDenoise",
    }
)


def build(architecture):
    """Make an untrained network.

    Parameters
    ----------
    architecture : mapping
        ``family``, see `family_class`, and the parameters of its class.

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
    cls = family_class(family)
    known = list(inspect.signature(cls).parameters)
    if unknown := sorted(set(parameters) - set(known)):
        raise ValueError(f"{family} has no parameter {', '.join(unknown)}; known: {', '.join(known)}")
    return cls(**parameters)


def family_class(family):
    """Class of a family, of this package or of another that is installed.

    Parameters
    ----------
    family : str
        A key of `FAMILIES`, or the name of an entry point of the group `GROUP`, whose value is ``module:Class``.

    Returns
    -------
    type

    Raises
    ------
    ValueError
        If there is no such family; the message lists those that there are.
    """
    if family in FAMILIES:
        module, name = FAMILIES[family].split(":")
        return getattr(importlib.import_module(module), name)
    installed = {point.name: point for point in importlib.metadata.entry_points(group=GROUP)}
    if family not in installed:
        raise ValueError(f"no network family {family!r}; known: {', '.join([*FAMILIES, *installed])}")
    return installed[family].load()
