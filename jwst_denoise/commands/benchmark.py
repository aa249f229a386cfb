"""``jwst-denoise benchmark``: accuracy and speed beside other tools."""

import itertools
import sys

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jwst_denoise_benchmarks import catalog, suite

ALL = {benchmark.name: benchmark for benchmark in catalog.BENCHMARKS}


def _options(name, quick="Small cases: minutes instead of an hour, targets not judged by them."):
    """Options that every benchmark has."""
    names = ", ".join(group.name for group in ALL[name].groups_of())
    options = (
        click.option(
            "--json", "json_path", type=click.Path(dir_okay=False), help="Also write all figures to this file."
        ),
        click.option("--only", multiple=True, metavar="ROWS", help=f"Rows to measure, repeatedly if wanted: {names}."),
        click.option("--quick", is_flag=True, help=quick),
    )

    def decorate(function):
        for option in reversed(options):
            function = option(function)
        return command.command(name)(function)

    return decorate


@click.group("benchmark")
def command():
    """Measure accuracy and speed beside other tools."""


@_options("nsclean", "Small cases: seconds instead of minutes, targets not judged by them.")
@click.option("--figure", type=click.Path(dir_okay=False), help="Also draw what is left of the noise (PNG).")
@click.option("--defaults", is_flag=True, help="Compare other values of this package's constants instead.")
def nsclean(json_path, figure, only, quick, defaults):
    """Measure the step nsclean, beside jwst.clean_flicker_noise in the same run.

    Real masks and exposures are looked for in the directory that JWST_DENOISE_DATA names; rows whose data are missing
    say so. A target that is missed makes the exit status 1.

    \b
    jwst-denoise benchmark nsclean --json figures.json
    jwst-denoise benchmark nsclean --quick --only definition --only guider
    """  # noqa: D301
    groups = _chosen("nsclean", only, defaults)
    found = _report(groups, quick, json_path, "nsclean")
    if figure:
        from jwst_denoise_benchmarks.nsclean.picture import draw

        draw(figure)
    _judge(found)


@_options("cosmic_rays", "Small cases: seconds instead of minutes, targets not judged by them.")
@click.option("--figure", type=click.Path(dir_okay=False), help="Also draw true against false positives (PNG).")
@click.option("--stamps", type=click.Path(dir_okay=False), help="Also draw masks of small parts of images (PNG).")
@click.option("--models", type=click.Path(file_okay=False), help="Directory of model files to measure instead.")
def cosmic_rays(json_path, figure, stamps, only, models, quick):
    """Measure masks of cosmic rays and inpainting, beside LACosmic and the jump step in the same run.

    Scenes and exposures are simulated with seeds that nothing was trained or tuned on. Peers come with the extra
    "evaluate". A target that is missed makes the exit status 1.

    \b
    jwst-denoise benchmark cosmic_rays --json figures.json --figure curves.png --stamps stamps.png
    jwst-denoise benchmark cosmic_rays --only speed --only tiles --models my_models
    """  # noqa: D301
    from jwst_denoise_benchmarks.cosmic_ray_mask import models as measured

    with measured.in_directory(models):
        groups = _chosen("cosmic_rays", only)
        found = _report(groups, quick, json_path, "cosmic_rays")
        if figure or stamps:
            from jwst_denoise_benchmarks.cosmic_ray_mask import picture

            for path, draw in ((figure, picture.draw_curves), (stamps, picture.draw_stamps)):
                if path:
                    draw(path, quick)
    _judge(found)


@_options("ramps", "Small cases: a minute instead of many, targets not judged by them.")
@click.option("--figures", type=click.Path(file_okay=False), help="Also draw pictures (PNG) into this directory.")
@click.option("--models", type=click.Path(file_okay=False), help="Directory of model files to measure instead.")
@click.option("--studies", is_flag=True, help="Compare choices of the training instead: losses.")
def ramps(json_path, figures, only, models, quick, studies):
    """Measure denoised ramps: NIRPS as in the paper, JWST beside ramp_fit and clean_flicker_noise in the same run.

    Ramps are simulated with scenes and seeds that nothing was trained or tuned on. Rows of a model that is not there
    say so. A target that is missed makes the exit status 1.

    
    jwst-denoise benchmark ramps --json figures.json --figures pictures
    jwst-denoise benchmark ramps --quick --only noise --only sources --models my_models
    """  # noqa: D301
    from jwst_denoise_benchmarks.cosmic_ray_mask import models as measured

    with measured.in_directory(models):
        groups = _chosen("ramps", only, studies)
        found = _report(groups, quick, json_path, "ramps")
        if figures:
            from jwst_denoise_benchmarks.ramps import pictures

            pictures.draw(figures, [group.name for group in groups], quick)
    _judge(found)


