"""What an image shows of a field: its depth, the light of its sources, and whether errors match the scatter."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from jwst_denoise import simulate
from jwst_denoise.dq import DO_NOT_USE
from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise_benchmarks.chain.field import psf_stamp
from jwst_denoise_benchmarks.images.limits import DETECTORS, curve, limit
from jwst_denoise_benchmarks.ramps.bias import biases
from jwst_denoise_benchmarks.ramps.faint import pull
from jwst_denoise_benchmarks.ramps.sources import APERTURE, level_of

__all__ = ["BLANK", "Image", "RADII", "image_of", "measure"]

RADII = (2.0, 4.0)  # pixels, of apertures on blank sky
BLANK = 0.1  # of the noise: less light above the sky is none
EDGE = 8  # pixels at the edge that do not count
APERTURES = 4000  # on blank sky
OUTLIER = 30.0  # times the noise of the sky: charge of cosmic rays that is left, to which an error is clipped


@dataclass(frozen=True, eq=False)
class Image:
    """Image (ny, nx) in e-/s, and its errors; NaN in pixels that are not to be used."""

    data: np.ndarray
    err: np.ndarray


def image_of(path):
    """Image of a rate or cal product.

    Parameters
    ----------
    path : path-like
        Product in DN/s, or in MJy/sr with its conversion.

    Returns
    -------
    Image
    """
    from stdatamodels.jwst import datamodels

    with datamodels.open(str(path)) as model:
        factor = np.float32(simulate.detector(model.meta.instrument.detector).gain)
        if model.meta.bunit_data == "MJy/sr":
            factor /= np.float32(model.meta.photometry.conversion_megajanskys)
        good = (model.dq & DO_NOT_USE) == 0
        return Image(*(np.where(good, values * factor, np.nan) for values in (model.data, model.err)))


def measure(image, field, sky):
    """Figures of one image.

    Parameters
    ----------
    image : Image
        Of the field.
    field : Field
        Its truth.
    sky : float
        e-/s.

    Returns
    -------
    dict
        ``limits``: way to look for sources -> magnitude with 90 % completeness and purity; ``curves`` of them;
        ``apertures``: radius -> noise of a sum on blank sky, e-/s; ``noise`` of a pixel; ``pull`` of blank sky in units
        of ERR; ``bias``: kind of source -> `biases`.
    """
    error, blank = _error(image, field, sky)
    usable = np.isfinite(image.data)
    light = np.where(_inside(usable), _filled(image.data, usable) - (sky + _level(image, field, blank)), 0)
    stars = np.column_stack([field.places, field.magnitude])
    curves = {way: curve([light.astype(np.float32)], [stars], way, psf_stamp()) for way in DETECTORS}
    return {
        "limits": {way: limit(one) for way, one in curves.items()},
        "curves": curves,
        "apertures": {radius: pull(_centered(_blank_sums(error, field, sky, radius))) for radius in RADII},
        "noise": pull(error[blank]),
        "pull": pull(error[blank] / image.err[blank]),
        "bias": {kind: biases(*_fluxes(error, field, sky, kind)) for kind in APERTURE},
    }


def _centered(values):
    return values - np.median(values)


def _error(image, field, sky):
    """Difference from the truth less the mean of the blank sky, 0 where there is none; and where the sky is blank."""
    blank = field.light & np.isfinite(image.data) & _inside(field.light)
    blank &= field.truth - sky < BLANK * np.sqrt(field.variance)
    error = image.data - field.truth - _level(image, field, blank)
    most = OUTLIER * np.sqrt(field.variance)
    return np.where(np.isfinite(error) & field.light, np.clip(error, -most, most), 0), blank


def _level(image, field, blank):
    return level_of((image.data - field.truth)[blank], np.full(blank.sum(), np.sqrt(field.variance)))


def _inside(usable):
    inside = np.zeros(usable.shape, bool)
    inside[EDGE:-EDGE, EDGE:-EDGE] = True
    return inside


def _filled(data, usable):
    """Image with the nearest usable pixel where there is none."""
    nearest = ndimage.distance_transform_edt(~usable, return_distances=False, return_indices=True)
    return data[tuple(nearest)]


def _blank_sums(error, field, sky, radius):
    """Errors of sums in circles around places with little light."""
    rng = np.random.default_rng(0)
    ny, nx = error.shape
    places = rng.uniform(2 * EDGE, [nx - 2 * EDGE, ny - 2 * EDGE], (APERTURES, 2))
    x, y = np.rint(places).astype(int).T
    places = places[field.truth[y, x] - sky < BLANK * np.sqrt(field.variance)]
    return aperture_sums(error, places, radius)


def _fluxes(error, field, sky, kind):
    """Errors of the fluxes of all sources of a kind in their apertures, the fluxes and signal-to-noise ratios there."""
    places, radius = field.places[field.kind == kind], APERTURE[kind]
    flux, errors = (aperture_sums(image, places, radius) for image in (field.truth - sky, error))
    ratio = flux / np.sqrt(np.pi * radius**2 * field.variance + np.maximum(flux, 0) / field.seconds)
    return errors, flux, ratio
