"""The simulated half: an exposure with known truth through calwebb_detector1, without and with the steps."""

from dataclasses import dataclass
from pathlib import Path

from astropy.io import fits

from jwst_denoise import crds_cache, parameters, products
from jwst_denoise.demo import cosmic_ray_picture, cosmic_rays, metrics, picture, pipeline, ramp_picture, ramps
from jwst_denoise.demo import exposure as exposures

__all__ = ["SimulatedHalf", "run"]

#: The flags are in the ramp that the jump step and its hooks leave.
KEEP_JUMPS = {"jump": {"save_results": True}}

#: What the network has changed.
KEEP_NOISE = {"ramp_denoise": {"save_noise": True}}

#: Reference pixels have white noise of their own, which their correction turns into stripes; the truth has none.
TRUTH_STEPS = {"refpix": {"skip": True}}


@dataclass(frozen=True)
class SimulatedHalf:
    """What the simulated half made: raw exposure, runs, metrics before and after, lit fraction, pictures.

    ``masked`` is the run with CosmicRayMaskStep, ``found`` its metrics and those of the run without; ``denoised`` is
    the run of calwebb_denoise1, ``rates`` its metrics.
    """

    uncal: Path
    raw: pipeline.Run
    cleaned: pipeline.Run
    before: metrics.Metrics
    after: metrics.Metrics
    lit: float
    seconds: float
    picture: Path
    masked: pipeline.Run
    found: tuple[cosmic_rays.Found, cosmic_rays.Found]
    cosmic_ray_picture: Path
    denoised: pipeline.Run
    rates: ramps.Denoised
    ramp_picture: Path


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
        uncal = products.write_products(exposure, output, scenario.root)["uncal"]
    with crds_cache.activated(cache):
        with progress.stage("calwebb_detector1") as report:
            raw = pipeline.detector1(uncal, output / "raw", log, None, report.name, steps=KEEP_JUMPS)
        with progress.stage("calwebb_detector1 with NSCleanStep") as report:
            file = parameters.path(scenario.parameters)
            cleaned = pipeline.detector1(uncal, output / "cleaned", log, file, report.name)
        with progress.stage("calwebb_detector1 with CosmicRayMaskStep") as report:
            file = parameters.path(scenario.cosmic_ray_parameters)
            masked = pipeline.detector1(uncal, output / "masked", log, file, report.name, steps=KEEP_JUMPS)
        with progress.stage("calwebb_denoise1") as report:
            denoised = pipeline.denoise1(uncal, output / "denoised", log, report.name, steps=KEEP_NOISE)
        with progress.stage("calwebb_detector1 without any correlated noise, for the truth") as report:
            ideal = exposures.perfect(exposure, scenario.root)
            perfect = pipeline.detector1(ideal, output / "truth", log, None, report.name, steps=TRUTH_STEPS)
    with progress.stage("comparing with the truth"):
        planes = metrics.read(exposure, raw.path, cleaned.path, perfect.path)
        target = output / f"{scenario.root}.png"
        title = f"Simulated exposure, {scenario.title}, {planes.seconds:.0f} s"
        picture.draw(planes, exposure.readout, title, target)
        close_up = output / f"{scenario.root}_cosmic_rays.png"
        found = _cosmic_rays(exposure, (raw, masked), planes, title, close_up)
        ramp_target = output / f"{scenario.root}_ramps.png"
        rates = _ramps(exposure, denoised, planes, title, ramp_target)
    before = metrics.measure(planes.before, planes.error_before, planes)
    after = metrics.measure(planes.after, planes.error_after, planes)
    return SimulatedHalf(
        uncal, raw, cleaned, before, after, planes.lit.mean(), planes.seconds, target,
        masked, found, close_up, denoised, rates, ramp_target,
    )  # fmt: skip


def _cosmic_rays(exposure, runs, planes, title, path):
    """Draw what is found of the cosmic rays without and with their masks; metrics of both runs."""
    flags = [cosmic_rays.read_flags(_ramp_of(made)) for made in runs]
    rates = [metrics.electrons(made.path, exposure) for made in runs]
    truth = cosmic_rays.truth_of(exposure, flags[0])
    jumps = [cosmic_rays.jumps(flag) for flag in flags]
    cosmic_ray_picture.draw([rate[0] for rate in rates], jumps, truth, planes, title, path)
    return tuple(cosmic_rays.measure(*pair, planes, truth) for pair in zip(flags, rates, strict=True))


def _ramps(exposure, made, planes, title, path):
    """Draw the denoised rates; their metrics beside those of calwebb_detector1."""
    planes = ramps.against_light(planes, metrics.electrons(made.path, exposure))
    ramp_picture.draw(planes, exposure.readout, title, path)
    noise = made.path.with_name(made.path.name.replace("_rate.fits", "_ramp_denoise_noise.fits"))
    return ramps.measure(planes, fits.getdata(noise))


def _ramp_of(made):
    """File of the ramp that the jump step and its hooks left, beside the rate image."""
    return made.path.with_name(made.path.name.replace("_rate.fits", "_jump.fits"))
