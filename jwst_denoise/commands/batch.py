"""Command ``batch``."""

import contextlib
import importlib.util
import signal
import sys

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from jwst_denoise.extras import install_command

__all__ = ["command"]


@click.command("batch")
@click.argument("pars")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--output", type=click.Path(file_okay=False), default=".", show_default=True, metavar="DIR",
              help="Directory of products, logs and manifest.")  # fmt: skip
@click.option("--scheduler", metavar="ADDRESS", help="Use this Dask cluster: address or scheduler file.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes on this machine.  [default: one a core]")
@click.option("--memory", metavar="SIZE", help="Limit of a worker, such as 4GB.  [default: an equal share]")
@click.option("--retries", type=click.IntRange(min=0), default=1, show_default=True,
              help="How often an exposure that fails, or whose worker dies, is tried again.")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="A parameter, spelt as for strun: method=median, steps.jump.skip=true; repeatable.")  # fmt: skip
@click.option("--manifest", type=click.Path(dir_okay=False), metavar="FILE",
              help="Where is written what is done.  [default: jwst_denoise_batch.jsonl in DIR]")  # fmt: skip
@click.option("--fresh", is_flag=True, help="Do everything again, even what is done.")
def command(pars, files, output, scheduler, workers, memory, retries, settings, manifest, fresh):
    """Put many exposures through a step or pipeline: one at a time on each worker of a Dask cluster.

    PARS is the name of a shipped parameter file (jwst-denoise pars list), the path of one, or the alias of a step or
    pipeline (stpipe list). FILE is an exposure, an association, or a pattern in quotes.

    What is done is not done again: after an interruption, or with more files, give the same command. Exposures are done
    again when they, the parameters or the versions have changed. If one fails, the others are still done; the exit
    status is 1 then, and 130 after an interruption. Beside its products every exposure has a log.

    \b
    jwst-denoise batch nsclean jw*_rate.fits --output cleaned
    jwst-denoise batch nircam_detector1_nsclean_groups 'raw/jw*_uncal.fits' --workers 4 --memory 6GB --output rates
    jwst-denoise batch calwebb_denoise1 jw*_uncal.fits --scheduler tcp://login1:8786 --output /shared/rates
    """  # noqa: D301
    if importlib.util.find_spec("distributed") is None:
        raise click.ClickException(f"batches need Dask: {install_command('batch')}")
    if scheduler and (workers or memory):
        raise click.UsageError("--workers and --memory are for a cluster on this machine, not for that of --scheduler")
    from jwst_denoise.batch import Recipe, expand_patterns, run_batch, summary

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
        _report(summary, records, len(files))
        click.echo("Interrupted; the same command goes on.", err=True)
        sys.exit(130)
    _report(summary, records, len(files))
    if failed := sum(record.status == "failed" for record in records):
        raise click.ClickException(f"{failed} of {len(files)} exposures failed; their logs are in {output}")


def _setting(text):
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r}: a parameter is given as KEY=VALUE", param_hint="--set")
    return name, value


def _report(summary, records, total):
    """Print the table and the sum."""
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(summary.table(records))
    console.print(summary.counts(records, total), highlight=False)


@contextlib.contextmanager
def _terminable():
    """Take a request to end, as batch systems send it, for an interruption."""

    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _progress(console, total):
    """Bar; yields what shows a record, and what shows where the work is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("starting", total=total)

        def show(record):
            bar.update(task, advance=1)
            if record.status == "failed":
                console.print(f"[bold red]failed[/] {escape(record.file)}: {escape(record.error)}", soft_wrap=True)

        def started(client, tasks):
            workers = len(client.scheduler_info(n_workers=-1)["workers"])
            console.print(f"{tasks} of {total} to do, {workers} workers; {_dashboard(client)}", highlight=False)
            bar.update(task, description="exposures")

        yield show, started


def _dashboard(client):
    """Link to the dashboard, which shows its pictures where bokeh is installed."""
    hint = "" if importlib.util.find_spec("bokeh") else " (needs: pip install bokeh)"
    return f"dashboard: {client.dashboard_link}{hint}"
