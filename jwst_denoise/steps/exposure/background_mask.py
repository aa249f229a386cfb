"""Background mask of an exposure: the user's, or one made from a draft image."""

import logging
from functools import partial
from pathlib import Path

import numpy as np

from jwst_denoise import masks
from jwst_denoise.exposure_io.alignment import sky_of
from jwst_denoise.exposure_io.drafts import draft_images
from jwst_denoise.exposure_io.mosaic import project_sources, read_sources
from jwst_denoise.steps.exposure.info import is_spectrum
from jwst_denoise.steps.exposure.kinds import is_nirspec_spectrum
from jwst_denoise.steps.exposure.science_regions import science_regions, with_wcs

__all__ = ["background_mask", "find_file", "mosaic_sources"]

log = logging.getLogger("stpipe.jwst_denoise.masks")


def background_mask(model, settings, readout, config_file=None, input_dir=None, fit=None):
    """Background pixels of an exposure.

    Parameters
    ----------
    model : JwstDataModel
        Ramp, rate or rateints.
    settings : object
        ``user_mask``, ``source_mask``, ``mask_science_regions``, ``science_product``, ``n_sigma``, ``mask_dilation``,
        ``single_mask``.
    readout : jwst_denoise.readout.Readout
        Direction of the stripes.
    config_file : path-like, optional
        Parameter file; a relative ``user_mask`` or ``source_mask`` may be in its directory.
    input_dir : path-like, optional
        Directory of the MSA metadata file, if that is not in the working directory.
    fit : callable, optional
        (image, mask, err) -> `jwst_denoise.nsclean.NoiseFit`. In images that several outputs read, fainter sources
        are detected after the noise that it fits to the draft is subtracted.

    Returns
    -------
    ndarray of bool
        (ny, nx), or (integrations, ny, nx); True on background pixels, which reference pixels never are.

    Raises
    ------
    FileNotFoundError, ValueError
        If the user's mask or mosaic is missing or does not fit.
    """
    if settings.user_mask:
        path = find_file(settings.user_mask, config_file)
        start = tuple(first or 1 for first in (model.meta.subarray.xstart, model.meta.subarray.ystart))
        mask = masks.read_user_mask(path, model.shape, start)
        log.info("Background mask %s", path)
    else:
        mask = _automatic(model, settings, readout, config_file, input_dir, fit)
    if settings.source_mask:
        path = find_file(settings.source_mask, config_file)
        mask = mask & ~mosaic_sources(path, model, settings.n_sigma or 2.0, settings.mask_dilation)
    mask = mask & ~readout.reference_pixels
    log.info("%.1f %% of the pixels take part in the fit", 100 * mask.mean())
    return mask


def mosaic_sources(path, model, n_sigma, growth):
    """Pixels of an imaging exposure that lie on the sources of a mosaic or segmentation map.

    The exposure is located by its own WCS; without one by ``assign_wcs``, where CRDS is configured; else by the
    tangent plane in its header, which has no distortion.

    Parameters
    ----------
    path : path-like
        FITS file with celestial coordinates, see `jwst_denoise.exposure_io.mosaic.read_sources`.
    model : JwstDataModel
        Ramp, rate, rateints or calibrated image in detector pixels.
    n_sigma : float
        Limit of the detection of sources in a mosaic.
    growth : int
        Pixels by which the sources are grown.

    Returns
    -------
    ndarray of bool
        (ny, nx).

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, it has no coordinates, the exposure has none, or the two do not overlap.
    """
    if is_spectrum(model):
        exp_type = model.meta.exposure.type
        raise ValueError(f"source_mask={path} is for images; the exposure of type {exp_type} is a spectrum")
    sources, wcs = read_sources(path, n_sigma)
    located = model
    if model.meta.wcs is None:
        image, _, dq = draft_images(model).combined()
        located = with_wcs(model, image, dq, "")
    to_sky, _ = sky_of(located, model.meta.filename or type(model).__name__)
    try:
        masked = project_sources(sources, wcs, to_sky, model.data.shape[-2:], growth)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    log.info("%.1f %% of the pixels are sources of %s", 100 * masked.mean(), path)
    return masked


def find_file(name, config_file=None):
    """Path of a file named by a parameter: as given, or else in the directory of the parameter file.

    Parameters
    ----------
    name : path-like
        Value of the parameter.
    config_file : path-like, optional
        Parameter file that holds it.

    Returns
    -------
    pathlib.Path
        The first one that exists, else the path as given.
    """
    path = Path(name).expanduser()
    other = Path(config_file or "").parent / path
    return other if not path.exists() and other.exists() else path


def _automatic(model, settings, readout, config_file, input_dir, fit):
    images = draft_images(model)
    shared = images.combined()
    detect = _mask_function(model, settings, shared, config_file, input_dir)
    options = {"n_sigma": settings.n_sigma, "dilation": settings.mask_dilation, "readout": readout}

    def make_mask(image, err, dq):
        mask = detect(image, err, dq, **options)
        if fit is None or detect is not masks.imaging_mask or readout.outputs == 1 or not mask.any():
            return mask
        return detect(image - fit(image, mask, err).noise, err, dq, **options)

    if settings.single_mask or model.data.ndim == 2:
        return make_mask(*shared)
    return np.stack([make_mask(*image) for image in images])


def _mask_function(model, settings, draft, config_file, input_dir):
    """Function of `jwst_denoise.masks` that suits the exposure."""
    if not is_nirspec_spectrum(model):
        return masks.imaging_mask if settings.n_sigma > 0 else _unflagged
    if not (settings.mask_science_regions or settings.science_product):
        return masks.trace_mask if settings.n_sigma > 0 else _unflagged
    product = settings.science_product and find_file(settings.science_product, config_file)
    options = {"input_dir": input_dir or "", "n_sigma": settings.n_sigma or 2.0}
    science = science_regions(model, product or None, draft=draft, **options)
    return partial(masks.region_mask, science=science)


def _unflagged(image, err, dq, **_):
    return masks.usable(image, err, dq)
