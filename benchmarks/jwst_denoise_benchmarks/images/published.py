"""The protocol of the U-net paper: input thinned from a real image of ``ratio`` times its exposure, equation 4."""

from functools import lru_cache

import numpy as np

from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.images import pixels, stars
from jwst_denoise_benchmarks.images.denoisers import method, unless_missing
from jwst_denoise_benchmarks.images.detection import find
from jwst_denoise_benchmarks.images.exposures import exposed, thinned
from jwst_denoise_benchmarks.images.scenes import in_words, scenes
from jwst_denoise_benchmarks.rows import Row

__all__ = ["MEASURES", "PAPER", "PAPER_INPUT", "RATIOS", "measure", "measured", "pair", "published", "ratio_two"]

RATIOS = (2, 3, 4, 5)
DYNAMIC_RANGE = 2.0  # e-, of equation 21: scikit-image's for floating point; the paper does not tell
#: Table 2 of the paper, Network 2, and its input at ratio 2, whose SNR is in units of the real image's.
PAPER = {
    2: {"rfe": 0.0226, "tpr": 0.9626, "f": 0.85, "snr_gain": 1.64, "psnr": 16.3, "ssim": 0.63, "kl": 0.0068},
    3: {"rfe": 0.0340, "tpr": 0.9427, "f": 0.84, "snr_gain": 1.94, "psnr": 15.0, "ssim": 0.53, "kl": 0.0092},
    4: {"rfe": 0.0378, "tpr": 0.9421, "f": 0.80, "snr_gain": 2.28, "psnr": 14.6, "ssim": 0.49, "kl": 0.0099},
    5: {"rfe": 0.0413, "tpr": 0.9326, "f": 0.78, "snr_gain": 2.55, "psnr": 14.4, "ssim": 0.46, "kl": 0.0097},
}
PAPER_INPUT = {"rfe": 0.0155, "tpr": 0.6808, "f": 0.78, "snr_gain": 0.67, "psnr": -16.0, "ssim": 0.45, "kl": 0.0231}
#: Asked, where more than the paper's figure is.
ASKED = {2: {"snr_gain": 1.7, "tpr": 0.965, "rfe": 0.020}, 5: {"snr_gain": 2.6, "tpr": 0.94, "rfe": 0.04}}
PSNR, SSIM, KL = 29.6, 0.19, 0.30  # of the paper at ratio 2: dB and similarity more than the input, part of its KL
#: Name -> whether more is better.
MEASURES = {
    "tpr": True, "f": True, "rfe": False, "rfe_common": False, "snr_gain": True, "psnr": True, "ssim": True, "kl": False
}  # fmt: skip


@lru_cache(maxsize=64)
def pair(scene, ratio):
    """Real image and input of a scene: `SlopeImage` each, and the sources of both."""
    long = exposed(scene.rate, ratio * scene.seconds, scene.rng(ratio, 0))
    observed = thinned(long, scene.seconds, scene.rng(ratio, 1))
    return long, observed, *(find(one.rate, scene=scene.rate) for one in (long, observed))


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
    dict, dict, dict
        Of the method, of the input, and of the real image itself: those of `stars.figures`; of the first two also
        ``psnr`` and ``ssim`` in e- of each image's own exposure time, as published, so that the input is ``ratio``
        times fainter, ``psnr_scaled``, where it is not, and ``kl``.
    """
    parts, whole = [], []
    for scene in some:
        long, observed, real, seen = pair(scene, ratio)
        image = method(observed, ratio)
        seconds = scene.seconds
        compared = (find(image, scene=scene.rate), ratio), (seen, 1), (real, ratio)
        parts.append([stars.recovered(real, one, seen, seconds, own) for one, own in compared])
        shown = (image, ratio), (observed.rate, 1)
        whole.append([_whole(long.rate, rate, seconds, ratio, own) for rate, own in shown])
    of_stars = [stars.figures([part[which] for part in parts]) for which in range(3)]
    of_pixels = [_means([one[which] for one in whole]) for which in (0, 1)]
    return tuple(one | other for one, other in zip(of_stars, [*of_pixels, {}], strict=True))


def _means(parts):
    return {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}


def _whole(real, image, seconds, ratio, own):
    """Measures of one image; ``own`` is its exposure time in those of the input."""
    in_electrons = real * seconds * ratio, image * seconds * own
    return {
        "psnr": pixels.psnr(*in_electrons),
        "psnr_scaled": pixels.psnr(real, image),
        "ssim": pixels.ssim(*in_electrons, DYNAMIC_RANGE),
        "kl": pixels.divergence(real, image),
    }


def measured(name, quick, ratio):
    """`measure` of a model, once for all rows and pictures."""
    return _measured(name, quick, ratio, models.directory())


@lru_cache(maxsize=16)
def _measured(name, quick, ratio, _directory):
    return measure(method(name), scenes(quick), ratio)


@unless_missing("published protocol, Network 2")
def published(quick):
    """Rows: the paper's table 2 for Network 2."""
    for ratio in RATIOS:
        yield from _rows("astro_unet", quick, ratio)


