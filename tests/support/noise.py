"""Correlated noise with known spectra."""

import numpy as np

__all__ = ["colored"]


def colored(rng, readout, hyper, frames=1):
    """Noise with the two spectra of ``hyper``, drawn per pixel time (not per bin): (frames, ny, nx)."""
    length = 2 * readout.ticks
    frequency = np.fft.rfftfreq(length, readout.pixel_time)
    frequency[0] = np.inf
    streams = 0
    for kind, count in (("common", 1), ("output", readout.outputs)):
        root = np.sqrt(hyper.density(kind, frequency) / readout.pixel_time)
        white = np.fft.rfft(rng.normal(size=(frames, count, length)))
        streams = streams + np.fft.irfft(root * white, length)[..., : readout.ticks]
    return readout.from_streams(streams.reshape(frames, readout.outputs, readout.lines, -1))
