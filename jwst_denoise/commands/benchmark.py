"""``jwst-denoise benchmark``: accuracy and speed beside other tools."""

import sys

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jwst_denoise.benchmarks import suite
from jwst_denoise.benchmarks.batches import suite as batch_suite
from jwst_denoise.benchmarks.cosmic_rays import suite as cosmic_ray_suite
from jwst_denoise.benchmarks.images import suite as image_suite
from jwst_denoise.benchmarks.ramps import suite as ramp_suite
from jwst_denoise.benchmarks.robustness import suite as robustness_suite

NAMES, COSMIC_RAY_NAMES, RAMP_NAMES, IMAGE_NAMES = (
    ", ".join(group.name for group in some.GROUPS) for some in (suite, cosmic_ray_suite, ramp_suite, image_suite)
)
BATCH_NAMES = ", ".join(group.name for group in batch_suite.GROUPS)
ROBUSTNESS_NAMES = ", ".join(group.name for group in robustness_suite.GROUPS)


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
    """Measure the step nsclean, beside jwst.clean_flicker_noise in the same run.

    Real masks and exposures are looked for in the directory that JWST_DENOISE_DATA names; rows whose data are missing
    say so. A target that is missed makes the exit status 1.

    \b
    jwst-denoise benchmark nsclean --json figures.json
    jwst-denoise benchmark nsclean --quick --only definition --only guider
    """  # noqa: D301
    groups = suite.choose(only, suite.DEFAULTS if defaults else suite.GROUPS)
    found = _report(groups, quick, json_path, "nsclean")
    if figure:
        from jwst_denoise.benchmarks.picture import draw

        draw(figure)
    _judge(found)


@command.command("cosmic_rays")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Also write all figures to this file.")
@click.option("--figure", type=click.Path(dir_okay=False), help="Also draw true against false positives (PNG).")
@click.option("--stamps", type=click.Path(dir_okay=False), help="Also draw masks of small parts of images (PNG).")
@click.option("--only", multiple=True, metavar="ROWS", help=f"Rows to measure: {COSMIC_RAY_NAMES}.")
@click.option("--models", type=click.Path(file_okay=False), help="Directory of model files to measure instead.")
@click.option("--quick", is_flag=True, help="Small cases: seconds instead of minutes, targets not judged by them.")
def cosmic_rays(json_path, figure, stamps, only, models, quick):
    """Measure masks of cosmic rays and inpainting, beside LACosmic and the jump step in the same run.

    Scenes and exposures are simulated with seeds that nothing was trained or tuned on. Peers come with the extra
    "evaluate". A target that is missed makes the exit status 1.

    \b
    jwst-denoise benchmark cosmic_rays --json figures.json --figure curves.png --stamps stamps.png
    jwst-denoise benchmark cosmic_rays --only speed --only tiles --models my_models
    """  # noqa: D301
    from jwst_denoise.benchmarks.cosmic_rays import models as measured

    with measured.in_directory(models):
        groups = suite.choose(only, cosmic_ray_suite.GROUPS)
        found = _report(groups, quick, json_path, "cosmic_rays", ("torch", "astroscrappy", "scikit-image"))
        if figure or stamps:
            from jwst_denoise.benchmarks.cosmic_rays import picture

            for path, draw in ((figure, picture.draw_curves), (stamps, picture.draw_stamps)):
                if path:
                    draw(path, quick)
    _judge(found)


