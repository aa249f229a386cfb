"""Command ``mask``."""

import warnings
from pathlib import Path

import click

from jwst_denoise import masks

_ORIGIN = click.option(
    "--origin",
    type=click.Choice(["lower", "upper"]),
    default="lower",
    show_default=True,
    help="Position of the first detector row in the picture; DS9 shows it at the bottom (lower).",
)


def _check_output(ctx, parameter, path):
    """Refuse a mask file whose name does not say that it is FITS."""
    if not path.name.endswith((".fits", ".fits.gz")):
        raise click.BadParameter(f"{path}: a mask is a FITS file; give a name that ends in .fits or .fits.gz")
    return path


_OUTPUT = click.argument(
    "output", metavar="OUT", type=click.Path(path_type=Path, dir_okay=False), callback=_check_output
)


@click.group()
def command():
    """Make masks of the dark background.

    A mask is a FITS image, 1 = dark background. Give it to the step with user_mask=FILE.

    \b
    To paint one:
      jwst-denoise mask auto rate.fits mask.fits --png mask.png
      (edit mask.png: paint dark areas 30 % red, erase the red from sources)
      jwst-denoise mask from-png mask.png mask.fits
    """  # noqa: D301


@command.command()
@click.argument("exposure", metavar="IN", type=click.Path(path_type=Path))
@_OUTPUT
@click.option(
    "--n-sigma",
    type=click.FloatRange(min=0, min_open=True),
    default=2.0,
    show_default=True,
    help="Threshold of sources in the smoothed image, in sigma.",
)
@click.option(
    "--dilation", type=click.IntRange(min=0), help="Dilation of sources in pixels.  [default: images 4, spectra 2]"
)
@click.option(
    "--product",
    type=click.Path(path_type=Path),
    help="NIRSpec: a stage-2 product (cal) of the same exposure, whose finite pixels are masked.",
)
@click.option(
    "--science-regions/--no-science-regions",
    default=True,
    show_default=True,
    help="NIRSpec: mask slices, slits and the fixed-slit region, from the product, the WCS or the traces.",
)
@click.option(
    "--png", type=click.Path(path_type=Path, dir_okay=False), help="Also write a picture with the dark areas in red."
)
@_ORIGIN
def auto(exposure, output, n_sigma, dilation, product, science_regions, png, origin):
    """Detect the dark background of exposure IN.

    IN is a rate, rateints, cal or ramp product in detector pixels (FITS); OUT is a .fits or .fits.gz file.
    All integrations are combined into one mask.
    """
    with _opened(exposure) as model:
        options = {"n_sigma": n_sigma} | ({} if dilation is None else {"dilation": dilation})
        image, mask = _find_mask(model, exposure, product, science_regions, options)
    masks.write_mask(output, mask)
    click.echo(_summary(output, mask))
    if png is not None:
        masks.write_overlay(png, image, mask, origin)
        click.echo(f"{png}: picture, dark areas in red")


