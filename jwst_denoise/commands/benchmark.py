"""``jwst-denoise benchmark``: accuracy and speed beside other tools."""

import sys

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jwst_denoise.benchmarks import suite

NAMES = ", ".join(group.name for group in suite.GROUPS)


@click.group("benchmark")
def command():
    """Measure accuracy and speed beside other tools."""


@command.command("nsclean")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Also write all figures to this file.")
@click.option("--figure", type=click.Path(dir_okay=False), help="Also draw what is left of the noise (PNG).")
@click.option("--only", multiple=True, metavar="ROWS", help=f"Rows to measure, repeatedly if wanted: {NAMES}.")
@click.option("--quick", is_flag=True, help="Small cases: seconds instead of minutes, targets not judged by them.")
@click.option("--defaults", is_flag=True, help="Compare other values of this package's constants instead.")
def nsclean(json_path, figure, only, quick, defaults):
    r"""Measure the step nsclean, beside jwst.clean_flicker_noise in the same run.

    Real masks and exposures are looked for in the directory that JWST_DENOISE_DATA names; rows whose data are missing
    say so. A target that is missed makes the exit status 1.

    \b
    jwst-denoise benchmark nsclean --json figures.json
    jwst-denoise benchmark nsclean --quick --only definition --only guider
    """
    from jwst_denoise.benchmarks import machine, rows

    groups = suite.choose(only, suite.DEFAULTS if defaults else suite.GROUPS)
    here = machine.describe()
    found = _measure(groups, quick)
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(rows.table(found, "jwst-denoise benchmark nsclean"))
    console.print(machine.sentence(here), soft_wrap=True, highlight=False)
    if json_path:
        rows.write_json(json_path, found, here, " ".join(["jwst-denoise", *sys.argv[1:]]))
    if figure:
        from jwst_denoise.benchmarks.picture import draw

        draw(figure)
    missed = [row.what for row in found if row.met is False]
    if missed:
        raise click.ClickException(f"{len(missed)} of {len(found)} targets missed: {'; '.join(missed)}")


def _measure(groups, quick):
    """Rows of the groups, with a progress bar."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(groups))
        done = iter(range(len(groups) + 1))

        def progress(group):
            bar.update(task, completed=next(done), description=group.description if group else "done")

        return suite.run(groups, quick, progress)
