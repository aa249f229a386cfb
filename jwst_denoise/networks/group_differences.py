"""Cosmic rays in ramps: the probability that charge arrived between a group and the preceding one."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from jwst_denoise.networks.blocks.tiling import apply_tiled, fuse_normalization
from jwst_denoise.networks.blocks.unet import UNet, UNetConfig
from jwst_denoise.ramps.noise import GroupNoise

__all__ = ["CHANNELS", "GroupDifferenceMask", "NormalizedDifferences", "normalize_differences", "subtract_line_levels"]

CHANNELS = 10
BLOCK_PIXELS = 2**27  # of differences that are processed together, which bounds the memory
FEWEST = 64  # pixels of a line from which its level is measured
SAMPLE = 2**16  # pixels from which a median is measured


class GroupDifferenceMask(nn.Module):
    """U-net of deepCR on the differences of successive groups, each with its neighbors in time.

    Every difference is compared with the pixel's own rate (the mean of the middle half of its other differences) in
    units of its noise. A single difference is compared with the sky level.

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
        """Description from which `jwst_denoise.networks.build` makes this network."""
        return {"family": self.family, "depth": self.unet.config.depth, "hidden": self.unet.config.hidden}

    @property
    def halo(self):
        """Distance in pixels within which the input affects an output pixel."""
        return self.unet.halo

    def forward(self, planes):
        """Logits (N, 1, ny, nx) of differences (N, CHANNELS, ny, nx), from `NormalizedDifferences.planes`."""
        return self.unet(planes)

    def predict(
        self, groups, read_noise, *, gain=1.0, bad=None, saturated=None, nframes=1, groupgap=0, tile=256, progress=None
    ):
        """Probability that charge of a cosmic ray arrived between each group of an integration and the preceding one.

        Parameters
        ----------
        groups : ndarray
            (ngroups, ny, nx) linear signal in DN; NaN where there are no data.
        read_noise : float or ndarray
            White noise of one frame, e- rms; (ny, nx) or scalar.
        gain : float or ndarray, optional
            e- / DN; pixels without a positive gain are not used.
        bad, saturated : ndarray, optional
            Bool, (ny, nx) or (ngroups, ny, nx): pixels that are not to be used, and saturated ones.
        nframes, groupgap : int, optional
            Frames averaged into a group and dropped between groups.
        tile : int or None, optional
            Edge of the tiles in pixels, None for the whole frame; the result does not depend on it.
        progress : callable, optional
            Called with the completed fraction after every difference.

        Returns
        -------
        ndarray
            (ngroups, ny, nx) float32, finite everywhere; 0 in the first group, which ends no difference.

        Raises
        ------
        ValueError
            If the shapes do not match or there is a single group.
        """
        groups = np.asarray(groups)
        if groups.ndim != 3 or len(groups) < 2:
            raise ValueError(f"two groups (ngroups, ny, nx) or more are needed, not an array of shape {groups.shape}")
        gain = _as_image("gain", gain, groups.shape[1:])
        read_noise = _as_image("read_noise", read_noise, groups.shape[1:])
        valid = np.isfinite(gain) & (gain > 0) & np.isfinite(read_noise) & (read_noise > 0)
        bad = _as_cube("bad", bad, groups.shape) | ~valid
        saturated = _as_cube("saturated", saturated, groups.shape)
        filled = np.where(valid, read_noise, np.median(read_noise[valid]) if valid.any() else 1)
        noise = GroupNoise(filled, nframes=nframes, groupgap=groupgap)
        unet = fuse_normalization(self.unet)
        device = next(unet.parameters()).device
        result = np.zeros(groups.shape, dtype=np.float32)
        for first, last, inner in _blocks(groups.shape):
            part = slice(first, last + 1)
            differences = _normalize_groups(
                groups[part], bad[part], saturated[part], np.where(valid, gain, 1), noise.difference_variance,
                noise.poisson_fraction, device,
            )  # fmt: skip
            for index in inner:
                logits = apply_tiled(unet, differences.planes(index - first), tile or max(groups.shape))
                result[index + 1] = torch.sigmoid(logits).cpu().numpy()
                if progress:
                    progress((index + 1) / (len(groups) - 1))
        return result


@dataclass(frozen=True)
class NormalizedDifferences:
    """Group differences of an integration as input of the network, (n, ny, nx) for n differences or (ny, nx).

    Parameters
    ----------
    excess : Tensor
        asinh of (difference - the pixel's rate) in units of the noise; 0 where there is no difference.
    usable : Tensor
        1 where there is a difference.
    rate : Tensor
        asinh of the pixel's rate in units of the read noise.
    uncertainty : Tensor
        1 / √n if n differences determine the rate; 1 where it is the sky level.
    saturated : Tensor
        (n + 1, ny, nx): 1 in saturated groups.
    """

    excess: torch.Tensor
    usable: torch.Tensor
    rate: torch.Tensor
    uncertainty: torch.Tensor
    saturated: torch.Tensor

    def planes(self, index):
        """Input of the network for one difference and its neighbors in time, (CHANNELS, ny, nx)."""
        return torch.stack(
            [
                *(self._at(self.excess, index + step) for step in (0, -1, 1)),
                *(self._at(self.usable, index + step) for step in (0, -1, 1)),
                self.rate,
                self.uncertainty,
                self.saturated[index],
                self.saturated[index + 1],
            ]
        )

    def _at(self, stack, index):
        return stack[index] if 0 <= index < len(stack) else torch.zeros_like(stack[0])


