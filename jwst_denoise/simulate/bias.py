"""Levels of the pixels without illumination: bias, dark current, reset noise, drifts and the picture frame."""

import zlib

import numpy as np

from jwst_denoise.readout import FULL_FRAME

__all__ = ["dark_rate", "frame_drift", "ktc_noise", "output_pedestals", "picture_frame", "superbias"]


def superbias(detector, shape=None, corner=(1, 1)):
    """Mean level of every pixel after a reset; always the same for a detector.

    Parameters
    ----------
    detector : DetectorParameters
        The detector.
    shape : tuple of int, optional
        (ny, nx) of a subarray; by default the full frame.
    corner : tuple of int, optional
        (x, y) of its first pixel on the detector, counted from 1.

    Returns
    -------
    ndarray
        (ny, nx) float32 DN.
    """
    full = detector.readout()
    rng = _fixed_generator(detector, "superbias")
    levels = rng.normal(detector.bias, detector.output_scatter, full.outputs).astype(np.float32)
    stripes = np.repeat(levels, full.width) * np.ones((detector.size, 1), dtype=np.float32)
    image = full.from_detector(stripes).copy()
    image += np.float32(detector.bias_scatter) * rng.standard_normal(image.shape, dtype=np.float32)
    return _cut_out(image, shape, corner)


def dark_rate(detector, shape=None, corner=(1, 1)):
    """Dark current of every pixel, hot ones included; always the same for a detector.

    Parameters
    ----------
    detector, shape, corner
        As for `superbias`.

    Returns
    -------
    ndarray
        (ny, nx) float32 e- / s, 0 on reference pixels.
    """
    rng = _fixed_generator(detector, "dark")
    image = np.full((detector.size, detector.size), detector.dark_current, dtype=np.float32)
    hot = rng.choice(image.size, int(detector.hot_fraction * image.size), replace=False)
    image.flat[hot] += rng.exponential(detector.hot_current, len(hot)).astype(np.float32)
    image[detector.readout().reference_pixels] = 0
    return _cut_out(image, shape, corner)


def _fixed_generator(detector, purpose):
    """Random numbers that belong to the detector, not to an exposure."""
    return np.random.default_rng([zlib.crc32(detector.name.encode()), zlib.crc32(purpose.encode())])


def _cut_out(image, shape, corner):
    ny, nx = shape or image.shape
    return image[corner[1] - 1 : corner[1] - 1 + ny, corner[0] - 1 : corner[0] - 1 + nx].copy()


def ktc_noise(detector, readout, rng):
    """Charge in e- that a reset leaves on each pixel, (ny, nx) float32."""
    return np.float32(detector.ktc_noise) * rng.standard_normal(readout.shape, dtype=np.float32)


def output_pedestals(detector, readout, rng):
    """Level in e- of each output after a reset, as an image (ny, nx) float32."""
    levels = rng.normal(0, detector.pedestal, readout.outputs).astype(np.float32)
    frame = np.repeat(levels, readout.width) * np.ones((readout.lines, 1), dtype=np.float32)
    return np.ascontiguousarray(readout.from_detector(frame))


def frame_drift(detector, frames, rng):
    """Level in e- common to all pixels of each frame of an integration: a random walk, (frames,)."""
    return np.cumsum(rng.normal(0, detector.pedestal_drift, frames))


def picture_frame(shape, corner=(1, 1), size=FULL_FRAME, width=150.0):
    """Template of the picture frame: 1 at the edge of the detector and decreasing toward the inside.

    Temperature drifts of the detector assembly show as a smooth pattern that resembles a wooden picture frame
    (Rauscher 2024, PASP 136, 015001, §2). The model decreases exponentially with the distance to the nearest edges.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    corner : tuple of int, optional
        (x, y) of the first pixel on the detector, counted from 1.
    size : int, optional
        Pixels along an edge of the detector.
    width : float, optional
        Scale of the frame in pixels.

    Returns
    -------
    ndarray
        (ny, nx) float32.
    """
    edge = []
    for start, n in ((corner[1], shape[0]), (corner[0], shape[1])):
        pixel = np.arange(start - 1, start - 1 + n)
        edge.append(1 - np.exp(-pixel / width) - np.exp(-(size - 1 - pixel) / width))
    return (1 - np.outer(*edge)).astype(np.float32)
