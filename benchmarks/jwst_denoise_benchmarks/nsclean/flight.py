"""Cross-validation on flight data: the guider's acquisition images that come inside the jwst package.

Nobody knows the true noise of a flight exposure. But noise that is estimated from one half of the detector can be taken
out of the other half, which the estimate has not seen: what the scatter loses there was correlated noise.
"""

import importlib.util
from pathlib import Path

import numpy as np

from jwst_denoise.nsclean import fit_noise
from jwst_denoise.readout import Readout
from jwst_denoise.statistics import MAD_TO_SIGMA

__all__ = [
    "PAIRS",
    "READOUT",
    "cross_validate",
    "exposure_path",
    "flight_figures",
    "read_groups",
    "scatter",
    "upper_half",
]

#: Integrations whose difference is taken: first minus second.
PAIRS = ((1, 0), (2, 1), (2, 0))
#: Geometry of GUIDER2's 128 x 128 subarray.
READOUT = Readout((128, 128), fastaxis=2, slowaxis=-1)

STAR = (97, 65)  # row, column, counted from 0
STAR_RADIUS = 12  # pixels
HALF = 64  # rows below are judged, rows from here on are fitted
OUTLIER = 6  # MAD sigmas


def exposure_path():
    """Path of the acquisition exposure inside the jwst package.

    Raises
    ------
    FileNotFoundError
        If the installed jwst comes without it.
    """
    package = importlib.util.find_spec("jwst").submodule_search_locations[0]
    path = Path(package) / "lib" / "tests" / "data" / "add_wcs_default_acq1.fits"
    if not path.is_file():
        raise FileNotFoundError(f"the installed jwst comes without its flight exposure {path}")
    return path


def read_groups(path):
    """Groups of a raw exposure: (nints, ngroups, ny, nx) float32 DN."""
    from astropy.io import fits

    return fits.getdata(path, "SCI").astype(np.float32)


def upper_half():
    """Boolean (128, 128): the rows that the noise is estimated from, less the star."""
    row, column = np.indices(READOUT.shape)
    return (row >= HALF) & (np.hypot(row - STAR[0], column - STAR[1]) > STAR_RADIUS)


def scatter(image):
    """Standard deviation without outliers beyond 6 robust sigma."""
    residual = image - np.median(image)
    return float(residual[np.abs(residual) < OUTLIER * MAD_TO_SIGMA * np.median(np.abs(residual))].std())


def cross_validate(image, mask, judged, readout, methods=("median", "gp")):
    """Scatter of the judged pixels before and after the noise that the mask's pixels tell is taken out.

    Parameters
    ----------
    image : ndarray
        (ny, nx), without light on the judged pixels.
    mask, judged : ndarray of bool
        (ny, nx): pixels that the noise is estimated from, and pixels to judge by.
    readout : Readout
        Geometry.
    methods : iterable of str, optional
        Methods of `jwst_denoise.nsclean.fit_noise`.

    Returns
    -------
    dict
        ``"raw"`` and each method -> scatter in the image's unit.
    """
    figures = {"raw": scatter(image[judged])}
    for method in methods:
        figures[method] = scatter((image - fit_noise(image, mask, readout, method)[0])[judged])
    return figures


def flight_figures(path=None, methods=("median", "gp")):
    """Cross-validation of the flight exposure: the upper half, star masked, cleans the lower half.

    Parameters
    ----------
    path : path-like, optional
        The exposure; by default `exposure_path`.
    methods : iterable of str, optional
        Methods of `jwst_denoise.nsclean.fit_noise`.

    Returns
    -------
    list of dict
        For each of `PAIRS`: ``pair`` and the scatter of the lower half in DN, ``raw`` and for each method. Images are
        differences of integrations of the second minus the first group; the sky and the fixed pattern cancel.
    """
    groups = read_groups(path or exposure_path())
    images = groups[:, 1] - groups[:, 0]
    judged = np.broadcast_to(np.arange(READOUT.shape[0])[:, None] < HALF, READOUT.shape)
    return [
        {"pair": pair, **cross_validate(images[pair[0]] - images[pair[1]], upper_half(), judged, READOUT, methods)}
        for pair in PAIRS
    ]
