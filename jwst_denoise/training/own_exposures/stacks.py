"""Stacks of exposures of one field, and their alignment."""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage
from scipy.fft import irfft2, next_fast_len, rfft2

from jwst_denoise.statistics import robust_sigma

__all__ = ["FEWEST", "ExposureStack", "frames_of_shifts", "in_frame_of", "misalignment", "overlay"]

FEWEST = 3  # exposures of a pixel, including its own, whose median a single cosmic ray does not move
ISOLATED = 1e-3  # largest weight of a missing pixel in an interpolated one that is used
REACH = 12  # pixels, largest misalignment that is detected
BRIGHTEST = 10.0  # sigma at which values are clipped, so that no single star or cosmic ray dominates
BETTER = 1.1  # smallest ratio of the correlation of another alignment to that of the given one
SIGNIFICANT = 6.0  # sigma of the correlation of unrelated noise


@dataclass(frozen=True)
class ExposureStack:
    """Dithered or repeated exposures of one field with one detector and filter.

    Parameters
    ----------
    images, errors : ndarray
        (n, ny, nx) float32 data and noise in common units; NaN where there are no data.
    bad, saturated : ndarray
        (n, ny, nx) bool: pixels that are not to be used.
    frames : ndarray
        (n, 2, 3): pixel (y, x, 1) of a common frame -> (y, x) in each exposure; see `frames_of_shifts`.
    names : sequence of str
        Names of the exposures in error messages: file names.
    interrupted : ndarray, optional
        (n, ny, nx) bool: pixels in which the jump step has already found a cosmic ray; excluded from the loss.
    setup : str, optional
        Instrument, detector and filter.

    Raises
    ------
    ValueError
        If there are fewer than three exposures, or shapes differ.
    """

    images: np.ndarray
    errors: np.ndarray
    bad: np.ndarray
    saturated: np.ndarray
    frames: np.ndarray
    names: tuple = field(default=())
    interrupted: np.ndarray | None = None
    setup: str = ""

    def __post_init__(self):
        """Check the number of exposures and the shapes."""
        if len(self.images) < FEWEST:
            raise ValueError(
                f"{', '.join(self.names) or 'the stack'}: {len(self.images)} exposures of one field with one detector "
                f"and filter; the median needs at least {FEWEST}"
            )
        for name in ("errors", "bad", "saturated", "interrupted"):
            array = getattr(self, name)
            if array is not None and array.shape != self.images.shape:
                raise ValueError(f"{name} has shape {array.shape}, images {self.images.shape}")
        if np.shape(self.frames) != (len(self.images), 2, 3):
            raise ValueError(f"frames has shape {np.shape(self.frames)}, not {(len(self.images), 2, 3)}")

    def __len__(self):
        """Number of exposures."""
        return len(self.images)

    def name_of(self, index):
        """File of an exposure, or its number."""
        return self.names[index] if self.names else f"exposure {index}"

    def usable_images(self):
        """Images (n, ny, nx) with NaN for bad and saturated pixels."""
        return np.where(self.bad | self.saturated | ~np.isfinite(self.errors), np.nan, self.images)


def frames_of_shifts(shifts):
    """Frames of exposures that are shifted relative to each other.

    Parameters
    ----------
    shifts : array_like
        (n, 2): (y, x) in each exposure of the pixel (0, 0) of the first, or of any common frame.

    Returns
    -------
    ndarray
        (n, 2, 3), for `ExposureStack`.
    """
    shifts = np.asarray(shifts, dtype=float).reshape(-1, 2, 1)
    return np.concatenate([np.broadcast_to(np.eye(2), (len(shifts), 2, 2)), shifts], axis=2)