def _opened(exposure):
    """Data model of an exposure."""
    from stdatamodels.exceptions import NoTypeWarning
    from stdatamodels.jwst import datamodels

    if not exposure.is_file():
        raise FileNotFoundError(f"there is no exposure {exposure}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoTypeWarning)  # _readout_of refuses other files with a clear message
        return datamodels.open(str(exposure))


def _readout_of(model, path):
    """Read-out geometry of an exposure for which a mask can be made."""
    from jwst_denoise.steps.common.status import NotApplicable
    from jwst_denoise.steps.exposure.kinds import readout_of

    try:
        return readout_of(model)
    except NotApplicable as reason:
        raise ValueError(f"{path}: cannot create a mask, {reason}") from reason


def _find_mask(model, path, product, with_regions, options):
    """Return the image (ny, nx) of an exposure and its background mask."""
    from jwst_denoise.exposure_io.drafts import draft_images
    from jwst_denoise.steps.exposure.kinds import is_nirspec_spectrum
    from jwst_denoise.steps.exposure.science_regions import EXPOSURE_TYPES, science_regions

    readout = _readout_of(model, path)
    draft = draft_images(model).combined()
    options["readout"] = readout
    if with_regions and model.meta.exposure.type in EXPOSURE_TYPES:
        science = science_regions(model, product, draft=draft, input_dir=path.parent, n_sigma=options["n_sigma"])
        mask = masks.region_mask(*draft, science=science, **options)
    elif product is not None:
        exp_type = model.meta.exposure.type
        raise ValueError(f"{product}: exposure type {exp_type} of {path} needs no product; leave out --product")
    else:
        mask = (masks.trace_mask if is_nirspec_spectrum(model) else masks.imaging_mask)(*draft, **options)
    return draft[0], mask & ~readout.reference_pixels


@command.command("from-mosaic")
@click.argument("mosaic", metavar="MOSAIC", type=click.Path(path_type=Path))
@click.argument("exposure", metavar="EXPOSURE", type=click.Path(path_type=Path))
@_OUTPUT
@click.option(
    "--n-sigma",
    type=click.FloatRange(min=0, min_open=True),
    default=2.0,
    show_default=True,
    help="Threshold of sources in the smoothed mosaic, in sigma; unused for segmentation maps.",
)
@click.option(
    "--dilation", type=click.IntRange(min=0), default=4, show_default=True, help="Dilation of sources in pixels."
)
def from_mosaic(mosaic, exposure, output, n_sigma, dilation):
    """Mask the sources of MOSAIC in EXPOSURE.

    Sources are masked even if they are too faint to be detected in the exposure. MOSAIC is a FITS image with celestial
    coordinates: an image such as i2d, in which sources are detected, or a segmentation map (integers, 0 = background).
    EXPOSURE is an imaging ramp, rate, rateints or cal product in detector pixels. OUT is a .fits or .fits.gz file, in
    which reference and unusable pixels are masked, too.

    The parameter source_mask of the step nsclean applies the same mask.
    """
    from jwst_denoise.exposure_io.drafts import draft_images
    from jwst_denoise.steps.exposure.background_mask import mosaic_sources

    with _opened(exposure) as model:
        readout = _readout_of(model, exposure)
        draft = draft_images(model).combined()
        mask = masks.usable(*draft) & ~mosaic_sources(mosaic, model, n_sigma, dilation) & ~readout.reference_pixels
    masks.write_mask(output, mask)
    click.echo(_summary(output, mask))


@command.command("from-png")
@click.argument("picture", metavar="IN", type=click.Path(path_type=Path))
@_OUTPUT
@click.option("--base", type=click.Path(path_type=Path), help="The picture before painting, if it was in color.")
@click.option("--like", type=click.Path(path_type=Path), help="Exposure (FITS) with which the size must agree.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.15,
    show_default=True,
    help="Minimum excess of red over green and blue, as a fraction of full scale; 30 % red paint gives 0.3.",
)
@click.option(
    "--dilation", type=click.IntRange(min=0), default=0, show_default=True, help="Dilation of sources in pixels."
)
@_ORIGIN
def from_png(picture, output, base, like, threshold, dilation, origin):
    """Convert a painted picture IN to a mask.

    IN is a PNG file with one pixel for each detector pixel, from `mask auto --png` or exported from DS9 at zoom 1, and
    painted with 30 % red in an image editor. OUT is a .fits or .fits.gz file.
    """
    shape = None if like is None else masks.read_first_image(like).shape[-2:]
    mask = masks.from_png(picture, base, shape=shape, origin=origin, threshold=threshold)
    mask = masks.dilate_science(mask, dilation)
    masks.write_mask(output, mask)
    click.echo(_summary(output, mask))


def _summary(path, mask):
    return f"{path}: {100 * mask.mean():.1f} % of {mask.shape[1]} x {mask.shape[0]} pixels are dark background"
