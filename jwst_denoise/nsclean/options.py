"""The parameters of a fit, as one validated object."""

from dataclasses import dataclass, fields

from jwst_denoise.nsclean.hyper import Hyper

__all__ = ["FitOptions"]

_METHODS = ("gp", "nsclean", "median")
_BACKGROUNDS = ("remove", "keep")


@dataclass(frozen=True)
class FitOptions:
    """Parameters of `jwst_denoise.nsclean.fit_noise`.

    Parameters
    ----------
    method : {"gp", "nsclean", "median"}
        The estimate.
    background : {"remove", "keep"}
        Whether the level and the smooth field under the dark pixels are noise or sky.
    critical_frequency, kill_width : float
        Low-pass filter of the full-frame form, cycles a pixel (Rauscher 2024).
    weights_sigma : float
        Pixels; scale of the local density of dark samples, full-frame form.
    buff_sigma : float
        Pixels; blur of the model across lines, full-frame form. 0 for none.
    outlier_sigma : float
        Outliers beyond it are replaced by their line's median. 0 for none.
    frame_outlier_sigma : float
        Outliers beyond it are left out, with their neighbors, by the subarray form and by ``gp``.
    bands : tuple of 4 floats
        Hz; low band and alternating-column band of the subarray form.
    fit_by_output : bool
        ``median``: one median an output instead of one a line.
    hyper : Hyper or None
        Known noise statistics for ``gp``; None estimates them from the dark pixels.

    Raises
    ------
    ValueError
        If a value is impossible; the message names it.
    """

    method: str = "gp"
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
        self._require(self.background in _BACKGROUNDS, "background", f"one of {', '.join(_BACKGROUNDS)}")
        self._require(0 < self.critical_frequency < 0.5, "critical_frequency", "between 0 and 0.5 cycles a pixel")
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
        """Build from keywords; an unknown one is an error that names it."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(keywords) - known)
        if unknown:
            raise ValueError(f"unknown option {unknown[0]!r}; known: {', '.join(sorted(known))}")
        return cls(**keywords)
