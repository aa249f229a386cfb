"""Repeated exposures of a scene on the same pixels, for the pairs of Noise2Noise, some of them held out."""

import logging
from dataclasses import dataclass, replace

import numpy as np

from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise.training.own_exposures.stacks import FEWEST, frames_of_shifts, in_frame_of
from jwst_denoise.training.own_exposures.truth import find_cosmic_rays

__all__ = [
    "DividedExposures", "RepeatedExposures", "align_exposures", "estimate_poisson", "hold_out",
    "onto_common_pixels",
]  # fmt: skip

log = logging.getLogger("stpipe.jwst_denoise.training")

TOLERANCE = 0.15  # pixels by which exposures on the same pixels may be shifted, apart from whole pixels
BRIGHT = 10.0  # standard deviations of the sky: pixels from which Poisson noise is estimated
HELD_EXPOSURES = 0.2  # fraction of the exposures that is held out, at least one
HELD_PIXELS = 0.25  # fraction of the longer axis that is held out


@dataclass(frozen=True)
class RepeatedExposures:
    """Exposures of one scene on the same pixels.

    Parameters
    ----------
    rate : ndarray
        (n, ny, nx) float32 in any units; NaN where there are no data.
    read_noise : ndarray
        (n, ny, nx) float32: noise without Poisson noise.
    poisson : ndarray
        (n,) Poisson variance over rate.
    clean : ndarray
        (n, ny, nx) bool: pixels with data and without cosmic rays.
    names : tuple of str
        Files.
    setup : str
        Instrument, detector and filter.
    """

    rate: np.ndarray
    read_noise: np.ndarray
    poisson: np.ndarray
    clean: np.ndarray
    names: tuple
    setup: str = ""

    def __len__(self):
        """Number of exposures."""
        return len(self.rate)

    def image(self, index):
        """`~jwst_denoise.ramps.slopes.SlopeImage` of an exposure."""
        return SlopeImage(self.rate[index], self.read_noise[index], self.poisson[index])

    def cut(self, area):
        """Exposures of an area, a pair of slices."""
        return self._map(lambda planes: planes[(slice(None), *area)])

    def turn(self, turns, mirror):
        """Exposures rotated by right angles, after mirroring if requested."""
        return self._map(lambda planes: np.rot90(planes[..., ::-1] if mirror else planes, turns, (1, 2)))

    def _map(self, function):
        return replace(self, **{name: function(getattr(self, name)) for name in ("rate", "read_noise", "clean")})

    def mean(self, indices):
        """Mean of the clean pixels of some exposures as `SlopeImage`; NaN where there are none."""
        indices = list(indices)
        clean = self.clean[indices]
        count = clean.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = np.where(clean, self.rate[indices], 0).sum(axis=0) / count
            read = np.sqrt(np.where(clean, self.read_noise[indices] ** 2, 0).sum(axis=0)) / count
            poisson = np.where(clean, self.poisson[indices, None, None], 0).sum(axis=0) / count**2
        return SlopeImage(*(array.astype(np.float32) for array in (rate, read, poisson)))


@dataclass(frozen=True)
class DividedExposures:
    """Repeated exposures, some of which, and some of whose pixels, are held out.

    Parameters
    ----------
    exposures : RepeatedExposures
        All of them.
    training, held_out : tuple of int
        Numbers of exposures.
    training_area, held_out_area : tuple of slice
        Rows and columns for training, and the others.
    """

    exposures: RepeatedExposures
    training: tuple
    held_out: tuple
    training_area: tuple
    held_out_area: tuple


def hold_out(exposures):
    """Hold out the last fifth of the exposures, at least one, and the last quarter of the longer axis.

    Parameters
    ----------
    exposures : RepeatedExposures
        All exposures.

    Returns
    -------
    DividedExposures
    """
    number = max(1, round(HELD_EXPOSURES * len(exposures)))
    indices = tuple(range(len(exposures)))
    shape = exposures.rate.shape[1:]
    axis = int(shape[1] > shape[0])
    edge = round((1 - HELD_PIXELS) * shape[axis])
    areas = [slice(None)] * 2, [slice(None)] * 2
    areas[0][axis], areas[1][axis] = slice(0, edge), slice(edge, None)
    return DividedExposures(exposures, indices[:-number], indices[-number:], *map(tuple, areas))


