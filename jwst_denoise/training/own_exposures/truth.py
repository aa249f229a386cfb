"""Cosmic rays in the exposures of a stack, found by comparison with the median of all exposures."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from jwst_denoise.training.own_exposures.stacks import FEWEST, misalignment, overlay

__all__ = [
    "LabeledExposure", "cosmic_ray_hits", "find_cosmic_rays", "median_of_finite", "split_exposures",
    "steepest_step",
]  # fmt: skip

BAD_MARGIN, SATURATED_MARGIN = 1, 3  # pixels around bad and saturated ones that are excluded from the loss
OVERLAP = 0.05  # smallest fraction of an exposure that enough others must cover
HALF_HIT = 4.0  # standard deviations between the two middle values, from which half of the exposures are hit
SQUARE = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True)
class LabeledExposure:
    """One exposure with its cosmic rays.

    Parameters
    ----------
    image, err : ndarray
        (ny, nx) float32; NaN where there are no data.
    hits : ndarray
        (ny, nx) bool: pixels with charge of cosmic rays.
    excess : ndarray
        (ny, nx) float32: exposure minus the median of all; 0 where that is not known.
    weight : ndarray
        (ny, nx) float32: 1 where the truth is known, 0 where a pixel is excluded from the loss.
    name : str
        File of the exposure.
    """

    image: np.ndarray
    err: np.ndarray
    hits: np.ndarray
    excess: np.ndarray
    weight: np.ndarray
    name: str = ""

    @cached_property
    def level(self):
        """Sky level: median of the image."""
        return np.float32(np.nanmedian(self.image) if np.isfinite(self.image).any() else 0)


def find_cosmic_rays(stack, **thresholds):
    """Find the cosmic rays of every exposure by comparison with the median of all.

    Parameters
    ----------
    stack : ExposureStack
        The exposures.
    **thresholds
        ``n_sigma``, ``derivative``, ``grow``; see `cosmic_ray_hits`.

    Returns
    -------
    list of LabeledExposure

    Raises
    ------
    ValueError
        If fewer than three exposures cover the same part of the field, or they are not aligned; the message names the
        exposure.
    """
    usable, relative, typical = stack.usable_images(), *_relative_errors(stack)
    labeled, reference = [], None
    fixed = np.allclose(stack.frames, stack.frames[0])
    for index in range(len(stack)):
        if reference is None or not fixed:
            err = median_of_finite(overlay(relative, stack.frames, index))
            images = overlay(usable, stack.frames, index)
            _check_alignment(stack, images, index)
            reference = median_of_finite(images, err * np.median(typical)), err
        labeled.append(_label(stack, index, usable[index], *reference, typical[index], thresholds))
    return labeled


def _relative_errors(stack):
    """Errors in units of their exposure's median, NaN where there are none, and those medians."""
    usable = np.isfinite(stack.usable_images())
    medians = [np.median(err[good]) if good.any() else 1 for err, good in zip(stack.errors, usable, strict=True)]
    typical = np.array(medians, dtype=np.float32)
    return np.where(usable, stack.errors / typical[:, None, None], np.nan), typical


def _check_alignment(stack, images, index):
    """Refuse an exposure that is shifted by a pixel or more relative to the next one."""
    other = (index + 1) % len(images)
    shift = misalignment(images[index], images[other])
    if shift != (0, 0):
        raise ValueError(
            f"{stack.name_of(index)} and {stack.name_of(other)} are misaligned by {shift[0]:+d}, {shift[1]:+d} pixels "
            "(y, x): align their world coordinates (tweakreg), and use cal files, which include the distortion, "
            "rather than rate files"
        )


