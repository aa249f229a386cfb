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
@click.option("--full", is_flag=True, help="Simulate a full frame of 2048 x 2048 pixels: 15 minutes on two cores.")
@click.option("--real", is_flag=True, help="Process only the flight exposure.")
def command(output, instrument, full, real):
    """Run the real pipeline without and with our steps, and show what they gain.

    First a simulated exposure goes through calwebb_detector1, and the results are compared with the known truth. Then
    images of a simulated field are denoised. Last, a flight exposure, which comes inside the jwst package, goes through
    calwebb_guider, and the correction is cross-validated. Products, pictures, the pipeline's log and the CRDS cache are
    in the output directory; nothing needs a network.

    \b
        jwst-denoise demo
        jwst-denoise demo --instrument nircam --output try
        jwst-denoise demo --real
    """  # noqa: D301
    from rich.console import Console

    from jwst_denoise import demo

    if real and (instrument or full):
        raise click.UsageError("--real has no use for --instrument and --full: nothing is simulated")
    demo.run(output, Console(file=sys.stdout), instrument, full, real)
