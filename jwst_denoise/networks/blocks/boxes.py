"""Means over boxes: they restore the flux that a network has removed, and separate sources from correlated noise."""

import torch
from torch.nn.functional import avg_pool2d, max_pool2d, pad

__all__ = ["box_mean", "line_levels", "remove_source_flux", "restore_box_flux", "source_weight", "weighted_mean"]

LEAST = 1e-6
RESTORE_PASSES, SOURCE_PASSES = 3, 2
SIGNIFICANT = (5.0, 8.0)  # σ of a box's mean between which its flux becomes significant
REACH = 2  # boxes around significant flux in which all flux counts as significant
LONG = 31  # pixels, above which differences of cumulative sums are faster than sums
BACKGROUND = 2.5  # σ above its surroundings up to which a pixel counts in the level of its line
SOURCE_BOX = 9  # pixels, edge of the box that separates sources from the levels of lines


def box_mean(planes, size):
    """Mean of planes (N, lines, pixels) over a box of odd edges around every pixel; at the edge over what is inside."""
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


def weighted_mean(value, weight, size):
    """Weighted mean over a box around every pixel, (N, lines, pixels); ``value`` is the weight times the value."""
    return box_mean(value, size) / box_mean(weight, size).clamp(min=LEAST)


def restore_box_flux(denoised, observed, usable, size, where=1.0, passes=RESTORE_PASSES):
    """Denoised image with the flux of the observation in every box.

    Each pass adds to every pixel the mean of (observed - denoised) over the usable pixels of the box around it. Later
    passes restore what the one before has smeared, so that even the width of smooth sources stays. Sums over areas much
    larger than the box are those of the observation: the network decides only how flux is distributed within a box.
    """
    coverage = box_mean(usable, size).clamp(min=LEAST)
    weight = usable * where
    for _ in range(passes):
        denoised = denoised + box_mean(weight * (observed - denoised), size) / coverage
    return denoised


def source_weight(denoised, noise, size, bounds=SIGNIFICANT):
    """Weight of sources, 0 to 1, in a denoised image: 0 and 1 below and above the ``bounds`` of a box's mean, in σ."""
    with torch.no_grad():
        mean = box_mean(denoised, size) / box_mean(noise, size) * (size[0] * size[1]) ** 0.5
        low, high = bounds
        weight = ((mean.abs() - low) / (high - low)).clamp(0, 1)
        reach = tuple(REACH * edge // 2 * 2 + 1 for edge in size)
        return max_pool2d(weight[:, None], reach, 1, tuple(edge // 2 for edge in reach))[:, 0]


def remove_source_flux(value, weight, source_box, comparison_length):
    """Noise without the source flux in it.

    Correlated noise changes from line to line, sources do not. So the mean over a box of several lines is source flux,
    unless distant pixels of the same lines have the same mean. A correction by the result removes no flux from sources
    smaller than the box. The second pass removes the flux that the first has smeared.
    """
    for _ in range(SOURCE_PASSES):
        flux = weighted_mean(value, weight, (source_box, source_box))
        if comparison_length:
            flux = flux - weighted_mean(value, weight, (source_box, comparison_length))
        value = value - weight * flux
    return value


def line_levels(signal, noise, usable, length):
    """Levels of rows and columns: correlated noise of an image, estimated without a network.

    The level of a line is the mean of its background pixels after `remove_source_flux`, relative to the neighboring
    lines.
    """
    box = (SOURCE_BOX, SOURCE_BOX)
    surroundings = weighted_mean(usable * torch.clamp(signal / noise, -BACKGROUND, BACKGROUND), usable, box)
    background = usable * ((signal / noise - surroundings).abs() < BACKGROUND)
    rows = _row_levels(signal, background, usable, length)
    turned = (plane.transpose(1, 2) for plane in (signal - rows, background, usable))
    return rows, _row_levels(*turned, length).transpose(1, 2)


def _row_levels(signal, background, usable, length):
    noise = remove_source_flux(background * signal, background, SOURCE_BOX, length)
    level, around = (weighted_mean(noise, background, (lines, length)) for lines in (1, 2 * SOURCE_BOX - 1))
    return usable * (level - around)
