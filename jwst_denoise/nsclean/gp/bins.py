"""Time bins: sums over a few successive pixels of each output, in read-out order."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import fft

from jwst_denoise.readout import Readout

__all__ = ["Bins"]

PIXELS_PER_BIN = 4


@dataclass(frozen=True)
class Bins:
    """Time bins of a read-out; a series (…, outputs, length) is 0 at times when no pixel is read.

    Parameters
    ----------
    readout : Readout
        Read-out geometry.
    """

    readout: Readout

    @cached_property
    def size(self):
        """Pixels in a bin: 4, or 2 or 1 where the line of an output requires it."""
        lengths = self.readout.line_ticks, self.readout.width
        return next(n for n in (PIXELS_PER_BIN, 2, 1) if all(length % n == 0 for length in lengths))

    @cached_property
    def place(self):
        """Indices of the bins with pixels among the bins of a line (with IRS² to less than a bin)."""
        place = self.readout.pixel_ticks[:: self.size] // self.size
        return slice(0, place.size) if place[-1] == place.size - 1 else place

    @property
    def per_line(self):
        """Bins of one line, overhead included."""
        return self.readout.line_ticks // self.size

    @property
    def used(self):
        """Bins in a frame."""
        return self.readout.lines * self.per_line

    @cached_property
    def length(self):
        """Length of the series: the frame and a few empty lines that separate its end from its beginning."""
        return fft.next_fast_len(self.used + 4 * self.per_line + 64, real=True)

    @property
    def interval(self):
        """Seconds per bin."""
        return self.size * self.readout.pixel_time

    @cached_property
    def frequency(self):
        """Frequencies of the series (Hz); the first, of the mean, is set to half of the second."""
        frequency = fft.rfftfreq(self.length, self.interval)
        frequency[0] = 0.5 * frequency[1]
        return frequency

    def averaged(self, density):
        """Power spectral density of the bin means at `frequency`, from that of the pixels, with aliases.

        Parameters
        ----------
        density : callable
            Two-sided density as a function of frequency (Hz).

        Returns
        -------
        ndarray
        """
        nodes = np.linspace(0, 0.5, 65)[1:] / self.interval
        aliases = np.abs(nodes + np.arange(-self.size // 2 + 1, self.size // 2 + 1)[:, None] / self.interval)
        pixels = density(nodes)
        ratio = np.sum(density(aliases) * self._response(aliases), axis=0) / np.where(pixels > 0, pixels, 1)
        return density(self.frequency) * np.interp(self.frequency, nodes, ratio)

    def unresolved(self, density):
        """Variance of the pixels about their bin means."""
        frequency = np.geomspace(1e-4, 0.5, 200) / self.readout.pixel_time
        return 2 * np.trapezoid(density(frequency) * (1 - self._response(frequency)), frequency)

    def _response(self, frequency):
        """Power response of the mean over the pixels of a bin."""
        phase = np.pi * frequency * self.readout.pixel_time
        return (np.sin(self.size * phase) / (self.size * np.sin(phase))) ** 2

    def lines(self, series):
        """View of a series as (…, outputs, lines, bins of a line)."""
        return series[..., : self.used].reshape(*series.shape[:-1], self.readout.lines, self.per_line)

    @property
    def frame_shape(self):
        """Lines, and bins of all outputs along the fast axis."""
        return self.readout.lines, self.readout.outputs * self.readout.width // self.size

    def sum(self, images):
        """Sums over the pixels of each bin: (…, ny, nx) → (…, outputs, length)."""
        frame = self.readout.to_detector(images)
        return self.from_frame(
            sum((frame[..., start :: self.size] for start in range(1, self.size)), start=frame[..., :: self.size])
        )

    def spread(self, series):
        """Images with the value of each bin on all of its pixels: (…, outputs, length) → (…, ny, nx)."""
        axis = -1 if abs(self.readout.fastaxis) == 1 else -2
        shape = list(self.readout.shape)
        shape[axis] //= self.size
        image = np.empty((*series.shape[:-2], *shape), dtype=series.dtype)
        self.to_frame(series, replace(self.readout, shape=tuple(shape), interleave=None).to_detector(image))
        return np.repeat(image, self.size, axis=axis)

    def to_frame(self, series, frame=None):
        """Arrange a series in the detector frame: (…, outputs, length) → (…, lines, bins along the fast axis)."""
        if frame is None:
            frame = np.empty((*series.shape[:-2], *self.frame_shape), dtype=series.dtype)
        for line, stripe in self._stripes(series, frame):
            stripe[...] = line[..., self.place]
        return frame

    def from_frame(self, frame):
        """Series of a frame, 0 at times when no pixel is read: inverse of `to_frame`."""
        series = np.zeros((*frame.shape[:-2], self.readout.outputs, self.length), dtype=frame.dtype)
        for line, stripe in self._stripes(series, frame):
            line[..., self.place] = stripe
        return series

    def _stripes(self, series, frame):
        """Views of each output in a series and in a frame, both in read-out order: (…, lines, bins)."""
        parts = np.split(frame, self.readout.outputs, axis=-1)
        stripes = [part[..., ::-1] if output % 2 else part for output, part in enumerate(parts)]
        return zip(np.moveaxis(self.lines(series), -3, 0), stripes, strict=True)
