"""Command ``crds-cache``."""

import shlex
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["command"]


@click.command("crds-cache")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--instrument", "instruments", multiple=True, metavar="NAME", help="Only this instrument; repeatable.")
@click.option("--detector", "detectors", multiple=True, metavar="NAME", help="Only this detector; repeatable.")
@click.option(
    "--parameters",
    "parameter_files",
    multiple=True,
    metavar="NAME|FILE",
    help="Add this parameter file, shipped or your own, as a parameter reference; repeatable.",
)
def command(directory, instruments, detectors, parameter_files):
    """Build an offline CRDS cache in DIRECTORY.

    With it, the pipelines process simulated exposures of NIRCam, NIRISS, NIRSpec and FGS without a network: stage 1 for
    all, stages 2 and 3 for images, stage 2 for NIRSpec's fixed slits. Detectors are added to an existing cache. The
    reference files describe simulated detectors: calibrate flight exposures with those of the CRDS server.

    Standard output is shell commands that set the environment:

    \b
        eval "$(jwst-denoise crds-cache cache --detector NRS1)"
        strun calwebb_detector1 simulated_uncal.fits
    """  # noqa: D301
    from jwst_denoise import crds_cache

    files = [_parameter_file(name) for name in parameter_files]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Reference files", total=None)
        environment = crds_cache.build_cache(
            directory,
            instruments or None,
            detectors or None,
            files,
            progress=lambda number, total, name: bar.update(task, completed=number, total=total, description=name),
        )
    for name, value in environment.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _parameter_file(name):
    """Return the file if it exists, else the shipped file of that name."""
    from jwst_denoise import parameters

    return Path(name) if Path(name).exists() else parameters.path(name)
