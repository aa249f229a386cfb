"""Scenes by name, for the command line and the demo."""

import re
from dataclasses import dataclass, replace
from types import MappingProxyType

from jwst_denoise.detectors.observing import bandpass, channel_of, observation, subarray
from jwst_denoise.simulate import echelle, fields, spectra
from jwst_denoise.simulate.psf import point_spread_function

__all__ = ["SCENES", "Scene", "scene"]


@dataclass(frozen=True)
class Scene:
    """What a named scene is and how it is observed.

    Parameters
    ----------
    description : str
        One line.
    make : callable
        Function that draws it.
    modes : mapping
        Instrument -> observing mode.
    """

    description: str
    make: object
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
        "echelle": Scene("echelle orders on an H4RG", echelle.echelle, {"ECHELLE": "UTR"}),
    }
)


def scene(name, detector, rng, *, subarray_name=None, filter_name=None, **options):
    """Draw a scene for a detector.

    Parameters
    ----------
    name : str
        A key of `SCENES`.
    detector : DetectorParameters
        Where it falls.
    rng : `numpy.random.Generator`
        Source of the random numbers.
    subarray_name : str, optional
        SUBARRAY; by default the mode's.
    filter_name : str, optional
        FILTER; by default the mode's. Decides the point-spread function of images.
    **options
        Of the function that draws it: ``brightness``, ``sky``, …

    Returns
    -------
    rate : ndarray
        (ny, nx) float32 e- / s.
    observation : Observation
        How it is observed; for `simulate_exposure`.

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
        psf = point_spread_function(channel_of(detector), bandpass(described.filter, described.pupil))
        return chosen.make(shape, psf, rng, **options), described
    if name == "ifu":
        options.setdefault("detector", detector.name)
    if name == "slit":
        described = replace(described, fixed_slit=_slit_of(described))
        options.setdefault("slit", described.fixed_slit)
    if name == "echelle":
        return chosen.make(shape, rng, **options), described
    return chosen.make(rng, shape=shape, corner=described.corner, **options), described


def _slit_of(described):
    """Slit that a subarray is for: the one in its name, or the 1.6 arcsec aperture, or the mode's."""
    if named := re.fullmatch(r"SUB(S\d+[AB]\d)", described.subarray):
        return named[1]
    if described.subarray in ("SUB2048", "SUB1024A", "SUB1024B", "SUB512"):
        return "S1600A1"
    return "S200A1" if described.subarray == "SUB512S" else described.fixed_slit
