"""Benchmarks of jwst_denoise: accuracy and speed beside reference methods, and reproductions of the papers."""
