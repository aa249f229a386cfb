"""Images with cosmic rays at random exposure times, and the defects and holes of their training stamps."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from jwst_denoise.simulate import CosmicRayParameters, simulate_image

__all__ = [
    "ALPHA", "MOST_MASKS", "augment_sky", "draw_holes", "draw_image", "insert_defects", "move_to_peaks",
]  # fmt: skip

EXPOSURE_TIME = (30.0, 2000.0)  # s
LONG_EXPOSURE = 300.0  # s, shortest exposure of spectra
READ_NOISE = (5.0, 25.0)  # e-
CHARGE_LEFT = (40.0, 400.0)  # e-, above which a jump step has found the cosmic ray
ALPHA = (-0.9, 3.0)  # range of the sky augmentation (Zhang & Bloom 2020, equation 4)
MOST_MASKS = 9  # largest number of exposures whose cosmic rays become holes


def draw_image(rate, rng, *, long=False):
    """Simulate an image at a random exposure time, read noise and kind of cosmic rays."""
    low, high = EXPOSURE_TIME
    seconds = np.exp(rng.uniform(np.log(LONG_EXPOSURE if long else low), np.log(high)))
    slope = rng.uniform() < 0.35
    limit = rng.uniform(*CHARGE_LEFT) if rng.uniform() < 0.2 else None
    return simulate_image(
        rate, seconds, rng, read_noise=np.exp(rng.uniform(*np.log(READ_NOISE))), stripes=rng.uniform(0, 0.5),
        hits=_draw_parameters(rng), slope=slope, limit=limit,
    )  # fmt: skip


def augment_sky(data, err, sky, alpha, rng):
    """Sky augmentation: the image under a sky that is brighter by α times its own, n + α·sky.

    The networks subtract the sky level, so all they see of a brighter sky is its noise.

    References
    ----------
    Zhang & Bloom 2020, ApJ 889, 24, equations 3 and 4.
    """
    added = max(alpha, np.float32(0)) * np.median(err) ** 2
    noise = np.sqrt(added) * rng.standard_normal(data.shape, dtype=np.float32)
    return data + alpha * sky + noise, np.sqrt(err**2 + added)


def insert_defects(data, rng):
    """Copy of an image with NaN in isolated pixels, and in some images in a block, a row or a column."""
    data = data.copy()
    data[rng.uniform(size=data.shape) < rng.choice([0.0, 0.002, 0.01])] = np.nan
    if rng.uniform() < 0.15:
        y, x = rng.integers(0, data.shape[0], 2)
        height, width = rng.choice([[1, data.shape[1]], [data.shape[0], 4], [12, 12]])
        data[y : y + height, x : x + width] = np.nan
    return data


def draw_holes(size, rng):
    """Holes with the shapes of the cosmic rays of 1 to 9 other exposures, (size, size) bool."""
    hits = CosmicRayParameters(snowball_rate=0, shower_rate=0)
    sky = np.full((size, size), 0.2, dtype=np.float32)
    seconds = 150.0 * rng.integers(1, MOST_MASKS + 1)
    return simulate_image(sky, seconds, rng, hits=hits).truth()


def move_to_peaks(holes, rate, rng, fraction=0.4):
    """Move holes onto the peaks of a scene, where inpainting is hardest; their shapes stay."""
    labels, number = ndimage.label(holes, np.ones((3, 3)))
    peaks = np.argwhere((ndimage.maximum_filter(rate, 3) == rate) & (rate > np.median(rate)))
    result = np.zeros_like(holes)
    if not number or not len(peaks):
        return result
    rows, columns = np.nonzero(holes)
    order = np.argsort(labels[holes], kind="stable")
    shapes = np.split(np.stack([rows, columns], axis=1)[order], np.cumsum(np.bincount(labels[holes])[1:-1]))
    for peak in peaks[rng.uniform(size=len(peaks)) < fraction]:
        shape = shapes[rng.integers(number)]
        y, x = (shape - shape[rng.integers(len(shape))] + peak).T
        inside = (y >= 0) & (y < holes.shape[0]) & (x >= 0) & (x < holes.shape[1])
        result[y[inside], x[inside]] = True
    return result


def _draw_parameters(rng):
    """Cosmic rays as in H2RGs, and in some images longer and broader tracks, as in thicker detectors."""
    rare = rng.uniform() < 0.1
    base = CosmicRayParameters(snowball_rate=0.2 * rare, shower_rate=0.02 * rare)
    changes = {"flux": base.flux * rng.lognormal(0, 0.6), "diffusion": rng.uniform(0.22, 0.4)}
    if rng.uniform() < 0.25:
        changes["thickness"] = rng.uniform(10.0, 100.0)
        changes["loss"] = base.loss * rng.uniform(0.1, 1.0)
    return replace(base, **changes)
