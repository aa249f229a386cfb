"""Make the PSF kernels that the simulator ships (`jwst_denoise/simulate/data/psf_kernels.npz`).

Needs `poppy` (``pip install poppy``), which the package itself does not. The aperture is the 18 hexagons of the
primary (two rings, no center, 1.32 m flat to flat, 7 mm gaps) with the secondary mirror and its three struts in
front; every segment has a random piston, tip and tilt that amount to the wavefront error measured in flight, about
65 nm rms (McElwain et al. 2023, PASP 135, 058001). Filters are averaged over five wavelengths. The same seed gives
the same file:

    python tools/make_psf_kernels.py jwst_denoise/simulate/data/psf_kernels.npz
"""

import sys

import astropy.units as u
import numpy as np
import poppy

OVERSAMPLE = 4
PIXELS = 41
WAVEFRONT_ERROR = 65e-9  # m, rms
SAMPLING = {"NIRCAM_SW": 0.0311, "NIRCAM_LW": 0.0630, "NIRISS": 0.0656, "NIRSPEC": 0.1043, "FGS": 0.0691}  # arcsec
FILTERS = {  # center and width in micrometers
    "NIRCAM_SW": {"F070W": (0.704, 0.128), "F115W": (1.154, 0.225), "F200W": (1.990, 0.461)},
    "NIRCAM_LW": {"F277W": (2.786, 0.672), "F356W": (3.563, 0.787), "F480M": (4.834, 0.303)},
    "NIRISS": {"F090W": (0.904, 0.193), "F200W": (1.992, 0.460), "F480M": (4.815, 0.298)},
    "NIRSPEC": {"F110W": (1.10, 0.20), "F290LP": (4.00, 2.00)},
    "FGS": {"OPEN": (2.50, 2.00)},
}


def telescope(rng):
    """Return an `~poppy.OpticalSystem` without a detector: segments, obscuration and wavefront error."""
    segments = list(range(1, 19))
    primary = poppy.MultiHexagonAperture(rings=2, flattoflat=1.32, gap=0.007, segmentlist=segments)
    struts = poppy.AsymmetricSecondaryObscuration(
        secondary_radius=0.37, support_angle=(180, 30, 330), support_width=(0.10, 0.10, 0.10)
    )
    errors = poppy.dms.HexSegmentedDeformableMirror(rings=2, flattoflat=1.32, gap=0.007, include_factor_of_two=False)
    piston = rng.normal(0.0, WAVEFRONT_ERROR * 0.6, 19)
    tilts = rng.normal(0.0, WAVEFRONT_ERROR * 0.8 / 0.45, (19, 2))  # slope of a segment 1.32 m wide
    for segment in segments:
        errors.set_actuator(segment, piston[segment] * u.m, tilts[segment, 0] * u.rad, tilts[segment, 1] * u.rad)
    system = poppy.OpticalSystem(npix=1024, pupil_diameter=6.6 * u.m, oversample=1)
    for plane in (primary, struts, errors):
        system.add_pupil(plane)
    return system


def kernel(system, sampling, center, width):
    """PSF of one filter, ``OVERSAMPLE`` samples a detector pixel, sum 1."""
    system.planes = [plane for plane in system.planes if not isinstance(plane, poppy.Detector)]
    # an odd number of samples keeps the peak on a sample
    samples = PIXELS * OVERSAMPLE + 1
    system.add_detector(pixelscale=sampling / OVERSAMPLE, fov_pixels=samples)
    wavelengths = np.linspace(center - 0.4 * width, center + 0.4 * width, 5) * 1e-6
    psf = system.calc_psf(wavelengths, normalize="exit_pupil")[0].data
    return psf / psf.sum()


def main(path):
    """Write all kernels: the square root of each over its peak, as float16, halves the bytes at 0.1 % precision."""
    system = telescope(np.random.default_rng(2022))
    arrays = {}
    for channel, filters in FILTERS.items():
        for name, (center, width) in filters.items():
            psf = kernel(system, SAMPLING[channel], center, width)
            arrays[f"{channel}-{name}"] = np.sqrt(psf / psf.max()).astype(np.float16)
            arrays[f"{channel}-{name}-um"] = np.float32(center)
    np.savez_compressed(path, oversample=OVERSAMPLE, **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
