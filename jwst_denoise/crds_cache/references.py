"""The reference files, one function for each type: the simulated detector in the format of the pipeline."""

import numpy as np
from astropy.io import fits
from astropy.modeling.models import AffineTransformation2D, Shift
from stdatamodels.jwst import datamodels
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise.crds_cache import photometry, spectrograph
from jwst_denoise.detectors import frame_time
from jwst_denoise.detectors import subarray as find_subarray
from jwst_denoise.products.pointing import APERTURES, detector_aperture, sky_axes
from jwst_denoise.simulate import bias

__all__ = ["SUFFIXES", "TYPES", "write_reference"]

#: Two frames suffice: the pipeline extrapolates a dark that is shorter than the exposure, and logs this.
DARK_FRAMES = 2

#: Type -> array -> step to which it is rounded, in the units of the array, since unrounded noise compresses slowly.
QUANTA = {"superbias": {"SCI": 1 / 16}}

_TILE = 256


def mask(detector):
    """Create the data-quality mask, which flags the reference pixels."""
    border = detector.readout().reference_pixels
    return datamodels.MaskModel(), {"DQ": border * np.uint32(dqflags.pixel["REFERENCE_PIXEL"])}, {}


def gain(detector):
    """Create the gain in electrons per DN."""
    return datamodels.GainModel(), {"SCI": _plane(detector, detector.gain)}, {}


def readnoise(detector):
    """Create the white noise of a correlated double sample (hence √2) in DN, as jump and ramp_fit expect."""
    noise = np.where(detector.readout().reference_pixels, detector.reference_read_noise, detector.read_noise)
    return datamodels.ReadnoiseModel(), {"SCI": (np.sqrt(2) * noise / detector.gain).astype(np.float32)}, {}


def saturation(detector):
    """Create the saturation level in raw DN with bias; reference pixels do not saturate."""
    border = detector.readout().reference_pixels
    return (
        datamodels.SaturationModel(),
        {
            "SCI": _plane(detector, detector.saturation),
            "DQ": border * np.uint32(dqflags.pixel["NO_SAT_CHECK"]),
        },
        {},
    )


def superbias(detector):
    """Create the bias in DN of every pixel after a reset."""
    image = bias.superbias(detector)
    return datamodels.SuperBiasModel(), {"SCI": image, "ERR": np.zeros_like(image), "DQ": _good(detector)}, {}


def linearity(detector):
    """Create the coefficients of the polynomial in DN that linearizes the signal, except in reference pixels."""
    coefficients = np.array(detector.nonlinearity, dtype=np.float32)[:, None, None]
    border = detector.readout().reference_pixels
    return (
        datamodels.LinearityModel(),
        {
            "COEFFS": np.broadcast_to(coefficients, (len(coefficients), *border.shape)),
            "DQ": border * np.uint32(dqflags.pixel["NO_LIN_CORR"]),
        },
        {},
    )


def dark(detector, subarray="FULL"):
    """Create the dark signal in DN at the end of the first frames; the pipeline needs one file for each subarray."""
    window = find_subarray(detector.name, subarray, detector.size)
    readout = detector.readout(window.shape, window.corner, window.outputs)
    seconds = frame_time(readout, detector.instrument)
    rate = bias.dark_rate(detector, window.shape, window.corner) * np.float32(seconds / detector.gain)
    frames = np.arange(1, DARK_FRAMES + 1, dtype=np.float32)[:, None, None] * rate
    meta = {
        "exposure": {
            "nframes": 1,
            "groupgap": 0,
            "ngroups": DARK_FRAMES,
            "average_dark_current": detector.dark_current,
        },
        "subarray": _window(subarray, *window.corner, *window.shape[::-1]),
    }
    model = datamodels.DarkNirspecModel if detector.instrument == "NIRSPEC" else datamodels.DarkModel
    return model(), {"SCI": frames, "DQ": np.zeros(window.shape, dtype=np.uint32)}, meta


def flat(detector):
    """Create a uniform response."""
    image = _plane(detector, 1)
    return datamodels.FlatModel(), {"SCI": image, "ERR": np.zeros_like(image), "DQ": _good(detector)}, {}


