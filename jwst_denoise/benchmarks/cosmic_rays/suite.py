"""The benchmark of cosmic-ray masks: which rows there are."""

from jwst_denoise.benchmarks.suite import Group

__all__ = ["GROUPS"]

#: The groups, in the order of the table.
GROUPS = (
    Group("detection", "cosmic_rays.detection.detection", "cosmic rays found, with LACosmic"),
    Group("wide", "cosmic_rays.detection.wide", "the same with snowballs and showers"),
    Group("ceiling", "cosmic_rays.detection.ceilings", "what could be found at all"),
    Group("thresholds", "cosmic_rays.detection.operating_points", "the models' own thresholds"),
    Group("cores", "cosmic_rays.cores.cores", "cores of stars"),
    Group("inpainting", "cosmic_rays.filling.filling", "errors of filled pixels"),
    Group("photometry", "cosmic_rays.filling.photometry", "flux of filled stars"),
    Group("speed", "cosmic_rays.speed.masking_speed", "masks of full frames"),
    Group("gpu", "cosmic_rays.speed.on_gpu", "masks on a GPU"),
    Group("inpainting-speed", "cosmic_rays.speed.filling_speed", "filling of large images"),
    Group("tiles", "cosmic_rays.speed.tiles", "tiles and the whole"),
    Group("real", "cosmic_rays.real.real", "a CCD frame and a NIRSpec slit"),
    Group("after-jump", "cosmic_rays.after_jump.after_jump", "after calwebb_detector1"),
    Group("ramps", "cosmic_rays.ramps.ramps", "ramps, with the jump step"),
)
