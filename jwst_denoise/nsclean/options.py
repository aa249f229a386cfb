"""Parameters, noise statistics and result of a fit."""

from dataclasses import dataclass, fields

import numpy as np

__all__ = ["REFERENCE_FREQUENCY", "FitOptions", "Hyper", "NoiseFit", "SourceLoss"]

#: Frequency at which amplitudes are quoted, Hz: about half a line of a full frame.
REFERENCE_FREQUENCY = 1000.0

_METHODS = ("gp", "nsclean", "median")
_BACKGROUNDS = ("remove", "keep")


@dataclass(frozen=True)
class Hyper:
    """Noise statistics: power spectra in read-out time, white noise, smooth field.

    Parameters
    ----------
    common, output : float
        Two-sided power spectral density at 1 kHz of the noise common to all outputs and of the noise of each output,
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


@dataclass(frozen=True)
class FitOptions:
    """Parameters of `fit_noise`.

    Parameters
    ----------
    method : {"gp", "nsclean", "median"}
        Estimator.
    max_source_loss : float
        ``gp``: largest fraction of its flux that the fit may remove from a source that the mask does not cover, 0 to 1.
        1 returns the unbounded posterior mean.
    background : {"remove", "keep"}
        Whether the level and the smooth field of the dark pixels are noise or sky.
    critical_frequency, kill_width : float
        Low-pass filter of the full-frame fit, cycles per pixel (Rauscher 2024).
    weights_sigma : float
        Pixels; scale of the local density of dark samples, full-frame fit.
    buff_sigma : float
        Pixels; blur of the model across lines, full-frame fit. 0 for none.
    outlier_sigma : float
        Pixels beyond it are replaced by the median of their line, full-frame fit. 0 for none.
    frame_outlier_sigma : float
        Pixels beyond it are excluded, in the subarray fit with their neighbors. 0 for none. Subarray fit and ``gp``.
    bands : tuple of 4 floats
        Hz; low band and alternating-column band of the subarray fit.
    fit_by_output : bool
        ``median``: one median for each output of a line instead of one for the line.
    hyper : Hyper or None
        Known noise statistics for ``gp``; None estimates them from the dark pixels.

    Raises
    ------
    ValueError
        If a value is impossible; the message names it.
    """

    method: str = "gp"
    max_source_loss: float = 0.01
    background: str = "remove"
    critical_frequency: float = 1 / 256
    kill_width: float = 1 / 1024
    weights_sigma: float = 32.0
    buff_sigma: float = 1.5
    outlier_sigma: float = 3.0
    frame_outlier_sigma: float = 4.0
    bands: tuple[float, float, float, float] = (1061.0, 1211.0, 49943.0, 49957.0)
    fit_by_output: bool = False
    hyper: Hyper | None = None

    def __post_init__(self):
        """Check the values."""
        self._require(self.method in _METHODS, "method", f"one of {', '.join(_METHODS)}")
        self._require(0 <= self.max_source_loss <= 1, "max_source_loss", "between 0 and 1")
        self._require(self.background in _BACKGROUNDS, "background", f"one of {', '.join(_BACKGROUNDS)}")
        self._require(0 < self.critical_frequency < 0.5, "critical_frequency", "between 0 and 0.5 cycles per pixel")
        self._require(0 <= self.kill_width <= 2 * self.critical_frequency, "kill_width", "at most 2 critical_frequency")
        self._require(self.weights_sigma > 0, "weights_sigma", "positive")
        for name in ("buff_sigma", "outlier_sigma", "frame_outlier_sigma"):
            self._require(getattr(self, name) >= 0, name, "0 or positive")
        increasing = len(self.bands) == 4 and all(a < b for a, b in zip(self.bands, self.bands[1:], strict=False))
        self._require(increasing and self.bands[0] > 0, "bands", "four increasing positive frequencies")

    def _require(self, valid, name, wanted):
        if not valid:
            raise ValueError(f"{name}={getattr(self, name)!r} must be {wanted}")

    @classmethod
    def from_keywords(cls, **keywords):
        """Build from keywords; an unknown one raises an error that names it."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(keywords) - known)
        if unknown:
            raise ValueError(f"unknown option {unknown[0]!r}; known: {', '.join(sorted(known))}")
        return cls(**keywords)


@dataclass(frozen=True)
class SourceLoss:
    """Fraction of the flux above the local background that a fit removes from faint sources on dark pixels.

    Parameters
    ----------
    star : float
        Star with a FWHM of 2.2 pixels in an aperture of r = 2.5 pixels.
    galaxy : float
        Gaussian source with a FWHM of 8 pixels in an aperture of r = 8 pixels.
    trace : float
        Spectral trace across the lines, 41 lines long with a FWHM of 2.2 pixels, in a box of 5 pixels.
    """

    star: float
    galaxy: float
    trace: float


@dataclass(frozen=True)
class NoiseFit:
    """Result of `fit`.

    Parameters
    ----------
    noise : ndarray
        (…, ny, nx) noise to subtract, in data units; finite everywhere.
    variance : ndarray
        (…, ny, nx) variance of ``noise`` about the true noise; a read-only broadcast if all images share it.
    background : ndarray
        (…, ny or 1, nx or 1) level and smooth field, fitted together with the 1/f noise. Part of
        ``noise`` with ``background="remove"``.
    hyper : Hyper or None
        Noise statistics that ``gp`` used.
    source_loss : SourceLoss or None
        Flux that ``gp`` removes from faint sources, predicted from ``hyper`` and the mask.
    sum_excess : float
        Variance of sums of cleaned pixels over areas of the size of an aperture, relative to the sum of their
        variances, from ``gp``. It exceeds 1 because a bounded fit leaves a part of the correlated noise.
    """

    noise: np.ndarray
    variance: np.ndarray
    background: np.ndarray
    hyper: Hyper | None = None
    source_loss: SourceLoss | None = None
    sum_excess: float = 1.0