def _label(stack, index, image, reference, relative, typical, thresholds):
    known = np.isfinite(reference)
    if known.mean() < OVERLAP:
        raise ValueError(
            f"{stack.name_of(index)}: only {known.mean():.1%} of it is covered by {FEWEST} exposures or more; omit it, "
            "or add exposures that overlap it"
        )
    err = stack.errors[index]
    without_hit = np.fmin(err, relative * typical)  # a cosmic ray raises the error of its pixel
    hits = cosmic_ray_hits(image, without_hit, reference, **thresholds)
    excluded = ~known | _grow(stack.bad[index], BAD_MARGIN) | _grow(stack.saturated[index], SATURATED_MARGIN)
    if stack.interrupted is not None:
        excluded |= stack.interrupted[index]
    excess = np.nan_to_num(image - reference).astype(np.float32)
    weight = (~excluded).astype(np.float32)
    return LabeledExposure(image.astype(np.float32), err, hits & ~excluded, excess, weight, stack.name_of(index))


def _grow(mask, pixels):
    return ndimage.binary_dilation(mask, SQUARE, iterations=pixels)


def cosmic_ray_hits(image, err, reference, *, n_sigma=(5.0, 1.5), derivative=(1.5, 0.7), grow=1):
    """Pixels that are brighter in one exposure than in the median of all.

    Parameters
    ----------
    image : ndarray
        (ny, nx) exposure; NaN where there are no data.
    err : ndarray
        (ny, nx) its noise, in the same units.
    reference : ndarray
        (ny, nx) median of the exposures in the frame of this one; NaN where too few cover the pixel.
    n_sigma : tuple of float, optional
        Thresholds of the first and the second pass, in units of the noise.
    derivative : tuple of float, optional
        Multiple of the reference's steepest step to a neighbor that is added to either threshold: the effect on a star
        of a misalignment by a fraction of a pixel, or of interpolation.
    grow : int, optional
        Pixels around those of the first pass in which the second searches.

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
    >>> from jwst_denoise.training.own_exposures.truth import cosmic_ray_hits
    >>> image = np.zeros((5, 5))
    >>> image[2, 1:4] = 2, 9, 2
    >>> cosmic_ray_hits(image, np.ones((5, 5)), np.zeros((5, 5)))[2].tolist()
    [False, True, True, True, False]
    """
    excess, steps = image - reference, steepest_step(reference)
    with np.errstate(invalid="ignore"):
        first, second = (excess > n * err + factor * steps for n, factor in zip(n_sigma, derivative, strict=True))
    return second & ndimage.binary_dilation(first, SQUARE, iterations=grow) if grow else first & second


def steepest_step(image):
    """Largest difference of each pixel from its four neighbors, (ny, nx); missing neighbors are ignored."""
    steps = np.zeros(image.shape, dtype=image.dtype)
    for axis in (0, 1):
        difference = np.nan_to_num(np.abs(np.diff(image, axis=axis)))
        low, high = (np.s_[:-1], np.s_[1:]) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
        np.maximum(steps[low], difference, out=steps[low])
        np.maximum(steps[high], difference, out=steps[high])
    return steps


def median_of_finite(images, err=None):
    """Median along the first axis of the finite values.

    Parameters
    ----------
    images : ndarray
        (n, ny, nx).
    err : ndarray, optional
        (ny, nx) noise of an exposure. If the two middle values of an even number differ by more than four times this,
        the lower one is used: cosmic rays only add signal, and have hit half of the exposures there.

    Returns
    -------
    ndarray
        (ny, nx); NaN where fewer than three are finite.
    """
    ordered = np.sort(images, axis=0)  # NaN are last
    count = np.isfinite(ordered).sum(axis=0)
    middle = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(images) - 1)
    low, high = (np.take_along_axis(ordered, index[None], axis=0)[0] for index in middle)
    median = (low + high) / 2
    if err is not None:
        with np.errstate(invalid="ignore"):
            median = np.where(high - low > HALF_HIT * err, low, median)
    return np.where(count >= FEWEST, median, np.nan)


def split_exposures(labeled, fraction=0.2):
    """Divide exposures into training and validation: whole exposures, at least one in each.

    Parameters
    ----------
    labeled : sequence of LabeledExposure
        At least two.
    fraction : float, optional
        Fraction for the validation, which gets the last ones.

    Returns
    -------
    training, validation : list of LabeledExposure
    """
    number = min(max(1, round(fraction * len(labeled))), len(labeled) - 1)
    return list(labeled[:-number]), list(labeled[-number:])
