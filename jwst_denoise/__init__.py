"""Removal of correlated detector noise from JWST exposures.

Importing this package is cheap: steps, functions and sub-packages load on first use, so ``jwst_denoise.nsclean`` is
there after ``import jwst_denoise`` and costs nothing until then.
"""

import importlib
import pkgutil

_ATTRIBUTES = {
    "CosmicRayMaskStep": "jwst_denoise.steps.cosmic_ray_mask.cosmic_ray_mask_step:CosmicRayMaskStep",
    "DenoiseDetector1Pipeline": "jwst_denoise.steps.denoise_detector1_pipeline:DenoiseDetector1Pipeline",
    "ImageDenoiseStep": "jwst_denoise.steps.image_denoise.image_denoise_step:ImageDenoiseStep",
    "NSCleanStep": "jwst_denoise.steps.nsclean.nsclean_step:NSCleanStep",
    "RampDenoiseStep": "jwst_denoise.steps.ramp_denoise.ramp_denoise_step:RampDenoiseStep",
    "load_model": "jwst_denoise.model_files:load",
}

__all__ = sorted(_ATTRIBUTES)


def _submodules():
    return {module.name for module in pkgutil.iter_modules(__path__)}


def __getattr__(name):
    if name == "__version__":
        from importlib.metadata import version

        return version(__name__)
    if name in _ATTRIBUTES:
        module, attribute = _ATTRIBUTES[name].split(":")
        return getattr(importlib.import_module(module), attribute)
    if not name.startswith("_") and name in _submodules():
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_ATTRIBUTES, *_submodules(), "__version__"})
