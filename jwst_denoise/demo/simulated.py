"""The simulated half: an exposure with known truth through calwebb_detector1, without and with the step."""

from dataclasses import dataclass
from pathlib import Path

from jwst_denoise import crds_cache, parameters, products
from jwst_denoise.demo import exposure as exposures
from jwst_denoise.demo import figures, picture, pipeline

__all__ = ["SimulatedHalf", "run"]

#: Reference pixels have white noise of their own, which their correction turns into stripes; the truth has none.
TRUTH_STEPS = {"refpix": {"skip": True}}


@dataclass(frozen=True)
class SimulatedHalf:
    """What the simulated half made: raw exposure, runs, figures before and after, lit fraction, picture."""

    uncal: Path
    raw: pipeline.Run
    cleaned: pipeline.Run
    before: figures.Figures
    after: figures.Figures
    lit: float
    seconds: float
    picture: Path


def run(scenario, output, cache, log, progress):
    """Simulate an exposure, run the real pipeline on it and compare with the truth.

    Parameters
    ----------
    scenario : Scenario
        What to simulate.
    output, cache, log : path-like
        Directory of the products, CRDS cache with the detector, and log file.
    progress : Stages
        Where progress is shown.

    Returns
    -------
    SimulatedHalf
    """
    output = Path(output)
    with progress.stage("simulating the exposure") as report:
        exposure = exposures.make(scenario, report.fraction)
        uncal = products.write(exposure, output, scenario.root)["uncal"]
    with crds_cache.activated(cache):
        with progress.stage("calwebb_detector1") as report:
            raw = pipeline.detector1(uncal, output / "raw", log, None, report.name)
        with progress.stage("calwebb_detector1 with NSCleanStep") as report:
            file = parameters.path(scenario.parameters)
            cleaned = pipeline.detector1(uncal, output / "cleaned", log, file, report.name)
        with progress.stage("calwebb_detector1 without any correlated noise, for the truth") as report:
            ideal = exposures.perfect(exposure, scenario.root)
            perfect = pipeline.detector1(ideal, output / "truth", log, None, report.name, steps=TRUTH_STEPS)
    with progress.stage("comparing with the truth"):
        planes = figures.read(exposure, raw.path, cleaned.path, perfect.path)
        target = output / f"{scenario.root}.png"
        title = f"Simulated exposure, {scenario.title}, {planes.seconds:.0f} s"
        picture.draw(planes, exposure.readout, title, target)
    before = figures.measure(planes.before, planes.error_before, planes)
    after = figures.measure(planes.after, planes.error_after, planes)
    return SimulatedHalf(uncal, raw, cleaned, before, after, planes.lit.mean(), planes.seconds, target)
