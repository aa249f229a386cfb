"""The small network that tells the error of a denoiser."""

from torch import nn

__all__ = ["ErrorNetwork"]

LAYERS = 8


class ErrorNetwork(nn.Module):
    """Logarithm of the variance of every pixel: eight 3 × 3 convolutions and ``ceiling - |x|``.

    Parameters
    ----------
    inputs, hidden : int
        Channels of the input and of the layers.
    ceiling : float
        Largest logarithm of a variance that it can tell; -12 in the paper, whose data have variances of about 1e-6.

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
