"""Reference files of the flux calibration and of the source catalog of mosaics.

The simulator counts electrons and has no flux scale. The calibration is that of an ideal telescope: the photons that
the primary mirror collects within a filter, times one efficiency. It agrees with flight within tens of per cent.
"""

import re

import numpy as np
from astropy import constants, units
from astropy.modeling.physical_models import BlackBody
from astropy.table import Table
from stdatamodels.jwst import datamodels

from jwst_denoise.crds_cache.spectrograph import GRATINGS, SCALE, dispersion
from jwst_denoise.detectors import FIXED_SLITS, bandpass, elements_of
from jwst_denoise.products.pointing import detector_scale
from jwst_denoise.simulate import point_spread_function

__all__ = [
    "abvegaoffset", "apcorr", "area", "flux", "mjy_per_sr", "photom", "slit_area", "slit_flat", "slit_photom",
]  # fmt: skip

MIRROR = 25.4 * units.m**2
EFFICIENCY = 0.5  # electrons per photon: mirrors, filters, detector

RANGE = (0.5, 5.5)  # µm, all wavelengths of NIRSpec
SAMPLES = 51  # wavelengths at which the calibration of a spectrum is tabulated

#: Kind of filter, the letters in its name -> width divided by wavelength.
BANDS = {"W": 0.23, "W2": 0.5, "M": 0.1, "N": 0.011, "": 1.0}

#: Fractions of the flux at which aperture corrections are tabulated.
FRACTIONS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
SKY = 2.0, 3.0  # sky annulus, in units of the largest aperture radius

#: Vega as a black body: temperature, and diameter in arcsec; good to 0.15 mag.
TEMPERATURE, DIAMETER = 9550 * units.K, 3.26e-3
WHITE = 2.5  # µm, effective wavelength without a filter

_PHOTOM_MODELS = {
    "NIRCAM": datamodels.NrcImgPhotomModel,
    "NIRISS": datamodels.NisImgPhotomModel,
    "FGS": datamodels.FgsImgPhotomModel,
}
_APCORR_MODELS = {
    "NIRCAM": datamodels.NrcImgApcorrModel,
    "NIRISS": datamodels.NisImgApcorrModel,
    "FGS": datamodels.FgsImgApcorrModel,
}


def mjy_per_sr(detector, *elements):
    """Return the surface brightness that corresponds to one DN/s in a pixel.

    Parameters
    ----------
    detector : jwst_denoise.detectors.DetectorParameters
        An imager.
    *elements : str
        Names in the filter and pupil wheels. The narrowest one counts; by default all wavelengths pass.

    Returns
    -------
    float
        MJy/sr.
    """
    width = min(_width(name) for name in elements or ("",))
    return flux(detector, width) / _pixel(detector).to_value(units.sr)


def flux(detector, width):
    """Return the flux density that corresponds to one DN/s, in MJy.

    Parameters
    ----------
    detector : jwst_denoise.detectors.DetectorParameters
        Supplies the gain.
    width : float or ndarray
        Range of wavelengths divided by the wavelength.
    """
    electrons = (units.MJy * MIRROR * EFFICIENCY / constants.h).to_value(1 / units.s) * width
    return detector.gain / electrons


def photom(detector):
    """Create the flux calibration of every filter."""
    factors = [(*names, mjy_per_sr(detector, *names)) for names in elements_of(detector)]
    rows = [(*(names if detector.instrument != "FGS" else ()), factor, 0.0) for *names, factor in factors]
    model = _PHOTOM_MODELS[detector.instrument]()
    model.phot_table = np.array(rows, dtype=model.get_dtype("phot_table"))
    return model, {}, _photometry(detector)


def area(detector):
    """Create the relative pixel areas, which are equal without distortion."""
    data = np.ones((detector.size, detector.size), dtype=np.float32)
    return datamodels.PixelAreaModel(), {"SCI": data}, _photometry(detector)


def slit_photom(detector):
    """Create the flux calibration of every slit and grating, as a function of wavelength."""
    model = datamodels.NrsFsPhotomModel()
    rows = [_spectrum(detector, grating, slit) for grating in GRATINGS for slit in FIXED_SLITS]
    model.phot_table = np.array(rows, dtype=_with_arrays(model.get_dtype("phot_table"), SAMPLES))
    return model, {}, {}


