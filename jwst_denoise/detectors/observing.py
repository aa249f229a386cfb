"""Observing modes, filters, subarrays, fixed slits and frame times."""

import re
from dataclasses import dataclass, replace
from types import MappingProxyType

from jwst_denoise.readout import FULL_FRAME

__all__ = [
    "ELEMENTS", "FIXED_SLITS", "FIXED_SLIT_ROWS", "MODES", "SUBARRAYS", "FixedSlit", "Observation", "Subarray",
    "bandpass", "elements_of", "frame_time", "observation", "slit_of_subarray", "subarray",
]  # fmt: skip


@dataclass(frozen=True)
class Subarray:
    """Part of a detector: corner (x, y) counted from 1, shape (ny, nx), outputs that read it (0: all of them)."""

    corner: tuple[int, int] = (1, 1)
    shape: tuple[int, int] = (FULL_FRAME, FULL_FRAME)
    outputs: int = 0


@dataclass(frozen=True)
class Observation:
    """Setup of an exposure by JWST keywords: EXP_TYPE, FILTER, PUPIL, GRATING, SUBARRAY and its corner (x, y).

    With ``outputs=0`` all outputs read a full frame, and one reads a subarray.
    """

    exp_type: str
    filter: str = ""
    pupil: str = ""
    grating: str = ""
    subarray: str = "FULL"
    corner: tuple[int, int] = (1, 1)
    fixed_slit: str = ""
    time_series: bool = False
    outputs: int = 0


def _nircam_subarrays():
    """Corners in DMS orientation from the SIAF (PRD 75)."""
    squares = {
        "NRCA1": {"SUB160": (1889, 1889), "SUB320": (1729, 1729), "SUB640": (1409, 1409)},
        "NRCA3": {"SUB160": (1, 1889), "SUB320": (1, 1729), "SUB640": (1, 1409), "SUB64P": (1, 101),
                  "SUB160P": (1889, 1), "SUB400P": (1649, 1)},
        "NRCALONG": {"SUB160": (945, 945), "SUB320": (865, 865), "SUB640": (705, 705), "SUB64P": (1935, 1911),
                     "SUB160P": (1887, 1863), "SUB400P": (1647, 1649)},
        "NRCB1": {"SUB160": (1, 1), "SUB320": (1, 1), "SUB640": (1, 1), "SUB64P": (1851, 1817), "SUB160P": (1803, 1769),
                  "SUB400P": (1649, 1649)},
        "NRCBLONG": {"SUB160": (933, 941), "SUB320": (853, 861), "SUB640": (693, 701), "SUB64P": (1944, 1931),
                     "SUB160P": (1889, 1889), "SUB400P": (1649, 1649)},
    }  # fmt: skip
    for detector, corners in squares.items():
        for name, corner in corners.items():
            side = int("".join(filter(str.isdigit, name)))
            yield (detector, name), Subarray(corner, (side, side), 1)
    for lines in (64, 128, 256):
        yield ("NRCALONG", f"SUBGRISM{lines}"), Subarray((1, 1), (lines, FULL_FRAME), 4)


def _nirspec_subarrays():
    """Corners that hold the slits' spectra; those of SUBS200A1 and SUB2048 on NRS1 are the flight ones."""
    for detector in ("NRS1", "NRS2"):
        for name, corner, shape in (
            ("ALLSLITS", (1, 897), (256, FULL_FRAME)),
            ("SUBS200A1", (1, 1041), (64, FULL_FRAME)),
            ("SUBS200A2", (1, 1009), (64, FULL_FRAME)),
            ("SUBS400A1", (1, 977), (64, FULL_FRAME)),
            ("SUBS200B1", (1, 1073), (64, FULL_FRAME)),
            ("SUB2048", (1, 946), (32, FULL_FRAME)),
            ("SUB1024A", (1025, 946), (32, 1024)),
            ("SUB1024B", (513, 946), (32, 1024)),
            ("SUB512", (1025, 946), (32, 512)),
            ("SUB512S", (1025, 1041), (64, 512)),
            ("SUB32", (1025, 946), (32, 32)),
        ):
            yield (detector, name), Subarray(corner, shape, 1)


