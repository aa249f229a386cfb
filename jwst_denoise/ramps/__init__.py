"""Ramps as arrays: slopes of pixels, and the order in which pixels are read."""
