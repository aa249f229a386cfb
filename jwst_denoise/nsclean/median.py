"""Method ``median``: the median of the dark pixels of each line."""

import numpy as np

from jwst_denoise.readout import copy_tiled
from jwst_denoise.statistics import MAD_TO_SIGMA, masked_median

__all__ = ["fit_median"]


def fit_median(data, mask, readout, fit_by_output=False):
    """Estimate the correlated noise as the median of the dark pixels of each line.

    Parameters
    ----------
    data : ndarray
        (ny, nx) image in DMS orientation, finite under the mask.
    mask : ndarray of bool
        (ny, nx), True on dark pixels.
    readout : Readout
        Direction of the lines, and the outputs.
    fit_by_output : bool, optional
        One median for each output of a line instead of one for the line.

    Returns
    -------
    noise, variance : ndarray
        (ny, nx) model and its variance, π/2 σ²/n for n dark pixels of scatter σ. Both are 0 on lines without
        dark pixels.
    """
    parts = readout.outputs if fit_by_output else 1
    shape = (readout.lines, parts, -1)
    frame, dark = (copy_tiled(np.empty(a.shape, a.dtype), a) for a in map(readout.to_detector, (data, mask)))
    frame, dark = frame.reshape(shape), dark.reshape(shape)
    median = masked_median(frame, dark)
    sigma = MAD_TO_SIGMA * masked_median(np.abs(frame - median[..., None]), dark)
    count = np.maximum(np.count_nonzero(dark, axis=-1), 1)
    variance = np.pi / 2 * sigma**2 / count
    return tuple(_spread(a, readout, frame.shape) for a in (median, variance))


def _spread(per_line, readout, shape):
    frame = np.broadcast_to(per_line[..., None], shape).reshape(readout.lines, -1)
    return readout.from_detector(frame)
