"""Reference files of NIRSpec's optics, with which the pipeline finds the simulated fixed-slit spectra.

The optics are ideal. The focal lengths are so long that there is no distortion: wavelength is linear in the column, and
the spectrum of every slit has the tilt and curvature of the simulated spectra. All slits have the same relation between
wavelength and column. The range of a grating fills the columns that the simulator illuminates: those of NRS1 at medium,
those of both detectors at high resolution.
"""

import numpy as np
from astropy.modeling.models import AffineTransformation2D, Identity, Mapping, Polynomial1D, Polynomial2D, Scale, Shift
from stdatamodels.jwst import datamodels

from jwst_denoise.detectors import FIXED_SLITS
from jwst_denoise.products.pointing import APERTURES, sky_axes
from jwst_denoise.simulate.spectra import LENGTH, TRACE

#: Types of reference files, which have functions of these names.
TYPES = ("camera", "collimator", "disperser", "fore", "fpa", "msa", "ote", "wavelengthrange")

__all__ = ["GRATINGS", "TYPES", "dispersion", *TYPES]

PIXEL = 18e-6  # m, on the detector
PITCH = 41.5e-6  # m, size of a pixel projected onto the slit plane
CAMERA = 30.0  # m, focal length
COLLIMATOR = CAMERA * PITCH / PIXEL
SCALE = APERTURES["NRS_S400A1_SLIT"][3]  # arcsec per pixel
GAP = 160  # pixels between the detectors
ORDER = -1

#: Columns of the detector that the simulator illuminates.
COLUMNS = TRACE["start"], TRACE["stop"]

#: Grating -> filter, shortest and longest wavelength in m.
GRATINGS = {
    f"{band}{resolution}": (filter_, shortest, longest)
    for band, filter_, shortest, longest in (
        ("G140", "F100LP", 0.97e-6, 1.89e-6),
        ("G235", "F170LP", 1.66e-6, 3.17e-6),
        ("G395", "F290LP", 2.87e-6, 5.27e-6),
    )
    for resolution in "MH"
}


def fpa(detector):
    """Create the transform from pixels to meters in the focal plane, in which spectra are straight along x."""
    models = {"nrs1_model": _straighten() | _to_meters("NRS1")}
    turned = Scale(-1) & Scale(-1) | Shift(LENGTH - 1) & Shift(LENGTH - 1)
    models["nrs2_model"] = turned | _straighten() | _to_meters("NRS2")
    return datamodels.FPAModel(**models, input_units="pixel", output_units="m"), {}, {}


def camera(detector):
    """Create the transform from meters in the focal plane to the tangents of the ray angles, upside down."""
    model = Scale(1 / CAMERA) & Scale(-1 / CAMERA)
    return datamodels.CameraModel(model=model, input_units="m", output_units=""), {}, {}


def collimator(detector):
    """Create the transform from the tangents of the ray angles to meters in the slit plane."""
    model = Scale(COLLIMATOR) & Scale(COLLIMATOR)
    return datamodels.CollimatorModel(model=model, input_units="", output_units="m"), {}, {}


def disperser(detector, grating):
    """Create the groove density and tilt of a grating, the same for all readings of the wheel sensors."""
    density, tilt = _grating(grating)
    sensor = {"temperatures": [40.0], "zeroreadings": [0.0], "unit": "arcsec", "tilt_model": Polynomial1D(1)}
    model = datamodels.DisperserModel(
        groovedensity=density, theta_x=0.0, theta_y=0.0, theta_z=0.0, gwa_tiltx=sensor, gwa_tilty=sensor
    )
    model.tilt_y = tilt
    return model, {}, {"instrument": {"grating": grating}}


def wavelengthrange(detector):
    """Create the table of the shortest and longest wavelengths of every grating, in m."""
    model = datamodels.WavelengthrangeModel(
        wrange_selector=[f"{filter_}_{grating}" for grating, (filter_, *_) in GRATINGS.items()],
        wrange=[[shortest, longest] for _, shortest, longest in GRATINGS.values()],
        order=[ORDER] * len(GRATINGS),
        wunits="m",
    )
    return model, {}, {}


