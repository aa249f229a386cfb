"""Data and weights of the dark pixels in time bins: white noise, outliers, level."""

from dataclasses import dataclass, replace

import numpy as np

from jwst_denoise.statistics import robust_sigma

__all__ = ["DarkPixels", "clip_outliers", "white_noise"]

#: Below about this many dark pixels the noise statistics are uncertain, and the correction shrinks.
FEW_PIXELS = 300
MIN_PAIRS = 50
SAMPLE_SIZE = 100_000


@dataclass(frozen=True)
class DarkPixels:
    """Dark pixels of a stack in time bins, in units of ``unit`` data units, without the level of each image.

    Parameters
    ----------
    white : float
        Standard deviation of the white noise, in units of ``err`` (of the data, without one).
    unit : float
        Data units in which a pixel has a mean weight of 1.
    level : ndarray
        (images,) weighted mean of the dark pixels, which is subtracted.
    weight, weighted : ndarray
        (images or 1, outputs, length) Σ w and (images, outputs, length) Σ w·d of the bins.
    pixel_weight : ndarray
        (ny, nx) weights of the pixels, mean of the images.
    reliability : float
        Factor of the correction, 0 to 1: small where few pixels are dark.
    """

    white: float
    unit: float
    level: np.ndarray
    weight: np.ndarray
    weighted: np.ndarray
    pixel_weight: np.ndarray
    reliability: float

    @classmethod
    def gather(cls, data, mask, err, bins, n_sigma):
        """Bin the dark pixels of a stack.

        Parameters
        ----------
        data, mask, err
            As for `white_noise`.
        bins : Bins
            The time bins.
        n_sigma : float
            Limit of `clip_outliers`.

        Returns
        -------
        DarkPixels or None
            None without dark pixels or without noise in them.
        """
        white = white_noise(data, mask, err, bins.readout)
        keep = clip_outliers(data, mask, err, n_sigma)
        pixels = np.count_nonzero(keep) / len(keep)
        if pixels == 0 or not white > 0:
            return None
        weight = _pixel_weights(keep, err, white)
        total = weight.sum(dtype=np.float64)
        if not 0 < total < np.inf:  # a scatter whose square is too small or too large for float32
            return None
        unit = np.float32(np.sqrt(np.count_nonzero(keep) / total))
        weighted = bins.sum(data.astype(np.float32, copy=False) * (weight * unit))
        pixel_weight = weight.mean(axis=0) * unit**2
        weight = bins.sum(weight) * unit**2
        reliability = pixels**2 / (pixels**2 + FEW_PIXELS**2)
        total = weight.sum(axis=(-2, -1))
        level = reliability * weighted.sum(axis=(-2, -1)) / np.where(total > 0, total, 1)
        weighted -= level[:, None, None] * weight
        return cls(white, float(unit), level, weight, weighted, pixel_weight, reliability)

    def with_white_noise(self, white):
        """Return the same pixels with weights for another standard deviation of the white noise."""
        factor = np.float32((self.white / white) ** 2)
        names = "weight", "weighted", "pixel_weight"
        return replace(self, white=white, **{name: factor * getattr(self, name) for name in names})


def white_noise(data, mask, err, readout):
    """Standard deviation of the white noise, in units of ``err`` (of the data, without one).

    It comes from the differences of successive dark pixels of a line, in which slower noise cancels.

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
        0 if fewer than two pixels are dark or all are equal.
    """
    every = max(1, mask.size // (20 * SAMPLE_SIZE))
    frame = readout.to_detector(data)[..., ::every, :]
    dark = np.broadcast_to(readout.to_detector(mask)[..., ::every, :], frame.shape)
    if err is not None:
        frame = frame / np.where(dark, readout.to_detector(err)[..., ::every, :], 1)
    pair = dark[..., 1:] & dark[..., :-1]
    if np.count_nonzero(pair) >= MIN_PAIRS:
        return robust_sigma((frame[..., 1:] - frame[..., :-1])[pair], SAMPLE_SIZE) / np.sqrt(2)
    return robust_sigma(frame[dark], SAMPLE_SIZE)


def clip_outliers(data, mask, err, n_sigma):
    """Remove from the mask the pixels that lie too far from the median of their image.

    Parameters
    ----------
    data, mask, err
        As for `white_noise`.
    n_sigma : float
        Limit in units of the robust scatter of the image's dark pixels; 0 returns the mask.

    Returns
    -------
    ndarray of bool
        (images, ny, nx), or the mask itself if ``n_sigma`` is 0.
    """
    if not n_sigma:
        return mask
    keep = np.empty(data.shape, dtype=bool)
    for index, image in enumerate(data):
        dark = mask[index % len(mask)]
        values = image if err is None else image / np.where(dark, err[index % len(err)], 1)
        sample = values[dark]
        sample = sample[:: max(1, sample.size // SAMPLE_SIZE)]
        median = np.median(sample) if sample.size else 0
        keep[index] = dark & (np.abs(values - median) <= n_sigma * robust_sigma(sample))
    return keep


def _pixel_weights(mask, err, white):
    """Inverse variances (images or 1, ny, nx) of the white noise; 0 outside the mask."""
    if err is None:
        return mask.astype(np.float32) * np.float32(white**-2)
    return np.where(mask, (white * np.where(mask, err, 1)) ** -2.0, 0).astype(np.float32)
