"""Dark pixels made ready for the Gaussian process: white noise, outliers, weights."""

import numpy as np

from jwst_denoise.statistics import robust_sigma

__all__ = ["clip_outliers", "pixel_weights", "white_noise"]

PAIRS = 50
THINNED = 100_000


def white_noise(data, mask, err, readout):
    """Standard deviation of the white noise, in units of ``err`` (of the data, without one).

    From the differences of successive dark pixels of a line, in which slower noise cancels.

    Parameters
    ----------
    data, mask : ndarray
        (images, ny, nx) data and (images or 1, ny, nx) boolean mask.
    err : ndarray or None
        (images or 1, ny, nx).
    readout : Readout
        Direction of the lines.

    Returns
    -------
    float
        0 where fewer than two pixels are dark or all are equal.
    """
    every = max(1, mask.size // (20 * THINNED))
    frame = readout.to_detector(data)[..., ::every, :]
    dark = np.broadcast_to(readout.to_detector(mask)[..., ::every, :], frame.shape)
    if err is not None:
        frame = frame / np.where(dark, readout.to_detector(err)[..., ::every, :], 1)
    pair = dark[..., 1:] & dark[..., :-1]
    if np.count_nonzero(pair) >= PAIRS:
        return robust_sigma((frame[..., 1:] - frame[..., :-1])[pair], THINNED) / np.sqrt(2)
    return robust_sigma(frame[dark], THINNED)


def clip_outliers(data, mask, err, n_sigma):
    """Mask without the pixels that lie too far from their image's median.

    Parameters
    ----------
    data, mask, err
        As for `white_noise`.
    n_sigma : float
        Limit in units of the robust scatter of the image's dark pixels; 0 keeps the mask.

    Returns
    -------
    ndarray of bool
        (images, ny, nx), or the mask itself where nothing is clipped.
    """
    if not n_sigma:
        return mask
    keep = np.empty(data.shape, dtype=bool)
    for index, image in enumerate(data):
        dark = mask[index % len(mask)]
        values = image if err is None else image / np.where(dark, err[index % len(err)], 1)
        sample = values[dark]
        sample = sample[:: max(1, sample.size // THINNED)]
        median = np.median(sample) if sample.size else 0
        keep[index] = dark & (np.abs(values - median) <= n_sigma * robust_sigma(sample))
    return keep


def pixel_weights(mask, err, white):
    """Inverse variances (images or 1, ny, nx) of the white noise; 0 outside the mask."""
    if err is None:
        return mask.astype(np.float32) * np.float32(white**-2)
    return np.where(mask, (white * np.where(mask, err, 1)) ** -2.0, 0).astype(np.float32)