def msa(detector):
    """Create the positions and sizes of the fixed slits (quadrant 5) in m, without micro-shutters."""
    slits = [(number, *_place(name), *_size(name)) for number, name in enumerate(FIXED_SLITS)]
    data = {f"Q{quadrant}": np.zeros((0, 5)) for quadrant in range(1, 5)} | {"Q5": np.array(slits)}
    return datamodels.MSAModel(models=dict.fromkeys(data, Identity(2)), data=data), {}, {}


def fore(detector):
    """Create the transform from meters in the slit plane to arcsec."""
    scale = SCALE / PITCH
    model = Mapping((0, 1), n_inputs=3) | Scale(scale) & Scale(scale)
    model.inverse = Mapping((0, 1), n_inputs=3) | Scale(1 / scale) & Scale(1 / scale)
    model = datamodels.FOREModel(model=model, input_units="m", output_units="arcsec")
    return model, {}, {"instrument": {"filter": "CLEAR"}}


def ote(detector, slit):
    """Create the transform to V2 and V3, with the center of a slit at the position in the exposure headers."""
    v2, v3, angle, _ = APERTURES[f"NRS_{slit}_SLIT"]
    x, y = (meters * SCALE / PITCH for meters in _place(slit))
    model = Shift(-x) & Shift(-y) | AffineTransformation2D(sky_axes(angle), [v2, v3])
    return datamodels.OTEModel(model=model, input_units="arcsec", output_units="arcsec"), {}, {}


def dispersion(grating):
    """Return the range of wavelengths of a pixel, in m."""
    _, shortest, longest = GRATINGS[grating]
    first, last = _ends(grating)
    return (longest - shortest) / ((last - first) / PIXEL)


def _grating(name):
    """Return the grooves per meter, and the tilt in deg that places the shortest and longest wavelengths.

    With the sine s and cosine c of the tilt and the direction cosines x and z of the diffracted ray, the wavelength is
    (s (1 + z) + c x) / density.
    """
    _, shortest, longest = GRATINGS[name]
    ratio = shortest / longest
    (x1, z1), (x2, z2) = (np.array([end, CAMERA]) / np.hypot(end, CAMERA) for end in _ends(name))
    tilt = np.arctan((ratio * x2 - x1) / ((1 + z1) - ratio * (1 + z2)))
    density = (np.sin(tilt) * (1 + z1) + np.cos(tilt) * x1) / shortest
    return float(density), -float(np.rad2deg(tilt))


def _ends(grating):
    """Return the limits of a spectrum in the focal plane, in m."""
    last = "NRS2" if grating.endswith("H") else "NRS1"
    return tuple(PIXEL * (column + _start(name)) for column, name in zip(COLUMNS, ("NRS1", last), strict=True))


def _start(name):
    """Return the first column of a detector, in pixels from the midpoint between the detectors."""
    return GAP / 2 + 0.5 if name == "NRS2" else 0.5 - LENGTH - GAP / 2


def _to_meters(name):
    return Shift(_start(name)) & Shift(-(LENGTH - 1) / 2) | Scale(PIXEL) & Scale(PIXEL)


def _straighten():
    """Remove the tilt and curvature of the rows."""
    tilt, bend, step = TRACE["tilt"], TRACE["bend"], 2 / LENGTH
    rise = np.array([bend - tilt, step * (tilt - 2 * bend), step**2 * bend])
    forward, backward = (
        Mapping((0, 0, 1)) | Identity(1) & Polynomial2D(2, c0_0=c[0], c1_0=c[1], c2_0=c[2], c0_1=1)
        for c in (-rise, rise)
    )
    forward.inverse = backward
    return forward


def _place(slit):
    """Return the center of a slit in m."""
    return 0.0, (FIXED_SLITS[slit].center - (LENGTH - 1) / 2) * PITCH


def _size(slit):
    """Return the width and length of a slit in m."""
    return FIXED_SLITS[slit].width / SCALE * PITCH, FIXED_SLITS[slit].length * PITCH
