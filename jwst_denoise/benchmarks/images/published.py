"""The protocol of the U-net paper: input thinned from a real image of ``ratio`` times its exposure, equation 4."""

from functools import lru_cache

import numpy as np

from jwst_denoise.benchmarks.images import pixels, stars
from jwst_denoise.benchmarks.images.detection import find
from jwst_denoise.benchmarks.images.exposures import exposed, thinned

__all__ = ["MEASURES", "measure", "pair"]

DYNAMIC_RANGE = 2.0  # e-, of equation 21: scikit-image's for floating point; the paper does not tell
#: Name -> whether more is better.
MEASURES = {
    "tpr": True,
    "f": True,
    "rfe": False,
    "rfe_common": False,
    "snr_gain": True,
    "psnr": True,
    "ssim": True,
    "kl": False,
}


@lru_cache(maxsize=64)
def pair(scene, ratio):
    """Real image and input of a scene: `SlopeImage` each, and the sources of both."""
    long = exposed(scene.rate, ratio * scene.seconds, scene.rng(ratio, 0))
    observed = thinned(long, scene.seconds, scene.rng(ratio, 1))
    return long, observed, find(long.rate), find(observed.rate)


def measure(method, some, ratio):
    """Figures of a method, and of the input, with the measures of the paper.

    Parameters
    ----------
    method : callable
        Takes a `SlopeImage` and the ratio and gives the image (ny, nx) in e-/s.
    some : sequence of Scene
        Scenes.
    ratio : int
        Of the exposure times.

    Returns
    -------
    dict, dict
        Of the method and of the input: those of `stars.figures`; ``psnr``, ``ssim`` in e- of each image's own exposure
        time, as published, so that the input is ``ratio`` times fainter; ``psnr_scaled``, where it is not; ``kl``.
    """
    parts, whole = [], []
    for scene in some:
        long, observed, real, seen = pair(scene, ratio)
        image = method(observed, ratio)
        seconds = scene.seconds
        parts.append((
            stars.recovered(real, find(image), seen, seconds, ratio), stars.recovered(real, seen, seen, seconds, 1)
        ))  # fmt: skip
        whole.append(
            [_whole(long.rate, rate, seconds, ratio, own) for rate, own in ((image, ratio), (observed.rate, 1))]
        )
    return tuple(
        stars.figures([part[which] for part in parts])
        | {name: float(np.mean([one[which][name] for one in whole])) for name in whole[0][which]}
        for which in (0, 1)
    )


def _whole(real, image, seconds, ratio, own):
    """Measures of one image; ``own`` is its exposure time in those of the input."""
    in_electrons = real * seconds * ratio, image * seconds * own
    return {
        "psnr": pixels.psnr(*in_electrons),
        "psnr_scaled": pixels.psnr(real, image),
        "ssim": pixels.ssim(*in_electrons, DYNAMIC_RANGE),
        "kl": pixels.divergence(real, image),
    }
