"""Command ``pars``."""

from pathlib import Path

import click

__all__ = ["command"]

#: Pipeline or step of a file -> heading of its section in the list.
_SECTIONS = {
    "DenoiseDetector1Pipeline": "calwebb_denoise1, the pipeline with the steps of this package: runs on *_uncal.fits",
    "Detector1Pipeline": "calwebb_detector1 with one step added: runs on *_uncal.fits",
    "GuiderPipeline": "calwebb_guider with one step added: runs on *_uncal.fits",
    "Image2Pipeline": "calwebb_image2 with one step added: runs on *_rate.fits, or an image2 association",
    "Spec2Pipeline": "calwebb_spec2 with one step added: runs on *_rate.fits, or a spec2 association",
    "Image3Pipeline": "calwebb_image3 with one step added: runs on an image3 association",
    "nsclean": "Defaults of nsclean, which the step uses automatically: runs on *_rate.fits or *_ramp.fits",
}
_ROW = "  {:39}  {:41}  {}"


@click.group("pars")
def command():
    """List, locate or copy the shipped parameter files, which strun accepts.

    \b
        strun $(jwst-denoise pars path nirspec_ifu) exposure_uncal.fits
    """  # noqa: D301


@command.command("list")
@click.option("--instrument", metavar="NAME", help="Only files of this instrument.")
def list_files(instrument):
    """List the files by the products that they run on.

    The columns are name, steps or settings, and the first exposure type with the number of others.
    """
    from jwst_denoise.parameters import shipped

    trees = {name: shipped.tree(name) for name in shipped.names()}
    if instrument is not None:
        known = sorted({_selector(tree)["instrument"] for tree in trees.values()})
        if instrument.upper() not in known:
            raise click.BadParameter(f"no files for instrument {instrument!r}; known: {', '.join(known)}")
        trees = {name: tree for name, tree in trees.items() if _selector(tree)["instrument"] == instrument.upper()}
    click.echo(_ROW.format("name", "steps or settings", "exposure types"))
    for name, heading in _SECTIONS.items():
        rows = [(file, _steps(tree), _exposure_types(tree)) for file, tree in trees.items() if tree["name"] == name]
        if rows:
            click.echo(f"\n{heading}\n")
        for row in rows:
            click.echo(_ROW.format(*row))


@command.command("path")
@click.argument("name")
def path(name):
    """Print the path of the file NAME, and nothing else.

    NAME is one of `jwst-denoise pars list`, such as an observing mode: nirspec_ifu, nirspec_mos, nirspec_fs,
    nirspec_bots, nircam_imaging, nircam_time_series, niriss_imaging, niriss_soss.
    """
    from jwst_denoise import parameters

    click.echo(parameters.path(name))


@command.command("copy")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace files that already exist.")
def copy(directory, overwrite):
    """Copy all files to DIRECTORY for editing."""
    from jwst_denoise import parameters

    for target in parameters.copy_files(directory, overwrite):
        click.echo(target)


def _selector(tree):
    return tree["meta"]["selector"]


def _exposure_types(tree):
    """Return the first exposure type and the number of others."""
    first, *others = _selector(tree)["exp_type"]
    return f"{first} +{len(others)}" if others else first


def _steps(tree):
    """Steps of this package that a parameter file runs, or the defaults that it sets."""
    if "steps" not in tree:
        settings = {name: value for name, value in tree["parameters"].items() if name != "skip"}
        return ", ".join(name if value is True else f"{name}={value}" for name, value in settings.items())
    hooked = {
        when: [step["name"] for step in tree["steps"] if f"{kind}_hooks" in step["parameters"]]
        for when, kind in (("before", "pre"), ("after", "post"))
    }
    hooks = [f"{when} {' and '.join(names)}" for when, names in hooked.items() if names]
    if hooks:
        return " ".join([*tree["jwst_denoise"], *hooks])
    return ", ".join(step["name"] for step in tree["steps"] if not step["parameters"].get("skip"))
