"""The U-net of deepCR: same size out as in, depth and width as configuration."""

from dataclasses import dataclass

import torch
from torch import nn

__all__ = ["UNet", "UNetConfig"]

MOMENTUM = 0.005  # of the running statistics of batch normalisation (appendix A of the paper)


@dataclass(frozen=True)
class UNetConfig:
    """Size of a U-net.

    Parameters
    ----------
    depth : int
        Levels of resolution, the full one counted.
    hidden : int
        Channels at full resolution; twice as many at each coarser level.
    inputs, outputs : int
        Channels of the input and of the output.
    normalise : bool
        Whether there is batch normalisation, as in deepCR.
    """

    depth: int = 2
    hidden: int = 32
    inputs: int = 2
    outputs: int = 1
    normalise: bool = True

    def __post_init__(self):
        """Refuse what is no size."""
        for name, value in vars(self).items():
            if not isinstance(value, int) or value < 1 and name != "normalise":
                raise ValueError(f"{name}={value!r} must be a positive integer")


class UNet(nn.Module):
    """U-net with zero padding, (N, inputs, ny, nx) -> (N, outputs, ny, nx); ny and nx are multiples of `multiple`.

    Parameters
    ----------
    config : UNetConfig
        Its size.

    References
    ----------
    Zhang & Bloom 2020, ApJ 889, 24 (deepCR), section 2, figure 1; Ronneberger et al. 2015.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        channels = [config.hidden * 2**level for level in range(config.depth)]
        self.encoder = nn.ModuleList(
            _double_convolution(before, after, config.normalise)
            for before, after in zip([config.inputs, *channels[:-1]], channels, strict=True)
        )
        self.pool = nn.MaxPool2d(2)
        steps = list(zip(channels[:0:-1], channels[-2::-1], strict=True))
        self.up = nn.ModuleList(nn.ConvTranspose2d(coarse, fine, 2, stride=2) for coarse, fine in steps)
        self.decoder = nn.ModuleList(_double_convolution(2 * fine, fine, config.normalise) for _, fine in steps)
        self.output = nn.Conv2d(config.hidden, config.outputs, 1)

    @property
    def multiple(self):
        """What the edges of an input must be multiples of."""
        return 2 ** (self.config.depth - 1)

    @property
    def halo(self):
        """Pixels of context that reach an output pixel, rounded up to `multiple`.

        Two 3 × 3 convolutions at every level on the way down and, but for the coarsest, on the way up; pooling and
        its inverse may look at up to one coarse pixel more.
        """
        reach = sum(2 * 2**level * (1 if level == self.config.depth - 1 else 2) for level in range(self.config.depth))
        reach += self.multiple - 1
        return -(-reach // self.multiple) * self.multiple

    def forward(self, x):
        """Apply the network."""
        skipped = []
        for level, block in enumerate(self.encoder):
            x = block(self.pool(x) if level else x)
            skipped.append(x)
        skipped.pop()
        for up, block in zip(self.up, self.decoder, strict=True):
            x = block(torch.cat([skipped.pop(), up(x)], dim=1))
        with torch.autocast(x.device.type, enabled=False):
            return self.output(x.float())


def _double_convolution(before, after, normalise):
    return nn.Sequential(*_convolution(before, after, normalise), *_convolution(after, after, normalise))


def _convolution(before, after, normalise):
    normalisation = [nn.BatchNorm2d(after, momentum=MOMENTUM)] if normalise else []
    return nn.Conv2d(before, after, 3, padding=1), *normalisation, nn.ReLU(inplace=True)
