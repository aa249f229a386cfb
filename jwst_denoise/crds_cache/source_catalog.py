"""Reference files of the source catalog of mosaics: aperture corrections and magnitudes of Vega."""

import numpy as np
from astropy import units
from astropy.modeling.physical_models import BlackBody
from astropy.table import Table
from stdatamodels.jwst import datamodels

from jwst_denoise.detectors import bandpass, elements_of
from jwst_denoise.simulate import point_spread_function

__all__ = ["abvegaoffset", "apcorr"]

FRACTIONS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
SKY = 2.0, 3.0  # ring of sky, in units of the largest aperture's radius

#: Vega as a black body: K, arcsec; good to 0.15 mag.
TEMPERATURE, DIAMETER = 9550 * units.K, 3.26e-3
WHITE = 2.5  # µm, for light without a filter

_MODELS = {
    "NIRCAM": datamodels.NrcImgApcorrModel,
    "NIRISS": datamodels.NisImgApcorrModel,
    "FGS": datamodels.FgsImgApcorrModel,
}


def apcorr(detector):
    """Radii in pixels within which the simulated point-spread functions hold fractions of the light."""
    rows = [
        (*(names if detector.instrument != "FGS" else ()), fraction, radius, 1 / fraction, *sky)
        for names in elements_of(detector)
        for fraction, radius, *sky in _apertures(detector, names)
    ]
    model = _MODELS[detector.instrument]()
    model.apcorr_table = np.array(rows, dtype=model.get_dtype("apcorr_table"))
    return model, {}, {}


def abvegaoffset(detector):
    """AB less Vega magnitudes of every filter."""
    names = elements_of(detector)
    keys = {"filter": [f for f, _ in names], "pupil": [p for _, p in names]}
    if detector.instrument == "FGS":
        keys = {"detector": [detector.name]}
    model = datamodels.ABVegaOffsetModel()
    model.abvega_offset = Table({**keys, "abvega_offset": [_offset(*pair) for pair in names]})
    return model, {}, {}


def _apertures(detector, names):
    """(fraction, radius, inner and outer radius of the sky) for one filter."""
    psf = point_spread_function(detector.channel, bandpass(*names))
    offset = (np.arange(len(psf.samples)) - len(psf.samples) // 2) / psf.oversample
    distance = np.hypot(offset, offset[:, None]).ravel()
    order = np.argsort(distance)
    light = np.cumsum(psf.samples.ravel()[order])
    radii = np.interp(FRACTIONS, light / light[-1], distance[order])
    return [
        (fraction, radius, *(factor * radii[-1] for factor in SKY))
        for fraction, radius in zip(FRACTIONS, radii, strict=True)
    ]


def _offset(*names):
    name = bandpass(*names)
    wavelength = (int(name[1:4]) / 100 if name else WHITE) * units.um
    disc = np.pi * (DIAMETER / 2 * units.arcsec) ** 2
    vega = (BlackBody(TEMPERATURE)(wavelength) * disc).to_value(units.Jy)
    return float(2.5 * np.log10(3631 / vega))
