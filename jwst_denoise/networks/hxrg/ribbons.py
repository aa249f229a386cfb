"""Ribbons: the pixels that are read at the same moment, line after line in the order of reading."""

import numpy as np

__all__ = ["EDGES", "from_ribbons", "line_ends", "ribbon_size", "to_ribbons", "to_samples"]

#: What stands for the lines beyond the first and the last.
EDGES = ("mirror", "zero")


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
    >>> from jwst_denoise.networks.hxrg.ribbons import line_ends
    >>> from jwst_denoise.readout import Readout
    >>> line_ends(Readout.for_detector("NRS1"))
    (4, 4)
    """
    bottom, top, left, right = readout.reference
    ends = (left, right) if abs(readout.fastaxis) == 1 else (bottom, top)
    return ends if readout.fastaxis > 0 else ends[::-1]


def ribbon_size(readout):
    """Pixels of a ribbon: one of each output, and the reference pixels at both ends of the line."""
    return readout.outputs + sum(line_ends(readout))


def to_ribbons(cube, readout, lines=None):
    """Sequences of ribbons, one for each line.

    A ribbon is what is read at one moment: a pixel of every output, in the order of the outputs, and then the reference
    pixels at the beginning and the end of the line, which are in all ribbons of the line.

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
        (lines, width, outputs + reference pixels, …), a copy. For an H4RG: 128 × 40 × reads a line.

    Raises
    ------
    ValueError
        If the shape is not that of the geometry.

    References
    ----------
    Payeur et al. 2022, AJ, "Correlated Read Noise Reduction in Infrared Arrays Using Deep Learning", section 3.1,
    metrics 4 and 5.
    """
    frame = readout.to_detector(cube)
    frame = frame if lines is None else frame[..., np.asarray(lines), :]
    shape = (*frame.shape[:-1], readout.outputs, readout.width)
    before, after = line_ends(readout)
    result = np.empty((*frame.shape[:-1], readout.width, ribbon_size(readout)), dtype=frame.dtype)
    result[..., : readout.outputs] = np.swapaxes(_in_order(frame.reshape(shape)), -1, -2)
    reference = np.concatenate([frame[..., :before], frame[..., frame.shape[-1] - after :]], axis=-1)
    result[..., readout.outputs :] = reference[..., None, :]
    return np.ascontiguousarray(np.moveaxis(result, (-3, -2, -1), (0, 1, 2)))


def from_ribbons(ribbons, readout):
    """Image of sequences of ribbons of all lines: inverse of `to_ribbons`.

    Parameters
    ----------
    ribbons : ndarray
        (lines, width, outputs or more, …); what follows the outputs is left out.
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
    frame = _in_order(values)
    return np.ascontiguousarray(readout.from_detector(frame.reshape(*frame.shape[:-2], -1)))


def to_samples(cube, readout, rows=3, lines=None, edge="mirror"):
    """Lines between their neighbors: the inputs of a network that answers for the middle one.

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
        What stands for lines beyond the first and the last: ``mirror`` takes those on the other side, ``zero`` is 0, or
        False in a mask.

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
    there = np.pad(np.arange(readout.lines), rows // 2, mode="reflect")[wanted + rows // 2]
    needed, place = np.unique(there, return_inverse=True)
    samples = to_ribbons(cube, readout, needed)[place.reshape(there.shape)]
    if edge == "zero":
        samples[~inside] = 0
    return np.moveaxis(samples, 1, 2)


def _in_order(frame):
    """Frame (…, outputs, width) with every second output turned round: from place to time and back."""
    result = frame.copy()
    result[..., 1::2, :] = frame[..., 1::2, ::-1]
    return result
