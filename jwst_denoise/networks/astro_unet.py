"""Astro U-net: an image as of a longer exposure."""

import torch

from jwst_denoise.networks.blocks.scaling import pixel_noise
from jwst_denoise.networks.blocks.unet import UNetConfig
from jwst_denoise.networks.image_denoise import ImageDenoise, input_planes

__all__ = ["AstroUNet"]

RATIO_INPUTS = ("plane", "none")


class AstroUNet(ImageDenoise):
    """The U-net of the paper, with the ratio of exposure times as an input at its coarsest level.

    From its estimate s of the scene and the observation i it makes the exposure that is r times as long and begins with
    i: (1 - 1/r) s + i/r. The error e of the best estimate is correlated with the noise n of the observation: the mean
    of e n is that of e². Hence the variance of the result is ⟨n²⟩ / r² + (1 - 1/r²) ⟨e²⟩. With
    ``input_scaling='rate'`` the U-net predicts the long exposure directly, as in the paper.

    Parameters
    ----------
    hidden, depth : int
        Channels and levels; 32 and 5 in the paper.
    activation : str
        Of `jwst_denoise.networks.blocks.unet.ACTIVATIONS`.
    ratio : {"plane", "none"}
        Whether the ratio is an input of the U-net.
    input_scaling, source_box, flux_box, line_length
        As for `ImageDenoise`.

    References
    ----------
    Vojtekova et al. 2021, MNRAS 503, 3204, section 3.2, figure 4.
    """

    family = "astro_unet"
    uses_ratio = True

    def __init__(
        self, hidden=16, depth=5, activation="leaky_relu", ratio="plane", input_scaling="noise", source_box=5,
        flux_box=31, line_length=0,
    ):  # fmt: skip
        if ratio not in RATIO_INPUTS:
            raise ValueError(f"ratio={ratio!r} must be one of {', '.join(RATIO_INPUTS)}")
        plain = input_scaling == "rate"
        unet = UNetConfig(
            depth, hidden, inputs=1 if plain else input_planes(line_length), outputs=1 if plain else 2,
            normalize=False, activation=activation, context=int(ratio == "plane"),
        )  # fmt: skip
        boxes = {"source_box": source_box, "flux_box": flux_box, "line_length": line_length}
        super().__init__(unet, input_scaling=input_scaling, error="none" if plain else "head", **boxes)
        self.architecture = {
            "family": self.family, "hidden": hidden, "depth": depth, "activation": activation, "ratio": ratio,
            "input_scaling": input_scaling, **boxes,
        }  # fmt: skip

    def scene(self, signal, slopes, ratio=None):
        """Estimate of the scene in a denoised signal, (N, ny, nx)."""
        ratio = ratio[:, None, None]
        return signal if self.input_scaling == "rate" else (ratio * signal - slopes.signal) / (ratio - 1)

    def deviation(self, signal, log_variance, slopes, ratio=None, total=False):
        """Standard deviation of the denoised signal, (N, ny, nx) in units of ``slopes``."""
        error = super().deviation(signal, log_variance, slopes, ratio, total)
        fraction = 1 / ratio[:, None, None] ** 2
        return torch.sqrt(fraction * pixel_noise(signal, slopes) ** 2 + (1 - fraction) * error**2)

    def _result(self, slopes, output, ratio):
        scene = super()._result(slopes, output, ratio)
        return scene if self.input_scaling == "rate" else scene + (slopes.signal - scene) / ratio[:, None, None]
