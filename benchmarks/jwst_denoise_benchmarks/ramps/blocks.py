"""Errors of an image block by block."""

import numpy as np

__all__ = ["block_rms"]

FEWEST = 0.1  # of the pixels of a block that must be judged


def block_rms(error, good, edge):
    """Rms error of square blocks.

    Parameters
    ----------
    error : ndarray
        (ny, nx).
    good : ndarray
        (ny, nx) bool: pixels that are judged.
    edge : int
        Pixels of a block; what does not fill one at the upper edges is left out.

    Returns
    -------
    ndarray
        (ny // edge, nx // edge); NaN where few pixels are judged.

    Examples
    --------
    >>> import numpy as np
    >>> from jwst_denoise_benchmarks.ramps.blocks import block_rms
    >>> block_rms(np.array([[3.0, -3.0], [3.0, 9.0]]), np.array([[True, True], [True, False]]), 2)
    array([[3.]])
    """
    ny, nx = (n // edge for n in error.shape)
    cut = np.s_[: ny * edge, : nx * edge]
    total, number = (
        values[cut].reshape(ny, edge, nx, edge).sum(axis=(1, 3), dtype=float)
        for values in (np.where(good, error, 0) ** 2, good)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(number >= FEWEST * edge**2, np.sqrt(total / number), np.nan)
