"""The whole chain: a simulated field from its counts to calibrated and denoised images, against the true light."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jwst_denoise import crds_cache, products
from jwst_denoise.demo import exposure as exposures
from jwst_denoise.demo import image_picture, metrics, pipeline
from jwst_denoise.demo.scenarios import Scenario

__all__ = ["DEFAULT", "RUNS", "SCENARIO", "ImageHalf", "run"]

#: What is simulated: several integrations of a deep field.
SCENARIO = Scenario("NIRCAM", "NRCB1", "field", "SUB320", "SHALLOW4", 8, "", nints=4)

DEFAULT = "default"

#: Name of a run -> pipeline of stage 1, and parameters of its steps.
STAGE1 = {
    DEFAULT: (pipeline.detector1, {}),
    "flicker": (pipeline.detector1, {"clean_flicker_noise": {"skip": False}}),
    "denoise1": (pipeline.denoise1, {}),
    "image_denoise": (pipeline.denoise1, {"ramp_denoise": {"skip": True}}),
}
IMAGES, STACK = {"exposure_time_ratio": 2.0}, {"model": "noise2noise-stack"}

#: Names of all runs; the last one makes a stack of the integrations that the one before has made in stage 1.
RUNS = (*STAGE1, "stack")


@dataclass(frozen=True)
class ImageHalf:
    """What was made: raw exposure; of each run by its name the product, its metrics and seconds; the picture."""

    uncal: Path
    made: dict
    metrics: dict
    seconds: dict
    picture: Path


def run(output, cache, log, progress):
    """Simulate the field, run stages 1 and 2 and ``image_denoise``, and compare with the truth.

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
        uncal = products.write_products(exposure, output, SCENARIO.root, ("uncal",))["uncal"]
    with crds_cache.activated(cache):
        runs = _runs(uncal, output, log, progress)
    made = {name: run[-1].path for name, run in runs.items()}
    with progress.stage("comparing with the truth"):
        planes = {name: _planes(exposure, made[DEFAULT], path) for name, path in made.items() if name != DEFAULT}
        target = output / f"{SCENARIO.root}.png"
        image_picture.draw(planes, f"Simulated images, {SCENARIO.title}, {SCENARIO.nints} integrations", target)
    first = next(iter(planes.values()))
    measured = {DEFAULT: metrics.measure(first.before, first.error_before, first)}
    measured |= {name: metrics.measure(p.after, p.error_after, p) for name, p in planes.items()}
    seconds = {name: sum(one.seconds for one in run) for name, run in runs.items()}
    return ImageHalf(Path(uncal), made, measured, seconds, target)


def _runs(uncal, output, log, progress):
    """Name of a run -> `pipeline.Run` of each of its parts."""
    runs = {}
    for name, (stage1, steps) in STAGE1.items():
        with progress.stage(f"stages 1 and 2: {name}") as report:
            rate = stage1(uncal, output / name, log, notify=report.name, steps=steps)
            runs[name] = [rate, pipeline.image2(rate.path, output / name, log, notify=report.name)]
    with progress.stage("ImageDenoiseStep") as report:
        last = runs["image_denoise"]
        rateints = last[0].path.with_name(f"{SCENARIO.root}_rateints.fits")
        stack = pipeline.step("ImageDenoiseStep", rateints, output / "stack", log, report.name, **STACK)
        single = pipeline.step("ImageDenoiseStep", last[1].path, output / "image_denoise", log, report.name, **IMAGES)
    last.append(single)
    return {**runs, "stack": [last[0], stack]}


def _planes(exposure, before, after):
    """Images in e- over an integration, without border: before and after against the true light."""
    images, errors, unusable = zip(*(metrics.electrons(path, exposure) for path in (before, after)), strict=True)
    seconds = exposure.group_time * (exposure.counts.shape[1] - 1)
    light = exposure.truth.rate * np.float32(seconds)
    usable = ~np.logical_or.reduce(unusable) & ~exposure.readout.reference_pixels
    lit = usable & (light - np.median(light[usable]) > metrics.LIT * np.median(errors[0][usable]))
    return metrics.Planes(
        images[0], images[1], light, errors[0], errors[1], light, lit, usable & ~lit, seconds
    )  # fmt: skip