def distortion(detector):
    """Create the transform from pixels to V2 and V3: the scale and angle in the product headers, no distortion."""
    v2, v3, angle, scale = APERTURES[detector_aperture(detector.name)]
    center = -(detector.size - 1) / 2
    to_sky = AffineTransformation2D(scale * sky_axes(angle), [v2, v3])
    transform = Shift(center) & Shift(center) | to_sky
    meta = {}
    if detector.instrument == "NIRCAM":
        channel = "LONG" if detector.name.endswith("LONG") else "SHORT"
        meta = {"instrument": {"module": detector.name[3], "channel": channel, "p_pupil": "ANY|"}}
    return datamodels.DistortionModel(model=transform, input_units="pixel", output_units="arcsec"), {}, meta


_DETECTOR1 = {
    function.__name__: function for function in (mask, gain, readnoise, saturation, superbias, linearity, dark)
}
_IMAGER = {
    **_DETECTOR1,
    "flat": flat,
    "distortion": distortion,
    "area": photometry.area,
    "photom": photometry.photom,
    "apcorr": photometry.apcorr,
    "abvegaoffset": photometry.abvegaoffset,
}
_SPECTROGRAPH = {
    **_DETECTOR1,
    **{name: getattr(spectrograph, name) for name in spectrograph.TYPES},
    "area": photometry.slit_area,
    "fflat": photometry.slit_flat,
    "photom": photometry.slit_photom,
}

#: File extensions of types that are not FITS files.
SUFFIXES = dict.fromkeys(("distortion", "abvegaoffset", *spectrograph.TYPES), ".asdf")

#: Instrument -> type -> function.
TYPES = {"NIRSPEC": _SPECTROGRAPH, "NIRCAM": _IMAGER, "NIRISS": _IMAGER, "FGS": _IMAGER}


def write_reference(path, type_, detector, **options):
    """Write a reference file: keywords by stdatamodels, arrays with FITS tile compression.

    Most arrays are almost constant; compression reduces a cache of all detectors from gigabytes to megabytes.

    Parameters
    ----------
    path : pathlib.Path
        The file, which is replaced if it exists.
    type_ : str
        A key of ``TYPES[detector.instrument]``.
    detector : jwst_denoise.detectors.DetectorParameters
        The detector.
    **options
        Further arguments of the function of this type.
    """
    model, arrays, meta = TYPES[detector.instrument][type_](detector, **options)
    with model:
        model.update({"meta": _metadata(type_, detector)})
        model.update({"meta": meta})
        path.unlink(missing_ok=True)
        model.save(path)
    if arrays:
        _append(path, arrays, QUANTA.get(type_, {}))


def _append(path, arrays, quanta):
    with fits.open(path, mode="append") as hdus:
        for name, array in arrays.items():
            hdus.append(_compressed(name, array, quanta.get(name)))


def _metadata(type_, detector):
    return {
        "telescope": "JWST",
        "reftype": type_.upper(),
        "author": "jwst_denoise",
        "description": "Simulated detector, not a flight calibration",
        "pedigree": "SIMULATION",
        "useafter": "1900-01-01T00:00:00",
        "instrument": {"name": detector.instrument, "detector": detector.name},
        "subarray": {
            **_window("GENERIC", 1, 1, detector.size, detector.size),
            **{"fastaxis": detector.fastaxis, "slowaxis": detector.slowaxis},
        },
    }


def _window(name, xstart, ystart, xsize, ysize):
    return {"name": name, "xstart": xstart, "ystart": ystart, "xsize": xsize, "ysize": ysize}


def _compressed(name, array, quantum):
    tile = (1,) * (array.ndim - 2) + (_TILE, array.shape[-1])
    if quantum is None:
        return fits.CompImageHDU(array, name=name, tile_shape=tile, compression_type="GZIP_2", quantize_level=0)
    return fits.CompImageHDU(
        array, name=name, tile_shape=tile, compression_type="RICE_1", quantize_level=-quantum, quantize_method=-1
    )


def _plane(detector, value):
    return np.full((detector.size, detector.size), value, dtype=np.float32)


def _good(detector):
    return np.zeros((detector.size, detector.size), dtype=np.uint32)
