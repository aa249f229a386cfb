"""Detections without a source, beside those in a real exposure as long as the denoised image claims to be."""

import numpy as np
from scipy import ndimage
from scipy.signal import oaconvolve

from jwst_denoise.simulate import point_spread_function
from jwst_denoise_benchmarks.images.denoisers import method, unless_missing
from jwst_denoise_benchmarks.images.detection import background, find
from jwst_denoise_benchmarks.images.scenes import in_words, scenes
from jwst_denoise_benchmarks.images.truth import views
from jwst_denoise_benchmarks.rows import Row

__all__ = ["false_fraction", "false_sources", "true_ratio"]

LEAST = 2.0  # S/N in the long exposure, by the best filter, of the faintest light that is a source
SETTINGS = ((7.0, 10), (3.0, 5))  # threshold in rms of the background, and connected pixels
CASES = (("astro_unet", 2), ("astro_unet", 5), ("noise2noise", 5))
MORE = 0.01  # asked


def true_ratio(scene, long):
    """Signal-to-noise ratio (ny, nx) that a star's light around every pixel has in an exposure, known from the truth.

    Parameters
    ----------
    scene : Scene
        The truth.
    long : SlopeImage
        The exposure.
    """
    psf = point_spread_function(scene.channel, scene.filter).stamp(0.0, 0.0)
    light = oaconvolve(scene.rate - background(scene.rate)[0], psf[::-1, ::-1], mode="same")
    variance = long.read_noise**2 + scene.rate * long.poisson
    return light / np.sqrt(np.maximum(oaconvolve(variance, psf[::-1, ::-1] ** 2, mode="same"), 1e-30))


def false_fraction(sources, ratio):
    """Number of detections, and of those with no light of a source within a pixel."""
    near = ndimage.maximum_filter(ratio, 3)
    y, x = (np.clip(np.rint(c).astype(int), 0, n - 1) for c, n in zip((sources.y, sources.x), ratio.shape, strict=True))
    return len(sources), int(np.count_nonzero(near[y, x] < LEAST))


@unless_missing("false sources")
def false_sources(quick):
    """Rows: fraction of false detections."""
    some = scenes(quick)
    for name, ratio in CASES:
        denoise = method(name)
        exposures = [views(scene, ratio) for scene in some]
        truths = [true_ratio(scene, long) for scene, (_, long) in zip(some, exposures, strict=True)]
        images = {"ours": [denoise(one, ratio) for one, _ in exposures], "real": [long.rate for _, long in exposures],
                  "input": [one.rate for one, _ in exposures]}  # fmt: skip
        for threshold, connected in SETTINGS:
            counts = {
                key: np.sum([false_fraction(find(image, threshold, connected), truth)
                             for image, truth in zip(values, truths, strict=True)], axis=0)
                for key, values in images.items()
            }  # fmt: skip
            share = {key: wrong / max(total, 1) for key, (total, wrong) in counts.items()}
            told = f"{name}, r = {ratio}" if name == "astro_unet" else name
            yield Row(
                f"{told}: detections without a source, at {threshold:g} times the measured rms in {connected} pixels "
                f"({in_words(some)})", _text(*counts["ours"]),
                f"exposure {ratio} × as long {_text(*counts['real'])}; input {_text(*counts['input'])}",
                f"≤ {100 * MORE:g} % more than in the long exposure",
                None if quick else bool(share["ours"] <= share["real"] + MORE), counts,
            )  # fmt: skip


def _text(total, wrong):
    return f"{100 * wrong / max(total, 1):.2f} % of {total}"
