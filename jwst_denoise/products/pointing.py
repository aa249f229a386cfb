"""Pointing of the detectors: reference points from the SIAF (PRD 75), and a tangent-plane WCS without distortion."""

from types import MappingProxyType

import numpy as np

__all__ = ["describe_pointing", "detector_aperture", "detector_scale", "sky_axes"]

RA, DEC, ROLL = 80.4875, -69.4975, 30.0  # deg: the astrometric calibration field in the Large Magellanic Cloud

#: Aperture -> V2 and V3 in arcsec, angle from V3 to the ideal y axis in deg, scale in arcsec.
APERTURES = MappingProxyType(
    {
        "NRCA1_FULL": (120.576793, -527.501431, -0.55188201, 0.03122),
        "NRCA2_FULL": (119.740061, -459.784260, -0.20724878, 0.03078),
        "NRCA3_FULL": (51.946174, -527.927527, 0.28210395, 0.03136),
        "NRCA4_FULL": (52.359040, -459.901178, 0.10017832, 0.03091),
        "NRCALONG_FULL": (85.926560, -493.502537, -0.06338311, 0.06291),
        "NRCB1_FULL": (-122.427986, -457.706754, 0.34481904, 0.03075),
        "NRCB2_FULL": (-122.679933, -525.420878, 0.84655599, 0.03120),
        "NRCB3_FULL": (-54.610778, -457.702913, -0.45164689, 0.03087),
        "NRCB4_FULL": (-54.386704, -525.630307, -0.33826590, 0.03133),
        "NRCBLONG_FULL": (-89.402822, -491.360126, 0.02319705, 0.06300),
        "NIS_CEN": (-291.141, -698.015, 0.56126717, 0.06557),
        "FGS1_FULL": (206.407, -697.765, -1.24120427, 0.06916),
        "FGS2_FULL": (22.865, -699.280, 0.2914828, 0.06882),
        "NRS_FULL_IFU": (300.009277, -498.079254, 138.97164917, 0.1043),
        "NRS_FULL_MSA": (378.563202, -428.402832, 138.5745697, 0.1043),
        "NRS_S400A1_SLIT": (321.590790, -478.107422, 138.8641510, 0.1043),
        "NRS_S1600A1_SLIT": (321.262970, -473.851288, 138.8529511, 0.1043),
        "NRS_S200A1_SLIT": (331.867035, -479.417542, 138.8419037, 0.1043),
        "NRS_S200A2_SLIT": (314.697998, -489.614227, 138.9136810, 0.1043),
        "NRS_S200B1_SLIT": (440.405334, -364.876556, 138.2435608, 0.1043),
    }
)


def describe_pointing(meta, exposure):
    """Fill ``meta.aperture``, ``meta.target``, ``meta.pointing`` and ``meta.wcsinfo``."""
    name = _aperture(exposure)
    v2, v3, angle, scale = APERTURES[name]
    meta.aperture.name = meta.aperture.pps_name = name.replace("LONG", "5")
    meta.aperture.position_angle = (ROLL + angle) % 360
    meta.target.ra, meta.target.dec, meta.target.proposer_name = RA, DEC, "SIMULATED"
    meta.target.catalog_name, meta.target.type = "SIMULATED", "FIXED"
    meta.pointing.ra_v1, meta.pointing.dec_v1, meta.pointing.pa_v3 = RA, DEC, ROLL
    wcs = meta.wcsinfo
    wcs.v2_ref, wcs.v3_ref, wcs.v3yangle, wcs.vparity = v2, v3, angle, -1
    wcs.ra_ref, wcs.dec_ref, wcs.roll_ref = RA, DEC, ROLL
    _tangent_plane(wcs, exposure, scale, np.deg2rad(ROLL + angle))


def detector_aperture(name):
    """Return the full-frame aperture of an imaging detector, a key of `APERTURES`."""
    return {"NIS": "NIS_CEN", "GUIDER1": "FGS1_FULL", "GUIDER2": "FGS2_FULL"}.get(name, f"{name}_FULL")


def detector_scale(name):
    """Return the pixel scale of an imaging detector in arcsec."""
    return APERTURES[detector_aperture(name)][3]


def sky_axes(angle):
    """Return the matrix from x and y of an aperture to V2 and V3, for the angle from V3 to its y axis in deg."""
    sine, cosine = np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))
    return np.array([[-cosine, sine], [sine, cosine]])


def _aperture(exposure):
    observation, detector = exposure.observation, exposure.detector
    if detector.instrument == "NIRSPEC":
        slits = {"NRS_IFU": "NRS_FULL_IFU", "NRS_MSASPEC": "NRS_FULL_MSA"}
        return slits.get(observation.exp_type, f"NRS_{observation.fixed_slit or 'S400A1'}_SLIT")
    return detector_aperture(detector.name)


def _tangent_plane(wcs, exposure, scale, angle):
    """Fill the tangent-plane WCS at the center of the detector, with north at ``angle`` east of the y axis."""
    wcs.wcsaxes, wcs.ctype1, wcs.ctype2, wcs.cunit1, wcs.cunit2 = 2, "RA---TAN", "DEC--TAN", "deg", "deg"
    wcs.crval1, wcs.crval2 = RA, DEC
    wcs.crpix1, wcs.crpix2 = ((exposure.detector.size + 1) / 2 - corner + 1 for corner in exposure.observation.corner)
    wcs.cdelt1 = wcs.cdelt2 = scale / 3600
    wcs.pc1_1, wcs.pc1_2 = -np.cos(angle), np.sin(angle)
    wcs.pc2_1, wcs.pc2_2 = np.sin(angle), np.cos(angle)
