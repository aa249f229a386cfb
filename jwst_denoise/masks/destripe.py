"""
A rough removal of 1/f stripes, good enough to find sources.

The stripes of an infrared detector are offsets of whole lines, one for each output that reads the line.
Left in, they would be segmented as sources; the corrections made here are never applied to data.
"""

import numpy as np

from jwst_denoise.statistics import MAD_TO_SIGMA, masked_median

MIN_PIXELS = 16
MAX_OFFSET = 4.0  # in units of the robust scatter of the offsets


def line_offsets(image, good, outputs=1):
    """
    Offset of every line of every output, lines along the last axis.

    An offset far outside the scatter of the others is a spectral trace that runs along the line or a line
    filled by a source, not noise: it is set to 0.

    Parameters
    ----------
    image : ndarray of float, shape (lines, pixels)
        Data whose background level is 0.
    good : ndarray of bool, shape (lines, pixels)
        Pixels to use.
    outputs : int
        Number of outputs side by side along the line.

    Returns
    -------
    ndarray of float, shape (lines, outputs)
        The offsets.
    """
    lines, pixels = image.shape
    outputs = outputs if pixels % outputs == 0 else 1
    split = (lines, outputs, pixels // outputs)
    offsets = masked_median(image.reshape(split), good.reshape(split), lower=True, fewest=MIN_PIXELS)
    center = np.median(offsets, axis=0)
    scatter = MAD_TO_SIGMA * np.median(np.abs(offsets - center), axis=0)
    return np.where(np.abs(offsets - center) <= MAX_OFFSET * scatter, offsets, 0.0)


def destripe(image, good, readout=None):
    """
    Subtract the offsets of lines, along the fast axis or along both axes if it is not known.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Data whose background level is 0.
    good : ndarray of bool, shape (ny, nx)
        Pixels to measure the offsets on.
    readout : `jwst_denoise.readout.Readout`, optional
        Gives the fast axis and the number of outputs.

    Returns
    -------
    ndarray of float, shape (ny, nx)
        A new image.
    """
    axes, outputs = ((1, 2), 1) if readout is None else ((abs(readout.fastaxis),), readout.outputs)
    flat = image
    for axis in axes:
        along, use = (flat, good) if axis == 1 else (flat.T, good.T)
        offsets = line_offsets(along, use, outputs)
        along = along - np.repeat(offsets, along.shape[1] // offsets.shape[1], axis=1).astype(along.dtype)
        flat = along if axis == 1 else along.T
    return flat
