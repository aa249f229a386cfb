"""Simulated exposures on disk."""

from pathlib import Path

import numpy as np
from astropy.io import fits

from jwst_denoise.products import models
from jwst_denoise.simulate import TimeSeries, Truth

__all__ = ["PRODUCTS", "read_truth", "write_products", "write_truth"]

_MODELS = {
    "uncal": models.uncal_model,
    "ramp": models.ramp_model,
    "rate": models.rate_model,
    "rateints": models.rateints_model,
}
#: Names of the products that can be written.
PRODUCTS = tuple(_MODELS)
_ARRAYS = ("rate", "correlated", "cosmic_rays", "drift", "picture_frame", "picture_frame_rate")
_SERIES = ("occultation", "depth", "flux", "rows", "wavelength", "jitter")
_UNITS = {
    "rate": "electron/s", "correlated": "electron", "cosmic_rays": "electron", "drift": "electron",
    "picture_frame_rate": "electron/s", "flux": "electron/s", "rows": "pixel", "wavelength": "um", "jitter": "pixel",
}  # fmt: skip


def write_products(exposure, directory, root, products=("uncal",), **options):
    """Write the products and the truth of an exposure.

    Parameters
    ----------
    exposure : `~jwst_denoise.simulate.Exposure`
        The exposure.
    directory : path
        Created if it does not exist.
    root : str
        Files are ``<root>_<product>.fits`` and ``<root>_truth.fits``.
    products : sequence of str, optional
        Elements of `PRODUCTS`.
    **options
        Passed to the models: ``start``.

    Returns
    -------
    dict
        Product (and ``"truth"``) -> path.

    Raises
    ------
    ValueError
        If a product is unknown or cannot be simulated for the exposure; nothing is written.
    """
    if unknown := sorted(set(products) - set(PRODUCTS)):
        raise ValueError(f"no product {', '.join(unknown)}; known: {', '.join(PRODUCTS)}")
    simulated = {product: _MODELS[product](exposure, root=root, **options) for product in products}
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    paths = {}
    for product, model in simulated.items():
        paths[product] = directory / f"{root}_{product}.fits"
        model.save(paths[product])
        model.close()
    paths["truth"] = write_truth(exposure, directory / f"{root}_truth.fits")
    return paths


def write_truth(exposure, path):
    """Write the truth as FITS, with one extension for each array and keywords of the exposure in the primary header.

    A time series also has the arrays of its `~jwst_denoise.simulate.TimeSeries` and the light curve.
    """
    primary = fits.PrimaryHDU()
    primary.header.update({key: value for key, value in exposure.metadata.items() if value != ""})
    hdus = fits.HDUList([primary])
    arrays = {name: getattr(exposure.truth, name) for name in _ARRAYS}
    if series := exposure.truth.series:
        arrays |= {name: getattr(series, name) for name in (*_SERIES, "light_curve")}
    for name, array in arrays.items():
        hdu = fits.ImageHDU(np.asarray(array), name=name.upper())
        if name in _UNITS:
            hdu.header["BUNIT"] = _UNITS[name]
        hdus.append(hdu)
    hdus.writeto(path, overwrite=True)
    return Path(path)


def read_truth(path):
    """Read the truth of an exposure.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file lacks one of the arrays.
    """
    with fits.open(path) as hdus:
        missing = [name.upper() for name in _ARRAYS if name.upper() not in hdus]
        if missing:
            raise ValueError(f"{path} is not a truth file: no extension {', '.join(missing)}")
        arrays = {name: _native(hdus[name.upper()].data) for name in _ARRAYS}
        if _SERIES[0] in hdus:
            series = {name: _native(hdus[name.upper()].data) for name in _SERIES}
            arrays["series"] = TimeSeries(arrays["rate"], None, **series)
        return Truth(**arrays)


def _native(array):
    """Return a copy in the byte order of the machine; FITS data are big-endian."""
    return array.astype(array.dtype.newbyteorder("="))
