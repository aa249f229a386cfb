"""Standard corrections of reads: levels of reference pixels, then of unlit pixels.

Every correction is a sum of levels that are means over fixed pixels: it is linear, and it may as well be applied to a
slope as to the reads from which the slope is. Lines, outputs or boxes with too few pixels for a mean keep their level.
"""

import numpy as np
from scipy.ndimage import uniform_filter

from jwst_denoise.masks.dilate import grow
from jwst_denoise.networks.hxrg.ribbons import line_ends
from jwst_denoise.statistics import robust_level

__all__ = ["BOX", "FEWEST", "reference_corrected", "unlit_corrected", "unlit_pixels"]

BOX = 50  # pixels
FEWEST = 10  # unlit pixels that give a mean
SMOOTHING = ((5, 5), (5, 25), (25, 5))  # pixels over which light is looked for: sources, and traces along either axis
MARGIN = 2  # pixels around light that are not unlit either


def reference_corrected(images, readout, bad=None):
    """Reads without the levels that reference pixels show.

    First each line loses the mean of the reference pixels at its two ends, then each output the level of its reference
    pixels in the first and the last lines, interpolated between them.

    Parameters
    ----------
    images : ndarray
        (…, ny, nx) in DMS orientation; what is not finite is not used.
    readout : Readout
        Geometry; the corrections for which it has no reference pixels are left out.
    bad : ndarray, optional
        (ny, nx) bool: reference pixels that are not to be used.

    Returns
    -------
    ndarray
        (…, ny, nx) float32.

    References
    ----------
    Payeur et al. 2022, AJ, section 2.1, figure 2.
    """
    result = np.array(images, dtype=np.float32, order="C")
    good = np.ones(readout.shape, dtype=bool) if bad is None else ~np.asarray(bad, dtype=bool)
    good = readout.to_detector(good)
    (first, last), (before, after) = _end_lines(readout), line_ends(readout)
    for image in _planes(result):
        frame = readout.to_detector(image)
        if before or after:
            ends = np.r_[:before, frame.shape[1] - after : frame.shape[1]]
            frame -= _mean(frame[:, ends], good[:, ends], axis=1)
        if first or last:
            frame -= _output_levels(frame, good, readout, first, last)
    return result


def unlit_corrected(images, readout, unlit, box=BOX):
    """Reads without the means of unlit pixels: of each line, then of each column, then of boxes.

    Parameters
    ----------
    images : ndarray
        (…, ny, nx) in DMS orientation; what is not finite is not used.
    readout : Readout
        Geometry: a line runs along the fast axis.
    unlit : ndarray
        (ny, nx) bool: light-sensitive pixels that see none.
    box : int, optional
        Edge of the boxes in pixels; those at the end may be smaller.

    Returns
    -------
    ndarray
        (…, ny, nx) float32. Lines, columns and boxes with fewer than `FEWEST` unlit pixels keep their level.

    References
    ----------
    Payeur et al. 2022, AJ, section 3.2.
    """
    result = np.array(images, dtype=np.float32, order="C")
    unlit = readout.to_detector(np.asarray(unlit, dtype=bool))
    for image in _planes(result):
        _subtract_unlit_means(readout.to_detector(image), unlit, box)
    return result


def unlit_pixels(rate, readout, n_sigma=2.5):
    """Light-sensitive pixels without light, from a slope image.

    Light is where the mean of 5 × 5, 5 × 25 or 25 × 5 pixels is ``n_sigma`` above the level, lines having lost their
    medians before; pixels next to it are not unlit either.

    Parameters
    ----------
    rate : ndarray
        (ny, nx), any unit; NaN where there is none.
    readout : Readout
        Geometry.
    n_sigma : float, optional
        Threshold in units of the scatter of the means.

    Returns
    -------
    ndarray
        (ny, nx) bool.
    """
    good = np.isfinite(rate) & ~readout.reference_pixels
    if not good.any():
        return good
    frame = readout.to_detector(np.where(good, rate, np.nan).astype(np.float32))
    some = readout.to_detector(good).any(axis=1)
    frame[some] -= np.nanmedian(frame[some], axis=1, keepdims=True)
    image, weight = np.nan_to_num(readout.from_detector(frame)), good.astype(np.float32)
    lit = np.zeros(good.shape, dtype=bool)
    for size in SMOOTHING:
        mean = uniform_filter(image, size) / np.maximum(uniform_filter(weight, size), 0.5 / np.prod(size))
        level, sigma = robust_level(mean[good])
        lit |= mean > level + n_sigma * sigma
    return good & ~grow(lit, MARGIN)


def _planes(stack):
    """Views of the (ny, nx) images of a contiguous stack."""
    return stack.reshape(-1, *stack.shape[-2:])


def _end_lines(readout):
    """Reference lines (first, last) as they are read."""
    bottom, top, left, right = readout.reference
    ends = (bottom, top) if abs(readout.slowaxis) == 2 else (left, right)
    return ends if readout.slowaxis > 0 else ends[::-1]


def _mean(values, good, axis):
    """Mean of the good finite values along an axis, which stays; 0 where there are none."""
    good = good & np.isfinite(values)
    count = good.sum(axis=axis, keepdims=True)
    return np.where(good, values, 0).sum(axis=axis, keepdims=True) / np.maximum(count, 1).astype(np.float32)


def _output_levels(frame, good, readout, first, last):
    """Level of each output in each line: (lines, pixels)."""
    lines, stripes = len(frame), (-1, readout.outputs, readout.width)
    ends, place = [], []
    for part in (range(first), range(lines - last, lines)):
        if part:
            values, use = (array[part.start : part.stop].reshape(stripes) for array in (frame, good))
            ends.append(_mean(values, use, axis=(0, 2)).ravel())
            place.append(np.mean(part))
    share = np.zeros(lines) if len(ends) == 1 else (np.arange(lines) - place[0]) / (place[1] - place[0])
    levels = ends[0] + np.outer(share, ends[-1] - ends[0]).astype(frame.dtype)
    return np.repeat(levels, readout.width, axis=1)


def _subtract_unlit_means(frame, unlit, box):
    """Subtract means of lines, columns and boxes in place, strip by strip so that what is worked on is in the cache."""
    strips = [np.s_[start : start + box] for start in range(0, len(frame), box)]
    total, count = np.zeros((2, frame.shape[1]), dtype=frame.dtype)
    for strip in strips:
        values, weight = _weighted(frame[strip], unlit[strip])
        level = _mean_of_enough(values.sum(axis=1), weight.sum(axis=1))[:, None]
        frame[strip] -= level
        total += (values - level * weight).sum(axis=0)
        count += weight.sum(axis=0)
    columns, starts = _mean_of_enough(total, count), np.arange(0, frame.shape[1], box)
    for strip in strips:
        frame[strip] -= columns
        sums = (np.add.reduceat(part.sum(axis=0), starts) for part in _weighted(frame[strip], unlit[strip]))
        frame[strip] -= np.repeat(_mean_of_enough(*sums), box)[: frame.shape[1]]


def _weighted(values, use):
    """Values with 0 in place of those that do not count, and weights."""
    use = use & np.isfinite(values)
    return np.where(use, values, 0), use.astype(values.dtype)


def _mean_of_enough(total, count):
    return np.where(count >= FEWEST, total / np.maximum(count, 1), 0).astype(total.dtype)
