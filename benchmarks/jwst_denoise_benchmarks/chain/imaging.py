"""Imaging: depth, fluxes and errors of calibrated images, by the way through the pipeline."""

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from jwst_denoise import products
from jwst_denoise_benchmarks.chain import figures, ways
from jwst_denoise_benchmarks.chain.field import CASES, QUICK, field
from jwst_denoise_benchmarks.ramps.bias import LIMIT, is_met, text
from jwst_denoise_benchmarks.ramps.exposures import opened
from jwst_denoise_benchmarks.rows import Row

__all__ = ["cases", "exposed", "gain", "long", "measured", "short", "ways_of"]

ROOT = "chain"
GAIN = 0.5  # mag, asked


def cases(quick):
    """Exposures that are measured."""
    return QUICK if quick else CASES


def ways_of(quick):
    """Ways that are measured."""
    return (ways.DEFAULT, ways.FLICKER, ways.DENOISE1, ways.APERTURES) if quick else ways.WAYS


@lru_cache(maxsize=4)
def measured(case, quick):
    """Name of a way -> figures, see `jwst_denoise_benchmarks.chain.figures.measure`."""
    made, images = exposed(case, ways_of(quick))
    return {name: figures.measure(image, made, case.sky) for name, image in images.items()}


def exposed(case, some):
    """Simulate an exposure: its `Field`, and name of a way -> calibrated `Image` in e-/s."""
    made = field(case)
    with tempfile.TemporaryDirectory() as name, opened():
        folder = Path(name)
        uncal = products.write_products(made.exposure, folder, ROOT, ("uncal",))["uncal"]
        images = {way.name: figures.image_of(ways.image(way, Path(uncal), folder, folder / "log.txt")) for way in some}
    return made, images


def gain(found, reference):
    """Magnitudes by which a way is deeper: way to look for sources, or radius of an aperture, -> mag."""
    limits = {way: limit - reference["limits"][way] for way, limit in found["limits"].items()}
    noise = {radius: sigma / reference["apertures"][radius] for radius, sigma in found["apertures"].items()}
    return limits | {radius: float(-2.5 * np.log10(ratio)) for radius, ratio in noise.items()}


def short(quick):
    """Rows of a short exposure: every way through stages 1 and 2, beside the default pipeline."""
    yield from _rows(cases(quick)[0], quick)


def long(quick):
    """Rows of a longer exposure under a brighter sky, see `short`."""
    yield from _rows(cases(quick)[-1], quick)


def _rows(case, quick):
    found = measured(case, quick)
    for name, values in found.items():
        if name != ways.DEFAULT.name:
            yield _row(case, name, values, found[ways.DEFAULT.name], quick)


def _row(case, name, values, reference, quick):
    deeper = gain(values, reference)
    judged = name == ways.DENOISE1.name
    kept = [is_met(one) for one in values["bias"].values()]
    met = min(deeper["segmentation"], *(deeper[radius] for radius in figures.RADII)) >= GAIN and False not in kept
    return Row(
        f"{case}, {name}: depth against the default pipeline, flux, rate/ERR on blank sky",
        f"{_deeper(deeper)}; {_state(values)}", f"default: {_state(reference)}",
        f"≥ + {GAIN:g} mag by segmentation and in apertures, bias < {100 * LIMIT:g} % above S/N 10" if judged else "–",
        bool(met) if judged and not quick else None,
        {"case": str(case), "way": name, "gain": deeper, **_plain(values)},
    )  # fmt: skip


def _deeper(deeper):
    words = {"segmentation": "90 % found by segmentation", "smoothed": "smoothed", "matched filter": "matched filter"}
    words |= {radius: f"noise of apertures of {radius:g} pixels" for radius in figures.RADII}
    return ", ".join(f"{word} {_magnitudes(deeper[key])}" for key, word in words.items())


def _magnitudes(value):
    """Text of a difference of magnitudes; NaN where one of the images has no limit, as too few detections are stars."""
    return f"{value:+.2f} mag" if np.isfinite(value) else "no limit"


def _state(values):
    bias = ". ".join(f"{kind} {text(found)}" for kind, found in values["bias"].items())
    return f"{values['noise']:.4f} e-/s a pixel, pull {values['pull']:.2f}; {bias}"


def _plain(values):
    """Figures for the JSON file."""
    bias = {k: {f"{low:g}": one for (low, _), one in found.items()} for k, found in values["bias"].items()}
    curves = {way: vars(one) for way, one in values["curves"].items()}
    return {**values, "bias": bias, "curves": curves}
