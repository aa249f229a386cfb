"""Measures of whole images: PSNR, SSIM and the divergence of the distributions of pixels (Vojtekova et al. 2021)."""

import numpy as np

__all__ = ["divergence", "psnr", "ssim"]

BINS, RANGE = 100, (0.1, 99.9)  # of the histograms: their number, and percentiles of the truth where they end


def psnr(truth, image):
    """Peak signal-to-noise ratio in dB (equations 12 and 13), the peak being that of the truth."""
    error = np.mean((truth - image) ** 2, dtype=float)
    return float(10 * np.log10(float(truth.max()) ** 2 / error))


def ssim(truth, image, dynamic_range):
    """Mean structural similarity (equation 21) in windows of 7 × 7 pixels."""
    from skimage.metrics import structural_similarity

    return float(structural_similarity(np.asarray(truth, float), np.asarray(image, float), data_range=dynamic_range))


def divergence(truth, image):
    """Kullback-Leibler divergence Σ p log(p / q) of histograms (equation 9), p of the truth, q of the image.

    The paper does not tell its bins; here 100, evenly between two percentiles of the truth, the outer ones open. A bin
    of the truth without a pixel of the image counts as having one, so that the sum is finite.
    """
    edges = np.linspace(*np.percentile(truth, RANGE), BINS + 1)[1:-1]
    p, q = (np.bincount(np.searchsorted(edges, values.ravel()), minlength=BINS) for values in (truth, image))
    p, q = p / p.sum(), np.maximum(q, 1) / q.sum()
    some = p > 0
    return float(np.sum(p[some] * np.log(p[some] / q[some])))
