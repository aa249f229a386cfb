"""The whole chain: exposures through stages 1 and 2, without the steps, with each alone, and with all."""
