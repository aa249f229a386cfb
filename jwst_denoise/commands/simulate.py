"""Command ``simulate``."""

import click
import numpy as np
from rich.console import Console
from rich.progress import Progress

from jwst_denoise import simulate

DETECTORS = [name for name in simulate.DETECTORS if name != "H4RG"]
SCENES = [name for name in simulate.SCENES if name != "echelle"]
#: Instrument -> detector, scene and read pattern by default.
DEFAULTS = {
    "NIRSPEC": ("NRS1", "ifu", "NRSRAPID"),
    "NIRCAM": ("NRCB1", "field", "RAPID"),
    "NIRISS": ("NIS", "field", "NISRAPID"),
    "FGS": ("GUIDER1", "field", "FGSRAPID"),
}
EFFECTS = tuple(simulate.Switches.__dataclass_fields__)


@click.command("simulate")
@click.option(
    "--instrument", type=click.Choice(list(DEFAULTS), case_sensitive=False), help="Default: that of the detector."
)
@click.option("--detector", type=click.Choice(DETECTORS, case_sensitive=False), help="Default: NRS1, or by instrument.")
@click.option(
    "--scene", type=click.Choice(SCENES), help="Astronomical scene. Default: field for imagers, ifu for NIRSpec."
)
@click.option("--outputs", type=click.Choice(["1", "4"]), help="NOUTPUTS of a grism subarray. Default: 4.")
@click.option("--subarray", help="SUBARRAY, e.g. SUB2048, SUB64P. Default: that of the scene.")
@click.option("--filter", "filter_name", help="Filter, e.g. F200W, in either wheel. Default: that of the scene.")
@click.option("--pattern", help="READPATT, e.g. NRSRAPID, BRIGHT1. Default: by instrument.")
@click.option("--ngroups", type=click.IntRange(min=1), default=10, show_default=True, help="Groups per integration.")
@click.option("--nints", type=click.IntRange(min=1), default=1, show_default=True, help="Integrations.")
@click.option(
    "--brightness", type=click.FloatRange(min=0), default=1.0, show_default=True, help="Factor for the flux of sources."
)
@click.option("--transit", type=click.FloatRange(0, 1e5), metavar="PPM",
              help="Depth of a transit in the middle third of the integrations.")  # fmt: skip
@click.option("--chromatic", type=click.FloatRange(0, 1), default=0.1, show_default=True,
              help="Relative change of the depth with wavelength, in time series.")  # fmt: skip
@click.option("--jitter", type=click.FloatRange(0, 1), default=0.005, show_default=True, metavar="PIXELS",
              help="Rms shift of the star between integrations, in time series.")  # fmt: skip
@click.option("--no-cosmic-rays", is_flag=True, help="The same as --without cosmic_rays.")
@click.option("--without", multiple=True, type=click.Choice(EFFECTS), metavar="EFFECT",
              help=f"Leave out an effect; repeatable: {', '.join(EFFECTS)}.")  # fmt: skip
@click.option("--product", "extra", multiple=True, type=click.Choice(["uncal", "ramp", "rate", "rateints"]),
              help="Product to write besides the truth; repeatable. Default: uncal.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the random numbers.")
@click.option("--root", help="Root of the file names. Default: jwst_sim_<detector>_<scene>_<seed>.")
@click.option("--output", type=click.Path(file_okay=False), default=".", show_default=True, help="Directory.")
def command(
    instrument, detector, scene, outputs, subarray, filter_name, pattern, ngroups, nints, brightness, transit,
    chromatic, jitter, no_cosmic_rays, without, extra, seed, root, output,
):  # fmt: skip
    """Write a simulated exposure and its truth.

    The exposure has all detector effects that the pipeline corrects, and correlated read noise. The file
    <root>_truth.fits contains the rate of the scene, and the correlated noise and the cosmic rays of each group; for
    the time series (bots, soss, nircam_grism, defocused) also the transit, the traces and the jitter. With the same
    seed, an exposure without --transit has the same noise.

    \b
    jwst-denoise simulate
    jwst-denoise simulate --detector NRCB1 --scene cluster --subarray SUB640 --pattern BRIGHT1
    jwst-denoise simulate --scene soss --nints 50 --ngroups 5 --transit 10000
    """  # noqa: D301
    parameters, scene, pattern = _select(instrument, detector, scene, pattern)
    extra = extra or ("uncal",)
    if "IRS2" in pattern and "uncal" in extra:
        raise click.UsageError(f"{pattern} has no simulated uncal (interleaved reference pixels); use --product rate")
    rng = np.random.default_rng(seed)
    options = {
        "subarray_name": subarray and subarray.upper(), "filter_name": filter_name and filter_name.upper(),
        "outputs": outputs and int(outputs), "brightness": brightness,
    }  # fmt: skip
    if simulate.SCENES[scene].star:
        options |= {"depth": (transit or 0) * 1e-6, "chromatic": chromatic, "jitter": jitter}
        rate, observation = simulate.time_series(scene, parameters, nints, rng, **options)
    else:
        rate, observation = simulate.scene(scene, parameters, rng, **options)
        if transit is not None:
            rate = _with_transit(rate, nints, transit * 1e-6)
    off = set(without) | ({"cosmic_rays"} if no_cosmic_rays else set())
    console = Console(stderr=True)
    with Progress(console=console) as bar:
        task = bar.add_task(f"{parameters.name} {observation.subarray} {pattern}", total=1.0)
        exposure = simulate.simulate_exposure(
            rate, parameters, None, pattern, ngroups, nints, rng, observation=observation,
            progress=lambda fraction: bar.update(task, completed=fraction), **dict.fromkeys(off, False),
        )  # fmt: skip
        bar.update(task, description="writing")
        root = root or f"jwst_sim_{parameters.name.lower()}_{scene}_{seed}"
        _report(_write(exposure, output, root, extra))


def _select(instrument, detector, scene, pattern):
    """Return the parameters of the detector, the scene and the read pattern."""
    chosen = simulate.SCENES[scene or "ifu"]
    if detector is None and instrument is None:
        instrument = next(iter(chosen.modes))
    parameters = simulate.detector(detector or chosen.detector or DEFAULTS[instrument.upper()][0])
    if instrument and instrument.upper() != parameters.instrument:
        raise click.UsageError(f"{parameters.name} is a detector of {parameters.instrument}, not of {instrument}")
    _, default_scene, default_pattern = DEFAULTS[parameters.instrument]
    chosen = simulate.read_pattern(pattern or default_pattern)
    if chosen.instrument != parameters.instrument:
        known = ", ".join(p.name for p in simulate.PATTERNS.values() if p.instrument == parameters.instrument)
        raise click.UsageError(f"{parameters.instrument} has no read pattern {chosen.name}; it has {known}")
    return parameters, scene or default_scene, chosen.name


def _with_transit(rate, nints, depth):
    """Return the scene in each integration, with a transit in the middle third of the series."""
    curve = simulate.transit(np.arange(nints), middle=(nints - 1) / 2, duration=max(nints / 3, 1), depth=depth)
    return simulate.modulate(rate, curve)


def _write(exposure, output, root, names):
    from jwst_denoise import products

    return products.write_products(exposure, output, root, products=names)


def _report(paths):
    """Print the files that were written."""
    for product, path in paths.items():
        click.echo(f"{product:<8}  {path}  ({path.stat().st_size / 1e6:.1f} MB)")
