"""Correlated read noise: stationary Gaussian processes in the order of reading."""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfftfreq

__all__ = ["correlated_noise", "stationary_noise"]

GUARD = 0.25  # of the length, so that the end is not tied to the beginning


def stationary_noise(psd, samples, interval, rng, *, guard=GUARD):
    """One realization of a stationary Gaussian process.

    Parameters
    ----------
    psd : callable
        One-sided power spectral density (variance / Hz) at an array of frequencies in Hz.
    samples : int
        Length of the result.
    interval : float
        Time between samples in s.
    rng : `numpy.random.Generator`
        Source of the random numbers.
    guard : float, optional
        The process is made periodic with at least ``(1 + guard) samples``, so that with a guard the end is not
        tied to the beginning. With 0 the period is exactly ``samples``.

    Returns
    -------
    ndarray
        (samples,) float32.
    """
    period = next_fast_len(int(np.ceil(samples * (1 + guard))), real=True) if guard else samples
    return _draw(_amplitude(psd, period, interval), period, samples, rng)


def _amplitude(psd, period, interval):
    """Rms of the real and of the imaginary part of each Fourier mode."""
    frequency = rfftfreq(period, interval)
    frequency[0] = frequency[1] / 2  # the mean represents everything slower than one period
    return np.sqrt(psd(frequency) * (period / (4 * interval))).astype(np.float32)


def _draw(amplitude, period, samples, rng):
    """First samples of a periodic series with random modes."""
    modes = rng.standard_normal(2 * len(amplitude), dtype=np.float32).view(np.complex64)
    real = [0] if period % 2 else [0, -1]
    modes[real] = np.sqrt(2) * modes[real].real
    modes *= amplitude
    return irfft(modes, period, overwrite_x=True)[:samples]


def correlated_noise(readout, parameters, rng, frames=1):
    """Correlated noise of consecutive frames.

    Every output's time series, with the pixel times after each line, is the sum of a process that all outputs share
    and a separate one (1/f and alternating columns). The frames are consecutive: the noise is continuous from the end
    of one to the start of the next.

    Parameters
    ----------
    readout : `~jwst_denoise.readout.Readout`
        Geometry: orientation, outputs, overhead, pixel time.
    parameters : `NoiseSpectrum` or `DetectorParameters`
        The power spectra, or the detector with them.
    rng : `numpy.random.Generator`
        Source of the random numbers.
    frames : int, optional
        Number of frames.

    Returns
    -------
    ndarray
        (frames, ny, nx) float32 in e-, DMS orientation.

    Examples
    --------
    >>> import numpy as np
    >>> from jwst_denoise import readout, simulate
    >>> geometry = readout.Readout.for_detector("NRS1", (32, 512))
    >>> simulate.correlated_noise(geometry, simulate.detector("NRS1"), np.random.default_rng(1)).shape
    (1, 32, 512)
    """
    spectrum = getattr(parameters, "correlated", parameters)
    samples, interval = frames * readout.ticks, readout.pixel_time
    period = next_fast_len(int(np.ceil(samples * (1 + GUARD))), real=True)
    streams = np.empty((frames, readout.outputs, readout.lines, readout.line_ticks), dtype=np.float32)
    shape = (frames, readout.lines, readout.line_ticks)
    common = _draw(_amplitude(spectrum.common_psd, period, interval), period, samples, rng).reshape(shape)
    amplitude = _amplitude(lambda f: spectrum.output_psd(f, 0.5 / interval), period, interval)
    for output in range(readout.outputs):
        np.add(common, _draw(amplitude, period, samples, rng).reshape(shape), out=streams[:, output])
    return readout.from_streams(streams)