def _other_subarrays():
    for name, corner, shape in (
        ("SUB64", (1985, 1985), (64, 64)),
        ("SUB128", (1921, 1921), (128, 128)),
        ("SUB256", (1793, 1793), (256, 256)),
        ("SUB80", (1045, 1), (80, 80)),
        ("SUBSTRIP256", (1, 1793), (256, FULL_FRAME)),
        ("SUBSTRIP96", (1, 1803), (96, FULL_FRAME)),
    ):
        yield ("NIS", name), Subarray(corner, shape, 1)
    for detector, row in (("GUIDER1", 961), ("GUIDER2", 961)):
        yield (detector, "SUB128CNTR"), Subarray((961, row), (128, 128), 1)


#: (detector, SUBARRAY) -> `Subarray`; full frames are not listed.
SUBARRAYS = MappingProxyType(dict([*_nircam_subarrays(), *_nirspec_subarrays(), *_other_subarrays()]))


@dataclass(frozen=True)
class FixedSlit:
    """Spectrum of a fixed slit of NIRSpec: central row and length in pixels of the full frame, width in arcsec."""

    center: int
    length: int
    width: float


#: Slit -> its place, in the order in which the pipeline counts them; rows are counted from 0.
FIXED_SLITS = MappingProxyType(
    {
        "S200A1": FixedSlit(1072, 31, 0.2),
        "S200A2": FixedSlit(1040, 31, 0.2),
        "S400A1": FixedSlit(1008, 37, 0.4),
        "S1600A1": FixedSlit(961, 16, 1.6),
        "S200B1": FixedSlit(1105, 31, 0.2),
    }
)

#: Rows (first, one past the last, counted from 0 in the full frame) of both NIRSpec detectors that the fixed slits
#: illuminate; the region that jwst's `clean_flicker_noise` masks for IFU and MOS exposures.
FIXED_SLIT_ROWS = (922, 1116)


def slit_of_subarray(name):
    """Fixed slit that a NIRSpec subarray is made for; None if it serves several."""
    if named := re.fullmatch(r"SUB(S\d+[AB]\d)", name):
        return named[1]
    if name in ("SUB2048", "SUB1024A", "SUB1024B", "SUB512"):
        return "S1600A1"
    return "S200A1" if name == "SUB512S" else None


def subarray(detector, name="FULL", size=FULL_FRAME):
    """Subarray of a detector by its SUBARRAY name.

    Raises
    ------
    ValueError
        If the detector has no subarray of this name.
    """
    if name in ("FULL", "FULLP"):
        return Subarray(shape=(size, size))
    try:
        return SUBARRAYS[detector, name]
    except KeyError:
        known = ", ".join(n for d, n in SUBARRAYS if d == detector) or "none"
        raise ValueError(f"{detector} has no subarray {name!r}; known: FULL, {known}") from None


#: Channel -> (FILTER, PUPIL) of its exposures.
ELEMENTS = {
    "NIRCAM_SW": [(name, "CLEAR") for name in (
        "F070W", "F090W", "F115W", "F140M", "F150W", "F150W2", "F182M", "F187N", "F200W", "F210M", "F212N")]
    + [("F150W2", "F162M"), ("F150W2", "F164N")],
    "NIRCAM_LW": [(name, "CLEAR") for name in (
        "F250M", "F277W", "F300M", "F322W2", "F335M", "F356W", "F360M", "F410M", "F430M", "F444W", "F460M", "F480M")]
    + [("F322W2", "F323N"), ("F444W", "F405N"), ("F444W", "F466N"), ("F444W", "F470N")],
    "NIRISS": [("CLEAR", name) for name in ("F090W", "F115W", "F140M", "F150W", "F158M", "F200W")]
    + [(name, "CLEARP") for name in ("F277W", "F356W", "F380M", "F430M", "F444W", "F480M")],
    "FGS": [("", "")],
    "NIRSPEC": [(name, "") for name in ("CLEAR", "F070LP", "F100LP", "F110W", "F140X", "F170LP", "F290LP")],
}  # fmt: skip


def elements_of(detector):
    """(FILTER, PUPIL) of the exposures that a detector can take; none for a detector that is not JWST's."""
    return ELEMENTS.get(detector.channel, [])


