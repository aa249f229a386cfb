"""Classical filters and real stacks beside the networks, each filter with the strength that is best by the truth."""

from functools import lru_cache

import numpy as np
from scipy import ndimage

from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.images import truth
from jwst_denoise_benchmarks.images.scenes import denoiser, simulate_exposure, simulate_scenes, unless_missing
from jwst_denoise_benchmarks.papers import astro_unet

__all__ = [
    "FILTERS", "Stabilizer", "apply_filter", "comparison_rows", "filters_against_truth", "filters_of_paper",
    "stack_rows", "stacks",
]  # fmt: skip

RATIO = 2
STACKS = (2, 4, 8)
#: Metrics of each protocol -> column, factor, whether more is better.
COLUMNS = {
    "paper": {
        "tpr": ("recovered (%)", 100, True), "rfe": ("flux error (%)", 100, False), "kl": ("KL", 1, False),
        "psnr": ("PSNR (dB)", 1, True), "ssim": ("SSIM", 1, True),
    },
    "truth": {
        "noise": ("background noise", 1, False), "star_noise": ("star noise", 1, False), "kl": ("KL", 1, False),
        "psnr": ("PSNR (dB)", 1, True), "ssim": ("SSIM", 1, True),
    },
}  # fmt: skip
PROTOCOLS = {"paper": astro_unet, "truth": truth}
SPLINE = np.array([1, 4, 6, 4, 1]) / 16
COEFFICIENTS = (0.889, 0.200, 0.086, 0.041)  # rms of the coefficients of white noise of 1, scale after scale


class Stabilizer:
    """Generalized Anscombe transform of a `SlopeImage`: noise with a standard deviation of 1 everywhere.

    Parameters
    ----------
    image : SlopeImage
        With one read noise and one Poisson factor.

    References
    ----------
    Mäkitalo & Foi 2013, IEEE Trans. Image Process. 22, 91: equation 1, and the inverse that is unbiased except for very
    faint signals.
    """

    def __init__(self, image):
        self.gain = float(np.mean(image.poisson))
        self.variance = float(np.median(image.read_noise)) ** 2

    def forward(self, rate):
        """Image with uniform noise."""
        inside = self.gain * rate + 0.375 * self.gain**2 + self.variance
        return 2 / self.gain * np.sqrt(np.maximum(inside, 0))

    def back(self, uniform):
        """Rate in e-/s."""
        return self.gain * (uniform / 2) ** 2 - 0.125 * self.gain - self.variance / self.gain


def _gaussian(image, width):
    return ndimage.gaussian_filter(image, width)


def _median(image, size):
    return ndimage.median_filter(image, int(size))


def _total_variation(image, weight):
    from skimage.restoration import denoise_tv_chambolle

    return denoise_tv_chambolle(image, weight)


def _wavelet(image, threshold):
    """Isotropic undecimated wavelets (Starck & Murtagh 2006, section 2.2), small coefficients set to zero."""
    smooth, result = image, np.zeros_like(image)
    for scale, rms in enumerate(COEFFICIENTS):
        kernel = np.zeros(4 * 2**scale + 1)
        kernel[:: 2**scale] = SPLINE
        coarser = ndimage.convolve1d(ndimage.convolve1d(smooth, kernel, 0), kernel, 1)
        detail = smooth - coarser
        result += np.where(np.abs(detail) > threshold * rms, detail, 0)
        smooth = coarser
    return result + smooth


def _non_local_means(image, strength):
    from skimage.restoration import denoise_nl_means

    return denoise_nl_means(image, patch_size=5, patch_distance=6, h=strength, sigma=1.0, fast_mode=True)


#: Name -> filter, and the strengths of which the best by the truth is used.
FILTERS = {
    "Gaussian": (_gaussian, (0.5, 0.7, 1.0)),
    "median": (_median, (3,)),
    "total variation": (_total_variation, (0.7, 1.2, 2.0)),
    "wavelet": (_wavelet, (2.0, 3.0, 4.0)),
    "non-local means": (_non_local_means, (0.4, 0.7, 1.0)),
}
#: Filters that conserve flux better without stabilization of the noise.
LINEAR = ("Gaussian", "median")


