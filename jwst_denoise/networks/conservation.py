"""Light is neither made nor destroyed: what a network took from sources, or from wide areas, is put back."""

import torch
from torch.nn.functional import avg_pool2d

__all__ = ["box_mean", "put_back", "significance"]

SCALES = (5, 15)  # pixels over which the significance of light is judged
HALF = 3.0  # significance at which half of what was taken is put back
STEEPNESS = 4
WIDE = 31  # pixels over which the level is kept everywhere


def box_mean(plane, size):
    """Mean over a box (lines, pixels) around every pixel, of odd edges; at the edge over what there is of it."""
    size = (size, size) if isinstance(size, int) else tuple(size)
    margin = tuple(n // 2 for n in size)
    horizontal = avg_pool2d(plane[:, None], (1, size[1]), 1, (0, margin[1]), count_include_pad=False)
    return avg_pool2d(horizontal, (size[0], 1), 1, (margin[0], 0), count_include_pad=False)[:, 0]


def significance(signal, spread, usable):
    """Light above the sky in a box around a pixel over its noise: the largest of several boxes; not below 0."""
    light, variance = usable * signal, usable * spread**2
    found = torch.zeros_like(signal)
    for size in SCALES:
        noise = torch.sqrt(box_mean(variance, size).clamp(min=1e-6))
        found = torch.maximum(found, size * box_mean(light, size) / noise)
    return found


def put_back(denoised, observed, spread, usable, kernel):
    """Denoised image with the light that the network took.

    At significant light, the mean of observed less denoised in a small box is added: the sum over a source stays that
    of the observation. Everywhere, the weighted mean over a wide box is: the level of the sky and of faint diffuse
    light stays.

    Parameters
    ----------
    denoised, observed, spread, usable : Tensor
        (N, lines, pixels): the network's image; the image before; its noise; 1 where there is a datum.
    kernel : tuple of int
        Small box, (lines, pixels).

    Returns
    -------
    Tensor
        (N, lines, pixels).
    """
    weight = usable / (1 + spread**2)
    level = box_mean(weight * (observed - denoised), WIDE) / box_mean(weight, WIDE).clamp(min=1e-6)
    denoised = denoised + level
    share = 1 / (1 + (HALF / significance(denoised.detach(), spread, usable).clamp(min=1e-3)) ** STEEPNESS)
    taken = box_mean(share * usable * (observed - denoised), kernel) / box_mean(usable, kernel).clamp(min=1e-6)
    return denoised + taken
