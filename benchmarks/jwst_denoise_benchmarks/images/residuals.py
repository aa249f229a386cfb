"""What a network takes from an image: noise, without mean, Gaussian and white."""

import numpy as np

from jwst_denoise.quality import residual_statistics
from jwst_denoise.statistics import robust_sigma
from jwst_denoise_benchmarks.images.denoisers import network, unless_missing
from jwst_denoise_benchmarks.images.scenes import scenes
from jwst_denoise_benchmarks.images.truth import views
from jwst_denoise_benchmarks.rows import Row

__all__ = ["measure", "residuals"]

RATIO = 5
MEAN, WIDTH, LOCAL, CORRELATION, KURTOSIS = 0.01, 0.05, 1.2, 0.05, 0.3  # asked
CLIP = 5.0


def measure(made, some):
    """Statistics of what is removed, in units of the noise of each pixel, where the result is the network's.

    Returns
    -------
    dict
        ``mean``, ``width`` (robust), ``local_mean`` (rms of the means of boxes, 1 for white noise), ``correlation``
        (largest at lags to 3 pixels), ``skewness`` and ``kurtosis`` (excess) within 5 sigma; ``noise_width``, the width
        of the noise itself.
    """
    found = [_one(made, scene) for scene in some]
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def _one(made, scene):
    observed, _ = views(scene, RATIO)
    result = made.denoise(observed, ratio=float(RATIO), uncertainty="none")
    own = np.sqrt(observed.read_noise**2 + scene.rate * observed.poisson)
    removed, usable = (observed.rate - result.rate) / own, result.network_weight > 0.99
    statistics = residual_statistics(removed, usable)
    values = removed[usable & (np.abs(removed) < CLIP)].astype(float)
    centered = (values - values.mean()) / values.std()
    noise = (observed.rate - scene.rate)[usable] / own[usable]
    return {
        "mean": statistics.mean, "width": statistics.rms, "local_mean": statistics.local_mean,
        "correlation": statistics.correlation, "skewness": np.mean(centered**3), "kurtosis": np.mean(centered**4) - 3,
        "noise_width": robust_sigma(noise, None),
    }  # fmt: skip


@unless_missing("residuals")
def residuals(quick):
    """Row: statistics of the residual."""
    found = measure(network("noise2noise"), scenes(quick))
    width = found["width"] / found["noise_width"]
    met = (
        abs(found["mean"]) < MEAN and abs(width - 1) < WIDTH and found["local_mean"] < LOCAL
        and abs(found["correlation"]) < CORRELATION and abs(found["kurtosis"]) < KURTOSIS
    )  # fmt: skip
    yield Row(
        "noise2noise: what is removed, in units of the noise: mean; width over that of the noise; rms of means in "
        "boxes of 32 pixels over that of white noise; largest correlation to 3 pixels; skewness, kurtosis",
        f"{found['mean']:+.4f}; {width:.3f}; {found['local_mean']:.2f}; "
        f"{found['correlation']:+.3f}; {found['skewness']:+.3f}, {found['kurtosis']:+.3f}",
        asked=f"< {MEAN:g}; within {100 * WIDTH:g} %; < {LOCAL:g}; < {CORRELATION:g}; kurtosis < {KURTOSIS:g}",
        met=None if quick else met, figures=found,
    )  # fmt: skip
