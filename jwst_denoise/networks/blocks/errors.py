"""Predicted errors of the denoisers: the network for them, their calibration, and Monte-Carlo dropout."""

import numpy as np
import torch
from torch import nn

__all__ = ["KNOTS", "ErrorNetwork", "FixedDropout", "apply_error_factors", "mean_and_deviation", "set_error_factors"]

#: Predicted errors, in units of the pixel's noise, at which they are calibrated.
KNOTS = (0.1, 0.2, 0.4, 0.8)
LAYERS = 8


class ErrorNetwork(nn.Module):
    """Logarithm of the variance of every pixel: eight 3 × 3 convolutions and ``ceiling - |x|``.

    Parameters
    ----------
    inputs, hidden : int
        Channels of the input and of the layers.
    ceiling : float
        Largest logarithm of a variance that it can predict; -12 in the paper, whose data have variances of about 1e-6.

    References
    ----------
    Díaz Baso et al. 2019, A&A 629, A99, table B.2.
    """

    def __init__(self, inputs, hidden, ceiling):
        super().__init__()
        channels = [inputs, *[hidden] * LAYERS]
        layers = []
        for before, after in zip(channels[:-1], channels[1:], strict=True):
            layers += [nn.Conv2d(before, after, 3, padding=1, padding_mode="reflect"), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(hidden, 1, 1))
        self.ceiling = ceiling
        self.multiple, self.halo = 1, LAYERS

    def forward(self, x):
        """Logarithm of the variance, (N, 1, ny, nx), of an input (N, inputs, ny, nx)."""
        return self.ceiling - self.layers(x).float().abs()


def apply_error_factors(predicted, factors):
    """Calibrate predicted errors by factors that depend on the prediction.

    The factors do not depend on the signal, because the error is a part of it.
    """
    place = torch.log2(predicted.clamp(KNOTS[0], KNOTS[-1]) / KNOTS[0])
    low = place.long().clamp(max=len(KNOTS) - 2)
    return predicted * torch.lerp(factors[low], factors[low + 1], place - low)


class FixedDropout:
    """A `UNet` with active dropout that always drops the same channels, so that tiles fit together.

    Parameters
    ----------
    unet : UNet
        In evaluation mode; its dropout is activated in place.
    seed : int
        Determines the channels.
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
    """Mean and standard deviation of tensors, of which only one is in memory at a time."""
    mean = total = None
    for number, sample in enumerate(samples, start=1):
        if mean is None:
            mean, total = sample.clone(), torch.zeros_like(sample)
            continue
        difference = sample - mean
        mean += difference / number
        total += difference * (sample - mean)
    return mean, torch.sqrt(total / (number - 1))


def set_error_factors(factors, predicted, ratio):
    """Set the factors of `apply_error_factors`, each from the errors whose prediction is nearest to its knot."""
    nearest = np.abs(np.log(predicted)[:, None] - np.log(KNOTS)).argmin(axis=1)
    for index in range(len(KNOTS)):
        if (value := ratio(nearest == index)) is not None:
            factors[index] = float(value)
