"""Cosmic rays in ramps: the probability that charge arrived between a group and the one before."""

import numpy as np
import torch
from torch import nn

from jwst_denoise.detectors.read_patterns import poisson_fraction
from jwst_denoise.networks.blocks.tiling import apply_tiled, frozen
from jwst_denoise.networks.blocks.unet import UNet, UNetConfig
from jwst_denoise.networks.group_planes import CHANNELS, normalized, without_stripes

__all__ = ["GroupDifferenceMask"]

BLOCK_PIXELS = 2**27  # of differences that are looked at together: bounds the memory


class GroupDifferenceMask(nn.Module):
    """U-net of deepCR on the differences of successive groups, each beside its neighbors in time.

    Every difference is compared with the pixel's own rate (the mean of the middle half of its other differences) in
    units of its own noise; with a single difference, with the level of the sky. See
    `jwst_denoise.networks.group_planes`.

    Parameters
    ----------
    depth, hidden : int
        Size of the `UNet`.

    References
    ----------
    Zhang & Bloom 2020, ApJ 889, 24, for the network; Anderson & Gordon 2011, PASP 123, 1237, for two-point
    differences, the pixel-by-pixel counterpart.
    """

    family = "cosmic_ray_mask-ramp"

    def __init__(self, depth=3, hidden=16):
        super().__init__()
        self.unet = UNet(UNetConfig(depth, hidden, inputs=CHANNELS))

    @property
    def architecture(self):
        """What `jwst_denoise.networks.build` makes this network of."""
        return {"family": self.family, "depth": self.unet.config.depth, "hidden": self.unet.config.hidden}

    @property
    def halo(self):
        """Pixels of context that reach an output pixel."""
        return self.unet.halo

    def forward(self, planes):
        """Logits (N, 1, ny, nx) of differences (N, CHANNELS, ny, nx), from `group_planes.Normalized.planes`."""
        return self.unet(planes)

    def predict(
        self, groups, read_noise, *, gain=1.0, bad=None, saturated=None, nframes=1, groupgap=0, tile=256, progress=None
    ):
        """Probability that charge of a cosmic ray came between each group of an integration and the one before.

        Parameters
        ----------
        groups : ndarray
            (ngroups, ny, nx) linear signal in DN; NaN where there is none.
        read_noise : float or ndarray
            White noise of one frame, e- rms; (ny, nx) or scalar.
        gain : float or ndarray, optional
            e- / DN; pixels without a positive gain are not used.
        bad, saturated : ndarray, optional
            Bool, (ny, nx) or (ngroups, ny, nx): what is not to be used, and what is saturated.
        nframes, groupgap : int, optional
            Frames averaged into a group and dropped between groups.
        tile : int or None, optional
            Edge of the tiles in pixels, None for the whole frame; the result does not depend on it.
        progress : callable, optional
            Called with the fraction done after every difference.

        Returns
        -------
        ndarray
            (ngroups, ny, nx) float32, finite everywhere; 0 in the first group, which ends no difference.

        Raises
        ------
        ValueError
            If the shapes do not fit or there is a single group.
        """
        groups = np.asarray(groups)
        if groups.ndim != 3 or len(groups) < 2:
            raise ValueError(f"two groups (ngroups, ny, nx) or more are needed, not an array of shape {groups.shape}")
        gain = _image("gain", gain, groups.shape[1:])
        read_noise = _image("read_noise", read_noise, groups.shape[1:])
        valid = np.isfinite(gain) & (gain > 0) & np.isfinite(read_noise) & (read_noise > 0)
        bad = _cube("bad", bad, groups.shape) | ~valid
        saturated = _cube("saturated", saturated, groups.shape)
        variance = 2 * np.where(valid, read_noise, np.median(read_noise[valid]) if valid.any() else 1) ** 2 / nframes
        unet = frozen(self.unet)
        device = next(unet.parameters()).device
        result = np.zeros(groups.shape, dtype=np.float32)
        for first, last, inner in _blocks(groups.shape):
            part = slice(first, last + 1)
            seen = _normalized(
                groups[part], bad[part], saturated[part], np.where(valid, gain, 1), variance,
                poisson_fraction(nframes, groupgap), device,
            )  # fmt: skip
            for index in inner:
                logits = apply_tiled(unet, seen.planes(index - first), tile or max(groups.shape))
                result[index + 1] = torch.sigmoid(logits).cpu().numpy()
                if progress:
                    progress((index + 1) / (len(groups) - 1))
        return result


def _blocks(shape):
    """(first, last difference + 1, differences of the block): blocks overlap by a difference on each side."""
    number = shape[0] - 1
    size = max(4, BLOCK_PIXELS // (shape[1] * shape[2]))
    count = -(-number // size)
    edges = np.linspace(0, number, count + 1).round().astype(int)
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        yield max(0, start - 1), min(number, stop + 1), range(start, stop)


def _normalized(groups, bad, saturated, gain, variance, share, device):
    """`Normalized` of the differences of some groups, on a device."""
    electrons = torch.from_numpy(np.asarray(groups, dtype=np.float32) * gain.astype(np.float32)).to(device)
    saturated = torch.from_numpy(saturated).to(device)
    good = torch.isfinite(electrons) & ~torch.from_numpy(bad).to(device) & ~saturated
    usable = good[1:] & good[:-1]
    differences = torch.where(usable, electrons.diff(dim=0), 0.0)
    variance = torch.from_numpy(variance.astype(np.float32)).to(device)
    return normalized(without_stripes(differences, usable), usable, saturated, variance, share)


def _image(name, value, shape):
    """(ny, nx) array of a number or image."""
    if np.shape(value) not in ((), shape):
        raise ValueError(f"{name} has shape {np.shape(value)}, a group {shape}")
    return np.broadcast_to(np.asarray(value, dtype=np.float32), shape)


def _cube(name, value, shape):
    """(ngroups, ny, nx) bool of an image, a cube or None."""
    if value is None:
        return np.zeros(shape, dtype=bool)
    if np.shape(value) not in (shape, shape[1:]):
        raise ValueError(f"{name} has shape {np.shape(value)}, the groups {shape}")
    return np.broadcast_to(np.asarray(value, dtype=bool), shape).copy()
