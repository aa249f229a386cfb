"""Reads that cannot be used, and pixels that cannot: what stands in their place."""

import numpy as np

from jwst_denoise.ramps.slopes import fit_segments

__all__ = ["bridged", "neighbor_replaced"]

REACH = 6  # pixels around a bad one in which a neighbor is looked for


def bridged(groups, usable, jump=None):
    """Ramps without gaps and steps: groups that cannot be used lie on the pixel's own line.

    Each piece of a ramp between jumps is shifted to the one straight line that fits all pieces best; groups that cannot
    be used are taken from this line. So the ordinary least-squares slope of the result is the slope of the pieces.

    Parameters
    ----------
    groups : ndarray
        (ngroups, ny, nx).
    usable : ndarray
        (ngroups, ny, nx) bool.
    jump : ndarray, optional
        (ngroups, ny, nx) bool: charge came between this group and the one before; of no meaning in the first.

    Returns
    -------
    groups : ndarray
        (ngroups, ny, nx) float32, finite; 0 where a pixel has no slope.
    measured : ndarray
        (ngroups, ny, nx) bool: False in groups that cannot be used, and in those that end a step with a jump.
    """
    usable = np.asarray(usable, dtype=bool) & np.isfinite(groups)
    jump = np.zeros_like(usable) if jump is None else np.array(jump, dtype=bool)
    jump[0] = False
    result = np.array(groups, dtype=np.float32)
    y, x = np.nonzero((~usable).any(axis=0) | jump.any(axis=0))
    if len(y):
        part = (slice(None), y, x)
        result[part] = _bridged(np.where(usable[part], groups[part], 0), usable[part], jump[part])
    return result, usable & ~jump


def _bridged(ramps, usable, jump):
    """Ramps (ngroups, n) bridged."""
    ngroups, number = ramps.shape
    broken = np.where(usable, jump.astype(np.int8), 2).astype(np.int8)
    time = np.arange(ngroups, dtype=float)
    slope = fit_segments(ramps[:, None], broken[:, None], time)[0][0].astype(float)
    known = np.isfinite(slope)
    line = np.outer(time, np.where(known, slope, 0))
    piece = np.cumsum(jump & usable, axis=0) + (ngroups + 1) * np.arange(number)
    count = np.bincount(piece[usable], minlength=(ngroups + 1) * number)
    offset = np.bincount(piece[usable], (ramps - line)[usable], minlength=len(count)) / np.maximum(count, 1)
    return np.where(usable, ramps - offset[piece], line) * known


def neighbor_replaced(stack, bad, readout, out=None):
    """Images in which bad pixels hold what a good neighbor does.

    The nearest good pixel is taken, in the same line where two are as near; reference pixels are replaced by reference
    pixels and light-sensitive ones by their like.

    Parameters
    ----------
    stack : ndarray
        (…, ny, nx) in DMS orientation: reads, or a mask.
    bad : ndarray
        (ny, nx) bool.
    readout : Readout
        Geometry.
    out : ndarray, optional
        Where the result goes, ``stack`` itself if wanted; by default a new array.

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
    found = from_line >= 0
    frame[..., line[found], pixel[found]] = frame[..., from_line[found], from_pixel[found]]
    frame[..., line[~found], pixel[~found]] = 0
    return result


def _neighbors(bad, reference):
    """Place of every bad pixel and of the neighbor for it, -1 where there is none."""
    line, pixel = np.nonzero(bad)
    from_line, from_pixel = np.full_like(line, -1), np.full_like(pixel, -1)
    lines, pixels = bad.shape
    for dy, dx in _steps():
        left = np.nonzero(from_line < 0)[0]
        y, x = line[left] + dy, pixel[left] + dx
        inside = (y >= 0) & (y < lines) & (x >= 0) & (x < pixels)
        left, y, x = left[inside], y[inside], x[inside]
        fits = ~bad[y, x] & (reference[y, x] == reference[line[left], pixel[left]])
        from_line[left[fits]], from_pixel[left[fits]] = y[fits], x[fits]
    return line, pixel, from_line, from_pixel


def _steps():
    """Steps to the pixels within reach, the nearest first and of those the ones in the same line."""
    span = range(-REACH, REACH + 1)
    steps = [(dy, dx) for dy in span for dx in span if (dy, dx) != (0, 0)]
    return sorted(steps, key=lambda step: (step[0] ** 2 + step[1] ** 2, abs(step[0]), -step[0] - step[1]))
