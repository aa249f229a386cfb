"""Denoising of image products, image by image, with the metrics that show whether the result can be trusted."""

import logging
from dataclasses import replace

import numpy as np

from jwst_denoise import quality
from jwst_denoise.steps.common.progress import chunks
from jwst_denoise.steps.common.result import Result

__all__ = ["QualityMonitor", "denoise", "keep_original"]

log = logging.getLogger("stpipe.jwst_denoise.image_denoise")

ASSESSED = 3  # images of a cube


def denoise(product, model, run, settings):
    """Denoise every image of a product in place.

    Parameters
    ----------
    product : jwst_denoise.steps.exposure.image_product.ImageProduct
        Images with their slopes; errors and variances are updated.
    model : ImageModel, CubeModel, IFUImageModel or SlitModel
        Data model of the product, which keeps the image before.
    run : callable
        `SlopeImage` -> `DenoisedImage`.
    settings : ImageDenoiseSettings
        ``keep_original``, ``source_threshold``, ``save_noise``.

    Returns
    -------
    jwst_denoise.steps.common.result.Result
    """
    data, err = np.array(product.data), np.array(product.err)
    monitor = QualityMonitor(product, settings.source_threshold)
    for part in chunks(len(product), 1, "images"):
        k = part.start
        slopes = product.slopes(k)
        result = run(slopes)
        monitor.see(k, slopes, result, product.write(k, result, np.isfinite(slopes.rate)))
    if settings.keep_original:
        keep_original(model, product.restore_shape(data), product.restore_shape(err))
    removed = product.restore_shape(data - product.data) if settings.save_noise else None
    return Result(removed, quality=monitor.quality, metrics=monitor.report())


def keep_original(model, data, err):
    """Keep the image and its errors before denoising as extensions of the product, unless they are there already.

    They are ``extra_fits`` of the data model: behind all other extensions in the file, and readable without this
    package. A later step that changes the unit does not change them, so each has its own BUNIT.
    """
    kept = model.instance.setdefault("extra_fits", {})
    for name, array in (("SCI_ORIGINAL", data), ("ERR_ORIGINAL", err)):
        cards = [("BUNIT", model.meta.bunit_data, "unit before image_denoise")]
        kept.setdefault(name, {"data": array, "header": cards})


class QualityMonitor:
    """Collects the metrics of a product's images, and assesses some of the images.

    Parameters
    ----------
    product : jwst_denoise.steps.exposure.image_product.ImageProduct
        The images.
    threshold : float
        Significance of sources that are compared before and after.
    """

    def __init__(self, product, threshold):
        self._product, self._threshold, count = product, threshold, len(product)
        self._assessed = np.unique(np.linspace(0, count - 1, ASSESSED).astype(int))
        self._square, self._weight, self._images = 0.0, 0.0, 0
        self.quality = None

    def see(self, k, slopes, result, written):
        """Collect one image: its index, `SlopeImage`, `DenoisedImage`, and the pixels that were written."""
        after = np.where(written, result.rate, slopes.rate)
        noise = np.sqrt(replace(slopes, rate=after).variance)  # the rate before would be correlated with its own noise
        removed = (slopes.rate - after)[written] / noise[written]
        self._square += float(np.mean(removed**2, dtype=float)) if written.any() else 0.0
        self._weight += float(np.mean(np.where(written, result.network_weight, 0)))
        self._images += 1
        if k in self._assessed:
            assessed = quality.assess_quality(slopes.rate, after, noise, result.network_weight, self._threshold)
            if self.quality is None or len(assessed.outside) > len(self.quality.outside):
                self.quality = assessed

    def report(self):
        """Log what the assessment found; metrics of the image with the most warnings for the header."""
        count, assessed = self._images, self.quality
        metrics = {"noise_rms": float(np.sqrt(self._square / count)), "share": self._weight / count}
        log.info(
            "Removed %.3g standard deviations of the noise per pixel (rms); mean weight of the network %.1f %%",
            metrics["noise_rms"], 100 * metrics["share"],
        )  # fmt: skip
        for warning in assessed.warnings:
            log.warning("Quality check failed: %s", warning)
        names = ("residual_mean", "local_mean", "correlation", "power_peak", "flux_change", "out_of_domain")
        metrics |= {name: assessed.metrics[name] for name in names if np.isfinite(assessed.metrics[name])}
        sources = assessed.sources
        metrics |= {"sources": sources.before, "vanished": sources.vanished, "appeared": sources.appeared}
        return metrics | {"doubts": ", ".join(assessed.outside) or "none"}
