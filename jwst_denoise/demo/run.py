"""The whole demonstration."""

from pathlib import Path

from jwst_denoise import crds_cache
from jwst_denoise.demo import correlated_noise, cosmic_rays, flight, images, scenarios, screen

__all__ = ["run_demo"]


def run_demo(output, console, instrument=None, full=False, real=False):
    """Run the demonstration and show it.

    Parameters
    ----------
    output : path-like
        Directory of the products, made if it does not exist; earlier products are replaced.
    console : rich.console.Console
        Terminal.
    instrument : str, optional
        Instrument of the exposure with correlated noise, a key of `scenarios.SCENARIOS`.
    full : bool, optional
        Simulate a full frame of it.
    real : bool, optional
        Only the flight exposure.

    Returns
    -------
    list of jwst_denoise.demo.part.Part
        Correlated noise, ramps, cosmic rays, images, and the flight exposure; with ``real`` only the last.

    Raises
    ------
    ValueError
        If there is no such scenario, or the directory has a ``crds`` that is not a cache of this package.
    """
    scenario = None if real else scenarios.choose_scenario(instrument or scenarios.DEFAULT, full)
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    log = output / "pipeline.log"
    log.write_text("")
    stages = screen.Stages(console)
    environment = _build_cache(output / "crds", scenario, stages)
    console.print(f"[dim]products: {output}; log of the pipelines: {log}[/]", highlight=False, soft_wrap=True)
    common = (environment["CRDS_PATH"], log, stages)
    parts = []
    for part in _run_parts(scenario, output, common):
        screen.show_part(console, part, environment)
        parts.append(part)
    return parts


def _run_parts(scenario, output, common):
    if scenario:
        yield from correlated_noise.run_parts(scenario, output / "correlated_noise", *common)
        yield cosmic_rays.run_part(output / "cosmic_rays", *common)
        yield images.run_part(output / "images", *common)
    yield flight.run_part(output / "flight", *common)


def _build_cache(directory, scenario, stages):
    """Build the CRDS cache; return its variables."""
    simulated = (scenario, scenarios.COSMIC_RAYS, scenarios.IMAGES) if scenario else ()
    names = dict.fromkeys([*(one.detector for one in simulated), "GUIDER2"])
    with stages.stage("offline CRDS cache") as stage:
        return crds_cache.build_cache(
            directory, detectors=list(names), progress=lambda n, total, _: stage.fraction(n / total)
        )
