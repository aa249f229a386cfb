"""Stacks: detection limit at 90 % completeness and 90 % purity against co-addition; and single images."""

from functools import lru_cache

import numpy as np

from jwst_denoise.ramps.coadd import coadd_frames
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.images.denoisers import network, unless_missing
from jwst_denoise_benchmarks.images.limits import DETECTORS, curve, limit
from jwst_denoise_benchmarks.images.stacks import NOISE, SAMPLINGS, SECONDS, SKY, psf_stamp, stack
from jwst_denoise_benchmarks.rows import Row

__all__ = ["FRAMES", "curves", "depth", "single"]

FRAMES = (4, 8)
SINGLE = (("noise2noise", 5.0), ("astro_unet", 5.0))
GAIN, MARK = 1.0, "ASTERIS + 1.0 mag"  # asked, mag


def _size(quick):
    """Number of images of a filter and their edge."""
    return (1, 256) if quick else (6, 512)


def curves(name, frames, sampling, quick):
    """Way to look for sources -> `Curve` of a model, and of the co-addition; once for all rows and pictures.

    Parameters
    ----------
    name : str
        Model; one for single images is given the one frame, without cosmic rays.
    frames : int
        Of a stack.
    sampling : tuple
        One of `SAMPLINGS`.
    quick : bool
        Small.
    """
    return _curves(name, frames, sampling, quick, models.directory())


@lru_cache(maxsize=24)
def _curves(name, frames, sampling, quick, _directory):
    made, ratio = network(name), dict(SINGLE).get(name, 5.0)
    number, edge = _size(quick)
    options = {} if made.takes_stack else {"hits": 0.0}
    some = [stack(frames, edge, seed, sampling, **options) for seed in range(number)]
    tables = [one.stars for one in some]
    added = [coadd_frames(one.frames).image.rate - SKY for one in some]
    found = [
        made.denoise(one.frames if made.takes_stack else one.frames[0], ratio=ratio, uncertainty="none").rate - SKY
        for one in some
    ]
    psf = psf_stamp(sampling)
    return {way: tuple(curve(images, tables, way, psf) for images in (found, added)) for way in DETECTORS}


@unless_missing("stacks")
def depth(quick):
    """Rows: gain of the limit for every number of frames and way to look for sources."""
    for frames in FRAMES:
        yield from _rows("noise2noise-stack", frames, quick)


@unless_missing("single images")
def single(quick):
    """Rows: gain of the limit of single images."""
    for name, _ in SINGLE:
        yield from _rows(name, 1, quick)


def _rows(name, frames, quick):
    number, edge = _size(quick)
    found = {sampling[1]: curves(name, frames, sampling, quick) for sampling in SAMPLINGS}
    what = f"{frames} exposures of {SECONDS:g} s" if frames > 1 else f"one exposure of {SECONDS:g} s"
    for way in DETECTORS:
        limits = {key: tuple(limit(one) for one in by_way[way]) for key, by_way in found.items()}
        gain = float(np.mean([here - there for here, there in limits.values()]))
        judged = frames > 1 and way == "segmentation"
        yield Row(
            f"{name}, {what} (NIRCam, {number} fields of {edge}² a filter, {NOISE.read_noise:g} e- of read noise with "
            f"1/f): limit at 90 % completeness and 90 % purity, by {way}",
            f"{gain:+.2f} mag (" + ", ".join(f"{key} {a - b:+.2f}" for key, (a, b) in limits.items()) + ")",
            f"{'co-addition' if frames > 1 else 'input'} at "
            + ", ".join(f"{key} {b:+.2f}" for key, (_, b) in limits.items()) + (f"; {MARK}" if frames > 1 else ""),
            f"≥ + {GAIN:.1f} mag, mean of the filters" if judged else "–",
            gain >= GAIN if judged and not quick else None,
            {"limits": limits, "curves": {key: [vars(one) for one in by_way[way]] for key, by_way in found.items()}},
        )  # fmt: skip
