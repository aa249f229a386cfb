"""Light is neither made nor destroyed: what a network takes from the neighborhood of a pixel is put back."""

import torch
from torch.nn.functional import avg_pool2d, max_pool2d, pad

__all__ = ["box_mean", "restore_box_flux", "source_weight", "weighted_mean", "remove_source_flux"]

LEAST = 1e-6
PUT_BACK, TAKEN_OUT = 3, 2  # passes
SIGNIFICANT = (5.0, 8.0)  # standard deviations of a box's mean between which its light becomes significant
REACH = 2  # boxes around significant light in which it counts as significant, too
LONG = 31  # pixels, above which differences of cumulative sums are faster than sums


def box_mean(planes, size):
    """Mean over a box around every pixel; at the edge over what there is of it.

    Parameters
    ----------
    planes : Tensor
        (N, lines, pixels).
    size : tuple of int
        Odd edges (lines, pixels) of the box.
    """
    lines, pixels = size
    along = _mean_along(planes, pixels)
    return along if lines == 1 else _mean_along(along.transpose(1, 2), lines).transpose(1, 2)


def _mean_along(planes, length):
    if length == 1:
        return planes
    if length <= LONG:
        return avg_pool2d(planes[:, None], (1, length), 1, (0, length // 2), count_include_pad=False)[:, 0]
    total = pad(planes.double().cumsum(dim=-1), (1, 0))
    place, end = torch.arange(planes.shape[-1], device=planes.device), planes.shape[-1]
    low, high = (place - length // 2).clamp(min=0), (place + length // 2 + 1).clamp(max=end)
    return ((total[..., high] - total[..., low]) / (high - low)).to(planes.dtype)


def restore_box_flux(denoised, observed, usable, size, where=1.0, passes=PUT_BACK):
    """Denoised image with the light that the network took.

    Every pixel gets the mean of observed less denoised of the usable pixels in the box around it, several times: what
    one pass has smeared, the next brings back, so that not even the width of what is smooth changes. Sums over more
    than two boxes are those of the observation: the network decides on the distribution of light within them alone.

    Parameters
    ----------
    denoised, observed, usable : Tensor
        (N, lines, pixels): the network's image; the image before; 1 where there is a datum, otherwise 0.
    size : tuple of int
        Odd edges (lines, pixels) of the box.
    where : Tensor, optional
        (N, lines, pixels) from 0 to 1: share of what was taken from a pixel that is put back.
    passes : int, optional
        How often.

    Returns
    -------
    Tensor
        (N, lines, pixels).
    """
    known = box_mean(usable, size).clamp(min=LEAST)
    share = usable * where
    for _ in range(passes):
        denoised = denoised + box_mean(share * (observed - denoised), size) / known
    return denoised


def source_weight(denoised, noise, size, bounds=SIGNIFICANT):
    """Where a denoised image holds light that the observation shows for certain, (N, lines, pixels) from 0 to 1.

    Parameters
    ----------
    denoised, noise : Tensor
        (N, lines, pixels): the image above its level, and the standard deviation of the observation.
    size : tuple of int
        Odd edges (lines, pixels) of the box over which light is summed.
    bounds : tuple of float, optional
        Standard deviations of a box's mean between which its light becomes significant.
    """
    with torch.no_grad():
        mean = box_mean(denoised, size) / box_mean(noise, size) * (size[0] * size[1]) ** 0.5
        low, high = bounds
        share = ((mean.abs() - low) / (high - low)).clamp(0, 1)
        reach = tuple(REACH * edge // 2 * 2 + 1 for edge in size)
        return max_pool2d(share[:, None], reach, 1, tuple(edge // 2 for edge in reach))[:, 0]


def remove_source_flux(value, weight, near, wide):
    """Noise without the light that is in it.

    Correlated noise changes from line to line, light does not: the mean over a box of several lines is light, unless
    pixels far along the same lines have it, too. Whoever estimates correlated noise from the result takes nothing from
    sources that are smaller than the box. What the first pass has smeared is light as well: there are two.

    Parameters
    ----------
    value, weight : Tensor
        (N, lines, pixels): weight times noise; weight.
    near : int
        Edge of the box in pixels.
    wide : int
        Length along the lines of the box with which it is compared, pixels; 0 for none, where levels of lines and wide
        boxes have been subtracted before.

    Returns
    -------
    Tensor
        (N, lines, pixels): weight times noise less light.
    """
    for _ in range(TAKEN_OUT):
        light = weighted_mean(value, weight, (near, near))
        if wide:
            light = light - weighted_mean(value, weight, (near, wide))
        value = value - weight * light
    return value


def weighted_mean(value, weight, size):
    """Weighted mean over a box around every pixel, (N, lines, pixels).

    Parameters
    ----------
    value, weight : Tensor
        (N, lines, pixels): weight times value; weight.
    size : tuple of int
        Odd edges (lines, pixels) of the box.
    """
    return box_mean(value, size) / box_mean(weight, size).clamp(min=LEAST)
