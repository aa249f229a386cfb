"""Training data of the cosmic-ray and inpainting networks."""
