"""Training data, losses and scores of the ramp denoisers."""
