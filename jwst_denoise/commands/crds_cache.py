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
    help="Also make this parameter file, shipped or your own, a parameter reference; repeatable.",
)
def command(directory, instruments, detectors, parameter_files):
    """Build an offline CRDS cache in DIRECTORY.

    With it, the pipelines run without a network on simulated exposures of NIRCam, NIRISS, NIRSpec and FGS: stage 1
    on all, stages 2 and 3 on images, stage 2 on NIRSpec's fixed slits. An earlier cache is added to. The reference
    files are those of the simulated detectors: calibrate real exposures with the references of the CRDS server.

    Only the lines that set the environment go to standard output, so that a shell can read them:

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
    """A file if there is one, else a shipped file of that name."""
    from jwst_denoise import parameters

    return Path(name) if Path(name).exists() else parameters.path(name)
