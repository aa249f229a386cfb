"""Monte-Carlo dropout: how much the result depends on single channels of the network."""

import torch
from torch import nn

__all__ = ["Dropped", "mean_and_deviation"]


class Dropped:
    """A `UNet` with dropout, always of the same channels, so that tiles fit together.

    Parameters
    ----------
    unet : UNet
        In evaluation mode; changed: its dropout is active from now on.
    seed : int
        Which channels are dropped.
    """

    def __init__(self, unet, seed):
        self.unet, self.seed = unet, seed
        self.config, self.multiple, self.halo = unet.config, unet.multiple, unet.halo
        for layer in unet.modules():
            if isinstance(layer, nn.Dropout2d):
                layer.train()

    def __call__(self, *arguments):
        """Apply the network."""
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            return self.unet(*arguments)


def mean_and_deviation(samples):
    """Mean and standard deviation of tensors that come one by one.

    Parameters
    ----------
    samples : iterable of Tensor
        Two or more of one shape.

    Returns
    -------
    mean, deviation : Tensor
        Of that shape.
    """
    mean = total = None
    for number, sample in enumerate(samples, start=1):
        if mean is None:
            mean, total = sample.clone(), torch.zeros_like(sample)
            continue
        difference = sample - mean
        mean += difference / number
        total += difference * (sample - mean)
    return mean, torch.sqrt(total / (number - 1))
