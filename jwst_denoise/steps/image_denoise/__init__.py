"""Step ``image_denoise``."""
