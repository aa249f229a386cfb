"""Observations: a CCD spectrum and a NIRSpec slit."""

import importlib.util
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation

from jwst_denoise.cosmic_ray_mask.images import Options, mask_image
from jwst_denoise.cosmic_ray_mask.veto import line_templates
from jwst_denoise_benchmarks.core.inputs import MissingInput, data_file, load_model
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.cosmic_ray_mask.cases import MASK_MODELS, short_name

__all__ = ["ccd", "ccd_rows", "nirspec_slit", "real", "slit_rows"]

GAIN, READ_NOISE = 1.933, 4.24  # of the CCD frame
#: Locations of the two cosmic rays of the CCD frame, and their margin.
TRACKS = (np.s_[41:72, 142:161], np.s_[117:147, 35:43])
MARGIN = 3  # pixels
SLIT = "jw01345062001_03101_00001_nrs2_phot.138.1345_933.fits"
#: Two emission lines of the galaxy in the slit.
LINES = (np.s_[9:18, 65:72], np.s_[9:17, 125:132])
CCD = "CCD spectrum of astroscrappy with two cosmic rays: pixels flagged"
SLIT_LINES = "NIRSpec slit (PRISM): pixels of emission lines flagged"


def real(quick):
    """Rows: the CCD frame that comes with astroscrappy, and the slit in the data directory."""
    for name in MASK_MODELS:
        try:
            model = load_model(name)
        except MissingInput as error:
            yield skipped(CCD, short_name(name), error, unit="%")
            continue
        yield from ccd_rows(name, *ccd(model))
        try:
            yield from slit_rows(name, nirspec_slit(model, data_file(SLIT)))
        except MissingInput as error:
            yield skipped(SLIT_LINES, short_name(name), error)


def ccd(model):
    """Fraction of the pixels of each cosmic ray that are flagged, and of all others."""
    from astropy.io import fits

    with fits.open(_ccd_frame()) as file:
        data, sky, variance = (file[part].data.astype(np.float32) for part in ("SCI", "SKYFIT", "VAR"))
    tracks, margin = _tracks(data, sky, variance)
    options = Options(model.threshold(), protected=(line_templates(2),))
    mask, _ = mask_image(data, model, options, np.sqrt(variance))
    return [float(mask[box][tracks[box]].mean()) for box in TRACKS], float((mask & ~margin).mean())


def ccd_rows(name, tracks, elsewhere):
    """Rows of one model; LACosmic with known sky and variance defines the pixels of the cosmic rays."""
    for number, fraction in enumerate(tracks, start=1):
        yield Row(
            CCD, f"{short_name(name)}, cosmic ray {number}", {"network": 100 * fraction}, {}, "%", form=".0f",
            target="> 50", passed=fraction > 0.5,
        )  # fmt: skip
    yield Row(
        CCD, f"{short_name(name)}, all other pixels", {"network": 100 * elsewhere}, {}, "%", form=".2f",
        target="< 0.1", passed=elsewhere < 1e-3,
    )  # fmt: skip


def _ccd_frame():
    package = importlib.util.find_spec("astroscrappy").submodule_search_locations[0]
    path = Path(package) / "tests" / "data" / "gmos.fits"
    if not path.is_file():
        raise MissingInput(f"the installed astroscrappy does not include {path}")
    return path


def _tracks(data, sky, variance):
    """Pixels that LACosmic flags with known sky and variance, and their margin; it flags exactly the two tracks."""
    from astroscrappy import detect_cosmics

    tracks = detect_cosmics(data, inbkg=sky, invar=variance, readnoise=READ_NOISE, gain=GAIN)[0]
    margin = binary_dilation(tracks, np.ones((3, 3)), iterations=MARGIN)
    margin[147:, 33:40] = True  # where the second track continues to the edge, which LACosmic excludes
    return tracks, margin


def nirspec_slit(model, path):
    """Missing values and emission lines of a slit of the NIRSpec micro-shutters.

    Returns
    -------
    dict
        ``unchanged`` and ``finite``: whether missing values are preserved and the probability is finite; ``lines``:
        flagged pixels of each of `LINES`; ``flagged``: fraction of all pixels.
    """
    from astropy.io import fits

    with fits.open(path) as file:
        data, err = file["SCI"].data.astype(np.float32), file["ERR"].data.astype(np.float32)
    before = data.copy()
    mask, probability = mask_image(
        data, model, Options(model.threshold(), protected=(line_templates(1),)), err, ~np.isfinite(err)
    )
    return {
        "unchanged": bool(np.array_equal(data, before, equal_nan=True) and not mask[np.isnan(data)].any()),
        "finite": bool(np.isfinite(probability).all()),
        "lines": [int(mask[box].sum()) for box in LINES],
        "flagged": float(mask.mean()),
    }


def slit_rows(name, slit):
    """Rows of one model, from `nirspec_slit`."""
    yield Row(
        SLIT_LINES, short_name(name), dict(zip(("line 1", "line 2"), slit["lines"], strict=True)), target="≤ 0",
        passed=not any(slit["lines"]), metrics=slit,
    )  # fmt: skip
    yield Row(
        "NIRSpec slit: missing values, and all pixels", short_name(name),
        {"NaN preserved": slit["unchanged"], "finite": slit["finite"], "flagged (%)": 100 * slit["flagged"]},
        passed=slit["unchanged"] and slit["finite"],
    )  # fmt: skip
