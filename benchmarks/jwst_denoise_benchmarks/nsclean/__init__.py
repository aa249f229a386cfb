"""Benchmark of the step ``nsclean``."""
