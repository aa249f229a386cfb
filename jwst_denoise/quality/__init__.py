"""Whether the image that a network gives can be trusted, from the image before and after alone.

What was removed should be noise: zero on average everywhere, and white. Sources should keep their light, none should
vanish, and none appear that the input contradicts. And the input should look like what the network
has learned from.
"""

from jwst_denoise.quality.domain_score import DomainScore, score_domain
from jwst_denoise.quality.metrics import BOUNDS, QualityMetrics, assess_quality
from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise.quality.residual import Residual, residual_statistics
from jwst_denoise.quality.sources import Sources, source_check

__all__ = [
    "BOUNDS",
    "DomainScore",
    "Residual",
    "Sources",
    "QualityMetrics",
    "aperture_sums",
    "assess_quality",
    "score_domain",
    "residual_statistics",
    "source_check",
]
