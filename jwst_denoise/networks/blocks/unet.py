"""U-nets whose output has the size of the input, with configurable depth, width and layers."""

from dataclasses import dataclass

import torch
from torch import nn

__all__ = ["ACTIVATIONS", "UNet", "UNetConfig"]

MOMENTUM = 0.005  # of the running statistics of batch normalization (appendix A of the deepCR paper)
LEAK = 0.02  # slope of the leaky ReLU below zero (Astro U-net)

#: Name -> activation, as compared in the Astro U-net paper.
ACTIVATIONS = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky_relu": lambda: nn.LeakyReLU(LEAK, inplace=True),
    "prelu": nn.PReLU,
    "swish": lambda: nn.SiLU(inplace=True),
}
PADDINGS = ("zeros", "reflect")
UPSAMPLINGS = ("transposed", "nearest")


@dataclass(frozen=True)
class UNetConfig:
    """Size and layers of a U-net.

    Parameters
    ----------
    depth : int
        Levels of resolution, including the full one.
    hidden : int
        Channels at full resolution; the number doubles at each coarser level.
    inputs, outputs : int
        Channels of the input and of the output.
    normalize : bool
        Use batch normalization, as in deepCR.
    activation : str
        A key of `ACTIVATIONS`.
    padding : {"zeros", "reflect"}
        Values beyond the edge of the image.
    upsampling : {"transposed", "nearest"}
        Transposed convolution, or nearest neighbors followed by a convolution, which leaves no checkerboard pattern.
    dropout : float
        Probability with which a channel is dropped after every convolution but the first.
    context : int
        Number of scalar inputs, which become constant planes at the coarsest level.
    """

    depth: int = 2
    hidden: int = 32
    inputs: int = 2
    outputs: int = 1
    normalize: bool = True
    activation: str = "relu"
    padding: str = "zeros"
    upsampling: str = "transposed"
    dropout: float = 0.0
    context: int = 0

    def __post_init__(self):
        """Refuse impossible sizes and unknown layers."""
        for name in ("depth", "hidden", "inputs", "outputs"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)!r} must be a positive integer")
        for name, known in (("activation", ACTIVATIONS), ("padding", PADDINGS), ("upsampling", UPSAMPLINGS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r} must be one of {', '.join(known)}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout={self.dropout!r} must be from 0 to less than 1")
        if self.context < 0 or self.context and self.depth < 2:
            raise ValueError(f"context={self.context!r} must not be negative, and needs depth >= 2")


class UNet(nn.Module):
    """U-net, (N, inputs, ny, nx) -> (N, outputs, ny, nx); ny and nx are multiples of `multiple`.

    Parameters
    ----------
    config : UNetConfig
        Size and layers.

    References
    ----------
    Zhang & Bloom 2020, ApJ 889, 24 (deepCR), section 2, figure 1; Ronneberger et al. 2015; Vojtekova et al. 2021, MNRAS
    503, 3204 (Astro U-net), figure 4; Díaz Baso et al. 2019, A&A 629, A99, table B.1.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        channels = [config.hidden * 2**level for level in range(config.depth)]
        self.encoder = nn.ModuleList(
            _double_convolution(config, before, after, first=level == 0)
            for level, (before, after) in enumerate(zip([config.inputs, *channels[:-1]], channels, strict=True))
        )
        self.pool = nn.MaxPool2d(2)
        steps = list(zip(channels[:0:-1], channels[-2::-1], strict=True))
        self.up = nn.ModuleList(
            _upsampling(config, coarse + (0 if index else config.context), fine)
            for index, (coarse, fine) in enumerate(steps)
        )
        self.decoder = nn.ModuleList(_double_convolution(config, 2 * fine, fine) for _, fine in steps)
        self.output = nn.Conv2d(config.hidden, config.outputs, 1)

    @property
    def multiple(self):
        """Number of which the edges of an input must be multiples."""
        return 2 ** (self.config.depth - 1)

    @property
    def halo(self):
        """Distance in pixels within which the input affects an output pixel, rounded up to `multiple`.

        There are two 3 × 3 convolutions at every level on the way down and, except at the coarsest level, on the way
        up, where a third may follow the upsampling. Pooling and upsampling add up to one coarse pixel.
        """
        coarsest = self.config.depth - 1
        back = 3 if self.config.upsampling == "nearest" else 2
        reach = sum(2**level * (2 if level == coarsest else 2 + back) for level in range(self.config.depth))
        reach += self.multiple - 1
        return -(-reach // self.multiple) * self.multiple

    def forward(self, x, context=None):
        """Apply the network; context: (N, config.context) numbers for the coarsest level."""
        skipped = []
        for level, block in enumerate(self.encoder):
            x = block(self.pool(x) if level else x)
            skipped.append(x)
        skipped.pop()
        if self.config.context:
            planes = context.to(x.dtype)[:, :, None, None].expand(-1, -1, *x.shape[-2:])
            x = torch.cat([x, planes], dim=1)
        for up, block in zip(self.up, self.decoder, strict=True):
            x = block(torch.cat([skipped.pop(), up(x)], dim=1))
        with torch.autocast(x.device.type, enabled=False):
            return self.output(x.float())


def _double_convolution(config, before, after, first=False):
    dropout = [nn.Dropout2d(config.dropout)] if config.dropout else []
    one, two = _convolution(config, before, after), _convolution(config, after, after)
    return nn.Sequential(*one, *([] if first else dropout), *two, *dropout)


def _convolution(config, before, after):
    normalization = [nn.BatchNorm2d(after, momentum=MOMENTUM)] if config.normalize else []
    convolution = nn.Conv2d(before, after, 3, padding=1, padding_mode=config.padding)
    return convolution, *normalization, ACTIVATIONS[config.activation]()


def _upsampling(config, coarse, fine):
    if config.upsampling == "transposed":
        return nn.ConvTranspose2d(coarse, fine, 2, stride=2)
    dropout = [nn.Dropout2d(config.dropout)] if config.dropout else []
    convolution = nn.Conv2d(coarse, fine, 3, padding=1, padding_mode=config.padding)
    return nn.Sequential(nn.Upsample(scale_factor=2), convolution, ACTIVATIONS[config.activation](), *dropout)
