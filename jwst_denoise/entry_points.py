"""Entry point ``stpipe.steps``: loaded by every ``stpipe list`` and ``strun``, so nothing heavy is imported."""

__all__ = ["get_steps"]


def get_steps():
    """Steps of this package for stpipe.

    Returns
    -------
    list of tuple
        (class, alias, is a pipeline) of every step.
    """
    return [
        ("jwst_denoise.NSCleanStep", "nsclean", False),
        ("jwst_denoise.CosmicRayMaskStep", "cosmic_ray_mask", False),
        ("jwst_denoise.RampDenoiseStep", "ramp_denoise", False),
        ("jwst_denoise.ImageDenoiseStep", "image_denoise", False),
        ("jwst_denoise.DenoiseDetector1Pipeline", "calwebb_denoise1", True),
    ]
