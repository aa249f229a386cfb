"""Networks from the description in model files."""

import importlib
import importlib.metadata
import inspect
from types import MappingProxyType

__all__ = ["FAMILIES", "GROUP", "build", "current_architecture", "family_class"]

#: Group of entry points by which other packages add families.
GROUP = "jwst_denoise.networks"

#: Family -> module and class.
FAMILIES = MappingProxyType(
    {
        "astro_unet": "jwst_denoise.networks.astro_unet:AstroUNet",
        "cosmic_ray_mask": "jwst_denoise.networks.cosmic_ray_mask:CosmicRayMask",
        "cosmic_ray_mask-ramp": "jwst_denoise.networks.group_differences:GroupDifferenceMask",
        "inpaint": "jwst_denoise.networks.inpaint:Inpaint",
        "noise2noise": "jwst_denoise.networks.noise2noise:Noise2Noise",
        "noise2noise-cube": "jwst_denoise.networks.noise2noise:Noise2NoiseCube",
        "noise2noise-stack": "jwst_denoise.networks.noise2noise:Noise2NoiseStack",
        "ramp_denoise": "jwst_denoise.networks.ramp_denoise:RampDenoise",
        "ramp_denoise-hxrg": "jwst_denoise.networks.hxrg.network:HxRGDenoise",
    }
)

#: Family -> parameter as named in model files of version 0.1 -> its present name.
_IMAGE_NAMES = {"units": "input_scaling", "kernel": "source_box", "wide": "flux_box", "lines": "line_length"}
RENAMED = MappingProxyType(
    {
        "astro_unet": _IMAGE_NAMES,
        "noise2noise": _IMAGE_NAMES,
        "noise2noise-stack": _IMAGE_NAMES,
        "ramp_denoise": {
            "units": "recurrent_units", "kernel": "flux_box", "near": "source_box", "wide": "comparison_length",
            "spare": "protection_box",
        },
        "ramp_denoise-hxrg": {"units": "recurrent_units"},
    }
)  # fmt: skip
#: (family, parameter, value) that version 0.1 wrote -> value in this version; None: the parameter is gone.
REPLACED = MappingProxyType(
    {("ramp_denoise", "mixer", "gru"): None, ("ramp_denoise-hxrg", "masked", "neighbour"): "neighbor"}
)


def build(architecture):
    """Make an untrained network.

    Parameters
    ----------
    architecture : mapping
        ``family``, see `family_class`, and the parameters of its class; also with the names of version 0.1.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    ValueError
        If the family or a parameter is unknown, or has an impossible value.

    Examples
    --------
    >>> from jwst_denoise.networks import build
    >>> build({"family": "cosmic_ray_mask", "depth": 2, "hidden": 4}).halo
    10
    """
    parameters = current_architecture(architecture)
    family = parameters.pop("family", None)
    cls = family_class(family)
    known = list(inspect.signature(cls).parameters)
    if unknown := sorted(set(parameters) - set(known)):
        raise ValueError(f"{family} has no parameter {', '.join(unknown)}; known: {', '.join(known)}")
    return cls(**parameters)


def current_architecture(architecture):
    """Architecture with this version's names of parameters.

    Model files keep the names with which they were written, because their SHA-256 depends on them.

    Parameters
    ----------
    architecture : mapping
        As in a model file.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If a parameter is given under its old and its new name.
    """
    family, result = architecture.get("family"), {}
    for name, value in architecture.items():
        if isinstance(value, str) and (family, name, value) in REPLACED:
            value = REPLACED[family, name, value]
            if value is None:
                continue
        name = RENAMED.get(family, {}).get(name, name)
        if name in result:
            raise ValueError(f"{family}: the parameter {name} is given twice, under its old and its new name")
        result[name] = value
    return result


def family_class(family):
    """Class of a family, of this package or of another installed one.

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
        If there is no such family; the message lists the known ones.
    """
    if family in FAMILIES:
        module, name = FAMILIES[family].split(":")
        return getattr(importlib.import_module(module), name)
    installed = {point.name: point for point in importlib.metadata.entry_points(group=GROUP)}
    if family not in installed:
        raise ValueError(f"no network family {family!r}; known: {', '.join([*FAMILIES, *installed])}")
    return installed[family].load()
