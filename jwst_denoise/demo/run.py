"""The whole demonstration."""

from pathlib import Path

from jwst_denoise import crds_cache
from jwst_denoise.demo import flight, images, scenarios, screen, simulated
from jwst_denoise.demo.pipeline import strun_line

__all__ = ["run"]


def run(output, console, instrument=None, full=False, real=False):
    """Run the demonstration and show it.

    Parameters
    ----------
    output : path-like
        Directory of the products, made if it does not exist; earlier products are replaced.
    console : rich.console.Console
        Screen.
    instrument : str, optional
        What to simulate, a key of `scenarios.SCENARIOS`.
    full : bool, optional
        Simulate a full frame.
    real : bool, optional
        Only the flight half.

    Returns
    -------
    tuple
        `simulated.SimulatedHalf` (None with ``real``) and `flight.FlightHalf`.

    Raises
    ------
    ValueError
        If there is no such scenario, or the directory's ``crds`` is not ours.
    """
    scenario = None if real else scenarios.choose(instrument or scenarios.DEFAULT, full)
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    log = output / "pipeline.log"
    log.write_text("")
    stages = screen.Stages(console)
    environment = _cache(output / "crds", scenario, stages)
    console.print(f"[dim]products in {output}, what the pipeline says in {log}[/]", highlight=False, soft_wrap=True)
    made = scenario and _simulated(scenario, output, environment, log, stages, console)
    if scenario:
        _images(output, environment, log, stages, console)
    return made, _flight(output, environment, log, stages, console)


def _cache(directory, scenario, stages):
    """Build the CRDS cache; return its variables."""
    names = dict.fromkeys([scenario.detector, images.SCENARIO.detector] if scenario else [])
    with stages.stage("offline CRDS cache") as report:
        return crds_cache.build_cache(
            directory, detectors=[*names, "GUIDER2"], progress=lambda n, total, _: report.fraction(n / total)
        )


def _simulated(scenario, output, environment, log, stages, console):
    console.print(f"\nSimulating {scenario.title}", highlight=False, style="bold")
    folder = output / "simulated"
    half = simulated.run(scenario, folder, environment["CRDS_PATH"], log, stages)
    commands = [
        strun_line("calwebb_detector1", half.uncal, folder / "raw"),
        strun_line(scenario.parameters, half.uncal, folder / "cleaned"),
        strun_line(scenario.cosmic_ray_parameters, half.uncal, folder / "masked"),
        strun_line("calwebb_denoise1", half.uncal, folder / "denoised"),
    ]
    console.print(screen.simulated_panel(scenario, half))
    console.print(screen.cosmic_ray_panel(half))
    console.print(screen.ramp_panel(half))
    screen.show_commands(console, (half.picture, half.cosmic_ray_picture, half.ramp_picture), environment, commands)
    return half


def _images(output, environment, log, stages, console):
    console.print(f"\nSimulating {images.SCENARIO.title}", highlight=False, style="bold")
    folder = output / "images"
    half = images.run(folder, environment["CRDS_PATH"], log, stages)
    console.print(screen.image_panel(half))
    made = folder / "image_denoise"
    rate, rateints, cal = (made / f"{images.SCENARIO.root}_{kind}.fits" for kind in ("rate", "rateints", "cal"))
    commands = [
        strun_line("calwebb_denoise1", half.uncal, made, **{"steps.ramp_denoise.skip": "true"}),
        strun_line("calwebb_image2", rate, made),
        strun_line("image_denoise", cal, made, exposure_time_ratio=2),
        strun_line("image_denoise", rateints, folder / "stack", model="noise2noise-stack"),
    ]
    screen.show_commands(console, [half.picture], environment, commands)


def _flight(output, environment, log, stages, console):
    console.print("\nA flight exposure, from the jwst package", style="bold")
    folder = output / "flight"
    with stages.stage("calwebb_guider without and with NSCleanStep") as report:
        half = flight.run(folder, environment["CRDS_PATH"], log, report.name)
    exposure = flight.cross_validation.exposure_path()
    commands = [
        strun_line("calwebb_guider", exposure, folder / "raw"),
        strun_line(flight.PARAMETERS, exposure, folder / "cleaned"),
    ]
    console.print(screen.flight_panel(half))
    screen.show_commands(console, [half.picture], environment, commands)
    return half
