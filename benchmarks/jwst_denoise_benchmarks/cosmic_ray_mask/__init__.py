"""Benchmark of cosmic-ray masks and inpainting, beside LACosmic and the jump step."""
