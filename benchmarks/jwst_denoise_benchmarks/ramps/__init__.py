"""Benchmark of the step ``ramp_denoise`` on JWST ramps, beside ``ramp_fit`` and ``clean_flicker_noise``."""
