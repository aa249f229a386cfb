"""Benchmark of all steps together: exposures through stages 1 and 2, without the steps, with each, and with all."""
