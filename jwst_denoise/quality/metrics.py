"""Quality metrics of a denoised image, with bounds."""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from jwst_denoise.quality.domain_score import DomainScore, score_domain
from jwst_denoise.quality.residual import Residual, residual_statistics
from jwst_denoise.quality.sources import Sources, compare_sources

__all__ = ["BOUNDS", "QualityMetrics", "assess_quality"]

WHOLE = 0.99  # weight of the network from which a pixel counts as its result

#: Metric -> lowest and highest value that pass, and its meaning.
BOUNDS = MappingProxyType(
    {
        "residual_mean": (-0.02, 0.02, "mean of the residual, in units of the noise"),
        "residual_rms": (0.0, 1.15, "scatter of the residual, in units of the noise"),
        "local_mean": (0.0, 1.5, "means of the residual in 32-pixel boxes, in units of white noise"),
        "correlation": (-0.35, 0.16, "correlation of the residual between neighboring pixels"),
        "power_peak": (0.0, 2.5, "peak of the power spectrum of the residual over its level at high frequencies"),
        "flux_change": (-0.005, 0.005, "change of the flux of sources with S/N > 10"),
        "vanished": (0.0, 0.01, "fraction of the certain sources that vanished"),
        "appeared": (0.0, 0.01, "fraction of the sources after that the image before contradicts"),
        "out_of_domain": (0.0, 1.0, "out-of-domain score"),
    }
)


@dataclass(frozen=True)
class QualityMetrics:
    """Quality metrics of a denoised image that need no truth.

    Parameters
    ----------
    residual : Residual
        Statistics of the residual.
    sources : Sources
        Sources before and after.
    domain : DomainScore
        Comparison of the input with the training.
    """

    residual: Residual
    sources: Sources
    domain: DomainScore

    @property
    def metrics(self):
        """Name -> value, with the keys of `BOUNDS`; NaN where nothing could be measured."""
        return {
            "residual_mean": self.residual.mean,
            "residual_rms": self.residual.rms,
            "local_mean": self.residual.local_mean,
            "correlation": self.residual.correlation,
            "power_peak": self.residual.power_peak,
            "flux_change": self.sources.change[0],
            "vanished": self.sources.vanished / max(self.sources.clear, 1),
            "appeared": self.sources.appeared / max(self.sources.after, 1),
            "out_of_domain": self.domain.score,
        }

    @property
    def allowances(self):
        """Three standard deviations by which chance can move each metric beyond its bounds."""
        pixels, sources = max(self.residual.number, 1), self.sources
        return {
            "residual_mean": 3 / np.sqrt(pixels),
            "local_mean": 3 * 32 / np.sqrt(2 * pixels),
            "correlation": 3 / np.sqrt(pixels),
            "power_peak": 0.0 if pixels > 1e5 else 0.5,
            "flux_change": 3 * np.nan_to_num(sources.change[1]),
            "vanished": 1 / max(sources.clear, 1),
            "appeared": 1 / max(sources.after, 1),
        }

    @property
    def outside(self):
        """Names of the metrics outside their bounds."""
        metrics, allowed = self.metrics, self.allowances
        return [
            name
            for name, (low, high, _) in BOUNDS.items()
            if metrics[name] < low - allowed.get(name, 0) or metrics[name] > high + allowed.get(name, 0)
        ]

    @property
    def warnings(self):
        """One sentence for each metric outside its bounds."""
        return [self._sentence(name) for name in self.outside]

    def _sentence(self, name):
        low, high, meaning = BOUNDS[name]
        limits = f"{low:g} to {high:g}" if low < 0 else f"at most {high:g}"
        reason = f" ({self.domain.reason})" if name == "out_of_domain" else ""
        return f"{meaning}: {self.metrics[name]:.3g}, should be {limits}{reason}"


def assess_quality(before, after, noise, network_weight=None, threshold=5.0):
    """Measure the quality metrics of a denoised image.

    Parameters
    ----------
    before, after : ndarray
        (ny, nx) images in one unit; NaN where the value is missing.
    noise : ndarray
        (ny, nx) standard deviation of the pixels before, in the same unit.
    network_weight : ndarray, optional
        (ny, nx), from 0 to 1: weight of the network's estimate in a pixel. The residual is measured where it is 1.
    threshold : float, optional
        Significance of a source.

    Returns
    -------
    QualityMetrics

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if not before.shape == after.shape == noise.shape:
        raise ValueError(f"before {before.shape}, after {after.shape} and noise {noise.shape} must have one shape")
    usable = np.isfinite(before) & np.isfinite(after) & np.isfinite(noise) & (noise > 0)
    whole = usable if network_weight is None else usable & (network_weight > WHOLE)
    removed = np.where(usable, before - after, 0) / np.where(usable, noise, 1)
    return QualityMetrics(
        residual_statistics(removed.astype(np.float32), whole),
        compare_sources(before, after, noise, usable, threshold),
        score_domain(before, noise, usable, after),
    )