def apply_filter(name, strength, image):
    """Image (ny, nx) in e-/s by a filter.

    Parameters
    ----------
    name : str
        One of `FILTERS`.
    strength : float
        One of its strengths, in units of the noise, which is made uniform for that, or in pixels.
    image : SlopeImage
        Without missing data.
    """
    if name in LINEAR:
        return FILTERS[name][0](image.rate, strength)
    stabilizer = Stabilizer(image)
    uniform = FILTERS[name][0](stabilizer.forward(image.rate.astype(float)), strength)
    return stabilizer.back(uniform).astype(np.float32)


def _scenes(quick):
    """Every kind of scene through one filter."""
    return simulate_scenes(quick)[:4]


@lru_cache(maxsize=4)
def scan_filters(protocol, quick):
    """Filter -> metrics at each of its strengths; ``protocol`` is a key of `PROTOCOLS`."""
    return {
        name: [PROTOCOLS[protocol].measure(_method(name, strength), _scenes(quick), RATIO)[0] for strength in strengths]
        for name, (_, strengths) in FILTERS.items()
    }


def _method(name, strength):
    return lambda image, ratio: apply_filter(name, strength, image)


@unless_missing("Classical filters, protocol of the paper")
def filters_of_paper(quick):
    """Rows: metrics of the paper, the U-net beside the filters."""
    denoised, observed, _ = astro_unet.measure(denoiser("astro_unet"), _scenes(quick), RATIO)
    yield from comparison_rows("paper", "astro_unet", denoised, observed, scan_filters("paper", quick), quick)


@unless_missing("Classical filters against the noiseless truth")
def filters_against_truth(quick):
    """Rows: metrics against the noiseless truth, Noise2Noise beside the filters."""
    denoised, observed, _ = truth.measure(denoiser("noise2noise"), _scenes(quick), RATIO)
    yield from comparison_rows("truth", "noise2noise", denoised, observed, scan_filters("truth", quick), quick)


def comparison_rows(protocol, name, denoised, observed, filters, quick=False):
    """Rows with all methods, and with the network beside the best filter.

    Parameters
    ----------
    protocol : str
        Key of `PROTOCOLS`.
    name : str
        Of the model.
    denoised, observed : dict
        Metrics of the network and of its input.
    filters : dict
        From `scan_filters`.
    quick : bool, optional
        Without comparison with the target.
    """
    columns = COLUMNS[protocol]
    best = {
        method: {key: (max if more else min)(one[key] for one in scan) for key, (_, _, more) in columns.items()}
        for method, scan in filters.items()
    }
    title = {"paper": "protocol of the paper, r = 2", "truth": "against the noiseless truth"}[protocol]
    metrics = {"network": denoised, "input": observed, "filters": filters}
    for method, values in ({name: denoised, "input": observed} | best).items():
        result = {column: factor * values[key] for key, (column, factor, _) in columns.items()}
        yield Row(
            f"Classical filters, {title}, each metric with its best strength", method, result, form=".4g",
            metrics=metrics if method == name else {},
        )  # fmt: skip
    for key, (column, factor, more) in columns.items():
        limit = (max if more else min)(values[key] for values in best.values())
        passed = denoised[key] > limit if more else denoised[key] < limit
        yield Row(
            f"{name} beside the best filter, {title}", column, {"network": factor * denoised[key]},
            {"best filter": factor * limit}, form=".4g", target="> reference" if more else "< reference",
            passed=None if quick else bool(passed),
        )  # fmt: skip


@unless_missing("Real stacks against the noiseless truth")
def stacks(quick):
    """Rows: noise of real stacks beside that of the networks."""
    scenes = _scenes(quick)
    denoised = {name: truth.measure(denoiser(name), scenes, 5)[0] for name in ("astro_unet", "noise2noise")}
    stacked = {number: truth.measure(_mean_of_exposures(number, scenes), scenes, 5)[0] for number in STACKS}
    yield from stack_rows(denoised, stacked)


def stack_rows(denoised, stacked):
    """Rows: model -> metrics, and number of exposures -> metrics."""
    methods = denoised | {f"mean of {number} exposures": metrics for number, metrics in stacked.items()}
    for method, metrics in methods.items():
        yield truth.metrics_row("Real stacks against the noiseless truth", method, metrics)


def _mean_of_exposures(number, scenes):
    """Mean of exposures of the scene that an image shows, the image among them."""
    known = {id(truth.views(scene, 5)[0]): scene for scene in scenes}

    def mean(image, ratio):
        scene = known[id(image)]
        others = [simulate_exposure(scene.rate, scene.seconds, scene.rng(ratio, 4, n)).rate for n in range(1, number)]
        return np.mean([image.rate, *others], axis=0, dtype=np.float32)

    return mean
