"""A user's own exposures as training data: several of one field, whose median tells what cosmic rays have hit."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import ndimage

from jwst_denoise.training.own_exposures.exposure_truth import (
    FEWEST,
    SQUARE,
    cosmic_ray_hits,
    median_of_finite,
    overlay,
)
from jwst_denoise.training.own_exposures.registration import misalignment

__all__ = ["ExposureStack", "LabeledExposure", "frames_of_shifts", "label", "split"]

BAD_MARGIN, SATURATED_MARGIN = 1, 3  # pixels around bad and saturated ones that are out of the loss
OVERLAP = 0.05  # least fraction of an exposure that enough others must see


@dataclass(frozen=True)
class ExposureStack:
    """Dithered or repeated exposures of one field with one detector and filter.

    Parameters
    ----------
    images, errors : ndarray
        (n, ny, nx) float32 data and noise in any units that all share; NaN where there is no datum.
    bad, saturated : ndarray
        (n, ny, nx) bool: pixels that are not to be used.
    frames : ndarray
        (n, 2, 3): pixel (y, x, 1) of a common frame -> (y, x) in each exposure; see `frames_of_shifts`.
    names : sequence of str
        What errors call the exposures: file names.
    interrupted : ndarray, optional
        (n, ny, nx) bool: pixels in which the jump step has found a hit already; out of the loss.
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

    def usable(self):
        """Images (n, ny, nx) with NaN for bad and saturated pixels."""
        return np.where(self.bad | self.saturated | ~np.isfinite(self.errors), np.nan, self.images)


@dataclass(frozen=True)
class LabeledExposure:
    """One exposure with its truth.

    Parameters
    ----------
    image, err : ndarray
        (ny, nx) float32; NaN where there is no datum.
    hits : ndarray
        (ny, nx) bool: pixels with charge of cosmic rays.
    excess : ndarray
        (ny, nx) float32: what the exposure has more than the median of all; 0 where that is not known.
    weight : ndarray
        (ny, nx) float32: 1 where the truth is known, 0 where a pixel stays out of the loss.
    name : str
        File it comes from.
    """

    image: np.ndarray
    err: np.ndarray
    hits: np.ndarray
    excess: np.ndarray
    weight: np.ndarray
    name: str = ""

    @cached_property
    def level(self):
        """Median of the image: its sky."""
        return np.float32(np.nanmedian(self.image) if np.isfinite(self.image).any() else 0)


def frames_of_shifts(shifts):
    """Frames of exposures that are shifted against each other.

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


def label(stack, progress=None, **thresholds):
    """Find the cosmic rays of every exposure by comparison with the median of all.

    Parameters
    ----------
    stack : ExposureStack
        The exposures.
    progress : callable, optional
        Called with the fraction done after each exposure.
    **thresholds
        ``n_sigma``, ``derivative``, ``grow``; see `jwst_denoise.training.own_exposures.exposure_truth.cosmic_ray_hits`.

    Returns
    -------
    list of LabeledExposure

    Raises
    ------
    ValueError
        If fewer than three exposures see the same part of the field, or they are not aligned; the message names the
        exposure.
    """
    usable, relative, typical = stack.usable(), *_errors(stack)
    labeled, found = [], None
    fixed = np.allclose(stack.frames, stack.frames[0])
    for index in range(len(stack)):
        if found is None or not fixed:
            err = median_of_finite(overlay(relative, stack.frames, index))
            images = overlay(usable, stack.frames, index)
            _check_alignment(stack, images, index)
            found = median_of_finite(images, err * np.median(typical)), err
        labeled.append(_labeled(stack, index, usable[index], *found, typical[index], thresholds))
        if progress:
            progress((index + 1) / len(stack))
    return labeled


def _errors(stack):
    """Errors in units of their exposure's median, NaN where there is none, and those medians."""
    usable = np.isfinite(stack.usable())
    medians = [np.median(err[good]) if good.any() else 1 for err, good in zip(stack.errors, usable, strict=True)]
    typical = np.array(medians, dtype=np.float32)
    return np.where(usable, stack.errors / typical[:, None, None], np.nan), typical


def _check_alignment(stack, images, index):
    """Refuse an exposure that is shifted by a pixel or more against the next one."""
    other = (index + 1) % len(images)
    shift = misalignment(images[index], images[other])
    if shift != (0, 0):
        raise ValueError(
            f"{stack.name_of(index)} and {stack.name_of(other)} are {shift[0]:+d}, {shift[1]:+d} pixels (y, x) out of "
            "alignment: align their world coordinates (tweakreg), and give cal files, which know the distortion, "
            "rather than rate files"
        )


def _labeled(stack, index, image, reference, relative, typical, thresholds):
    known = np.isfinite(reference)
    if known.mean() < OVERLAP:
        raise ValueError(
            f"{stack.name_of(index)}: only {known.mean():.1%} of it is seen by "
            f"{FEWEST} exposures or more; leave it out, or add exposures that overlap it"
        )
    err = stack.errors[index]
    # a hit raises the error of its own pixel; other exposures tell what it is without
    own = np.fmin(err, relative * typical)
    hits = cosmic_ray_hits(image, own, reference, **thresholds)
    out = ~known | _grown(stack.bad[index], BAD_MARGIN) | _grown(stack.saturated[index], SATURATED_MARGIN)
    if stack.interrupted is not None:
        out |= stack.interrupted[index]
    excess = np.nan_to_num(image - reference).astype(np.float32)
    weight = (~out).astype(np.float32)
    return LabeledExposure(image.astype(np.float32), err, hits & ~out, excess, weight, stack.name_of(index))


def _grown(mask, pixels):
    return ndimage.binary_dilation(mask, SQUARE, iterations=pixels)


def split(labeled, fraction=0.2, rng=None):
    """Divide exposures into training and validation: whole exposures, at least one each.

    Parameters
    ----------
    labeled : sequence of LabeledExposure
        At least two.
    fraction : float, optional
        Part for validation.
    rng : `numpy.random.Generator`, optional
        Draws which; by default the last ones.

    Returns
    -------
    training, validation : list of LabeledExposure
    """
    order = np.arange(len(labeled)) if rng is None else rng.permutation(len(labeled))
    number = min(max(1, round(fraction * len(labeled))), len(labeled) - 1)
    chosen = [[labeled[i] for i in part] for part in (order[:-number], order[-number:])]
    return chosen[0], chosen[1]
