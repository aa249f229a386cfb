"""Reference files of the flux calibration: pixel areas, and fluxes for a DN/s.

The simulator counts electrons and knows no fluxes. The calibration is that of an ideal telescope: the light that its
mirrors collect within a filter, times one efficiency for everything. It comes within tens of per cent of flight.
"""

import re

import numpy as np
from astropy import constants, units
from stdatamodels.jwst import datamodels

from jwst_denoise.crds_cache.spectrograph import GRATINGS, SCALE, dispersion
from jwst_denoise.detectors import FIXED_SLITS, elements_of
from jwst_denoise.products.pointing import detector_scale

__all__ = ["area", "flux", "mjy_per_sr", "photom", "slit_area", "slit_flat", "slit_photom"]

MIRROR = 25.4 * units.m**2
EFFICIENCY = 0.5  # electrons for a photon: mirrors, filters, detector

RANGE = (0.5, 5.5)  # µm, all wavelengths of NIRSpec
SAMPLES = 51  # wavelengths at which the calibration of a spectrum is tabulated

#: Kind of filter, the letters of its name -> width over wavelength.
BANDS = {"W": 0.23, "W2": 0.5, "M": 0.1, "N": 0.011, "": 1.0}

_MODELS = {
    "NIRCAM": datamodels.NrcImgPhotomModel,
    "NIRISS": datamodels.NisImgPhotomModel,
    "FGS": datamodels.FgsImgPhotomModel,
}


def mjy_per_sr(detector, *elements):
    """Surface brightness that gives one DN/s in a pixel.

    Parameters
    ----------
    detector : jwst_denoise.detectors.DetectorParameters
        Of an imager.
    *elements : str
        Names in the filter and pupil wheels. The narrowest one counts; without any, light of all wavelengths passes.

    Returns
    -------
    float
        MJy/sr.
    """
    width = min(_width(name) for name in elements or ("",))
    return flux(detector, width) / _pixel(detector).to_value(units.sr)


def flux(detector, width):
    """Flux density that gives one DN/s, in MJy.

    Parameters
    ----------
    detector : jwst_denoise.detectors.DetectorParameters
        Whose gain counts.
    width : float or ndarray
        Range of wavelengths that is counted over the wavelength.
    """
    electrons = (units.MJy * MIRROR * EFFICIENCY / constants.h).to_value(1 / units.s) * width
    return detector.gain / electrons


def photom(detector):
    """Flux calibration of every filter."""
    factors = [(*names, mjy_per_sr(detector, *names)) for names in elements_of(detector)]
    rows = [(*(names if detector.instrument != "FGS" else ()), factor, 0.0) for *names, factor in factors]
    model = _MODELS[detector.instrument]()
    model.phot_table = np.array(rows, dtype=model.get_dtype("phot_table"))
    return model, {}, _photometry(detector)


def area(detector):
    """Relative areas of the pixels: without distortion they are all the same."""
    data = np.ones((detector.size, detector.size), dtype=np.float32)
    return datamodels.PixelAreaModel(), {"SCI": data}, _photometry(detector)


def slit_photom(detector):
    """Flux calibration of the spectra of every slit and grating; it changes with the wavelength."""
    model = datamodels.NrsFsPhotomModel()
    rows = [_spectrum(detector, grating, slit) for grating in GRATINGS for slit in FIXED_SLITS]
    model.phot_table = np.array(rows, dtype=_with_arrays(model.get_dtype("phot_table"), SAMPLES))
    return model, {}, {}


def slit_flat(detector):
    """Uniform response of the optics at all wavelengths, for all slits."""
    model = datamodels.NirspecFlatModel()
    row = ("ANY", 2, RANGE, np.ones(2), np.zeros(2))
    model.flat_table = np.array([row], dtype=_with_arrays(model.get_dtype("flat_table"), 2))
    return model, {}, {}


def slit_area(detector):
    """Solid angles of a pixel behind every slit, in arcsec²."""
    model = datamodels.NirspecSlitAreaModel()
    rows = [(name, slit.width * SCALE) for name, slit in FIXED_SLITS.items()]
    model.area_table = np.array(rows, dtype=model.get_dtype("area_table"))
    return model, {}, {}


def _spectrum(detector, grating, slit):
    """Row of the table of fluxes: for the middle of the spectrum, and relative to that at some wavelengths."""
    filter_, shortest, longest = GRATINGS[grating]
    wavelength = np.linspace(shortest, longest, SAMPLES)
    fluxes = flux(detector, dispersion(grating) / wavelength)
    middle = fluxes[SAMPLES // 2]
    return filter_, grating, slit, middle, 0.0, SAMPLES, wavelength * 1e6, fluxes / middle, np.zeros(SAMPLES)


def _with_arrays(dtype, length):
    """Type of a table whose columns after the count of samples are arrays."""
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
