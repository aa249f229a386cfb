"""Data that nobody simulated: a CCD spectrum and a NIRSpec slit."""

import importlib.util
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation

from jwst_denoise.cosmic_ray_mask.images import Options, mask_image
from jwst_denoise.cosmic_ray_mask.veto import line_templates
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.nsclean.scenes import data_file
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["ccd", "nirspec_slit", "real"]

GAIN, READ_NOISE = 1.933, 4.24  # of the CCD frame
#: Where the two cosmic rays of the CCD frame are, and how far around them everything is theirs.
TRACKS = (np.s_[41:72, 142:161], np.s_[117:147, 35:43])
AROUND = 3  # pixels
SLIT = "jw01345062001_03101_00001_nrs2_phot.138.1345_933.fits"
#: Two emission lines of the galaxy in the slit.
LINES = (np.s_[9:18, 65:72], np.s_[9:17, 125:132])


def real(quick):
    """Rows: the CCD frame that comes with astroscrappy, and the slit in the data directory."""
    for name in models.MASKS:
        try:
            model = models.load(name)
        except MissingData as error:
            yield skipped(f"{models.short(name)}: real data", error)
            continue
        yield ccd(model, name)
        try:
            yield nirspec_slit(model, name, data_file(SLIT))
        except MissingData as error:
            yield skipped(f"{models.short(name)}: real NIRSpec slit", error)


def ccd(model, name):
    """Row: the cosmic rays and the sky lines of the CCD spectrum."""
    from astropy.io import fits

    with fits.open(_ccd_frame()) as file:
        data, sky, variance = (file[part].data.astype(np.float32) for part in ("SCI", "SKYFIT", "VAR"))
    tracks, near = _tracks(data, sky, variance)
    options = Options(model.threshold(), protected=(line_templates(2),))
    found, _ = mask_image(data, model, options, np.sqrt(variance))
    shares = [float(found[box][tracks[box]].mean()) for box in TRACKS]
    false = float((found & ~near).mean())
    return Row(
        f"{models.short(name)}: real CCD spectrum of astroscrappy, with 2 cosmic rays on sky lines",
        f"{100 * shares[0]:.0f} % and {100 * shares[1]:.0f} % of the pixels of the two found; elsewhere "
        f"{100 * false:.2f} % of the pixels flagged", f"LACosmic's own pixels are the truth: {int(tracks.sum())}",
        "both found, sky lines spared", min(shares) > 0.5 and false < 1e-3, {"shares": shares, "elsewhere": false},
    )  # fmt: skip


def _ccd_frame():
    package = importlib.util.find_spec("astroscrappy").submodule_search_locations[0]
    path = Path(package) / "tests" / "data" / "gmos.fits"
    if not path.is_file():
        raise MissingData(f"the installed astroscrappy comes without {path}")
    return path


def _tracks(data, sky, variance):
    """Pixels that LACosmic flags, told sky and variance, and everything near them; it finds exactly the two there."""
    from astroscrappy import detect_cosmics

    tracks = detect_cosmics(data, inbkg=sky, invar=variance, readnoise=READ_NOISE, gain=GAIN)[0]
    near = binary_dilation(tracks, np.ones((3, 3)), iterations=AROUND)
    near[147:, 33:40] = True  # where the second track goes on to the edge, which LACosmic does not judge
    return tracks, near


def nirspec_slit(model, name, path):
    """Row: NaN and emission lines of a slit of the NIRSpec micro-shutters."""
    from astropy.io import fits

    with fits.open(path) as file:
        data, err = file["SCI"].data.astype(np.float32), file["ERR"].data.astype(np.float32)
    before = data.copy()
    found, probability = mask_image(
        data, model, Options(model.threshold(), protected=(line_templates(1),)), err, ~np.isfinite(err)
    )
    same = bool(np.array_equal(data, before, equal_nan=True) and not found[np.isnan(data)].any())
    finite = bool(np.isfinite(probability).all())
    eaten = [int(found[box].sum()) for box in LINES]
    figures = {"unchanged": same, "finite": finite, "lines": eaten, "flagged": float(found.mean())}
    return Row(
        f"{models.short(name)}: real NIRSpec slit (PRISM, {100 * np.isnan(data).mean():.0f} % NaN, 2 emission lines)",
        f"NaN {'kept' if same else 'changed'}, probability {'finite' if finite else 'not finite'}; pixels of the lines "
        f"flagged {eaten[0]} and {eaten[1]}; {100 * found.mean():.2f} % of all flagged",
        asked="NaN kept, no line flagged", met=same and finite and not any(eaten), figures=figures,
    )  # fmt: skip
