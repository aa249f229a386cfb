"""Astro U-net: an image as of a longer exposure."""

import torch

from jwst_denoise.networks.blocks.slope_planes import spread
from jwst_denoise.networks.blocks.unet import UNetConfig
from jwst_denoise.networks.image_denoise import PLANES, ImageDenoise

__all__ = ["AstroUNet"]

GIVEN = ("plane", "none")


class AstroUNet(ImageDenoise):
    """The U-net of the paper, which is told the ratio of exposure times at its coarsest level.

    Its estimate s of the scene and the observation i make that of an exposure r times as long, of which i is the first
    part: (1 - 1/r) s + i/r. The error e of the best estimate goes with the noise n of the observation, the mean of e n
    being that of e²; hence the variance of the result is ⟨n²⟩ / r² + (1 - 1/r²) ⟨e²⟩. With ``units='rate'`` the
    U-net makes the long exposure itself, as in the paper.

    Parameters
    ----------
    hidden, depth : int
        Channels and levels; 32 and 5 in the paper.
    activation : str
        Of `jwst_denoise.networks.blocks.unet.ACTIVATIONS`.
    ratio : {"plane", "none"}
        Whether the U-net is told the ratio.
    units, kernel, wide, lines
        As for `ImageDenoise`.

    References
    ----------
    Vojtekova et al. 2021, MNRAS 503, 3204, section 3.2, figure 4.
    """

    family = "astro_unet"
    uses_ratio = True

    def __init__(
        self, hidden=16, depth=5, activation="leaky_relu", ratio="plane", units="noise", kernel=5, wide=31, lines=0
    ):
        if ratio not in GIVEN:
            raise ValueError(f"ratio={ratio!r} must be one of {', '.join(GIVEN)}")
        plain = units == "rate"
        unet = UNetConfig(
            depth, hidden, inputs=1 if plain else PLANES + 2 * bool(lines), outputs=1 if plain else 2, normalize=False,
            activation=activation, context=int(ratio == "plane"),
        )  # fmt: skip
        super().__init__(unet, units=units, error="none" if plain else "head", kernel=kernel, wide=wide, lines=lines)
        self.architecture = {
            "family": self.family, "hidden": hidden, "depth": depth, "activation": activation, "ratio": ratio,
            "units": units, "kernel": kernel, "wide": wide, "lines": lines,
        }  # fmt: skip

    def scene(self, signal, slopes, ratio=None):
        """Estimate of the scene that a denoised signal holds, (N, ny, nx)."""
        ratio = ratio[:, None, None]
        return signal if self.units == "rate" else (ratio * signal - slopes.signal) / (ratio - 1)

    def deviation(self, signal, log_variance, slopes, ratio=None, total=False):
        """Standard deviation of the denoised signal, (N, ny, nx) in units of ``slopes``."""
        own = super().deviation(signal, log_variance, slopes, ratio, total)
        share = 1 / ratio[:, None, None] ** 2
        return torch.sqrt(share * spread(signal, slopes) ** 2 + (1 - share) * own**2)

    def _result(self, slopes, output, ratio):
        scene = super()._result(slopes, output, ratio)
        return scene if self.units == "rate" else scene + (slopes.signal - scene) / ratio[:, None, None]
