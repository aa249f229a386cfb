"""What a reset leaves behind, and slow drifts: kTC noise, pedestals and the picture frame."""

import numpy as np

__all__ = ["frame_drift", "ktc_noise", "output_pedestals", "picture_frame"]


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


def picture_frame(shape, corner=(1, 1), size=2048, width=150.0):
    """Template of the picture frame: 1 at the edge of the detector and falling toward the inside.

    Temperature drifts of the detector assembly show as a smooth pattern that resembles a wooden picture frame
    (Rauscher 2024, PASP 136, 015001, §2). The model falls exponentially with the distance to the nearest edges.

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
    """
    edge = []
    for start, n in ((corner[1], shape[0]), (corner[0], shape[1])):
        pixel = np.arange(start - 1, start - 1 + n)
        edge.append(1 - np.exp(-pixel / width) - np.exp(-(size - 1 - pixel) / width))
    return (1 - np.outer(*edge)).astype(np.float32)
