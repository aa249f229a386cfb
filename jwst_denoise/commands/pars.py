"""Command ``pars``."""

from pathlib import Path

import click

__all__ = ["command"]


@click.group("pars")
def command():
    """Parameter files that come with the package, ready for strun.

    \b
        strun $(jwst-denoise pars path nircam_detector1_nsclean_groups) exposure_uncal.fits
    """  # noqa: D301


@command.command("list")
@click.option("--instrument", metavar="NAME", help="Only files of this instrument.")
def list_files(instrument):
    """List the files: name, what it is for, exposure types."""
    from jwst_denoise.parameters import shipped

    rows = [(name, *_describe(shipped.tree(name))) for name in shipped.names()]
    if instrument is not None:
        known = sorted({owner for _, owner, *_ in rows})
        if instrument.upper() not in known:
            raise click.BadParameter(f"no files of instrument {instrument!r}; known: {', '.join(known)}")
        rows = [row for row in rows if row[1] == instrument.upper()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 2)]
    for name, _, purpose, exp_types in rows:
        click.echo(f"{name:{widths[0]}}  {purpose:{widths[1]}}  {exp_types}")


@command.command("path")
@click.argument("name")
def path(name):
    """Print the path of the file NAME, and nothing else."""
    from jwst_denoise import parameters

    click.echo(parameters.path(name))


@command.command("copy")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace files that are already there.")
def copy(directory, overwrite):
    """Copy all files to DIRECTORY, to be edited."""
    from jwst_denoise import parameters

    for target in parameters.copy(directory, overwrite):
        click.echo(target)


def _describe(tree):
    """Instrument, purpose and exposure types of a parameter file."""
    selector, steps = tree["meta"]["selector"], tree.get("steps", [])
    hooks = [
        f"{when.removesuffix('_hooks')}-hook of {step['name']}"
        for step in steps
        for when in ("pre_hooks", "post_hooks")
        if step["parameters"].get(when)
    ]
    if steps:
        used = hooks or [step["name"] for step in steps if not step["parameters"].get("skip")]
        purpose = f"{tree['class'].rpartition('.')[2]}, {', '.join(used)}"
    else:
        settings = ", ".join(f"{name}={value}" for name, value in tree["parameters"].items())
        purpose = f"defaults of {tree['name']}: {settings}"
    return selector["instrument"], purpose, " ".join(selector["exp_type"])
