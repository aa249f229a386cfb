"""Which pixels of an exposure cosmic rays have hit, from other exposures of the same field."""

import numpy as np
from scipy import ndimage

__all__ = ["FEWEST", "cosmic_ray_hits", "in_frame_of", "median_of_finite", "overlay", "steepest_step"]

FEWEST = 3  # exposures of a pixel, its own included, whose median a single hit does not move
HALF_HIT = 4.0  # times the noise by which the two middle values differ where half of the exposures are hit
ISOLATED = 1e-3  # largest share of a missing pixel in an interpolated one that is used
SQUARE = np.ones((3, 3), dtype=bool)


def cosmic_ray_hits(image, err, reference, *, n_sigma=(5.0, 1.5), derivative=(1.5, 0.7), grow=1):
    """Pixels that are brighter in one exposure than in the median of all.

    Parameters
    ----------
    image : ndarray
        (ny, nx) exposure; NaN where there is no datum.
    err : ndarray
        (ny, nx) its noise, in the same units.
    reference : ndarray
        (ny, nx) median of the exposures in the frame of this one; NaN where too few see the pixel.
    n_sigma : tuple of float, optional
        Thresholds of the first and of the second pass, in units of the noise.
    derivative : tuple of float, optional
        Share of the reference's steepest step to a neighbor that is added to either threshold: what a fraction of a
        pixel of misalignment, or interpolation, makes of a star.
    grow : int, optional
        Pixels around those of the first pass in which the second looks.

    Returns
    -------
    ndarray
        (ny, nx) bool; False where either array is NaN.

    References
    ----------
    Zhang & Bloom 2020, ApJ 889, 24, section 3; Hack et al. 2012 (drizzlepac, ``drizCR``).

    Examples
    --------
    >>> import numpy as np
    >>> from jwst_denoise.training.own_exposures.exposure_truth import cosmic_ray_hits
    >>> image = np.zeros((5, 5))
    >>> image[2, 1:4] = 2, 9, 2
    >>> cosmic_ray_hits(image, np.ones((5, 5)), np.zeros((5, 5)))[2].tolist()
    [False, True, True, True, False]
    """
    excess, steps = image - reference, steepest_step(reference)
    with np.errstate(invalid="ignore"):
        first, second = (excess > n * err + share * steps for n, share in zip(n_sigma, derivative, strict=True))
    return second & ndimage.binary_dilation(first, SQUARE, iterations=grow) if grow else first & second


def steepest_step(image):
    """Largest difference of each pixel to its four neighbors, (ny, nx); missing neighbors do not count."""
    steps = np.zeros(image.shape, dtype=image.dtype)
    for axis in (0, 1):
        difference = np.nan_to_num(np.abs(np.diff(image, axis=axis)))
        low, high = (np.s_[:-1], np.s_[1:]) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
        np.maximum(steps[low], difference, out=steps[low])
        np.maximum(steps[high], difference, out=steps[high])
    return steps


def overlay(images, frames, index):
    """Show all exposures in the frame of one.

    Parameters
    ----------
    images : sequence of ndarray
        (ny, nx) each; NaN where there is no datum.
    frames : ndarray
        (n, 2, 3): pixel (y, x, 1) of the common frame -> (y, x) in each exposure.
    index : int
        Whose frame.

    Returns
    -------
    ndarray
        (n, ny, nx) float32, NaN where an exposure does not reach or has no datum.
    """
    return np.stack([in_frame_of(image, own, frames[index]) for image, own in zip(images, frames, strict=True)])


def in_frame_of(image, own, target):
    """Image (ny, nx) in the frame of another exposure of the same shape; whole shifts are exact.

    Parameters
    ----------
    image : ndarray
        (ny, nx); NaN where there is no datum.
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
    moved = ndimage.affine_transform(_filled(image, missing), order=3, mode="mirror", **shape)
    share = ndimage.affine_transform(missing.astype(np.float32), order=1, cval=1.0, **shape)
    moved[share > ISOLATED] = np.nan
    return moved


def _filled(image, missing):
    """Image with the mean of the good pixels around each missing one, for interpolation."""
    good = (~missing).astype(np.float32)
    values = np.where(missing, 0, image).astype(np.float32)
    weight = ndimage.uniform_filter(good, 5)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = ndimage.uniform_filter(values, 5) / weight
    return np.where(missing, np.where(weight > 0.01, mean, 0), values)


def median_of_finite(images, err=None):
    """Median along the first axis of the finite values.

    Parameters
    ----------
    images : ndarray
        (n, ny, nx).
    err : ndarray, optional
        (ny, nx) noise of an exposure. Of an even number of values the lower middle one is taken where the two differ
        by more than four times this: cosmic rays only add, and have hit half of the exposures there.

    Returns
    -------
    ndarray
        (ny, nx); NaN where fewer than three are finite.
    """
    ordered = np.sort(images, axis=0)  # NaN come last
    count = np.isfinite(ordered).sum(axis=0)
    middle = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(images) - 1)
    low, high = (np.take_along_axis(ordered, index[None], axis=0)[0] for index in middle)
    median = (low + high) / 2
    if err is not None:
        with np.errstate(invalid="ignore"):
            median = np.where(high - low > HALF_HIT * err, low, median)
    return np.where(count >= FEWEST, median, np.nan)