def slit_flat(detector):
    """Create a uniform response of the optics at all wavelengths, for all slits."""
    model = datamodels.NirspecFlatModel()
    row = ("ANY", 2, RANGE, np.ones(2), np.zeros(2))
    model.flat_table = np.array([row], dtype=_with_arrays(model.get_dtype("flat_table"), 2))
    return model, {}, {}


def slit_area(detector):
    """Create the solid angles of a pixel of every slit, in arcsec²."""
    model = datamodels.NirspecSlitAreaModel()
    rows = [(name, slit.width * SCALE) for name, slit in FIXED_SLITS.items()]
    model.area_table = np.array(rows, dtype=model.get_dtype("area_table"))
    return model, {}, {}


def apcorr(detector):
    """Create the aperture corrections: the radii in pixels that enclose fractions of the simulated PSFs."""
    rows = [
        (*(names if detector.instrument != "FGS" else ()), fraction, radius, 1 / fraction, *sky)
        for names in elements_of(detector)
        for fraction, radius, *sky in _apertures(detector, names)
    ]
    model = _APCORR_MODELS[detector.instrument]()
    model.apcorr_table = np.array(rows, dtype=model.get_dtype("apcorr_table"))
    return model, {}, {}


def abvegaoffset(detector):
    """Create the offsets between AB and Vega magnitudes of every filter."""
    names = elements_of(detector)
    keys = {"filter": [f for f, _ in names], "pupil": [p for _, p in names]}
    if detector.instrument == "FGS":
        keys = {"detector": [detector.name]}
    model = datamodels.ABVegaOffsetModel()
    model.abvega_offset = Table({**keys, "abvega_offset": [_offset(*pair) for pair in names]})
    return model, {}, {}


def _spectrum(detector, grating, slit):
    """Return a row of the flux table: the conversion at mid-spectrum, and relative to it at tabulated wavelengths."""
    filter_, shortest, longest = GRATINGS[grating]
    wavelength = np.linspace(shortest, longest, SAMPLES)
    fluxes = flux(detector, dispersion(grating) / wavelength)
    middle = fluxes[SAMPLES // 2]
    return filter_, grating, slit, middle, 0.0, SAMPLES, wavelength * 1e6, fluxes / middle, np.zeros(SAMPLES)


def _with_arrays(dtype, length):
    """Return the type of a table whose columns after the number of samples are arrays."""
    names = list(dtype.names)
    first = names.index("nelem") + 1
    return [(name, dtype[name].base, (length,) if number >= first else ()) for number, name in enumerate(names)]


def _width(name):
    kind = re.fullmatch(r"F\d{3}(W2?|M|N)", name)
    return BANDS[kind[1] if kind else ""]


def _pixel(detector):
    return (detector_scale(detector.name) * units.arcsec) ** 2


def _photometry(detector):
    pixel = _pixel(detector)
    return {
        "photometry": {
            "pixelarea_steradians": pixel.to_value(units.sr),
            "pixelarea_arcsecsq": pixel.to_value(units.arcsec**2),
        }
    }


def _apertures(detector, names):
    """Return (fraction, radius, inner and outer radius of the sky annulus) for one filter."""
    psf = point_spread_function(detector.channel, bandpass(*names))
    offset = (np.arange(len(psf.samples)) - len(psf.samples) // 2) / psf.oversample
    distance = np.hypot(offset, offset[:, None]).ravel()
    order = np.argsort(distance)
    enclosed = np.cumsum(psf.samples.ravel()[order])
    radii = np.interp(FRACTIONS, enclosed / enclosed[-1], distance[order])
    return [
        (fraction, radius, *(factor * radii[-1] for factor in SKY))
        for fraction, radius in zip(FRACTIONS, radii, strict=True)
    ]


def _offset(*names):
    """Return the AB magnitude of Vega through one filter."""
    name = bandpass(*names)
    wavelength = (int(name[1:4]) / 100 if name else WHITE) * units.um
    disc = np.pi * (DIAMETER / 2 * units.arcsec) ** 2
    vega = (BlackBody(TEMPERATURE)(wavelength) * disc).to_value(units.Jy)
    return float(2.5 * np.log10(3631 / vega))
