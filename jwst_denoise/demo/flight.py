"""A flight exposure of the guider, which is part of jwst: calwebb_guider without and with NSCleanStep, cross-validated.

The true noise of a flight exposure is unknown. Noise that is estimated from one half of the detector can be subtracted
from the other half, however, and the scatter that disappears there was correlated noise.
"""

import importlib.util
from pathlib import Path

import numpy as np
from astropy.io import fits

from jwst_denoise import crds_cache, parameters
from jwst_denoise.demo.metrics import clipped_scatter
from jwst_denoise.demo.part import Part, write_report
from jwst_denoise.demo.pipeline import run_pipeline, strun_line
from jwst_denoise.nsclean import fit_noise
from jwst_denoise.readout import Readout

__all__ = ["PAIRS", "PARAMETERS", "cross_validate", "exposure_path", "run_part"]

#: Shipped parameter file.
PARAMETERS = "fgs_guider_nsclean"
#: Integrations whose difference is analyzed: first minus second.
PAIRS = ((1, 0), (2, 1), (2, 0))
METHODS = {"median": "column medians", "gp": "nsclean"}
#: Geometry of the 128 × 128 subarray of GUIDER2.
READOUT = Readout((128, 128), fastaxis=2, slowaxis=-1)
HALF = 64  # the noise is fitted on rows from here on and checked on the rows below
STAR, STAR_RADIUS = (97, 65), 12  # row and column, counted from 0; pixels


def run_part(output, cache, log, stages):
    """Run the real pipeline on the flight exposure and cross-validate the correction.

    Parameters
    ----------
    output, cache, log : path-like
        Directory of the products, CRDS cache with GUIDER2, and log file.
    stages : jwst_denoise.demo.screen.Stages
        Progress.

    Returns
    -------
    Part
    """
    output, exposure = Path(output), exposure_path()
    file = str(parameters.path(PARAMETERS))
    with crds_cache.activated(cache), stages.stage("calwebb_guider without and with NSCleanStep") as stage:
        default = run_pipeline("calwebb_guider", exposure, output / "default", log, stage.name)
        cleaned = run_pipeline("calwebb_guider", exposure, output / "nsclean", log, stage.name, config_file=file)
    with stages.stage("cross-validation"):
        metrics = cross_validate(exposure)
        files = write_report(output, "nsclean", default.path, cleaned.path)
    rows = [
        (f"integrations {pair[0]} − {pair[1]}", *(f"{scatter:.2f}" for scatter in each.values()))
        for pair, each in metrics.items()
    ]
    notes = [
        "The true noise is unknown. It is estimated from the upper half of the detector, without the star, and "
        "subtracted from the lower half, which the estimate does not use."
    ]
    commands = [
        strun_line("calwebb_guider", exposure, output / "default"),
        strun_line(PARAMETERS, exposure, output / "nsclean"),
    ]
    columns = ("scatter of the lower half / DN", "raw", *METHODS.values())
    return Part(
        "Flight exposure", "FGS ACQ1, GUIDER2, 2022-04-27, from the jwst package", columns, rows, notes, files, commands
    )


def exposure_path():
    """Path of the acquisition exposure inside the jwst package.

    Raises
    ------
    FileNotFoundError
        If the installed jwst does not include it.
    """
    package = importlib.util.find_spec("jwst").submodule_search_locations[0]
    path = Path(package) / "lib" / "tests" / "data" / "add_wcs_default_acq1.fits"
    if not path.is_file():
        raise FileNotFoundError(f"the installed jwst does not include its flight exposure {path}")
    return path


def cross_validate(path=None):
    """Cross-validate the flight exposure: noise from the upper half, star masked, is subtracted from the lower half.

    Parameters
    ----------
    path : path-like, optional
        The exposure; by default `exposure_path`.

    Returns
    -------
    dict
        Each of `PAIRS` -> scatter of the lower half in DN, ``raw`` and with the noise of each method of
        `jwst_denoise.nsclean.fit_noise` subtracted. The images are differences of integrations of the second minus
        the first group, in which sky and fixed pattern cancel.
    """
    groups = fits.getdata(path or exposure_path(), "SCI").astype(np.float32)
    images = groups[:, 1] - groups[:, 0]
    row, column = np.indices(READOUT.shape)
    mask = (row >= HALF) & (np.hypot(row - STAR[0], column - STAR[1]) > STAR_RADIUS)
    metrics = {}
    for pair in PAIRS:
        image = images[pair[0]] - images[pair[1]]
        cleaned = {method: image - fit_noise(image, mask, READOUT, method)[0] for method in METHODS}
        metrics[pair] = {name: clipped_scatter(each[:HALF]) for name, each in {"raw": image, **cleaned}.items()}
    return metrics
