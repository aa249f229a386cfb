"""A user's own repeated exposures of a scene on the same pixels, of which Noise2Noise makes its pairs."""

import logging
from dataclasses import dataclass, replace

import numpy as np

from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise.training.own_exposures.exposure_truth import in_frame_of
from jwst_denoise.training.own_exposures.exposures import FEWEST, frames_of_shifts, label

__all__ = ["Repeated", "noise_by_light", "on_common_pixels", "repeated"]

log = logging.getLogger("stpipe.jwst_denoise.training")

SAME = 0.15  # pixels: what is left of a shift, beside whole pixels, between exposures on the same pixels
BRIGHT = 10.0  # times the noise of the sky: pixels whose noise tells that of light


@dataclass(frozen=True)
class Repeated:
    """Exposures of one scene on the same pixels.

    Parameters
    ----------
    rate : ndarray
        (n, ny, nx) float32 in any units; NaN where there is no datum.
    read_noise : ndarray
        (n, ny, nx) float32: noise without that of light.
    poisson : ndarray
        (n,) variance by light over rate.
    clean : ndarray
        (n, ny, nx) bool: pixels with a datum that no cosmic ray has hit.
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

    def cut(self, here):
        """Some of the pixels."""
        return self._each(lambda planes: planes[(slice(None), *here)])

    def turned(self, turns, mirror):
        """Turned by right angles, and mirrored if wanted."""
        return self._each(lambda planes: np.rot90(planes[..., ::-1] if mirror else planes, turns, (1, 2)))

    def _each(self, function):
        return replace(self, **{name: function(getattr(self, name)) for name in ("rate", "read_noise", "clean")})

    def mean(self, indices):
        """Mean of the clean pixels of some exposures as `SlopeImage`; NaN where there are none."""
        indices = list(indices)
        clean = self.clean[indices]
        count = clean.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = np.where(clean, self.rate[indices], 0).sum(axis=0) / count
            read = np.sqrt(np.where(clean, self.read_noise[indices] ** 2, 0).sum(axis=0)) / count
            light = np.where(clean, self.poisson[indices, None, None], 0).sum(axis=0) / count**2
        return SlopeImage(*(array.astype(np.float32) for array in (rate, read, light)))


def repeated(stack):
    """Exposures of a stack on the same pixels, with their noise and without cosmic rays.

    Parameters
    ----------
    stack : `~jwst_denoise.training.own_exposures.exposures.ExposureStack`
        Integrations, or exposures that are shifted by whole pixels.

    Returns
    -------
    Repeated

    Raises
    ------
    ValueError
        If fewer than three exposures are on the same pixels.
    """
    stack = on_common_pixels(stack)
    images = stack.usable()
    poisson = np.array([noise_by_light(*pair) for pair in zip(images, stack.errors, strict=True)], np.float32)
    light = poisson[:, None, None] * np.clip(np.nan_to_num(images), 0, None)
    least = (0.1 * stack.errors) ** 2
    read = np.sqrt(np.maximum(stack.errors**2 - light, least))
    found = label(stack)
    clean = np.stack([(exposure.weight > 0) & ~exposure.hits for exposure in found])
    rate = np.where(stack.bad | ~np.isfinite(stack.errors), np.nan, stack.images)
    return Repeated(rate.astype(np.float32), read.astype(np.float32), poisson, clean, stack.names, stack.setup)


def on_common_pixels(stack):
    """Stack in the pixels of its first exposure; exposures that lie between them are left out.

    Raises
    ------
    ValueError
        If fewer than three exposures are left.
    """
    off = np.array([_off_grid(frame, stack.frames[0], stack.images.shape[1:]) for frame in stack.frames])
    kept = np.flatnonzero(off <= SAME)
    names = [stack.name_of(index) for index in range(len(stack))]
    if len(kept) < FEWEST:
        listed = ", ".join(f"{name} {value:.2f}" for name, value in zip(names, off, strict=True))
        raise ValueError(
            f"{stack.setup or 'stack'}: fewer than {FEWEST} exposures on the same pixels (pixels off those of the "
            f"first: {listed}); Noise2Noise compares pixel with pixel, so give a rateints file, repeated exposures, or "
            f"dithers by whole pixels (to {SAME})"
        )
    for index in np.flatnonzero(off > SAME):
        log.warning("%s is %.2f pixels off the pixels of %s and left out", names[index], off[index], names[0])
    frames = [_whole(frame, stack.frames[0]) for frame in stack.frames[kept]]
    arrays = {name: _moved(getattr(stack, name)[kept], frames) for name in ("images", "errors")}
    masks = {
        name: None if getattr(stack, name) is None else ~(_moved(~getattr(stack, name)[kept], frames, 0.0) > 0)
        for name in ("bad", "saturated", "interrupted")
    }
    together = frames_of_shifts(np.zeros((len(kept), 2)))
    return replace(stack, **arrays, **masks, frames=together, names=tuple(names[index] for index in kept))


def noise_by_light(image, err):
    """Variance by light over signal, from pixels well above the noise of the sky; 0 where there are none.

    Parameters
    ----------
    image, err : ndarray
        (ny, nx) image and its noise; NaN where there is no datum.
    """
    known = np.isfinite(image) & np.isfinite(err)
    if not known.any():
        return 0.0
    level, sky = np.median(image[known]), np.median(err[known])
    bright = known & (image - level > BRIGHT * sky)
    if not bright.any():
        return 0.0
    return float(max(np.median((err[bright] ** 2 - sky**2) / (image[bright] - level)), 0))


def _off_grid(frame, first, shape):
    """Largest distance in pixels, over the image, between a frame and one that is shifted by whole pixels."""
    corners = np.array([(y, x, 1.0) for y in (0, shape[0] - 1) for x in (0, shape[1] - 1)])
    there, here = corners @ frame.T, corners @ first.T
    apart = there - here
    return float(np.abs(apart - np.rint(apart.mean(axis=0))).max())


def _whole(frame, first):
    """Frame that is shifted by whole pixels against the first one's, which is taken as the common one."""
    return frames_of_shifts(np.rint(frame[:, 2] - first[:, 2]))[0]


def _moved(arrays, frames, fill=np.nan):
    """(n, ny, nx) arrays in the pixels of the common frame."""
    common = frames_of_shifts([(0, 0)])[0]
    pairs = zip(arrays, frames, strict=True)
    moved = np.stack([in_frame_of(np.asarray(array, np.float32), frame, common) for array, frame in pairs])
    return np.where(np.isnan(moved), np.float32(fill), moved)