def align_exposures(stack):
    """Exposures of a stack on the same pixels, with their noise and the mask of their cosmic rays.

    Parameters
    ----------
    stack : `~jwst_denoise.training.own_exposures.stacks.ExposureStack`
        Integrations, or exposures that are shifted by whole pixels.

    Returns
    -------
    RepeatedExposures

    Raises
    ------
    ValueError
        If fewer than three exposures are on the same pixels.
    """
    stack = onto_common_pixels(stack)
    images = stack.usable_images()
    poisson = np.array([estimate_poisson(*pair) for pair in zip(images, stack.errors, strict=True)], np.float32)
    photons = poisson[:, None, None] * np.clip(np.nan_to_num(images), 0, None)
    least = (0.1 * stack.errors) ** 2
    read = np.sqrt(np.maximum(stack.errors**2 - photons, least))
    clean = np.stack([(exposure.weight > 0) & ~exposure.hits for exposure in find_cosmic_rays(stack)])
    rate = np.where(stack.bad | ~np.isfinite(stack.errors), np.nan, stack.images)
    return RepeatedExposures(rate.astype(np.float32), read.astype(np.float32), poisson, clean, stack.names, stack.setup)


def onto_common_pixels(stack):
    """Stack in the pixels of its first exposure; exposures that are shifted by fractions of a pixel are omitted.

    Parameters
    ----------
    stack : `~jwst_denoise.training.own_exposures.stacks.ExposureStack`
        The exposures.

    Returns
    -------
    ExposureStack

    Raises
    ------
    ValueError
        If fewer than three exposures remain.
    """
    off = np.array([_distance_off_grid(frame, stack.frames[0], stack.images.shape[1:]) for frame in stack.frames])
    kept = np.flatnonzero(off <= TOLERANCE)
    names = [stack.name_of(index) for index in range(len(stack))]
    if len(kept) < FEWEST:
        listed = ", ".join(f"{name} {value:.2f}" for name, value in zip(names, off, strict=True))
        raise ValueError(
            f"{stack.setup or 'stack'}: fewer than {FEWEST} exposures on the same pixels (distance from the pixels of "
            f"the first: {listed}); Noise2Noise compares pixel by pixel, so use a rateints file, repeated exposures, "
            f"or dithers by whole pixels (within {TOLERANCE})"
        )
    for index in np.flatnonzero(off > TOLERANCE):
        log.warning("%s is %.2f pixels off the pixels of %s and is not used", names[index], off[index], names[0])
    frames = [_whole_shift(frame, stack.frames[0]) for frame in stack.frames[kept]]
    arrays = {name: _move(getattr(stack, name)[kept], frames) for name in ("images", "errors")}
    masks = {
        name: None if getattr(stack, name) is None else ~(_move(~getattr(stack, name)[kept], frames, 0.0) > 0)
        for name in ("bad", "saturated", "interrupted")
    }
    together = frames_of_shifts(np.zeros((len(kept), 2)))
    return replace(stack, **arrays, **masks, frames=together, names=tuple(names[index] for index in kept))


def estimate_poisson(image, err):
    """Poisson variance over signal, from pixels well above the noise of the sky; 0 where there are none.

    Parameters
    ----------
    image, err : ndarray
        (ny, nx) image and its noise; NaN where there are no data.
    """
    known = np.isfinite(image) & np.isfinite(err)
    if not known.any():
        return 0.0
    level, sky = np.median(image[known]), np.median(err[known])
    bright = known & (image - level > BRIGHT * sky)
    if not bright.any():
        return 0.0
    return float(max(np.median((err[bright] ** 2 - sky**2) / (image[bright] - level)), 0))


def _distance_off_grid(frame, first, shape):
    """Largest distance in pixels, over the image, between a frame and one that is shifted by whole pixels."""
    corners = np.array([(y, x, 1.0) for y in (0, shape[0] - 1) for x in (0, shape[1] - 1)])
    shift = corners @ frame.T - corners @ first.T
    return float(np.abs(shift - np.rint(shift.mean(axis=0))).max())


def _whole_shift(frame, first):
    """Frame that is shifted by whole pixels relative to the first one, which becomes the common frame."""
    return frames_of_shifts(np.rint(frame[:, 2] - first[:, 2]))[0]


def _move(arrays, frames, fill=np.nan):
    """(n, ny, nx) arrays in the pixels of the common frame."""
    common = frames_of_shifts([(0, 0)])[0]
    pairs = zip(arrays, frames, strict=True)
    moved = np.stack([in_frame_of(np.asarray(array, np.float32), frame, common) for array, frame in pairs])
    return np.where(np.isnan(moved), np.float32(fill), moved)
