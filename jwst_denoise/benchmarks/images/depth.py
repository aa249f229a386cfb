"""Stacks: detection limit at 90 % completeness and 90 % purity against co-addition; and single images."""

from functools import lru_cache

from jwst_denoise.benchmarks.cosmic_rays import models
from jwst_denoise.benchmarks.images.denoisers import network, unless_missing
from jwst_denoise.benchmarks.images.limits import DETECTORS, curve, limit
from jwst_denoise.benchmarks.images.stacks import NOISE, SAMPLING, SECONDS, SKY, psf_stamp, stack
from jwst_denoise.benchmarks.rows import Row
from jwst_denoise.stacks import coadd

__all__ = ["FRAMES", "curves", "depth", "single"]

FRAMES = (4, 8)
SINGLE = (("noise2noise", 5.0), ("astro_unet", 5.0))
GAIN, MARK = 1.0, "ASTERIS + 1.0 mag"  # asked, mag


def _size(quick):
    """Number of images and their edge."""
    return (2, 256) if quick else (12, 512)


def curves(name, frames, quick):
    """Way to look for sources -> `Curve` of a model, and of the co-addition; once for all rows and pictures.

    Parameters
    ----------
    name : str
        Model; one for single images is given the one frame, without cosmic rays.
    frames : int
        Of a stack.
    quick : bool
        Small.
    """
    return _curves(name, frames, quick, models.directory())


@lru_cache(maxsize=8)
def _curves(name, frames, quick, _directory):
    made, ratio = network(name), dict(SINGLE).get(name, 5.0)
    number, edge = _size(quick)
    options = {} if made.takes_stack else {"hits": 0.0}
    some = [stack(frames, edge, seed, **options) for seed in range(number)]
    tables = [one.stars for one in some]
    added = [coadd(one.frames).image.rate - SKY for one in some]
    found = [
        made.denoise(one.frames if made.takes_stack else one.frames[0], ratio=ratio, uncertainty="none").rate - SKY
        for one in some
    ]
    return {way: tuple(curve(images, tables, way, psf_stamp()) for images in (found, added)) for way in DETECTORS}


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
    what = f"{frames} exposures of {SECONDS:g} s" if frames > 1 else f"one exposure of {SECONDS:g} s"
    for way, (ours, added) in curves(name, frames, quick).items():
        here, there = limit(ours), limit(added)
        judged = frames > 1 and way == "segmentation" and not quick
        yield Row(
            f"{name}, {what} ({' '.join(SAMPLING)}, {number} fields of {edge}², {NOISE.read_noise:g} e- of read noise "
            f"with 1/f): limit at 90 % completeness and 90 % purity, by {way}",
            f"{here - there:+.2f} mag ({here:+.2f})",
            f"{'co-addition' if frames > 1 else 'input'} {there:+.2f} mag" + (f"; {MARK}" if frames > 1 else ""),
            f"≥ + {GAIN:.1f} mag" if frames > 1 and way == "segmentation" else "–",
            here - there >= GAIN if judged else None,
            {"ours": vars(ours), "co-addition": vars(added), "limits": (here, there)},
        )  # fmt: skip
