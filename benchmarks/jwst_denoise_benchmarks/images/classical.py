"""Classical filters and real stacks beside the networks, each filter with the strength that is best by the truth."""

from functools import lru_cache

import numpy as np

from jwst_denoise_benchmarks.images import published, truth
from jwst_denoise_benchmarks.images.denoisers import method, unless_missing
from jwst_denoise_benchmarks.images.exposures import exposed
from jwst_denoise_benchmarks.images.filters import FILTERS, filtered
from jwst_denoise_benchmarks.images.scenes import in_words, scenes
from jwst_denoise_benchmarks.rows import Row

__all__ = ["classical", "independent", "stacked"]

RATIO = 2
#: Measures of each protocol -> words, format, factor of the format, whether more is better.
PUBLISHED = {
    "tpr": ("stars recovered", "{:.1f} %", 100, True), "rfe": ("error of the flux", "{:.2f} %", 100, False),
    "kl": ("KL", "{:.4f}", 1, False), "psnr": ("PSNR", "{:.1f} dB", 1, True), "ssim": ("SSIM", "{:.3f}", 1, True),
}  # fmt: skip
TRUTH = {
    "noise": ("noise of blank sky over the input's", "{:.3f}", 1, False),
    "star_noise": ("errors of the fluxes of stars below S/N 30 over the input's", "{:.3f}", 1, False),
    "kl": ("KL", "{:.4f}", 1, False), "psnr": ("PSNR", "{:.1f} dB", 1, True), "ssim": ("SSIM", "{:.4f}", 1, True),
}  # fmt: skip
STACKS = (2, 4, 8)


def _some(quick):
    """Every kind of scene through one filter."""
    return scenes(quick)[:4]


@lru_cache(maxsize=4)
def scanned(protocol, quick):
    """Filter -> figures at each of its strengths; ``protocol`` is the module `published` or `truth`."""
    return {
        name: [protocol.measure(_filter(name, strength), _some(quick), RATIO)[0] for strength in strengths]
        for name, (_, strengths) in FILTERS.items()
    }


def _filter(name, strength):
    return lambda image, ratio: filtered(name, strength, image)


@unless_missing("classical filters, as published")
def classical(quick):
    """Rows: measures of the paper, the U-net beside the filters."""
    ours, seen, _ = published.measure(method("astro_unet"), _some(quick), RATIO)
    yield from _rows("astro_unet, r = 2, as published", PUBLISHED, ours, seen, scanned(published, quick), quick)


@unless_missing("classical filters against the noiseless truth")
def independent(quick):
    """Rows: measures against the noiseless truth, Noise2Noise beside the filters."""
    ours, seen, _ = truth.measure(method("noise2noise"), _some(quick), RATIO)
    found = scanned(truth, quick)
    yield from _rows("noise2noise, against the noiseless truth", TRUTH, ours, seen, found, quick)


def _rows(what, measures, ours, seen, filters, quick):
    for name, (words, form, factor, more) in measures.items():
        best = {peer: (max if more else min)(one[name] for one in found) for peer, found in filters.items()}
        better = all(ours[name] > value if more else ours[name] < value for value in best.values())
        told = ", ".join(f"{peer} {form.format(factor * value)}" for peer, value in best.items())
        yield Row(
            f"{what} ({in_words(_some(quick))}): {words}", form.format(factor * ours[name]),
            f"input {form.format(factor * seen[name])}; {told}", "better than every filter",
            None if quick else better, {"ours": ours, "input": seen, "filters": filters},
        )  # fmt: skip


@unless_missing("real stacks against the noiseless truth")
def stacked(quick):
    """Row: noise of real stacks beside that of the networks."""
    some = _some(quick)
    names = "astro_unet", "noise2noise"
    ours = {name: truth.measure(method(name), some, 5)[0] for name in names}
    peers = {number: truth.measure(_stack(number, some), some, 5)[0] for number in STACKS}
    yield Row(
        "against the noiseless truth: noise of blank sky; errors of the fluxes of stars below S/N 30, over the input's",
        "; ".join(f"{name} {_pair(one)}" for name, one in ours.items()),
        "; ".join(f"mean of {number} exposures {_pair(one)}" for number, one in peers.items()),
        figures={"ours": ours, "stacks": peers},
    )  # fmt: skip


def _pair(figures):
    return f"{figures['noise']:.2f}, {figures['star_noise']:.2f}"


def _stack(number, some):
    """Mean of exposures of the scene that an image shows, the image among them."""
    known = {id(truth.views(scene, 5)[0]): scene for scene in some}

    def mean(image, ratio):
        scene = known[id(image)]
        more = [exposed(scene.rate, scene.seconds, scene.rng(ratio, 4, n)).rate for n in range(1, number)]
        return np.mean([image.rate, *more], axis=0, dtype=np.float32)

    return mean
