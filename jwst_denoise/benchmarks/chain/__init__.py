"""Benchmark of the whole chain: uncalibrated exposures through stages 1 and 2, without and with the steps, alone and together."""
