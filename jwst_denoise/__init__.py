"""Denoising steps for the JWST calibration pipeline.

===================  ===================================================================================
`NSCleanStep`        subtracts correlated (1/f) read noise from groups and rates
`CosmicRayMaskStep`  flags cosmic rays that the jump step misses
`RampDenoiseStep`    fits ramps with less noise from the detector than ``ramp_fit`` leaves
`ImageDenoiseStep`   reduces the remaining noise in images and stacks
===================  ===================================================================================

`DenoiseDetector1Pipeline` is calwebb_detector1 with the first three as sub-steps. Importing this package is fast:
steps, functions and sub-packages load on first use.
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
