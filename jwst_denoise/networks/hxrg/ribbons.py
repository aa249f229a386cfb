"""Ribbons of the reads of an integration, line after line in the order of reading."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.networks.hxrg.preprocess import (
    background_pixels,
    bridge_gaps,
    line_ends,
    replace_by_neighbors,
    subtract_background_levels,
    subtract_reference_levels,
)

__all__ = ["MASKED", "RibbonReads", "from_ribbons", "prepare_reads", "ribbon_size", "to_ribbons", "to_samples"]

#: Treatment of pixels in which some reads are not usable.
MASKED = ("neighbor", "feature")
#: What replaces the lines beyond the first and the last.
EDGES = ("mirror", "zero")
UNUSED_READS = 2  # of a ramp: the first one, and the last one, which the others determine


def ribbon_size(readout):
    """Pixels of a ribbon: one of each output, and the reference pixels at both ends of the line."""
    return readout.outputs + sum(line_ends(readout))


def to_ribbons(cube, readout, lines=None):
    """Sequences of ribbons, one for each line.

    A ribbon holds a pixel of every output, in the order of the outputs, and then the reference pixels at the beginning
    and the end of the line, which are the same in all ribbons of the line.

    Parameters
    ----------
    cube : ndarray
        (…, ny, nx) in DMS orientation: reads, or a mask of reads.
    readout : Readout
        Geometry.
    lines : sequence of int, optional
        Lines in the order of reading; by default all.

    Returns
    -------
    ndarray
        (lines, width, outputs + reference pixels, …), a copy. For an H4RG: 128 × 40 × reads for each line.

    Raises
    ------
    ValueError
        If the shape is not that of the geometry.

    References
    ----------
    Payeur et al. 2022, AJ, section 3.1, figures 4 and 5.
    """
    frame = readout.to_detector(cube)
    frame = frame if lines is None else frame[..., np.asarray(lines), :]
    shape = (*frame.shape[:-1], readout.outputs, readout.width)
    before, after = line_ends(readout)
    result = np.empty((*frame.shape[:-1], readout.width, ribbon_size(readout)), dtype=frame.dtype)
    result[..., : readout.outputs] = np.swapaxes(_flip_odd_outputs(frame.reshape(shape)), -1, -2)
    reference = np.concatenate([frame[..., :before], frame[..., frame.shape[-1] - after :]], axis=-1)
    result[..., readout.outputs :] = reference[..., None, :]
    return np.ascontiguousarray(np.moveaxis(result, (-3, -2, -1), (0, 1, 2)))


def from_ribbons(ribbons, readout):
    """Image from the ribbons of all lines: inverse of `to_ribbons`.

    Parameters
    ----------
    ribbons : ndarray
        (lines, width, outputs or more, …); reference pixels are ignored.
    readout : Readout
        Geometry.

    Returns
    -------
    ndarray
        (…, ny, nx) in DMS orientation.

    Raises
    ------
    ValueError
        If the shape is not that of the geometry.
    """
    expected = (readout.lines, readout.width)
    if ribbons.shape[:2] != expected or ribbons.shape[2] < readout.outputs:
        raise ValueError(f"ribbons of shape {ribbons.shape[:3]} are not {expected} with {readout.outputs} outputs")
    values = np.moveaxis(ribbons[:, :, : readout.outputs], (0, 2, 1), (-3, -2, -1))
    frame = _flip_odd_outputs(values)
    return np.ascontiguousarray(readout.from_detector(frame.reshape(*frame.shape[:-2], -1)))


def to_samples(cube, readout, rows=3, lines=None, edge="mirror"):
    """Lines with their neighbors: the inputs of a network that predicts the middle one.

    Parameters
    ----------
    cube : ndarray
        (…, ny, nx) in DMS orientation.
    readout : Readout
        Geometry.
    rows : int, optional
        Lines of a sample, odd.
    lines : sequence of int, optional
        Middle lines in the order of reading; by default all.
    edge : str, optional
        What replaces lines beyond the first and the last: ``mirror`` uses those on the other side, ``zero`` 0, or False
        in a mask.

    Returns
    -------
    ndarray
        (lines, width, rows, outputs + reference pixels, …).

    Raises
    ------
    ValueError
        If ``rows`` is even or ``edge`` is not known.
    """
    if rows < 1 or rows % 2 == 0:
        raise ValueError(f"rows={rows} must be odd, so that one is in the middle")
    if edge not in EDGES:
        raise ValueError(f"edge={edge!r} must be one of {', '.join(EDGES)}")
    lines = np.arange(readout.lines) if lines is None else np.asarray(lines)
    wanted = lines[:, None] + np.arange(rows) - rows // 2
    inside = (wanted >= 0) & (wanted < readout.lines)
    existing = np.pad(np.arange(readout.lines), rows // 2, mode="reflect")[wanted + rows // 2]
    needed, place = np.unique(existing, return_inverse=True)
    samples = to_ribbons(cube, readout, needed)[place.reshape(existing.shape)]
    if edge == "zero":
        samples[~inside] = 0
    return np.moveaxis(samples, 1, 2)


def _flip_odd_outputs(frame):
    """Frame (…, outputs, width) with every second output reversed: from position to time and back."""
    result = frame.copy()
    result[..., 1::2, :] = frame[..., 1::2, ::-1]
    return result


@dataclass(frozen=True)
class RibbonReads:
    """Prepared reads of every pixel, (reads - 2, ny, nx) in DMS orientation.

    Parameters
    ----------
    values : ndarray
        float32 e-: reads from the second to the last but one, relative to the mean of the second to the last.
    measured : ndarray
        Bool: False in unusable reads, in reads preceded by a jump, and in replaced pixels.
    """

    values: np.ndarray
    measured: np.ndarray

    def samples(self, readout, rows, lines=None):
        """Values and ``measured`` of lines and their neighbors, see `to_samples`.

        Beyond the first and the last line there are the lines on the other side, which count as not measured.
        """
        return (
            to_samples(self.values, readout, rows, lines, edge="mirror"),
            to_samples(self.measured, readout, rows, lines, edge="zero"),
        )


def prepare_reads(groups, readout, *, usable=None, jump=None, masked="neighbor", background=None):
    """Prepare the reads of an integration for the network.

    Gaps in ramps are bridged. From every read, relative to the first, the levels of reference pixels and of background
    pixels are subtracted. Unusable pixels are replaced by a neighbor. The mean of each pixel is subtracted, because
    only its slope matters. Of 100 reads 98 values remain: the first read defines the zero point, and the last value is
    minus the sum of the others.

    Parameters
    ----------
    groups : ndarray
        (reads, ny, nx) e-, linear.
    readout : Readout
        Geometry.
    usable, jump : ndarray, optional
        (reads, ny, nx) bool: usable reads, and reads preceded by a cosmic ray. Reference pixels are used wherever they
        are finite.
    masked : {"neighbor", "feature"}, optional
        ``neighbor``: every pixel with an unusable read or a jump is replaced by a neighbor, as in the paper.
        ``feature``: pixels keep their reads, with gaps bridged, and ``measured`` marks these; only pixels without any
        slope are replaced.
    background : ndarray, optional
        (ny, nx) bool: science pixels without signal; by default found in the slopes.

    Returns
    -------
    RibbonReads

    Raises
    ------
    ValueError
        If there are fewer than three reads, or ``masked`` is not known.

    References
    ----------
    Payeur et al. 2022, AJ, sections 3.1 and 3.2, and the code published with it.
    """
    if masked not in MASKED:
        raise ValueError(f"masked={masked!r} must be one of {', '.join(MASKED)}")
    if np.ndim(groups) != 3 or len(groups) <= UNUSED_READS:
        raise ValueError(f"three reads (reads, ny, nx) or more are needed, not an array of shape {np.shape(groups)}")
    usable = np.isfinite(groups) if usable is None else np.where(readout.reference_pixels, np.isfinite(groups), usable)
    reads, measured = bridge_gaps(groups, usable, jump)
    bad = ~(measured.all(axis=0) if masked == "neighbor" else measured[1:].any(axis=0))
    values = reads[1:]
    values -= reads[0]
    _subtract_levels(values, readout, bad, background)
    replace_by_neighbors(values, bad, readout, out=values)
    values -= values.mean(axis=0)
    valid = np.broadcast_to(~bad, values.shape)
    return RibbonReads(values[:-1], valid[:-1] if masked == "neighbor" else measured[1:-1] & valid[:-1])


def _subtract_levels(values, readout, bad, background):
    """Subtract the levels of reference and background pixels from every read, in place."""
    time = np.arange(len(values), dtype=np.float32) - np.float32((len(values) - 1) / 2)
    slope = np.zeros(values.shape[1:], dtype=np.float32)
    for read, moment in zip(values, time, strict=True):
        read[bad] = np.nan
        read[...] = subtract_reference_levels(read, readout)
        slope += moment * read
    background = background_pixels(slope, readout) if background is None else np.asarray(background, dtype=bool)
    background = background & ~readout.reference_pixels
    for read in values:
        read[...] = subtract_background_levels(read, readout, background)
