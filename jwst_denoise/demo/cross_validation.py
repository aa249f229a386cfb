"""Cross-validation of the noise fit on a flight exposure: the guider's acquisition images inside the jwst package.

The true noise of a flight exposure is unknown. Noise that is estimated from one half of the detector can be subtracted
from the other half, however, and the scatter that disappears there was correlated noise.
"""

import importlib.util
from pathlib import Path

import numpy as np

from jwst_denoise.nsclean import fit_noise
from jwst_denoise.readout import Readout
from jwst_denoise.statistics import MAD_TO_SIGMA

__all__ = [
    "HALF",
    "PAIRS",
    "READOUT",
    "clipped_scatter",
    "cross_validate",
    "cross_validate_exposure",
    "exposure_path",
    "read_groups",
    "upper_half",
]

#: Integrations whose difference is analyzed: first minus second.
PAIRS = ((1, 0), (2, 1), (2, 0))
#: Geometry of the 128 × 128 subarray of GUIDER2.
READOUT = Readout((128, 128), fastaxis=2, slowaxis=-1)
HALF = 64  # the noise is fitted on rows from here on and judged on the rows below

STAR = (97, 65)  # row, column, counted from 0
STAR_RADIUS = 12  # pixels
OUTLIER = 6  # MAD sigmas


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


def read_groups(path):
    """Groups of a raw exposure: (nints, ngroups, ny, nx) float32 DN."""
    from astropy.io import fits

    return fits.getdata(path, "SCI").astype(np.float32)


def upper_half():
    """Boolean (128, 128): the rows from which the noise is estimated, without the star."""
    row, column = np.indices(READOUT.shape)
    return (row >= HALF) & (np.hypot(row - STAR[0], column - STAR[1]) > STAR_RADIUS)


def clipped_scatter(image):
    """Standard deviation of the pixels within 6 robust sigma of the median."""
    residual = image - np.median(image)
    return float(residual[np.abs(residual) < OUTLIER * MAD_TO_SIGMA * np.median(np.abs(residual))].std())


def cross_validate(image, mask, judged, readout, methods=("median", "gp")):
    """Scatter of the judged pixels before and after subtraction of the noise estimated from the mask's pixels.

    Parameters
    ----------
    image : ndarray
        (ny, nx), without sources on the judged pixels.
    mask, judged : ndarray of bool
        (ny, nx): pixels from which the noise is estimated, and pixels on which the scatter is measured.
    readout : Readout
        Geometry.
    methods : iterable of str, optional
        Methods of `jwst_denoise.nsclean.fit_noise`.

    Returns
    -------
    dict
        ``"raw"`` and each method -> scatter in the unit of the image.
    """
    scatter = {"raw": clipped_scatter(image[judged])}
    for method in methods:
        scatter[method] = clipped_scatter((image - fit_noise(image, mask, readout, method)[0])[judged])
    return scatter


def cross_validate_exposure(path=None, methods=("median", "gp")):
    """Cross-validate the flight exposure: noise from the upper half, star masked, is subtracted from the lower half.

    Parameters
    ----------
    path : path-like, optional
        The exposure; by default `exposure_path`.
    methods : iterable of str, optional
        Methods of `jwst_denoise.nsclean.fit_noise`.

    Returns
    -------
    list of dict
        For each of `PAIRS`: ``pair`` and the scatter of the lower half in DN, ``raw`` and for each method. The images
        are differences of integrations of the second minus the first group, in which sky and fixed pattern cancel.
    """
    groups = read_groups(path or exposure_path())
    images = groups[:, 1] - groups[:, 0]
    judged = np.broadcast_to(np.arange(READOUT.shape[0])[:, None] < HALF, READOUT.shape)
    return [
        {"pair": pair, **cross_validate(images[pair[0]] - images[pair[1]], upper_half(), judged, READOUT, methods)}
        for pair in PAIRS
    ]
