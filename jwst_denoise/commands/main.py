"""The command group ``jwst-denoise``: commands are imported when they run, and errors are one line."""

import importlib
import sys

import click

COMMANDS = {
    "demo": ("demo", "Run the pipeline without and with the steps of this package, and compare."),
    "simulate": ("simulate", "Write simulated exposures with their truth."),
    "crds-cache": ("crds_cache", "Build a CRDS cache with which the pipeline runs offline."),
    "pars": ("pars", "List, locate or copy the shipped parameter files."),
    "models": ("models", "List, show and verify trained networks, or pack your own."),
    "train": ("train", "Train a network, on simulated exposures or on your own."),
    "batch": ("batch", "Process many exposures with a step or pipeline, on a Dask cluster."),
    "mask": ("mask", "Make masks of the dark background."),
    "report": ("report", "Compare an exposure before and after a step on one HTML page."),
    "benchmark": ("benchmark", "Measure accuracy and speed in comparison with other tools."),
}


class LazyGroup(click.Group):
    """A group that imports the module of a command only when the command is used."""

    def list_commands(self, ctx):  # noqa: D102
        return list(COMMANDS)

    def get_command(self, ctx, name):  # noqa: D102
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"jwst_denoise.commands.{COMMANDS[name][0]}").command

    def format_commands(self, ctx, formatter):  # noqa: D102
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx):
        """Run the command; without ``--debug``, errors that a user can cause become messages."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except (ValueError, OSError) as error:
            if ctx.params["debug"]:
                raise
            raise click.ClickException(_describe(error)) from error

    def main(self, *args, standalone_mode=True, **kwargs):
        """Run the group as a program: exit status 0, or one line on stderr and a non-zero status."""
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **kwargs)
        try:
            status = super().main(*args, standalone_mode=False, **kwargs)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.ClickException as error:
            click.echo(_line(error), err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("Aborted.", err=True)
            sys.exit(1)
        sys.exit(status if isinstance(status, int) else 0)


def _describe(error):
    """Return one line that describes an error, with the file if there is one."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def _line(error):
    """Return one line for a click error, with a reference to the help after a wrong option or name."""
    text = f"Error: {' '.join(error.format_message().split())}"
    if isinstance(error, click.UsageError) and error.ctx is not None:
        text = text if text.endswith((".", "?", "!")) else f"{text}."
        return f"{text} See '{error.ctx.command_path} --help'."
    return text


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jwst_denoise")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug):
    """Denoise JWST exposures: 1/f noise, cosmic rays, read noise in ramps, and residual noise in images."""


if __name__ == "__main__":  # python -m jwst_denoise.commands.main, in a source tree that is not installed
    main()
