"""Power spectra of the correlated part of the read noise."""

from dataclasses import dataclass

import numpy as np

__all__ = ["NoiseSpectrum"]

PIXEL_RATE = 1e5  # Hz, pixels an output reads a second


@dataclass(frozen=True)
class NoiseSpectrum:
    """Power spectra of correlated read noise: a part common to the outputs and a part of each output.

    All spectra are *one-sided* densities in e-² / Hz: the variance of the process is the integral of its density from
    0 Hz to the Nyquist frequency (half the pixel rate). A discrete Fourier transform X_k of N samples at intervals dt
    then has the mean E|X_k|² = N P(f_k) / (2 dt).

    Parameters
    ----------
    common_rms, output_rms : float
        Rms in e- between ``band[0]`` and ``band[1]`` of the 1/f noise that all outputs share, and of the 1/f noise of
        each single output.
    alternating_rms : float
        Rms in e- of the alternating-column noise of each output: a narrow band below the Nyquist frequency.
    common_slope, output_slope : float
        Exponents: P(f) ∝ f^-slope.
    alternating_width : float
        Half width at half maximum of the alternating band in Hz.
    band : tuple of float
        The frequencies in Hz between which the rms is measured. 0.1 Hz is about one full frame.
    floor : float
        Frequency in Hz below which the 1/f spectra are flat: the longest memory of the electronics.

    Notes
    -----
    Rauscher et al. (2017, PASP 129, 105003) and Moseley et al. (2010, SPIE 7742) describe the correlated noise of
    H2RGs with the SIDECAR ASIC as 1/f in the order of reading, largely common to the outputs; the alternating
    columns are the two interleaved buses of an output (Rauscher 2024, PASP 136, 015001).
    """

    common_rms: float = 1.6
    output_rms: float = 1.0
    alternating_rms: float = 0.4
    common_slope: float = 1.0
    output_slope: float = 1.0
    alternating_width: float = 10.0
    band: tuple[float, float] = (0.1, PIXEL_RATE / 2)
    floor: float = 1e-3

    def __post_init__(self):
        """Check amplitudes and frequencies."""
        for name in ("common_rms", "output_rms", "alternating_rms"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}={getattr(self, name)} must not be negative")
        if not 0 < self.floor <= self.band[0] < self.band[1]:
            raise ValueError(f"floor={self.floor} and band={self.band} must satisfy 0 < floor <= band[0] < band[1]")
        if not self.alternating_width > 0:
            raise ValueError(f"alternating_width={self.alternating_width} must be positive")

    def common_psd(self, frequency):
        """One-sided density in e-² / Hz of the noise that the outputs share, at frequencies in Hz."""
        return self._power_law(frequency, self.common_rms, self.common_slope)

    def output_psd(self, frequency, nyquist=PIXEL_RATE / 2):
        """One-sided density in e-² / Hz of each output's own noise, alternating columns included."""
        offset = (nyquist - np.asarray(frequency, dtype=float)) / self.alternating_width
        lorentzian = 2 / (np.pi * self.alternating_width) / (1 + offset**2)
        return self._power_law(frequency, self.output_rms, self.output_slope) + self.alternating_rms**2 * lorentzian

    def _power_law(self, frequency, rms, slope):
        low, high = self.band
        if slope == 1:
            integral = np.log(high / low)
        else:
            integral = (high ** (1 - slope) - low ** (1 - slope)) / (1 - slope)
        return rms**2 / integral * np.maximum(np.asarray(frequency, dtype=float), self.floor) ** -slope