def bandpass(filter_, pupil=""):
    """Name of the narrower element in the two wheels: the pupil's if that is a filter; None without a filter."""
    return next((name for name in (pupil, filter_) if re.match(r"F\d{3}", name)), None)


def _elements(detector, name):
    """FILTER and PUPIL of the exposures through the filter of a name, whichever wheel holds it."""
    known = {bandpass(*pair) or pair[0]: pair for pair in elements_of(detector)}
    if name not in known:
        names = ", ".join(filter(None, known)) or "none"
        raise ValueError(f"{detector.name} has no filter {name!r}; known: {names}")
    return dict(zip(("filter", "pupil"), known[name], strict=True))


#: Mode -> observation with the mode's usual filter and disperser.
MODES = MappingProxyType(
    {
        "NRS_IFU": Observation("NRS_IFU", "F100LP", grating="G140H"),
        "NRS_MSASPEC": Observation("NRS_MSASPEC", "F290LP", grating="G395M"),
        "NRS_FIXEDSLIT": Observation(
            "NRS_FIXEDSLIT", "F170LP", grating="G235M", subarray="ALLSLITS", fixed_slit="S400A1"
        ),
        "NRS_BRIGHTOBJ": Observation(
            "NRS_BRIGHTOBJ", "F290LP", grating="G395H", subarray="SUB2048", fixed_slit="S1600A1", time_series=True
        ),
        "NRC_IMAGE": Observation("NRC_IMAGE", "F200W", pupil="CLEAR"),
        "NRC_TSIMAGE": Observation("NRC_TSIMAGE", "F200W", pupil="CLEAR", subarray="SUB64P", time_series=True),
        "NRC_TSGRISM": Observation("NRC_TSGRISM", "F322W2", pupil="GRISMR", subarray="SUBGRISM256", time_series=True),
        "NIS_IMAGE": Observation("NIS_IMAGE", "CLEAR", pupil="F200W"),
        "NIS_SOSS": Observation("NIS_SOSS", "CLEAR", pupil="GR700XD", subarray="SUBSTRIP256", time_series=True),
        "FGS_IMAGE": Observation("FGS_IMAGE"),
        "UTR": Observation("UTR"),
    }
)

_DEFAULT_MODE = {
    "NIRSPEC": "NRS_IFU", "NIRCAM": "NRC_IMAGE", "NIRISS": "NIS_IMAGE", "FGS": "FGS_IMAGE", "ECHELLE": "UTR"
}  # fmt: skip


def observation(detector, mode=None, **changes):
    """Observation of a detector in a mode; the corner and the number of outputs follow from the subarray.

    Parameters
    ----------
    detector : DetectorParameters
        Detector, whose subarray gives the corner.
    mode : str, optional
        A key of `MODES`; by default full-frame imaging, or the IFU of NIRSpec.
    **changes
        Other fields of `Observation`. A ``filter`` that is in the pupil wheel becomes the ``pupil``.

    Raises
    ------
    ValueError
        If there is no such mode, or the detector has no such filter or subarray.
    """
    mode = mode or _DEFAULT_MODE[detector.instrument]
    if mode not in MODES:
        raise ValueError(f"no observing mode {mode!r}; known: {', '.join(MODES)}")
    if detector.name.endswith("LONG") and MODES[mode].filter == "F200W":
        changes.setdefault("filter", "F356W")
    if "filter" in changes and "pupil" not in changes:
        pupil = MODES[mode].pupil
        changes |= _elements(detector, changes["filter"]) | ({"pupil": pupil} if pupil.startswith("GR") else {})
    result = replace(MODES[mode], **changes)
    if "corner" in changes:
        return result
    place = subarray(detector.name, result.subarray, detector.size)
    return replace(result, corner=place.corner, outputs=result.outputs or place.outputs)


def frame_time(readout, instrument):
    """Time from one frame to the next in s.

    A frame takes the time of one extra line with four outputs or on NIRSpec, else of two (JDox: detector readout;
    10.73677 s for a full frame, 0.05016 s for NIRCam's SUB64P, 0.90156 s for NIRSpec's SUB2048).
    """
    extra = 1 if readout.outputs > 1 or instrument == "NIRSPEC" else 2
    return (readout.lines + extra) * readout.line_ticks * readout.pixel_time
