"""Training data, losses and scores of the image denoisers."""
