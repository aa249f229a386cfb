"""Images ↔ weighted means over a few successive pixels of each output, in time order."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from jwst_denoise.readout import Readout

__all__ = ["Bins", "bin_images"]

PIXELS_PER_BIN = 4


@dataclass(frozen=True)
class Bins:
    """Time bins of a read-out: (outputs, length) series, zero weight where no pixel is read.

    Parameters
    ----------
    readout : Readout
        The geometry.
    """

    readout: Readout

    @cached_property
    def size(self):
        """Pixels in a bin: 4, or what divides the line of an output."""
        divides = (n for n in (PIXELS_PER_BIN, 2, 1) if self.readout.line_ticks % n == 0 and self.readout.width % n == 0)
        return next(divides)

    @property
    def per_line(self):
        """Bins of one line, its overhead included."""
        return self.readout.line_ticks // self.size

    @property
    def used(self):
        """Bins in a frame."""
        return self.readout.lines * self.per_line

    @cached_property
    def length(self):
        """Length of the series: the frame and a guard of a few lines that keeps its end from its beginning."""
        return fft.next_fast_len(self.used + 4 * self.per_line + 64, real=True)

    @property
    def interval(self):
        """Seconds a bin."""
        return self.size * self.readout.pixel_time

    @cached_property
    def frequency(self):
        """Frequencies of the series (Hz), the first, of the mean, taken as half the second."""
        frequency = fft.rfftfreq(self.length, self.interval)
        frequency[0] = 0.5 * frequency[1]
        return frequency

    def sum(self, images):
        """Sums over the pixels of each bin: (…, ny, nx) → (…, outputs, length)."""
        streams = self.readout.to_streams(images)
        parts = [streams[..., start :: self.size] for start in range(self.size)]
        total = parts[0].copy() if len(parts) == 1 else parts[0] + parts[1]
        for part in parts[2:]:
            total += part
        series = np.zeros((*total.shape[:-2], self.length), dtype=total.dtype)
        series[..., : self.used] = total.reshape(*total.shape[:-2], -1)
        return series

    def spread(self, series):
        """Images with each bin's value on all its pixels: (…, outputs, length) → (…, ny, nx)."""
        lines = series[..., : self.used].reshape(*series.shape[:-1], self.readout.lines, self.per_line)
        return self.readout.from_streams(np.repeat(lines, self.size, axis=-1))


def bin_images(images, weights, bins):
    """Weighted means of each bin.

    Parameters
    ----------
    images, weights : ndarray
        (…, ny, nx), or (ny, nx) weights for all images; weights are inverse variances, 0 on pixels not to be used.
    bins : Bins
        The time bins.

    Returns
    -------
    weight, weighted : ndarray
        (…, outputs, length) Σw and Σw·d of each bin.
    """
    return bins.sum(weights), bins.sum(images * weights)
