"""Reads of an integration as a network on ribbons takes them: corrected, without gaps, less their mean."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.networks.hxrg.missing import bridged, neighbor_replaced
from jwst_denoise.networks.hxrg.preprocess import reference_corrected, unlit_corrected, unlit_pixels
from jwst_denoise.networks.hxrg.ribbons import to_samples

__all__ = ["MASKED", "SPARE", "RibbonReads", "ribbon_reads"]

#: What is done with pixels some of whose reads cannot be used.
MASKED = ("neighbor", "feature")
SPARE = 2  # reads of a ramp that are not among the values: the first, and the last, which the others imply


@dataclass(frozen=True)
class RibbonReads:
    """Values of every pixel, (reads - 2, ny, nx) in DMS orientation.

    Parameters
    ----------
    values : ndarray
        float32 e-: reads from the second to the last but one, less the mean of the second to the last.
    measured : ndarray
        Bool: False in reads that cannot be used or end a step with a jump, and in replaced pixels.
    """

    values: np.ndarray
    measured: np.ndarray

    def samples(self, readout, rows, lines=None):
        """Values and ``measured`` of lines and their neighbors; see `jwst_denoise.networks.hxrg.ribbons.to_samples`.

        Beyond the first and the last line there are the lines on the other side, which count as not measured.
        """
        return (
            to_samples(self.values, readout, rows, lines, edge="mirror"),
            to_samples(self.measured, readout, rows, lines, edge="zero"),
        )


def ribbon_reads(groups, readout, *, usable=None, jump=None, masked="neighbor", unlit=None):
    """Prepare the reads of an integration.

    Ramps with gaps are bridged; every read, less the first, loses the levels of reference pixels and of unlit pixels;
    pixels that cannot be used are replaced by a neighbor; and each pixel loses its mean, because only slopes are asked
    for. Of 100 reads 98 values are left: the first read has gone into the zero point, and the last value is minus
    the sum of the others.

    Parameters
    ----------
    groups : ndarray
        (reads, ny, nx) e-, linear.
    readout : Readout
        Geometry.
    usable, jump : ndarray, optional
        (reads, ny, nx) bool: what can be used, and where charge came between a read and the one before. Reference
        pixels are used as long as they are finite.
    masked : {"neighbor", "feature"}, optional
        ``neighbor``: every pixel that is not usable in some read or has a jump is replaced by a neighbor, as the
        paper does. ``feature``: pixels keep what they have, with gaps bridged, and ``measured`` tells; only pixels
        without any slope are replaced.
    unlit : ndarray, optional
        (ny, nx) bool: light-sensitive pixels without light; by default found in the slopes.

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
    if np.ndim(groups) != 3 or len(groups) <= SPARE:
        raise ValueError(f"three reads (reads, ny, nx) or more are needed, not an array of shape {np.shape(groups)}")
    usable = np.isfinite(groups) if usable is None else np.where(readout.reference_pixels, np.isfinite(groups), usable)
    reads, measured = bridged(groups, usable, jump)
    bad = ~(measured.all(axis=0) if masked == "neighbor" else measured[1:].any(axis=0))
    values = reads[1:]
    values -= reads[0]
    _correct(values, readout, bad, unlit)
    neighbor_replaced(values, bad, readout, out=values)
    values -= values.mean(axis=0)
    kept = np.broadcast_to(~bad, values.shape)
    return RibbonReads(values[:-1], kept[:-1] if masked == "neighbor" else measured[1:-1] & kept[:-1])


def _correct(values, readout, bad, unlit):
    """Take the levels of reference and unlit pixels out of every read, in place."""
    time = np.arange(len(values), dtype=np.float32) - np.float32((len(values) - 1) / 2)
    slope = np.zeros(values.shape[1:], dtype=np.float32)
    for read, moment in zip(values, time, strict=True):
        read[bad] = np.nan
        read[...] = reference_corrected(read, readout)
        slope += moment * read
    unlit = unlit_pixels(slope, readout) if unlit is None else np.asarray(unlit, dtype=bool)
    unlit = unlit & ~readout.reference_pixels
    for read in values:
        read[...] = unlit_corrected(read, readout, unlit)
