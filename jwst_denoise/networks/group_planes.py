"""Differences of successive groups in units of their own noise, beside what the pixel does at other times."""

from dataclasses import dataclass

import torch

__all__ = ["CHANNELS", "Normalized", "normalized", "without_stripes"]

CHANNELS = 10
FEWEST = 64  # pixels of a line that give its level
SAMPLE = 2**16  # pixels that are enough for a median


@dataclass(frozen=True)
class Normalized:
    """An integration as the network sees it, (n, ny, nx) for n differences or (ny, nx).

    Parameters
    ----------
    excess : Tensor
        asinh of the differences less the pixel's own rate, in units of the noise; 0 where there is none.
    usable : Tensor
        1 where there is a difference.
    rate : Tensor
        asinh of the pixel's rate in units of the read noise.
    alone : Tensor
        1 / √n for the n differences from which the rate is; 1 where it is the sky's level.
    saturated : Tensor
        (n + 1, ny, nx): 1 in saturated groups.
    """

    excess: torch.Tensor
    usable: torch.Tensor
    rate: torch.Tensor
    alone: torch.Tensor
    saturated: torch.Tensor

    def planes(self, index):
        """Input of the network for one difference, (CHANNELS, ny, nx): itself and its neighbors in time."""
        return torch.stack(
            [
                *(self._at(self.excess, index + step) for step in (0, -1, 1)),
                *(self._at(self.usable, index + step) for step in (0, -1, 1)),
                self.rate,
                self.alone,
                self.saturated[index],
                self.saturated[index + 1],
            ]
        )

    def _at(self, stack, index):
        return stack[index] if 0 <= index < len(stack) else torch.zeros_like(stack[0])


def without_stripes(differences, usable):
    """Differences without the level of their rows and columns over the pixel's own rate.

    Read noise that is correlated along lines (1/f) and drifts of the level are in all pixels of a line; what the scene
    has there is in all differences. Lines with few usable pixels stay. A single difference stays: nothing tells its
    stripes from the scene.

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
    center = _middle(differences, usable, symmetric=True)[0]
    result = []
    for difference, good in zip(differences, usable, strict=True):
        excess = torch.where(good, difference - center, torch.nan)
        level = torch.zeros_like(excess[:1, :1])
        for axis in (1, 0):
            step = _line_levels(excess, axis)
            excess, level = excess - step, level + step
        result.append(difference - level)
    return torch.stack(result)


def _line_levels(excess, axis):
    """Median along an axis, 0 where fewer than `FEWEST` are finite."""
    level = torch.nanmedian(excess, dim=axis, keepdim=True).values
    enough = torch.isfinite(excess).sum(dim=axis, keepdim=True) >= FEWEST
    return torch.where(enough, level, torch.zeros_like(level))


def normalized(differences, usable, saturated, variance, share):
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
    share : float
        Variance of the light in a difference over its mean, see `poisson_fraction`.

    Returns
    -------
    Normalized
    """
    rate, count = _middle(differences, usable)
    known = count >= 2
    if not known.all():
        rate = torch.where(known, rate, _sky(differences, usable))
    noise = torch.sqrt(variance + share * rate.clamp(min=0))
    excess = torch.asinh((differences - rate) / noise)
    alone = torch.where(known, count.clamp(min=1).to(rate.dtype).rsqrt(), torch.ones_like(rate))
    return Normalized(
        torch.where(usable, excess, torch.zeros_like(excess)),
        usable.to(rate.dtype),
        torch.asinh(rate / variance.sqrt()),
        alone,
        saturated.to(rate.dtype),
    )


def _middle(differences, usable, symmetric=False):
    """Mean of the middle half of a pixel's usable differences, and how many are usable.

    Of two the smaller one, or their mean if ``symmetric``; hits only add, so more is cut from the top.
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
    """Sort each pixel over a list of planes by Batcher's odd-even merging: whole planes at a time, hence fast."""
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


def _sky(differences, usable):
    """(n-fold) level of the sky of a difference: median over usable pixels; 0 without any."""
    step = max(1, int((differences.numel() / SAMPLE) ** 0.5))
    sample = differences[:, ::step, ::step][usable[:, ::step, ::step]]
    return sample.median() if sample.numel() else differences.new_zeros(())
