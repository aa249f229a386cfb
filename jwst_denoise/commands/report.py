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
    """Write one HTML page on what a step did: product BEFORE, product AFTER.

    Both are FITS products of one exposure in the same pixels: rate, rateints, ramp, cal, i2d, s2d, slits, guider.
    The page has pictures that blink, close-ups, profiles, power spectra, flags, fluxes of sources, and where it all
    comes from. It is one file, needs no network, and can be read on a telephone and printed.

    \b
    jwst-denoise report jw1_rate.fits jw1_nsclean.fits
    jwst-denoise report jw1_rateints.fits jw1_crmaskints.fits --plane 3 --output page.html
    """  # noqa: D301
    console = Console(stderr=True)
    with console.status("Loading …") as status:
        from jwst_denoise import report

        status.update("Reading both products …")
        pair = report.compare_files(before, after, plane)
        status.update("Measuring and drawing …")
        output = output or Path(f"{after.name.removesuffix('.gz').removesuffix('.fits')}_report.html")
        report.write(output, *pair)
    click.echo(f"{output}  ({output.stat().st_size / 1e6:.1f} MB)")
