"""Command ``models``."""

import json
from pathlib import Path

import click

__all__ = ["command"]


@click.group("models")
def command():
    """List, show, verify and pack trained networks."""


@command.command("list")
def list_models():
    """List the shipped models.

    The columns are name, family, size, instruments and purpose.
    """
    from jwst_denoise import model_files

    rows = [_row(name) for name in model_files.shipped()]
    if not rows:
        click.echo("no models are shipped", err=True)
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for *columns, description in rows:
        cells = [f"{text:{width}}" for text, width in zip(columns, widths, strict=True)]
        click.echo("  ".join([*cells, description]))


@command.command("show")
@click.argument("model", metavar="NAME|PATH")
@click.option("--json", "as_json", is_flag=True, help="Print the information as JSON.")
def show(model, as_json):
    """Show the card of a model.

    The card gives its purpose, domain of validity, scores, operating points and provenance.
    """
    from jwst_denoise import model_files

    info = model_files.read_info(model)
    if as_json:
        click.echo(json.dumps(info, indent=2, ensure_ascii=False))
    else:
        _print_markdown(model_files.render(info))


@command.command("verify")
@click.argument("models", nargs=-1, metavar="[NAME|PATH]...")
def verify(models):
    """Check model files, by default all shipped ones.

    Checks the layout, the SHA-256 and that the weights fit the network. The exit status is 1 if a file cannot be used.
    """
    from jwst_denoise import model_files

    models = models or model_files.shipped()
    problems = {model: model_files.verify(model) for model in models}
    for model, messages in problems.items():
        if not messages:
            click.echo(f"{model}: valid, SHA-256 {model_files.read_info(model)['sha256']}")
        for problem in messages:
            click.echo(f"{model}: not valid: {' '.join(problem.split())}")
    if bad := sum(map(bool, problems.values())):
        raise click.ClickException(f"{bad} of {len(models)} model files cannot be used")


@command.command("pack")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
def pack(directory, path, overwrite):
    """Pack the result of a training into a model file.

    DIRECTORY holds weights.npz and info.json, which the training wrote, and about.json (domain, licence) and card.md
    (purpose and limits of the model), which you write. PATH is the model file; the model is named after it.
    """
    from jwst_denoise import model_files

    click.echo(model_files.pack(directory, path, overwrite))


def _row(name):
    from jwst_denoise import model_files

    info = model_files.read_info(name)
    domain = info["domain"]
    instruments = " ".join(domain.get("instruments", ["any"]))
    size = f"{model_files.path_of(name).stat().st_size / 1e6:.1f} MB"
    return name, info["family"], size, instruments, domain["description"]


def _print_markdown(text):
    """Print formatted text to a terminal, and plain text to a file or pipe."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    if console.is_terminal:
        console.print(Markdown(text))
    else:
        click.echo(text, nl=False)