@unless_missing("published protocol, Network 1")
def ratio_two(quick):
    """Rows: the paper's table 2 for Network 1."""
    yield from _rows("astro_unet-r2", quick, 2)


def _rows(name, quick, ratio):
    ours, seen, real = measured(name, quick, ratio)
    paper, asked = PAPER[ratio], PAPER[ratio] | ASKED.get(ratio, {})
    figures = {"ours": ours, "input": seen, "real": real}
    what = f"{name}, r = {ratio}, as published"
    if ratio == RATIOS[0]:
        what += f" ({in_words(scenes(quick))}, {ours['stars']} stars)"
    judged = {
        "snr": ours["snr_gain"] >= asked["snr_gain"],
        "stars": ours["tpr"] >= asked["tpr"],
        "flux": ours["rfe"] <= asked["rfe"] and ours["rfe_common"] <= seen["rfe_common"],
        "pixels": _pixels_met(ours, seen, ratio),
    }
    met = dict.fromkeys(judged) if quick else judged
    yield Row(
        f"{what}: SNR gain; input images of the same SNR; gain by the measured rms, with faint stars in it",
        f"{ours['snr_gain']:.2f}; {ours['stacked']:.1f}; {ours['snr_gain_measured']:.2f}",
        f"real image {real['snr_gain']:.2f}, by the measured rms {real['snr_gain_measured']:.2f}; paper "
        f"{paper['snr_gain']:.2f}"
        + (", real image 1.49" if ratio == 2 else ""),
        f"≥ {asked['snr_gain']:g}", met["snr"], figures,
    )  # fmt: skip
    yield Row(
        f"{what}: stars recovered; F-measure", f"{100 * ours['tpr']:.1f} %; {ours['f']:.3f}",
        f"input {100 * seen['tpr']:.1f} %, {seen['f']:.3f}; paper {100 * paper['tpr']:.1f} %, {paper['f']:.2f}"
        + (f", its input {100 * PAPER_INPUT['tpr']:.1f} %, {PAPER_INPUT['f']:.2f}" if ratio == 2 else ""),
        f"≥ {100 * asked['tpr']:g} %", met["stars"], figures,
    )  # fmt: skip
    yield Row(
        f"{what}: error of the flux, all stars; those that the input shows; mean with its sign",
        f"{_percent(ours, 'rfe')}; {_percent(ours, 'rfe_common')}; {100 * ours['rfe_signed']:+.2f} %",
        f"input {_percent(seen, 'rfe_common')}; paper {100 * paper['rfe']:.2f} ± 0.18 %"
        + (", its input 1.55 ± 0.21 %" if ratio == 2 else ""),
        f"≤ {100 * asked['rfe']:g} %; not larger than the input's", met["flux"], figures,
    )  # fmt: skip
    yield Row(
        f"{what}: KL; PSNR; SSIM", _whole_text(ours),
        f"input {_whole_text(seen)}; paper {_whole_text(paper)}"
        + (f", its input {_whole_text(PAPER_INPUT)}" if ratio == 2 else ""),
        f"KL ≤ {KL:g} × the input's, PSNR + {PSNR:g} dB, SSIM + {SSIM:g}" if ratio == 2 else "better than the input",
        met["pixels"], figures,
    )  # fmt: skip


def _pixels_met(ours, seen, ratio):
    factor, decibels, more = (KL, PSNR, SSIM) if ratio == 2 else (1, 0, 0)
    return (
        ours["kl"] <= factor * seen["kl"] and ours["psnr"] >= seen["psnr"] + decibels
        and ours["ssim"] >= seen["ssim"] + more
    )  # fmt: skip


def _percent(figures, name):
    return f"{100 * figures[name]:.2f} ± {100 * figures[f'{name}_error']:.2f} %"


def _whole_text(figures):
    return f"{figures['kl']:.4f}; {figures['psnr']:.1f} dB; {figures['ssim']:.3f}"
