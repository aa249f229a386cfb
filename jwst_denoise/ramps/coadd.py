"""Co-addition: weighted and clipped mean of frames."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise.statistics import masked_median

__all__ = ["Coadd", "coadd_frames"]

CLIP = 3.5  # standard deviations from the median beyond which a value is excluded
MEDIAN = 1.57  # variance of a median over that of a mean
SHARPNESS = 0.03  # of the signal, by which frames of an undersampled star may differ


@dataclass(frozen=True)
class Coadd:
    """Mean of several frames.

    Parameters
    ----------
    image : SlopeImage
        The mean with its noise; NaN where no frame has a value.
    scatter : ndarray
        (ny, nx) float32: reduced χ² of all values about the mean, before clipping; 1 for fewer than two values.
    kept : ndarray
        (ny, nx) float32: fraction of the frames in the mean.
    frames : int
        Number of frames.
    """

    image: SlopeImage
    scatter: np.ndarray
    kept: np.ndarray
    frames: int


def coadd_frames(frames):
    """Mean of frames, each weighted by its read noise, clipped pixel by pixel.

    A value is excluded if it deviates by 3.5 standard deviations or more from the median of the pixel (for an even
    number of frames the lower of the two in the middle, so that a cosmic ray in one of two is found).

    Parameters
    ----------
    frames : sequence of SlopeImage
        Aligned frames of one scene and shape.

    Returns
    -------
    Coadd

    Raises
    ------
    ValueError
        If there are no frames, or shapes differ.
    """
    if not frames:
        raise ValueError("a stack needs at least one frame")
    shapes = {np.shape(frame.rate) for frame in frames}
    if len(shapes) > 1:
        raise ValueError(f"frames of a stack have different shapes: {', '.join(map(str, sorted(shapes)))}")
    rate, read, poisson = (
        np.stack([np.broadcast_to(np.asarray(getattr(f, name), np.float32), np.shape(f.rate)) for f in frames])
        for name in ("rate", "read_noise", "poisson")
    )
    good = np.isfinite(rate) & np.isfinite(read) & (read > 0) & np.isfinite(poisson)
    rate, read, poisson = (np.where(good, a, b) for a, b in ((rate, 0), (read, 1), (poisson, 0)))
    middle = masked_median(rate, good, axis=0, lower=True)
    spread = np.sqrt(read**2 + poisson * np.clip(middle, 0, None) + (SHARPNESS * middle) ** 2)
    limit = CLIP * np.sqrt(1 + MEDIAN / np.maximum(good.sum(axis=0), 1))
    kept = good & (np.abs(rate - middle) < limit * spread)
    weight = np.where(kept, 1 / _typical(read, good)[:, None, None] ** 2, 0).astype(np.float32)
    total = weight.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (weight * rate).sum(axis=0) / total
        image = SlopeImage(
            mean.astype(np.float32),
            (np.sqrt((weight**2 * read**2).sum(axis=0)) / total).astype(np.float32),
            ((weight**2 * poisson).sum(axis=0) / total**2).astype(np.float32),
        )
    count = good.sum(axis=0)
    chi_square = np.where(good, ((rate - np.nan_to_num(mean)) / spread) ** 2, 0).sum(axis=0)
    scatter = np.where(count > 1, chi_square / np.maximum(count - 1, 1), 1)
    return Coadd(image, scatter.astype(np.float32), (kept.sum(axis=0) / len(frames)).astype(np.float32), len(frames))


def _typical(read, good):
    """(frames,) median read noise of each frame."""
    return np.array([np.median(r[g]) if g.any() else 1.0 for r, g in zip(read, good, strict=True)], np.float32)
