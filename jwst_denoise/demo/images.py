"""Images: what image_denoise makes of a simulated field and of its integrations, against the true light."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jwst_denoise import crds_cache, products
from jwst_denoise.demo import exposure as exposures
from jwst_denoise.demo import figures, image_picture, pipeline
from jwst_denoise.demo.scenarios import Scenario

__all__ = ["RUNS", "SCENARIO", "ImageHalf", "run"]

#: What is simulated: several integrations of a deep field.
SCENARIO = Scenario("NIRCAM", "NRCB1", "field", "SUB320", "SHALLOW4", 8, "", nints=4)

#: What comes before, one after the other.
BEFORE = ("NSCleanStep", "CosmicRayMaskStep")

#: Name of a run -> product that it takes, parameters of the step.
RUNS = {
    "r = 2": ("rate", {"exposure_time_ratio": 2.0}),
    "r = 5": ("rate", {"exposure_time_ratio": 5.0}),
    "stack": ("rateints", {"model": "noise2noise-stack"}),
}


@dataclass(frozen=True)
class ImageHalf:
    """What was made: rates; of each run by its name the product, its figures and seconds; the picture.

    ``figures`` hold those of the rate image too, as ``"before"``.
    """

    rate: Path
    rateints: Path
    made: dict
    figures: dict
    seconds: dict
    picture: Path


def run(output, cache, log, progress):
    """Simulate the field, denoise its rate image and its integrations, and compare with the truth.

    Parameters
    ----------
    output, cache, log : path-like
        Directory of the products, CRDS cache with the detector, and log file.
    progress : Stages
        Where progress is shown.

    Returns
    -------
    ImageHalf
    """
    output = Path(output)
    with progress.stage("simulating a field") as report:
        exposure = exposures.make(SCENARIO, report.fraction)
        paths = products.write(exposure, output / "rates", SCENARIO.root, ("rate", "rateints"))
    with crds_cache.activated(cache):
        with progress.stage(" and ".join(BEFORE)) as report:
            clean = {kind: _prepared(paths[kind], output / kind, log, report.name) for kind in ("rate", "rateints")}
        with progress.stage("ImageDenoiseStep") as report:
            made = {
                name: pipeline.step(
                    "ImageDenoiseStep", clean[kind], output / _folder(name), log, report.name, **options
                )
                for name, (kind, options) in RUNS.items()
            }
    with progress.stage("comparing with the truth"):
        planes = {name: _planes(exposure, clean["rate"], done.path) for name, done in made.items()}
        target = output / f"{SCENARIO.root}.png"
        image_picture.draw(planes, f"Simulated images, {SCENARIO.title}, {SCENARIO.nints} integrations", target)
    first = next(iter(planes.values()))
    measured = {"before": figures.measure(first.before, first.error_before, first)}
    measured |= {name: figures.measure(p.after, p.error_after, p) for name, p in planes.items()}
    seconds = {name: done.seconds for name, done in made.items()}
    return ImageHalf(clean["rate"], clean["rateints"], {n: d.path for n, d in made.items()}, measured, seconds, target)


def _prepared(path, directory, log, notify):
    """Product of the steps before."""
    for step in BEFORE:
        path = pipeline.step(step, path, directory, log, notify).path
    return path


def _folder(name):
    return name.replace(" = ", "")


def _planes(exposure, before, after):
    """Images in e- over an integration, without border: before and after against the true light."""
    images, errors, unusable = zip(*(figures.electrons(path, exposure) for path in (before, after)), strict=True)
    seconds = exposure.group_time * (exposure.counts.shape[1] - 1)
    light = exposure.truth.rate * np.float32(seconds)
    usable = ~np.logical_or.reduce(unusable) & ~exposure.readout.reference_pixels
    lit = usable & (light - np.median(light[usable]) > figures.LIT * np.median(errors[0][usable]))
    return figures.Planes(
        images[0], images[1], light, errors[0], errors[1], light, lit, usable & ~lit, seconds
    )  # fmt: skip