@command.command("ramps")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Also write all figures to this file.")
@click.option("--figures", type=click.Path(file_okay=False), help="Also draw pictures (PNG) into this directory.")
@click.option("--only", multiple=True, metavar="ROWS", help=f"Rows to measure, repeatedly if wanted: {RAMP_NAMES}.")
@click.option("--models", type=click.Path(file_okay=False), help="Directory of model files to measure instead.")
@click.option("--quick", is_flag=True, help="Small cases: a minute instead of many, targets not judged by them.")
@click.option("--studies", is_flag=True, help="Compare choices of the training instead: losses.")
def ramps(json_path, figures, only, models, quick, studies):
    """Measure denoised ramps: NIRPS as in the paper, JWST beside ramp_fit and clean_flicker_noise in the same run.

    Ramps are simulated with scenes and seeds that nothing was trained or tuned on. Rows of a model that is not there
    say so. A target that is missed makes the exit status 1.

    
    jwst-denoise benchmark ramps --json figures.json --figures pictures
    jwst-denoise benchmark ramps --quick --only noise --only sources --models my_models
    """  # noqa: D301
    from jwst_denoise.benchmarks.cosmic_rays import models as measured

    with measured.in_directory(models):
        groups = suite.choose(only, ramp_suite.STUDIES if studies else ramp_suite.GROUPS)
        found = _report(groups, quick, json_path, "ramps", ("torch",))
        if figures:
            from jwst_denoise.benchmarks.ramps import pictures

            pictures.draw(figures, [group.name for group in groups], quick)
    _judge(found)


@command.command("images")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Also write all figures to this file.")
@click.option("--figures", type=click.Path(file_okay=False), help="Also draw pictures (PNG) into this directory.")
@click.option("--only", multiple=True, metavar="ROWS", help=f"Rows to measure, repeatedly if wanted: {IMAGE_NAMES}.")
@click.option("--models", type=click.Path(file_okay=False), help="Directory of model files to measure instead.")
@click.option("--quick", is_flag=True, help="Small cases: minutes instead of an hour, targets not judged by them.")
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
    from jwst_denoise.benchmarks.cosmic_rays import models as measured

    with measured.in_directory(models):
        groups = suite.choose(only, image_suite.STUDIES if studies else image_suite.GROUPS)
        found = _report(groups, quick, json_path, "images", ("torch", "scikit-image"))
        if figures:
            from jwst_denoise.benchmarks.images import pictures

            pictures.draw(figures, [group.name for group in groups], quick)
    _judge(found)


@command.command("batches")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Also write all figures to this file.")
@click.option("--only", multiple=True, metavar="ROWS", help=f"Rows to measure: {BATCH_NAMES}.")
@click.option("--quick", is_flag=True, help="Few exposures, and targets of speed not judged by them.")
def batches(json_path, only, quick):
    """Measure batches: what killed workers and interruptions leave behind, and two workers against a serial loop.

    Needs Dask, which comes with the extra "batch". A target that is missed makes the exit status 1.

    \b
    jwst-denoise benchmark batches --json figures.json
    jwst-denoise benchmark batches --quick --only recovery
    """  # noqa: D301
    found = _report(suite.choose(only, batch_suite.GROUPS), quick, json_path, "batches", ("torch", "distributed"))
    _judge(found)


@command.command("robustness")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Also write all figures to this file.")
@click.option("--only", multiple=True, metavar="ROWS", help=f"Rows to measure: {ROBUSTNESS_NAMES}.")
@click.option("--quick", is_flag=True, help="Few and small cases: a minute or two instead of half an hour.")
def robustness(json_path, only, quick):
    """Try every step on awkward exposures, with one and two threads, without a network, and measure its memory.

    The exposures are drawn with fixed seeds from the table that the tests use, too. A crash, a changed input, or
    another target that is missed makes the exit status 1.

    \b
    jwst-denoise benchmark robustness --json figures.json
    jwst-denoise benchmark robustness --quick --only fuzz
    """  # noqa: D301
    found = _report(suite.choose(only, robustness_suite.GROUPS), quick, json_path, "robustness", ("torch",))
    _judge(found)


def _report(groups, quick, json_path, name, packages=()):
    """Measure, show the table and write the file."""
    from jwst_denoise.benchmarks import machine, rows

    here = machine.describe(packages)
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


def _measure(groups, quick):
    """Rows of the groups, with a progress bar."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(groups))
        done = iter(range(len(groups) + 1))

        def progress(group):
            bar.update(task, completed=next(done), description=group.description if group else "done")

        return suite.run(groups, quick, progress)
