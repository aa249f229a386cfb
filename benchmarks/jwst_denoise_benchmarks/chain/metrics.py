"""Metrics of an image of a field: depth, flux of its sources, and the ratio of scatter to errors."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from jwst_denoise import simulate
from jwst_denoise.dq import DO_NOT_USE
from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise_benchmarks.chain.field import psf_stamp
from jwst_denoise_benchmarks.images.limits import DETECTORS, magnitude_limit, measure_curve
from jwst_denoise_benchmarks.ramps.errors import biases, pull
from jwst_denoise_benchmarks.ramps.sources import APERTURES, clipped_level

__all__ = ["RADII", "Image", "measure_image", "read_image"]

RADII = (2.0, 4.0)  # pixels, of apertures on the background
EMPTY = 0.1  # of the noise: pixels with less signal above the sky are background
EDGE = 8  # pixels at the edge that do not count
NUMBER = 4000  # apertures on the background
OUTLIER = 30.0  # times the noise of the sky, to which errors by residual cosmic rays are clipped


@dataclass(frozen=True, eq=False)
class Image:
    """Image (ny, nx) in e-/s, and its errors; NaN in pixels that must not be used."""

    data: np.ndarray
    err: np.ndarray


def read_image(path):
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


def measure_image(image, field, sky):
    """Metrics of one image.

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
        ``limits``: method of detection -> magnitude with 90 % completeness and purity; ``curves`` of them;
        ``apertures``: radius -> noise of a sum on the background, e-/s; ``noise`` of a pixel; ``pull`` of the
        background in units of ERR; ``bias``: kind of source -> `biases`.
    """
    error, empty = _error(image, field, sky)
    usable = np.isfinite(image.data)
    signal = np.where(_inside(usable), _fill(image.data, usable) - (sky + _level(image, field, empty)), 0)
    stars = np.column_stack([field.places, field.magnitude])
    curves = {name: measure_curve([signal.astype(np.float32)], [stars], name, psf_stamp()) for name in DETECTORS}
    return {
        "limits": {name: magnitude_limit(one) for name, one in curves.items()},
        "curves": curves,
        "apertures": {f"{r}": pull(_centered(_background_sums(error, field, sky, r))) for r in RADII},
        "noise": pull(error[empty]),
        "pull": pull(error[empty] / image.err[empty]),
        "bias": {kind: biases(*_fluxes(error, field, sky, kind)) for kind in APERTURES},
    }


def _centered(values):
    return values - np.median(values)


def _error(image, field, sky):
    """Difference from the truth minus the mean of the background, 0 where undefined; and the background pixels."""
    empty = field.active & np.isfinite(image.data) & _inside(field.active)
    empty &= field.truth - sky < EMPTY * np.sqrt(field.variance)
    error = image.data - field.truth - _level(image, field, empty)
    limit = OUTLIER * np.sqrt(field.variance)
    return np.where(np.isfinite(error) & field.active, np.clip(error, -limit, limit), 0), empty


def _level(image, field, empty):
    return clipped_level((image.data - field.truth)[empty], np.full(empty.sum(), np.sqrt(field.variance)))


def _inside(usable):
    inside = np.zeros(usable.shape, bool)
    inside[EDGE:-EDGE, EDGE:-EDGE] = True
    return inside


def _fill(data, usable):
    """Image with unusable pixels replaced by the nearest usable one."""
    nearest = ndimage.distance_transform_edt(~usable, return_distances=False, return_indices=True)
    return data[tuple(nearest)]


def _background_sums(error, field, sky, radius):
    """Errors of sums in circles on the background."""
    rng = np.random.default_rng(0)
    ny, nx = error.shape
    places = rng.uniform(2 * EDGE, [nx - 2 * EDGE, ny - 2 * EDGE], (NUMBER, 2))
    x, y = np.rint(places).astype(int).T
    places = places[field.truth[y, x] - sky < EMPTY * np.sqrt(field.variance)]
    return aperture_sums(error, places, radius)


def _fluxes(error, field, sky, kind):
    """Errors of the fluxes of all sources of a kind in their apertures, the fluxes and signal-to-noise ratios there."""
    places, radius = field.places[field.kind == kind], APERTURES[kind]
    flux, errors = (aperture_sums(image, places, radius) for image in (field.truth - sky, error))
    ratio = flux / np.sqrt(np.pi * radius**2 * field.variance + np.maximum(flux, 0) / field.seconds)
    return errors, flux, ratio
