"""The reference files, one function a type: what the simulator knows of a detector, in the pipeline's form."""

import numpy as np
from astropy.io import fits
from astropy.modeling.models import AffineTransformation2D, Shift
from stdatamodels.jwst import datamodels
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise.crds_cache import photometry, source_catalog, spectrograph
from jwst_denoise.detectors import frame_time
from jwst_denoise.detectors import subarray as find_subarray
from jwst_denoise.products.pointing import APERTURES, detector_aperture, sky_axes
from jwst_denoise.simulate import bias

__all__ = ["SUFFIXES", "TYPES", "write_reference"]

#: Two frames are enough: the pipeline extrapolates a dark that is shorter than the exposure, and logs that it does.
DARK_FRAMES = 2

#: Type -> array -> step to which it is rounded, in its own units: noise to the last bit takes long to compress.
QUANTA = {"superbias": {"SCI": 1 / 16}}

_TILE = 256


def mask(detector):
    """Data quality: the reference pixels and nothing else."""
    border = detector.readout().reference_pixels
    return datamodels.MaskModel(), {"DQ": border * np.uint32(dqflags.pixel["REFERENCE_PIXEL"])}, {}


def gain(detector):
    """Electrons per DN."""
    return datamodels.GainModel(), {"SCI": _plane(detector, detector.gain)}, {}


def readnoise(detector):
    """White noise of a correlated double sample (hence √2) in DN, which is what jump and ramp_fit expect."""
    noise = np.where(detector.readout().reference_pixels, detector.reference_read_noise, detector.read_noise)
    return datamodels.ReadnoiseModel(), {"SCI": (np.sqrt(2) * noise / detector.gain).astype(np.float32)}, {}


def saturation(detector):
    """Raw DN, bias included, from which a pixel is saturated; reference pixels never are."""
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
    """DN of every pixel after a reset."""
    image = bias.superbias(detector)
    return datamodels.SuperBiasModel(), {"SCI": image, "ERR": np.zeros_like(image), "DQ": _good(detector)}, {}


def linearity(detector):
    """Coefficients of the polynomial in DN that makes the signal linear; reference pixels stay as they are."""
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
    """DN at the end of each of the first frames; the pipeline cuts no dark, so every subarray has its own."""
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
    """Uniform response."""
    image = _plane(detector, 1)
    return datamodels.FlatModel(), {"SCI": image, "ERR": np.zeros_like(image), "DQ": _good(detector)}, {}


def distortion(detector):
    """Pixel to V2 and V3 without distortion: the scale and the angle of the products' headers."""
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
    "apcorr": source_catalog.apcorr,
    "abvegaoffset": source_catalog.abvegaoffset,
}
_SPECTROGRAPH = {
    **_DETECTOR1,
    **{name: getattr(spectrograph, name) for name in spectrograph.TYPES},
    "area": photometry.slit_area,
    "fflat": photometry.slit_flat,
    "photom": photometry.slit_photom,
}

#: Types that are not FITS files.
SUFFIXES = dict.fromkeys(("distortion", "abvegaoffset", *spectrograph.TYPES), ".asdf")

#: Instrument -> type -> function.
TYPES = {"NIRSPEC": _SPECTROGRAPH, "NIRCAM": _IMAGER, "NIRISS": _IMAGER, "FGS": _IMAGER}


def write_reference(path, type_, detector, **options):
    """Write a reference file: keywords by stdatamodels, arrays in FITS tile compression.

    Most arrays are constant or nearly so; compressed, a cache of all detectors is some megabytes instead of gigabytes.

    Parameters
    ----------
    path : pathlib.Path
        The file, replaced if it exists.
    type_ : str
        A key of ``TYPES[detector.instrument]``.
    detector : jwst_denoise.detectors.DetectorParameters
        The detector.
    **options
        What the function of this type takes beside the detector.
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