@_options("images", "Small cases: minutes instead of an hour, targets not judged by them.")
@click.option("--figures", type=click.Path(file_okay=False), help="Also draw pictures (PNG) into this directory.")
@click.option("--models", type=click.Path(file_okay=False), help="Directory of model files to measure instead.")
@click.option("--studies", is_flag=True, help="Compare choices of the training instead: losses, activations, inputs.")
def images(json_path, figures, only, models, quick, studies):
    """Measure denoised images and stacks as the papers do, beside classical filters and co-addition in the same run.

    Scenes are simulated with seeds that nothing was trained or tuned on; the solar image is looked for in the directory
    that JWST_DENOISE_DATA names. Rows of a model that is not there say so. Classical filters come with the
    extra "evaluate". A target that is missed makes the exit status 1.

    
    jwst-denoise benchmark images --json figures.json --figures pictures
    jwst-denoise benchmark images --quick --only published --only depth --models my_models
    """  # noqa: D301
    from jwst_denoise_benchmarks.cosmic_ray_mask import models as measured

    with measured.in_directory(models):
        groups = _chosen("images", only, studies)
        found = _report(groups, quick, json_path, "images")
        if figures:
            from jwst_denoise_benchmarks.images import pictures

            pictures.draw(figures, [group.name for group in groups], quick)
    _judge(found)


@_options("batches", "Few exposures, and targets of speed not judged by them.")
def batches(json_path, only, quick):
    """Measure batches: what killed workers and interruptions leave behind, and two workers against a serial loop.

    Needs Dask, which comes with the extra "batch". A target that is missed makes the exit status 1.

    \b
    jwst-denoise benchmark batches --json figures.json
    jwst-denoise benchmark batches --quick --only recovery
    """  # noqa: D301
    found = _report(_chosen("batches", only), quick, json_path, "batches")
    _judge(found)


@_options("chain", "Subarrays and few ways: two minutes instead of an hour, targets not judged by them.")
@click.option("--figures", type=click.Path(file_okay=False), help="Also draw pictures (PNG) into this directory.")
def chain(json_path, only, quick, figures):
    """Measure the whole chain: simulated exposures through stages 1 and 2, the steps alone, together, in other orders.

    The default pipeline, clean_flicker_noise, each step alone and all together, in several orders, on the same
    exposures. A target that is missed makes the exit status 1.

    \b
    jwst-denoise benchmark chain --json figures.json --figures pictures
    jwst-denoise benchmark chain --quick --only short
    """  # noqa: D301
    groups = _chosen("chain", only)
    found = _report(groups, quick, json_path, "chain")
    if figures:
        from jwst_denoise_benchmarks.chain import pictures

        pictures.draw(figures, [group.name for group in groups], quick)
    _judge(found)


@command.command("all")
@click.option(
    "--output", type=click.Path(file_okay=False), default="docs/benchmarks", show_default=True,
    help="Directory of the pages and files.",
)  # fmt: skip
@click.option(
    "--only", multiple=True, metavar="NAME", help=f"Benchmarks to run, repeatedly if wanted: {', '.join(ALL)}."
)
@click.option("--quick", is_flag=True, help="Small cases: a quarter of an hour instead of hours, targets not judged.")
@click.option("--resume", is_flag=True, help="Keep what an interrupted run on this machine has measured.")
def every(output, only, quick, resume):
    """Run all benchmarks, and write every figure that the documentation claims, with the machine that it belongs to.

    Each benchmark writes a page and a JSON file with all numbers, group by group as they are measured. What is missed
    is told at the end and makes the exit status 1.

    \b
    jwst-denoise benchmark all --resume
    jwst-denoise benchmark all --quick --output quick_figures
    """  # noqa: D301
    chosen = suite.choose(only, catalog.BENCHMARKS, "benchmark")
    number = itertools.count()
    with _bar() as bar:
        task = bar.add_task("", total=sum(len(one.groups) for one in chosen))

        def told(name):
            return lambda group: bar.update(task, completed=next(number), description=f"{name}: {group.description}")

        found = [row for one in chosen for row in catalog.measure(one, output, quick, resume, told(one.name))]
        bar.update(task, completed=next(number), description="done")
    click.echo(f"{len(found)} rows in {output}")
    _judge(found)


def _chosen(name, only, second=False):
    """Groups of a benchmark, of its second list with ``second``."""
    return suite.choose(only, ALL[name].groups_of(int(second)))


def _report(groups, quick, json_path, name):
    """Measure, show the table and write the file."""
    from jwst_denoise_benchmarks import machine, rows

    here = machine.describe(ALL[name].packages)
    found = _measure(groups, quick)
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(rows.table(found, f"jwst-denoise benchmark {name}"))
    console.print(machine.sentence(here), soft_wrap=True, highlight=False)
    if json_path:
        rows.write_json(json_path, found, here, " ".join(["jwst-denoise", *sys.argv[1:]]))
    return found


def _judge(found):
    """Fail if a target is missed."""
    missed = [row.what for row in found if row.met is False]
    if missed:
        raise click.ClickException(f"{len(missed)} of {len(found)} targets missed: {'; '.join(missed)}")


def _bar():
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def _measure(groups, quick):
    """Rows of the groups, with a progress bar."""
    with _bar() as bar:
        task = bar.add_task("", total=len(groups))
        done = iter(range(len(groups) + 1))

        def progress(group):
            bar.update(task, completed=next(done), description=group.description if group else "done")

        return suite.run(groups, quick, progress)
