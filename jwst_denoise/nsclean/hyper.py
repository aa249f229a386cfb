"""What the Gaussian process knows of the noise: power spectra in read-out time, white noise, a smooth field."""

from dataclasses import dataclass

import numpy as np

__all__ = ["REFERENCE_FREQUENCY", "Hyper"]

#: Frequency at which amplitudes are quoted, Hz: about half a line of a full frame.
REFERENCE_FREQUENCY = 1000.0


@dataclass(frozen=True)
class Hyper:
    """Statistics of the correlated noise.

    Parameters
    ----------
    common, output : float
        Two-sided power spectral density at 1 kHz of the noise common to all outputs and of each output's own,
        in data units²/Hz: the variance is the integral of the density over positive and negative frequencies.
    common_slope, output_slope : float
        α of the density ∝ f^−α.
    white : float
        Standard deviation of the white noise in units of ``err``, or in data units if no ``err`` is given.
    field : float
        Standard deviation of the smooth field's first modes, data units.
    """

    common: float
    output: float
    common_slope: float = 1.0
    output_slope: float = 1.0
    white: float = 1.0
    field: float = 0.0

    def __post_init__(self):
        """Check the values."""
        for name in ("common", "output", "field"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}={getattr(self, name)!r} must be 0 or positive")
        if not self.white > 0:
            raise ValueError(f"white={self.white!r} must be positive")
        for name in ("common_slope", "output_slope"):
            if not 0 <= getattr(self, name) <= 3:
                raise ValueError(f"{name}={getattr(self, name)!r} must lie between 0 and 3")

    def density(self, kind, frequency):
        """Power spectral density of ``"common"`` or ``"output"`` at frequencies > 0 (Hz)."""
        slope = getattr(self, f"{kind}_slope")
        return getattr(self, kind) * (np.asarray(frequency) / REFERENCE_FREQUENCY) ** -slope
