"""Command ``demo``."""

import sys
from pathlib import Path

import click

__all__ = ["command"]


@click.command("demo")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("jwst_denoise_demo"),
    show_default=True,
    help="Directory of the products; earlier ones are replaced.",
)
@click.option(
    "--instrument",
    type=click.Choice(["nirspec", "nircam", "niriss"], case_sensitive=False),
    help="Instrument to simulate.  [default: nirspec]",
)
@click.option("--full", is_flag=True, help="Simulate full frames (2048 x 2048): 10 to 15 minutes on two cores.")
@click.option("--real", is_flag=True, help="Process only the flight exposure.")
def command(output, instrument, full, real):
    """Run the pipeline without and with the steps of this package, and compare.

    Simulated exposures with correlated noise, with cosmic rays, and of a deep field are processed and compared with the
    known truth. Finally, calwebb_guider processes a flight exposure, which is part of the jwst package, and the
    correction is cross-validated. The output directory holds products, pictures, report pages, the log of the pipelines
    and the CRDS cache; no network is needed.

    \b
        jwst-denoise demo
        jwst-denoise demo --instrument nircam --output try
        jwst-denoise demo --real
    """  # noqa: D301
    from rich.console import Console

    from jwst_denoise import demo

    if real and (instrument or full):
        raise click.UsageError("--real simulates nothing; leave out --instrument and --full")
    demo.run_demo(output, Console(file=sys.stdout), instrument, full, real)
