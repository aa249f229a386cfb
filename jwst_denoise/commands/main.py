"""The command group ``jwst-denoise``: commands load when they run, errors are one line."""

import importlib
import sys

import click

COMMANDS = {
    "demo": ("demo", "Run the pipeline without and with our steps and show what they gain."),
    "simulate": ("simulate", "Write simulated exposures with their truth."),
    "crds-cache": ("crds_cache", "Build a CRDS cache with which the pipeline runs offline."),
    "pars": ("pars", "List, locate or copy the parameter files that come with the package."),
    "models": ("models", "List, show and verify trained networks, or make a file of your own."),
    "train": ("train", "Train a network, on simulated exposures or on your own."),
    "batch": ("batch", "Put many exposures through a step or pipeline, on a Dask cluster."),
    "mask": ("mask", "Make masks of the dark background."),
    "report": ("report", "Write one HTML page on what a step did to an exposure."),
    "benchmark": ("benchmark", "Measure accuracy and speed beside other tools."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is used, not to list it."""

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
        """Run the command; errors that a user can cause become messages unless ``--debug`` is on."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except (ValueError, OSError) as error:
            if ctx.params["debug"]:
                raise
            raise click.ClickException(_describe(error)) from error

    def main(self, *args, standalone_mode=True, **kwargs):
        """Run the group as a program: exit status 0, or one line on stderr and another status."""
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
    """One line that says what went wrong, with the file if there is one."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def _line(error):
    """One line for a click error, with the help to turn to after a wrong option or name."""
    text = f"Error: {' '.join(error.format_message().split())}"
    if isinstance(error, click.UsageError) and error.ctx is not None:
        text = text if text.endswith((".", "?", "!")) else f"{text}."
        return f"{text} See '{error.ctx.command_path} --help'."
    return text


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jwst_denoise")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug):
    """Remove noise from JWST exposures: correlated read noise, cosmic rays, the noise of ramps and of images."""


if __name__ == "__main__":  # python -m jwst_denoise.commands.main, in a source tree of which nothing is installed
    main()
