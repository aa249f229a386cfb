"""Scenes by name, and their light curves."""

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from jwst_denoise.detectors import bandpass, observation, slit_of_subarray, subarray
from jwst_denoise.simulate import fields, spectra
from jwst_denoise.simulate.psf import point_spread_function

__all__ = ["SCENES", "Scene", "modulate", "scene", "transit"]


@dataclass(frozen=True)
class Scene:
    """A named scene and how it is observed.

    Parameters
    ----------
    description : str
        One line.
    draw : callable
        Function that draws it.
    modes : mapping
        Instrument -> observing mode.
    """

    description: str
    draw: object
    modes: dict


_IMAGING = {"NIRCAM": "NRC_IMAGE", "NIRISS": "NIS_IMAGE", "FGS": "FGS_IMAGE"}

#: Name -> scene.
SCENES = MappingProxyType(
    {
        "field": Scene("deep field: galaxies and a few stars", fields.field, _IMAGING),
        "cluster": Scene("crowded star cluster", fields.cluster, _IMAGING),
        "resolved": Scene("nearby galaxy resolved into stars", fields.resolved, _IMAGING),
        "nebula": Scene("extended emission with stars", fields.nebula, _IMAGING),
        "ifu": Scene("galaxy behind the 30 slices of the IFU", spectra.ifu, {"NIRSPEC": "NRS_IFU"}),
        "mos": Scene("galaxies in micro-shutters", spectra.mos, {"NIRSPEC": "NRS_MSASPEC"}),
        "slit": Scene("star in a fixed slit", spectra.fixed_slits, {"NIRSPEC": "NRS_FIXEDSLIT"}),
        "bots": Scene("bright star in a time series", spectra.bots, {"NIRSPEC": "NRS_BRIGHTOBJ"}),
        "echelle": Scene("echelle orders on an H4RG", spectra.echelle, {"ECHELLE": "UTR"}),
    }
)


def scene(name, detector, rng, *, subarray_name=None, filter_name=None, **options):
    """Draw a scene for a detector.

    Parameters
    ----------
    name : str
        A key of `SCENES`.
    detector : DetectorParameters
        Detector on which it is observed.
    rng : `numpy.random.Generator`
        Source of the random numbers.
    subarray_name : str, optional
        SUBARRAY; by default the mode's.
    filter_name : str, optional
        FILTER; by default the mode's. It selects the point-spread function of images.
    **options
        Options of the function that draws it: ``brightness``, ``sky``, …

    Returns
    -------
    rate : ndarray
        (ny, nx) float32 e- / s.
    observation : Observation
        Setup of the exposure, for `simulate_exposure`.

    Raises
    ------
    ValueError
        If the name is not known or the instrument does not observe such a scene.
    """
    if name not in SCENES:
        raise ValueError(f"no scene {name!r}; known: {', '.join(SCENES)}")
    chosen = SCENES[name]
    if detector.instrument not in chosen.modes:
        instruments = " or ".join(chosen.modes)
        raise ValueError(f"scene {name!r} is for {instruments}, not for {detector.name} of {detector.instrument}")
    changes = {"subarray": subarray_name, "filter": filter_name}
    described = observation(
        detector, chosen.modes[detector.instrument], **{key: value for key, value in changes.items() if value}
    )
    shape = subarray(detector.name, described.subarray, detector.size).shape
    if detector.instrument in _IMAGING:
        psf = point_spread_function(detector.channel, bandpass(described.filter, described.pupil))
        return chosen.draw(shape, psf, rng, **options), described
    if name == "ifu":
        options.setdefault("detector", detector.name)
    if name == "slit":
        described = replace(described, fixed_slit=slit_of_subarray(described.subarray) or described.fixed_slit)
        options.setdefault("slit", described.fixed_slit)
    if name == "echelle":
        return chosen.draw(shape, rng, **options), described
    return chosen.draw(rng, shape=shape, corner=described.corner, **options), described


def transit(time, *, middle, duration, depth, impact=0.0, limb=(0.1, 0.1)):
    """Relative flux of a star during the transit of a small planet.

    Parameters
    ----------
    time : ndarray
        In any unit.
    middle, duration : float
        Time of mid-transit, and from first to last contact.
    depth : float
        (planet radius / star radius)².
    impact : float, optional
        Smallest distance between the centers in units of the star's radius.
    limb : tuple of float, optional
        Quadratic limb darkening.

    Notes
    -----
    The planet's disk covers the brightness that the star has below its center (Mandel & Agol 2002, ApJ 580, L171, §5:
    small planets), times the area of overlap of two circles at the limb.
    """
    ratio = np.sqrt(depth)
    path = np.sqrt(max((1 + ratio) ** 2 - impact**2, 0.0))
    distance = np.hypot(impact, 2 * path * (np.asarray(time, dtype=float) - middle) / duration)
    mu = np.sqrt(np.clip(1 - np.minimum(distance, 1 - ratio / 2) ** 2, 0, 1))
    u1, u2 = limb
    brightness = (1 - u1 * (1 - mu) - u2 * (1 - mu) ** 2) / (1 - u1 / 3 - u2 / 6)
    return 1 - brightness * _overlap(distance, ratio) / np.pi


def _overlap(distance, ratio):
    """Area of overlap of circles with the radii 1 and ``ratio``."""
    area = np.where(distance <= 1 - ratio, np.pi * ratio**2, 0.0)
    partial = (distance > 1 - ratio) & (distance < 1 + ratio)
    d = distance[partial]
    star = np.arccos(np.clip((d**2 + 1 - ratio**2) / (2 * d), -1, 1))
    planet = np.arccos(np.clip((d**2 + ratio**2 - 1) / (2 * d * ratio), -1, 1))
    kite = 0.5 * np.sqrt(np.maximum((1 + ratio - d) * (d + ratio - 1) * (d - ratio + 1) * (d + ratio + 1), 0))
    area[partial] = star + ratio**2 * planet - kite
    return area


def modulate(scene, curve, constant=0.0):
    """Scene in every integration, (nints, ny, nx), from a scene (ny, nx), a light curve and a constant part."""
    curve = np.asarray(curve, dtype=np.float32)
    return curve[:, None, None] * (scene - constant) + constant
