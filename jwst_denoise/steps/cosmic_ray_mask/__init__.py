"""Step ``cosmic_ray_mask``."""
