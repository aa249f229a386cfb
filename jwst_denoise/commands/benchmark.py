"""``jwst-denoise benchmark``: the commands of the package jwst_denoise_benchmarks, if it is installed."""

import importlib
import importlib.util

import click

INSTALL = "pip install -e benchmarks -c constraints.txt"


@click.command("benchmark", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", metavar="NAME [OPTIONS]", nargs=-1)
@click.pass_context
def _not_installed(context, arguments):
    """Measure accuracy and speed beside reference methods.

    The benchmarks compare jwst_denoise with jwst, LACosmic and classical filters on the same simulated and flight data,
    and reproduce results of the papers. They are a package that is not part of jwst_denoise. To install it from a clone
    of the repository: pip install -e benchmarks -c constraints.txt
    """
    if not arguments:
        click.echo(context.get_help())
    else:
        raise click.ClickException(f"the benchmarks are not installed; in a clone of the repository run: {INSTALL}")


def find_command():
    """Command group of the benchmarks, or a command that explains how to install them."""
    if importlib.util.find_spec("jwst_denoise_benchmarks") is None:
        return _not_installed
    return importlib.import_module("jwst_denoise_benchmarks.command").command


command = find_command()