def subtract_line_levels(differences, usable):
    """Differences after subtraction of the level of their rows and columns relative to the pixels' own rates.

    Correlated read noise (1/f) and drifts of the level are common to the pixels of a line, but differ from difference
    to difference, unlike the scene. The levels of lines with few usable pixels, and of a single difference, are not
    subtracted: nothing distinguishes them from the scene.

    Parameters
    ----------
    differences : Tensor
        (n, ny, nx).
    usable : Tensor
        Bool, same shape.

    Returns
    -------
    Tensor
        (n, ny, nx).
    """
    if len(differences) < 2:
        return differences
    center = _mean_of_middle(differences, usable, symmetric=True)[0]
    result = []
    for difference, good in zip(differences, usable, strict=True):
        excess = torch.where(good, difference - center, torch.nan)
        level = torch.zeros_like(excess[:1, :1])
        for axis in (1, 0):
            step = _line_levels(excess, axis)
            excess, level = excess - step, level + step
        result.append(difference - level)
    return torch.stack(result)


def normalize_differences(differences, usable, saturated, variance, poisson):
    """Differences as the network sees them.

    Parameters
    ----------
    differences : Tensor
        (n, ny, nx) e-.
    usable : Tensor
        Bool, same shape; False where a group of the difference is bad or saturated.
    saturated : Tensor
        (n + 1, ny, nx) bool, by groups.
    variance : Tensor
        (ny, nx) or scalar: variance of the read noise of a difference, e-².
    poisson : float
        Poisson variance of a difference over its mean, see `poisson_fraction`.

    Returns
    -------
    NormalizedDifferences
    """
    rate, count = _mean_of_middle(differences, usable)
    known = count >= 2
    if not known.all():
        rate = torch.where(known, rate, _sky_level(differences, usable))
    noise = torch.sqrt(variance + poisson * rate.clamp(min=0))
    excess = torch.asinh((differences - rate) / noise)
    uncertainty = torch.where(known, count.clamp(min=1).to(rate.dtype).rsqrt(), torch.ones_like(rate))
    return NormalizedDifferences(
        torch.where(usable, excess, torch.zeros_like(excess)),
        usable.to(rate.dtype),
        torch.asinh(rate / variance.sqrt()),
        uncertainty,
        saturated.to(rate.dtype),
    )


def _blocks(shape):
    """(first, last difference + 1, differences of the block): blocks overlap by a difference on each side."""
    number = shape[0] - 1
    size = max(4, BLOCK_PIXELS // (shape[1] * shape[2]))
    count = -(-number // size)
    edges = np.linspace(0, number, count + 1).round().astype(int)
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        yield max(0, start - 1), min(number, stop + 1), range(start, stop)


def _normalize_groups(groups, bad, saturated, gain, variance, poisson, device):
    """`NormalizedDifferences` of some groups, on a device."""
    electrons = torch.from_numpy(np.asarray(groups, dtype=np.float32) * gain.astype(np.float32)).to(device)
    saturated = torch.from_numpy(saturated).to(device)
    good = torch.isfinite(electrons) & ~torch.from_numpy(bad).to(device) & ~saturated
    usable = good[1:] & good[:-1]
    differences = torch.where(usable, electrons.diff(dim=0), 0.0)
    variance = torch.from_numpy(variance.astype(np.float32)).to(device)
    return normalize_differences(subtract_line_levels(differences, usable), usable, saturated, variance, poisson)


def _as_image(name, value, shape):
    """(ny, nx) array of a number or image."""
    if np.shape(value) not in ((), shape):
        raise ValueError(f"{name} has shape {np.shape(value)}, a group {shape}")
    return np.broadcast_to(np.asarray(value, dtype=np.float32), shape)


def _as_cube(name, value, shape):
    """(ngroups, ny, nx) bool of an image, a cube or None."""
    if value is None:
        return np.zeros(shape, dtype=bool)
    if np.shape(value) not in (shape, shape[1:]):
        raise ValueError(f"{name} has shape {np.shape(value)}, the groups {shape}")
    return np.broadcast_to(np.asarray(value, dtype=bool), shape).copy()


def _line_levels(excess, axis):
    """Median along an axis, 0 where fewer than `FEWEST` are finite."""
    level = torch.nanmedian(excess, dim=axis, keepdim=True).values
    enough = torch.isfinite(excess).sum(dim=axis, keepdim=True) >= FEWEST
    return torch.where(enough, level, torch.zeros_like(level))


def _mean_of_middle(differences, usable, symmetric=False):
    """Mean of the middle half of a pixel's usable differences, and their number.

    Of two differences it is the smaller one, or their mean if ``symmetric``. More is cut at the top than at the bottom,
    because cosmic rays only add charge.
    """
    ordered = _sorted(list(torch.where(usable, differences, torch.inf)))
    count = usable.sum(dim=0)
    low = count // 4
    high = count - (low if symmetric else (count + 1) // 3)
    total = torch.zeros_like(ordered[0])
    for rank, plane in enumerate(ordered):
        total += torch.where((rank >= low) & (rank < high), plane, torch.zeros_like(plane))
    return total / (high - low).clamp(min=1), count


def _sorted(planes):
    """Sort each pixel over a list of planes by Batcher's odd-even merging, fast because it works on whole planes."""
    number = len(planes)
    merge = 1
    while merge < number:
        step = merge
        while step:
            for start in range(step % merge, number - step, 2 * step):
                for low in range(start, min(start + step, number - step)):
                    high = low + step
                    if low // (2 * merge) == high // (2 * merge):
                        pair = planes[low], planes[high]
                        planes[low], planes[high] = torch.minimum(*pair), torch.maximum(*pair)
            step //= 2
        merge *= 2
    return planes


def _sky_level(differences, usable):
    """Sky level of a difference: median over usable pixels; 0 if there are none."""
    step = max(1, int((differences.numel() / SAMPLE) ** 0.5))
    sample = differences[:, ::step, ::step][usable[:, ::step, ::step]]
    return sample.median() if sample.numel() else differences.new_zeros(())
