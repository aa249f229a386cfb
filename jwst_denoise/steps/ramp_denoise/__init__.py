"""Step ``ramp_denoise``."""
