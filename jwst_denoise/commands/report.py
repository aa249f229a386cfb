"""Command ``report``."""

from pathlib import Path

import click
from rich.console import Console

__all__ = ["command"]


@click.command("report")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write.  [default: name of AFTER with _report.html, in this directory]",
)
@click.option(
    "--plane",
    type=click.IntRange(min=1),
    help="Integration, or plane of a cube, to show.  [default: the one that has changed most]",
)
def command(before, after, output, plane):
    """Compare product BEFORE with product AFTER on one HTML page.

    Both are FITS products of one exposure in the same pixels: rate, rateints, ramp, cal, i2d, s2d, slits, guider.
    The page shows blinking pictures, close-ups, profiles, power spectra, flags, source fluxes and provenance. It is a
    single file that needs no network.

    \b
    jwst-denoise report jw1_rate.fits jw1_nscleanstep.fits
    jwst-denoise report jw1_rateints.fits jw1_ints_cosmicraymaskstep.fits --plane 3 --output page.html
    """  # noqa: D301
    console = Console(stderr=True)
    with console.status("Loading …") as status:
        from jwst_denoise import report

        status.update("Reading both products …")
        pair = report.compare_files(before, after, plane)
        status.update("Measuring and drawing …")
        output = output or Path(f"{after.name.removesuffix('.gz').removesuffix('.fits')}_report.html")
        report.write_page(output, *pair)
    click.echo(f"{output}  ({output.stat().st_size / 1e6:.1f} MB)")
