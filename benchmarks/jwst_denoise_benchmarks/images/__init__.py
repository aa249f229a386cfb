"""Benchmark of the step ``image_denoise``: noiseless truth, longer exposures, classical filters and co-addition."""