def overlay(images, frames, index):
    """All exposures in the frame of one.

    Parameters
    ----------
    images : sequence of ndarray
        (ny, nx) each; NaN where there are no data.
    frames : ndarray
        (n, 2, 3): pixel (y, x, 1) of the common frame -> (y, x) in each exposure.
    index : int
        Exposure whose frame is used.

    Returns
    -------
    ndarray
        (n, ny, nx) float32, NaN outside an exposure and where it has no data.
    """
    return np.stack([in_frame_of(image, own, frames[index]) for image, own in zip(images, frames, strict=True)])


def in_frame_of(image, own, target):
    """Image (ny, nx) in the frame of another exposure of the same shape; shifts by whole pixels are exact.

    Parameters
    ----------
    image : ndarray
        (ny, nx); NaN where there are no data.
    own, target : ndarray
        (2, 3) frames of the image and of the other exposure, see `overlay`.

    Returns
    -------
    ndarray
        (ny, nx) float32; NaN outside and next to missing pixels.
    """
    matrix = own[:, :2] @ np.linalg.inv(target[:, :2])
    offset = own[:, 2] - matrix @ target[:, 2]
    if np.allclose(matrix, np.eye(2), atol=1e-6, rtol=0) and np.allclose(offset, np.rint(offset), atol=1e-3, rtol=0):
        return ndimage.shift(image, -np.rint(offset), order=0, cval=np.nan, output=np.float32)
    missing = ~np.isfinite(image)
    shape = {"matrix": matrix, "offset": offset, "output": np.float32}
    moved = ndimage.affine_transform(_fill_missing(image, missing), order=3, mode="mirror", **shape)
    weight = ndimage.affine_transform(missing.astype(np.float32), order=1, cval=1.0, **shape)
    moved[weight > ISOLATED] = np.nan
    return moved


def _fill_missing(image, missing):
    """Image with the mean of the good pixels around each missing one, for interpolation."""
    good = (~missing).astype(np.float32)
    values = np.where(missing, 0, image).astype(np.float32)
    weight = ndimage.uniform_filter(good, 5)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = ndimage.uniform_filter(values, 5) / weight
    return np.where(missing, np.where(weight > 0.01, mean, 0), values)


def misalignment(image, other):
    """Shift in whole pixels of one image relative to another, from their cross-correlation.

    Parameters
    ----------
    image, other : ndarray
        (ny, nx) in the same frame; NaN where there are no data.

    Returns
    -------
    tuple of int
        (y, x) position of the sources in ``image`` relative to ``other``; (0, 0) unless another shift fits
        significantly better.

    Examples
    --------
    >>> import numpy as np
    >>> from jwst_denoise.training.own_exposures.stacks import misalignment
    >>> sky = np.random.default_rng(1).normal(size=(64, 64))
    >>> sky[20:60:9, 5:60:7] += 50
    >>> misalignment(np.roll(sky, (2, -3), axis=(0, 1)), sky)
    (2, -3)
    """
    both = np.isfinite(image) & np.isfinite(other)
    if not both.any():
        return 0, 0
    first, second = (_normalize(np.where(both, array, np.nan)) for array in (image, other))
    shape = [next_fast_len(n + REACH, real=True) for n in image.shape]
    correlation = irfft2(rfft2(first, shape) * np.conj(rfft2(second, shape)), shape)
    lags = np.arange(-REACH, REACH + 1)
    correlation = correlation[np.ix_(lags, lags)]
    y, x = np.unravel_index(np.argmax(correlation), correlation.shape)
    noise = np.sqrt(np.sum(first**2 * both) * np.mean(second[both] ** 2))
    if correlation[y, x] > max(BETTER * correlation[REACH, REACH], SIGNIFICANT * noise):
        return int(lags[y]), int(lags[x])
    return 0, 0


def _normalize(image):
    """Image in units of its scatter, clipped, with mean 0; 0 where there are no data."""
    values = image - np.nanmedian(image)
    scatter = robust_sigma(values[np.isfinite(values)], None, center=0)
    clipped = np.clip(values / (scatter or 1), 0, BRIGHTEST)
    return np.nan_to_num(clipped - np.nanmean(clipped))
