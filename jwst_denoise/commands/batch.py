"""Command ``batch``."""

import contextlib
import importlib.util
import os
import signal
import sys

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from jwst_denoise.extras import install_command

__all__ = ["command"]

#: Longest table that lists all exposures.
_ROWS = 60
_COLORS = {"done": "green", "failed": "bold red", "done before": "dim", "not done": "yellow"}


@click.command("batch")
@click.argument("pars")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--output", type=click.Path(file_okay=False), default=".", show_default=True, metavar="DIR",
              help="Directory of products, logs and manifest.")  # fmt: skip
@click.option("--scheduler", metavar="ADDRESS", help="Use this Dask cluster: address or scheduler file.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes on this machine.  [default: one for each core]")
@click.option("--memory", metavar="SIZE", help="Memory limit of a worker, such as 4GB.  [default: an equal share]")
@click.option("--retries", type=click.IntRange(min=0), default=1, show_default=True,
              help="Further attempts for an exposure that fails, or whose worker dies.")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="A parameter, spelled as for strun: method=median, steps.jump.skip=true; repeatable.")  # fmt: skip
@click.option("--manifest", type=click.Path(dir_okay=False), metavar="FILE",
              help="Record of finished exposures.  [default: jwst_denoise_batch.jsonl in DIR]")  # fmt: skip
@click.option("--fresh", is_flag=True, help="Process all exposures again, even those that are done.")
def command(pars, files, output, scheduler, workers, memory, retries, settings, manifest, fresh):
    """Process many exposures with a step or pipeline: one at a time on each worker of a Dask cluster.

    PARS is the name of a shipped parameter file (jwst-denoise pars list), the path of one, or the alias of a step or
    pipeline (stpipe list). FILE is an exposure, an association, or a pattern in quotes.

    To continue after an interruption, or to add files, repeat the command: exposures that are done are processed again
    only if they, the parameters or the versions have changed. If an exposure fails, the others are still processed; the
    exit status is then 1, and 130 after an interruption. A log is written for every exposure.

    \b
    jwst-denoise batch nsclean jw*_rate.fits --output cleaned
    jwst-denoise batch nircam_detector1_nsclean_groups 'raw/jw*_uncal.fits' --workers 4 --memory 6GB --output rates
    jwst-denoise batch calwebb_denoise1 jw*_uncal.fits --scheduler tcp://login1:8786 --output /shared/rates
    """  # noqa: D301
    if importlib.util.find_spec("distributed") is None:
        raise click.ClickException(f"batches need Dask: {install_command('batch')}")
    if scheduler and (workers or memory):
        raise click.UsageError("--workers and --memory apply to a new cluster on this machine, not to --scheduler")
    from jwst_denoise.batch import Recipe, expand_patterns, run_batch

    files = expand_patterns(files)
    recipe = Recipe.of(pars, [_setting(text) for text in settings])
    console, records = Console(stderr=True), []
    try:
        with _terminable(), _progress(console, len(files)) as (show, started):
            for record in run_batch(
                recipe, files, output, manifest_path=manifest, retries=retries, fresh=fresh, started=started,
                scheduler=scheduler, workers=workers, memory=memory,
            ):  # fmt: skip
                records.append(record)
                show(record)
    except KeyboardInterrupt:
        _report(records, len(files))
        click.echo("Interrupted; repeat the command to continue.", err=True)
        sys.exit(130)
    _report(records, len(files))
    if failed := sum(record.status == "failed" for record in records):
        raise click.ClickException(f"{failed} of {len(files)} exposures failed; their logs are in {output}")


def _setting(text):
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r}: a parameter is given as KEY=VALUE", param_hint="--set")
    return name, value


def _report(records, total):
    """Print the table, for many exposures of the failures only, and the number of exposures with each status."""
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(_table([record for record in records if len(records) <= _ROWS or record.status == "failed"]))
    numbers = {status: sum(record.status == status for record in records) for status in _COLORS}
    numbers["not done"] = total - len(records)
    text = ", ".join(f"{number} {status}" for status, number in numbers.items() if number)
    console.print(text or "no exposures", highlight=False)


def _table(records):
    table = Table(box=None, pad_edge=False)
    for name in ("exposure", "status", "seconds", "peak", "products, or error"):
        table.add_column(name, overflow="fold", justify="right" if name in ("seconds", "peak") else "left")
    for record in records:
        seconds = f"{record.seconds:.1f}" if record.seconds else "–"
        table.add_row(
            os.path.basename(record.file),
            f"[{_COLORS[record.status]}]{record.status}[/]",
            f"{seconds}, try {record.attempts}" if record.attempts > 1 else seconds,
            f"{record.peak / 1e9:.2f} GB" if record.peak else "–",
            escape(record.error or ", ".join(record.products)),
        )
    return table


@contextlib.contextmanager
def _terminable():
    """Treat SIGTERM, which batch systems send, as an interruption."""

    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _progress(console, total):
    """Show a progress bar; yield a function that adds a record to it, and one that reports the cluster."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("starting", total=total)

        def show(record):
            bar.update(task, advance=1)
            if record.status == "failed":
                console.print(f"[bold red]failed[/] {escape(record.file)}: {escape(record.error)}", soft_wrap=True)

        def started(client, tasks):
            workers = len(client.scheduler_info(n_workers=-1)["workers"])
            console.print(f"{tasks} of {total} exposures on {workers} workers; {_dashboard(client)}", highlight=False)
            bar.update(task, description="exposures")

        yield show, started


def _dashboard(client):
    """Return the link to the Dask dashboard, whose plots need bokeh."""
    hint = "" if importlib.util.find_spec("bokeh") else " (needs: pip install bokeh)"
    return f"dashboard: {client.dashboard_link}{hint}"
