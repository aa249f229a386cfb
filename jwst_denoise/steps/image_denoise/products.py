"""Denoising of image products, image by image, with the metrics that tell whether to trust it."""

import logging
from dataclasses import replace

import numpy as np

from jwst_denoise import quality
from jwst_denoise.masks.drafts import as_cube
from jwst_denoise.steps.common.progress import chunks
from jwst_denoise.steps.common.result import Result
from jwst_denoise.steps.exposure import denoised_pixels

__all__ = ["ARRAYS", "QualityMonitor", "denoise", "keep_original"]

log = logging.getLogger("stpipe.jwst_denoise.image_denoise")

ARRAYS = ("data", "err", *denoised_pixels.VARIANCES)
JUDGED = 3  # images of a cube


def denoise(model, slopes_of, run, factor, settings):
    """Denoise every image of a product in place.

    Parameters
    ----------
    model : ImageModel, CubeModel, IFUImageModel or SlitModel
        With ``err`` and variances.
    slopes_of : callable
        Index of an image -> `SlopeImage` in e-/s.
    run : callable
        `SlopeImage` -> `DenoisedImage`.
    factor : float or ndarray
        e-/s for one unit of the product.
    settings : object
        ``keep_original``, ``source_threshold``, ``save_noise``.

    Returns
    -------
    jwst_denoise.steps.common.result.Result
    """
    shape = model.data.shape
    arrays = {name: as_cube(getattr(model, name, None), shape) for name in ARRAYS}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    count = len(arrays["data"])
    before = {name: np.array(arrays[name]) for name in ("data", "err")}
    judge = QualityMonitor(
        factor, settings.source_threshold, np.unique(np.linspace(0, count - 1, JUDGED).astype(int)), count
    )
    for part in chunks(count, 1, "images"):
        k = part.start
        slopes = slopes_of(k)
        found = run(slopes)
        taken = denoised_pixels.write({n: a[k] for n, a in arrays.items()}, found, np.isfinite(slopes.rate), factor)
        judge.see(k, slopes, found, taken)
    if settings.keep_original:
        keep_original(model, before["data"].reshape(shape), before["err"].reshape(shape))
    removed = (before["data"] - arrays["data"]).reshape(shape) if settings.save_noise else None
    return Result(removed, quality=judge.trust, metrics=judge.report())


def keep_original(model, data, err):
    """Keep image and error as they were as extensions of the product, unless they are there from a first time.

    They are ``extra_fits`` of the data model: after all others in the file, and read by software that knows nothing of
    this package. A later step that changes the unit leaves them alone, so they have a BUNIT of their own.
    """
    kept = model.instance.setdefault("extra_fits", {})
    for name, array in (("SCI_ORIGINAL", data), ("ERR_ORIGINAL", err)):
        cards = [("BUNIT", model.meta.bunit_data, "unit before image_denoise")]
        kept.setdefault(name, {"data": array, "header": cards})


class QualityMonitor:
    """Collects metrics of a product's images, and judges some of them.

    Parameters
    ----------
    factor : float or ndarray
        e-/s for one unit of the product.
    threshold : float
        Significance of sources.
    judged : collection of int
        Images that are judged; of these the one with most doubts tells the metrics.
    count : int
        Images of the product.
    """

    def __init__(self, factor, threshold, judged, count):
        self._factor, self._threshold, self._judged, self._count = factor, threshold, judged, count
        self._square, self._share, self._images = 0.0, 0.0, 0
        self.trust = None

    def see(self, index, slopes, found, taken):
        """Take note of one image: `SlopeImage`, `DenoisedImage`, and where that was written."""
        after = np.where(taken, found.rate, slopes.rate)
        noise = np.sqrt(replace(slopes, rate=after).variance)  # by the rate before it would be larger where noise is
        removed = (slopes.rate - after)[taken] / noise[taken]
        self._square += float(np.mean(removed**2, dtype=float)) if taken.any() else 0.0
        self._share += float(np.mean(np.where(taken, found.network_weight, 0)))
        self._images += 1
        if index in self._judged:
            judged = quality.assess_quality(slopes.rate, after, noise, found.network_weight, self._threshold)
            if self.trust is None or len(judged.outside) > len(self.trust.outside):
                self.trust = judged

    def report(self):
        """Say the doubts in the log; metrics for the header."""
        count, judged = self._images, self.trust
        found = {"noise_rms": float(np.sqrt(self._square / count)), "share": self._share / count}
        log.info("Removed %.3g of the noise rms; %.1f %% network", found["noise_rms"], 100 * found["share"])
        for doubt in judged.warnings:
            log.warning("To be looked at: %s", doubt)
        names = ("residual_mean", "local_mean", "correlation", "power_peak", "flux_change", "out_of_domain")
        found |= {name: judged.metrics[name] for name in names if np.isfinite(judged.metrics[name])}
        sources = judged.sources
        found |= {"sources": sources.before, "vanished": sources.vanished, "appeared": sources.appeared}
        return found | {"doubts": ", ".join(judged.outside) or "none"}
