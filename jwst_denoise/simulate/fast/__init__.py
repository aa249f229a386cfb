"""Fast simulators for training."""
