"""Quality of a denoised image, measured on the images before and after alone.

The residual should be noise: zero on average everywhere, and white. Sources should keep their flux, none should vanish,
and none appear that the input contradicts. The input should resemble the training images of the network.
"""

from jwst_denoise.quality.domain_score import DomainScore, score_domain
from jwst_denoise.quality.metrics import BOUNDS, QualityMetrics, assess_quality
from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise.quality.residual import Residual, residual_statistics
from jwst_denoise.quality.sources import Sources, compare_sources

__all__ = [
    "BOUNDS", "DomainScore", "QualityMetrics", "Residual", "Sources", "aperture_sums", "assess_quality",
    "compare_sources", "residual_statistics", "score_domain",
]  # fmt: skip
