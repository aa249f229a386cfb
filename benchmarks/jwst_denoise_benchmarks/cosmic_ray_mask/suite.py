"""The benchmark of cosmic-ray masks: which rows there are."""

from jwst_denoise_benchmarks.suite import Group

__all__ = ["GROUPS"]

#: The groups, in the order of the table.
GROUPS = (
    Group("detection", "cosmic_ray_mask.detection.detection", "cosmic rays found, with LACosmic"),
    Group("wide", "cosmic_ray_mask.detection.wide", "the same with snowballs and showers"),
    Group("ceiling", "cosmic_ray_mask.detection.ceilings", "what could be found at all"),
    Group("thresholds", "cosmic_ray_mask.detection.operating_points", "the models' own thresholds"),
    Group("cores", "cosmic_ray_mask.cores.cores", "cores of stars"),
    Group("inpainting", "cosmic_ray_mask.filling.filling", "errors of filled pixels"),
    Group("photometry", "cosmic_ray_mask.filling.photometry", "flux of filled stars"),
    Group("speed", "cosmic_ray_mask.speed.masking_speed", "masks of full frames"),
    Group("gpu", "cosmic_ray_mask.speed.on_gpu", "masks on a GPU"),
    Group("inpainting-speed", "cosmic_ray_mask.speed.filling_speed", "filling of large images"),
    Group("tiles", "cosmic_ray_mask.speed.tiles", "tiles and the whole"),
    Group("real", "cosmic_ray_mask.real.real", "a CCD frame and a NIRSpec slit"),
    Group("after-jump", "cosmic_ray_mask.after_jump.after_jump", "after calwebb_detector1"),
    Group("ramps", "cosmic_ray_mask.ramps.ramps", "ramps, with the jump step"),
)
