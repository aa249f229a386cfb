"""Correction of reads: gaps in ramps, levels of reference and background pixels, replacement of bad pixels.

Every subtraction of levels is a sum of means over fixed pixels. It is therefore linear, and can be applied to a slope
as well as to the reads of the ramp. Lines, outputs and boxes with too few pixels for a mean keep their level.
"""

import numpy as np
from scipy.ndimage import uniform_filter

from jwst_denoise.masks.operations import grow_mask
from jwst_denoise.ramps.slopes import fit_segments
from jwst_denoise.statistics import robust_level

__all__ = [
    "BOX", "FEWEST", "REACH", "background_pixels", "bridge_gaps", "line_ends", "replace_by_neighbors",
    "subtract_background_levels", "subtract_reference_levels",
]  # fmt: skip

BOX = 50  # pixels
FEWEST = 10  # background pixels from which a mean is measured
SMOOTHING = ((5, 5), (5, 25), (25, 5))  # pixels over which signal is detected: sources, and traces along either axis
MARGIN = 2  # pixels around signal that are not background either
REACH = 6  # pixels within which a neighbor can replace a bad pixel


def line_ends(readout):
    """Reference pixels at the beginning and at the end of every line, in the direction of reading.

    Parameters
    ----------
    readout : Readout
        Geometry.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> from jwst_denoise.networks.hxrg.preprocess import line_ends
    >>> from jwst_denoise.readout import Readout
    >>> line_ends(Readout.for_detector("NRS1"))
    (4, 4)
    """
    bottom, top, left, right = readout.reference
    ends = (left, right) if abs(readout.fastaxis) == 1 else (bottom, top)
    return ends if readout.fastaxis > 0 else ends[::-1]


def bridge_gaps(groups, usable, jump=None):
    """Ramps without gaps and steps: unusable groups lie on a straight line through the others.

    Each segment of a ramp between jumps is shifted onto the one straight line that fits all segments best, and unusable
    groups are replaced by the values of this line. So the ordinary least-squares slope of the result is that of the
    segments.

    Parameters
    ----------
    groups : ndarray
        (ngroups, ny, nx).
    usable : ndarray
        (ngroups, ny, nx) bool.
    jump : ndarray, optional
        (ngroups, ny, nx) bool: groups preceded by a cosmic ray; ignored in the first.

    Returns
    -------
    groups : ndarray
        (ngroups, ny, nx) float32, finite; 0 where a pixel has no slope.
    measured : ndarray
        (ngroups, ny, nx) bool: False in unusable groups, and in groups preceded by a jump.
    """
    usable = np.asarray(usable, dtype=bool) & np.isfinite(groups)
    jump = np.zeros_like(usable) if jump is None else np.array(jump, dtype=bool)
    jump[0] = False
    result = np.array(groups, dtype=np.float32)
    y, x = np.nonzero((~usable).any(axis=0) | jump.any(axis=0))
    if len(y):
        part = (slice(None), y, x)
        result[part] = _bridge(np.where(usable[part], groups[part], 0), usable[part], jump[part])
    return result, usable & ~jump


def _bridge(ramps, usable, jump):
    """`bridge_gaps` of ramps (ngroups, n)."""
    ngroups, number = ramps.shape
    broken = np.where(usable, jump.astype(np.int8), 2).astype(np.int8)
    time = np.arange(ngroups, dtype=float)
    slope = fit_segments(ramps[:, None], broken[:, None], time)[0][0].astype(float)
    known = np.isfinite(slope)
    line = np.outer(time, np.where(known, slope, 0))
    segment = np.cumsum(jump & usable, axis=0) + (ngroups + 1) * np.arange(number)
    count = np.bincount(segment[usable], minlength=(ngroups + 1) * number)
    offset = np.bincount(segment[usable], (ramps - line)[usable], minlength=len(count)) / np.maximum(count, 1)
    return np.where(usable, ramps - offset[segment], line) * known


def subtract_reference_levels(images, readout, bad=None):
    """Reads after subtraction of the levels of reference pixels.

    First the mean of the reference pixels at its two ends is subtracted from each line, then, from each output, the
    level of its reference pixels in the first and the last lines, interpolated between them.

    Parameters
    ----------
    images : ndarray
        (…, ny, nx) in DMS orientation; non-finite values are not used.
    readout : Readout
        Geometry; corrections for which it has no reference pixels are skipped.
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


def subtract_background_levels(images, readout, background, box=BOX):
    """Reads after subtraction of the means of background pixels: of each line, then of each column, then of boxes.

    Parameters
    ----------
    images : ndarray
        (…, ny, nx) in DMS orientation; non-finite values are not used.
    readout : Readout
        Geometry: a line runs along the fast axis.
    background : ndarray
        (ny, nx) bool: science pixels without signal.
    box : int, optional
        Edge of the boxes in pixels; those at the end may be smaller.

    Returns
    -------
    ndarray
        (…, ny, nx) float32. Lines, columns and boxes with fewer than `FEWEST` background pixels keep their level.

    References
    ----------
    Payeur et al. 2022, AJ, section 3.2.
    """
    result = np.array(images, dtype=np.float32, order="C")
    background = readout.to_detector(np.asarray(background, dtype=bool))
    for image in _planes(result):
        _subtract_background_means(readout.to_detector(image), background, box)
    return result


def background_pixels(rate, readout, n_sigma=2.5):
    """Science pixels without signal, from a slope image.

    Signal is detected where the mean of 5 × 5, 5 × 25 or 25 × 5 pixels is ``n_sigma`` above the level, after
    subtraction of the median of each line. Pixels next to signal are not background either.

    Parameters
    ----------
    rate : ndarray
        (ny, nx), any unit; NaN where there are no data.
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
    lines = readout.to_detector(good).any(axis=1)
    frame[lines] -= np.nanmedian(frame[lines], axis=1, keepdims=True)
    image, weight = np.nan_to_num(readout.from_detector(frame)), good.astype(np.float32)
    signal = np.zeros(good.shape, dtype=bool)
    for size in SMOOTHING:
        mean = uniform_filter(image, size) / np.maximum(uniform_filter(weight, size), 0.5 / np.prod(size))
        level, sigma = robust_level(mean[good])
        signal |= mean > level + n_sigma * sigma
    return good & ~grow_mask(signal, MARGIN)


