"""The commands ``jwst-denoise benchmark …``, made from the catalog."""

import contextlib
import itertools
import sys

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from jwst_denoise_benchmarks.core.catalog import BENCHMARKS, measure_benchmark, measure_groups, select
from jwst_denoise_benchmarks.core.inputs import models_from
from jwst_denoise_benchmarks.core.measure import describe_machine, machine_sentence
from jwst_denoise_benchmarks.core.plots import draw_figures
from jwst_denoise_benchmarks.core.rows import tables, write_json

__all__ = ["command"]

QUICK = "Small cases, which are not compared with the targets."


@click.group("benchmark")
def command():
    """Measure accuracy and speed beside reference methods in the same run.

    The exit status is 1 if a target is missed.
    """


def _add_command(benchmark):
    """Add the command of one benchmark."""
    names = ", ".join(group.name for group in benchmark.main)
    directory = click.Path(file_okay=False)
    options = [
        click.Option(["--json", "path"], type=click.Path(dir_okay=False), help="Also write all numbers to this file."),
        click.Option(["--only"], multiple=True, metavar="ROWS", help=f"Rows to measure; may be repeated: {names}."),
        click.Option(["--quick"], is_flag=True, help=QUICK),
    ]
    if any(group.figures for group in benchmark.main):
        options.append(click.Option(["--figures"], type=directory, help="Also draw figures (PNG) into this directory."))
    if benchmark.uses_models:
        options.append(click.Option(["--models"], type=directory, help="Directory of model files to measure instead."))
    if benchmark.studies:
        names = ", ".join(group.name for group in benchmark.studies)
        options.append(click.Option(["--studies"], is_flag=True, help=f"Compare settings instead: {names}."))

    def run(**values):
        _run(benchmark, **values)

    texts = {"help": benchmark.help, "short_help": f"{benchmark.title}."}
    command.add_command(click.Command(benchmark.name, callback=run, params=options, **texts))


def _run(benchmark, path, only, quick, figures=None, models=None, studies=False):
    """Measure, print the tables, write the files."""
    with models_from(models):
        groups = select(only, benchmark.studies if studies else benchmark.main)
        machine = describe_machine(benchmark.packages)
        with _progress(len(groups)) as advance:
            rows = measure_groups(groups, quick, lambda group: advance(group.description))
        _print(rows, machine)
        if path:
            line = " ".join(["jwst-denoise", *sys.argv[1:]])
            write_json(path, {"machine": machine, "command": line, "rows": rows})
        if figures:
            draw_figures(figures, groups, quick)
    _check_targets(rows)


def _print(rows, machine):
    console = Console()
    if not console.is_terminal:
        console.width = 160
    for table in tables(rows):
        console.print(f"\n{table.title}", style="bold", soft_wrap=True, highlight=False)
        shown = Table(*table.header)
        for cells in table.body:
            shown.add_row(*cells)
        console.print(shown)
        for note in table.notes:
            console.print(note, soft_wrap=True, highlight=False)
    console.print(machine_sentence(machine), soft_wrap=True, highlight=False)


def _check_targets(rows):
    """Fail if a target is missed."""
    missed = [f"{row.quantity}, {row.configuration}" for row in rows if row.passed is False]
    count = sum(row.passed is not None for row in rows)
    if missed:
        raise click.ClickException(f"{len(missed)} of {count} targets missed: {'; '.join(missed)}")


@contextlib.contextmanager
def _progress(total):
    """Progress bar on stderr: a function that is called with the description of the next item."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task, number = bar.add_task("", total=total), itertools.count()
        yield lambda description: bar.update(task, completed=next(number), description=description)
        bar.update(task, completed=total, description="done")


@command.command("all")
@click.option(
    "--output", type=click.Path(file_okay=False), default="docs/benchmarks", show_default=True,
    help="Directory of the pages and files.",
)  # fmt: skip
@click.option(
    "--only", multiple=True, metavar="NAME",
    help=f"Benchmarks to run; may be repeated: {', '.join(one.name for one in BENCHMARKS)}.",
)  # fmt: skip
@click.option("--quick", is_flag=True, help=QUICK)
@click.option("--resume", is_flag=True, help="Keep what an interrupted run on this machine has measured.")
def run_all(output, only, quick, resume):
    """Run all benchmarks and write the pages of the documentation.

    Each benchmark writes a page, a plot and a JSON file with all numbers, after every group of rows. It takes hours on
    two cores; --quick takes about fifteen minutes.
    """
    selected = select(only, BENCHMARKS, "benchmark")
    rows = []
    with _progress(sum(len(one.groups) for one in selected)) as advance:
        for one in selected:
            rows += measure_benchmark(
                one, output, quick, resume, lambda group, name=one.name: advance(f"{name}: {group.description}")
            )
    click.echo(f"{len(rows)} rows in {output}")
    _check_targets(rows)


for _benchmark in BENCHMARKS:
    _add_command(_benchmark)
