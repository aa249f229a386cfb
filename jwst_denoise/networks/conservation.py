"""Light is neither made nor destroyed: what a network takes from the neighbourhood of a pixel is put back."""

from torch.nn.functional import avg_pool2d

__all__ = ["box_mean", "put_back", "without_light"]

LEAST = 1e-6
PUT_BACK, TAKEN_OUT = 3, 2  # passes


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
    along = avg_pool2d(planes[:, None], (1, pixels), 1, (0, pixels // 2), count_include_pad=False)
    return avg_pool2d(along, (lines, 1), 1, (lines // 2, 0), count_include_pad=False)[:, 0]


def put_back(denoised, observed, usable, size):
    """Denoised image with the light that the network took.

    Every pixel gets the mean of observed less denoised of the usable pixels in the box around it, three times: what one
    pass has smeared, the next brings back, so that not even the width of what is smooth changes. Sums over more than
    two boxes are those of the observation: the network decides on the distribution of light within them alone.

    Parameters
    ----------
    denoised, observed, usable : Tensor
        (N, lines, pixels): the network's image; the image before; 1 where there is a datum, otherwise 0.
    size : tuple of int
        Odd edges (lines, pixels) of the box.

    Returns
    -------
    Tensor
        (N, lines, pixels).
    """
    known = box_mean(usable, size).clamp(min=LEAST)
    for _ in range(PUT_BACK):
        denoised = denoised + box_mean(usable * (observed - denoised), size) / known
    return denoised


def without_light(value, weight, near, wide):
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
        light = _weighted_mean(value, weight, (near, near))
        if wide:
            light = light - _weighted_mean(value, weight, (near, wide))
        value = value - weight * light
    return value


def _weighted_mean(value, weight, size):
    return box_mean(value, size) / box_mean(weight, size).clamp(min=LEAST)