def replace_by_neighbors(stack, bad, readout, out=None):
    """Images in which bad pixels have the values of a good neighbor.

    The nearest good pixel is used, in the same line where two are at the same distance; reference pixels are replaced
    by reference pixels and science pixels by science pixels.

    Parameters
    ----------
    stack : ndarray
        (…, ny, nx) in DMS orientation: reads, or a mask.
    bad : ndarray
        (ny, nx) bool.
    readout : Readout
        Geometry.
    out : ndarray, optional
        Output array, which can be ``stack``; by default a new array.

    Returns
    -------
    ndarray
        (…, ny, nx). Bad pixels without a good one within `REACH` pixels are 0, or False.

    References
    ----------
    Payeur et al. 2022, AJ, section 3.2.
    """
    frame_bad = readout.to_detector(np.asarray(bad, dtype=bool))
    reference = readout.to_detector(readout.reference_pixels)
    result = np.empty_like(stack) if out is None else out
    if result is not stack:
        result[...] = stack
    frame = readout.to_detector(result)
    line, pixel, from_line, from_pixel = _neighbors(frame_bad, reference)
    known = from_line >= 0
    frame[..., line[known], pixel[known]] = frame[..., from_line[known], from_pixel[known]]
    frame[..., line[~known], pixel[~known]] = 0
    return result


def _neighbors(bad, reference):
    """Positions of every bad pixel and of the neighbor that replaces it, -1 where there is none."""
    line, pixel = np.nonzero(bad)
    from_line, from_pixel = np.full_like(line, -1), np.full_like(pixel, -1)
    lines, pixels = bad.shape
    for dy, dx in _steps():
        missing = np.nonzero(from_line < 0)[0]
        y, x = line[missing] + dy, pixel[missing] + dx
        inside = (y >= 0) & (y < lines) & (x >= 0) & (x < pixels)
        missing, y, x = missing[inside], y[inside], x[inside]
        fits = ~bad[y, x] & (reference[y, x] == reference[line[missing], pixel[missing]])
        from_line[missing[fits]], from_pixel[missing[fits]] = y[fits], x[fits]
    return line, pixel, from_line, from_pixel


def _steps():
    """Steps to the pixels within reach, sorted by distance, with those in the same line first."""
    span = range(-REACH, REACH + 1)
    steps = [(dy, dx) for dy in span for dx in span if (dy, dx) != (0, 0)]
    return sorted(steps, key=lambda step: (step[0] ** 2 + step[1] ** 2, abs(step[0]), -step[0] - step[1]))


def _planes(stack):
    """Views of the (ny, nx) images of a contiguous stack."""
    return stack.reshape(-1, *stack.shape[-2:])


def _end_lines(readout):
    """Numbers of reference lines (first, last) in the order of reading."""
    bottom, top, left, right = readout.reference
    ends = (bottom, top) if abs(readout.slowaxis) == 2 else (left, right)
    return ends if readout.slowaxis > 0 else ends[::-1]


def _mean(values, good, axis):
    """Mean of the good finite values along an axis, which is kept; 0 where there are none."""
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
    fraction = np.zeros(lines) if len(ends) == 1 else (np.arange(lines) - place[0]) / (place[1] - place[0])
    levels = ends[0] + np.outer(fraction, ends[-1] - ends[0]).astype(frame.dtype)
    return np.repeat(levels, readout.width, axis=1)


def _subtract_background_means(frame, background, box):
    """Subtract means of lines, columns and boxes in place, strip by strip so that the data stay in the cache."""
    strips = [np.s_[start : start + box] for start in range(0, len(frame), box)]
    total, count = np.zeros((2, frame.shape[1]), dtype=frame.dtype)
    for strip in strips:
        values, weight = _weighted(frame[strip], background[strip])
        level = _mean_of_enough(values.sum(axis=1), weight.sum(axis=1))[:, None]
        frame[strip] -= level
        total += (values - level * weight).sum(axis=0)
        count += weight.sum(axis=0)
    columns, starts = _mean_of_enough(total, count), np.arange(0, frame.shape[1], box)
    for strip in strips:
        frame[strip] -= columns
        sums = (np.add.reduceat(part.sum(axis=0), starts) for part in _weighted(frame[strip], background[strip]))
        frame[strip] -= np.repeat(_mean_of_enough(*sums), box)[: frame.shape[1]]


def _weighted(values, use):
    """Values, 0 where they are not used, and weights."""
    use = use & np.isfinite(values)
    return np.where(use, values, 0), use.astype(values.dtype)


def _mean_of_enough(total, count):
    return np.where(count >= FEWEST, total / np.maximum(count, 1), 0).astype(total.dtype)
