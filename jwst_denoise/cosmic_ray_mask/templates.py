"""What light that passed the optics looks like in a few pixels: stars of a filter, lines of a spectrograph."""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from scipy.special import erf

from jwst_denoise.simulate.psf import filters, point_spread_function
from jwst_denoise.simulate.response import couple

__all__ = ["HALF", "Templates", "lines", "stars"]

HALF = 3  # pixels from the middle of a stamp to its edge
POSITIONS = tuple((k - 3) / 7 for k in range(7))  # of the center within its pixel
IPC = ((0, 0.005, 0), (0.005, 0.98, 0.005), (0, 0.005, 0))
LINE_WIDTH = 0.95  # pixels rms: a resolution element of 2.2 pixels
SHEARS = (-0.4, -0.2, 0.0, 0.2, 0.4)  # pixels by which an extended line moves for each row
#: Extent along the slit (pixels rms), position in it and shear of what emits a line: from point sources to sky.
LINES = (
    *product((0.85,), POSITIONS, (0.0,)),
    *product((1.6,), (-1 / 3, 0.0, 1 / 3), (-0.2, 0.0, 0.2)),
    *product((4.0, 40.0), (0.0,), SHEARS),
)
ANY = (("NIRCAM_SW", "F070W"), ("NIRCAM_SW", "F200W"), ("NIRISS", "F090W"))  # where nothing is known of the optics
MOFFAT_WIDTHS = (2.5, 4.0)  # full widths at half maximum of wider stars


@dataclass(frozen=True, eq=False)
class Templates:
    """Shapes that stamps of (2 `HALF` + 1)² pixels are compared with.

    Parameters
    ----------
    light : ndarray
        (pixels, shapes) float32: fraction of the light in each pixel.
    background : ndarray
        (pixels, terms) float32: what may lie under it.
    """

    light: np.ndarray
    background: np.ndarray


@cache
def stars(channel=None, filter_name=None):
    """Stars at all positions within a pixel, on a tilted plane.

    Parameters
    ----------
    channel : str, optional
        As for `jwst_denoise.simulate.point_spread_function`; None for a few sharp and wide profiles that stand for
        any telescope.
    filter_name : str, optional
        The nearest shipped filter counts; without one, the bluest, the reddest and one between stand for all.

    Returns
    -------
    Templates

    Raises
    ------
    ValueError
        If the channel is not known.

    Examples
    --------
    >>> stars("NIRCAM_SW", "F070W").light.shape
    (49, 49)
    """
    centers = list(product(POSITIONS, POSITIONS))
    stamps = [
        point_spread_function(owner, name).stamp(*center)
        for owner, name in _chosen(channel, filter_name)
        for center in centers
    ]
    if channel is None:
        stamps += [_moffat(width, *center) for width in MOFFAT_WIDTHS for center in centers]
    return Templates(_matrix(stamps), _plane())


@cache
def lines(dispersion_axis=1):
    """Lines of a spectrum, of several extents along the slit, on a continuum that is constant along each row.

    Parameters
    ----------
    dispersion_axis : {1, 2}
        1 along x, 2 along y, as the keyword DISPAXIS.

    Returns
    -------
    Templates
    """
    size = 2 * HALF + 1
    stamps = [_line(*shape, dx) for shape in LINES for dx in POSITIONS]
    rows = np.repeat(np.eye(size), size, axis=0)
    if dispersion_axis == 2:
        stamps, rows = [stamp.T for stamp in stamps], rows.reshape(size, size, size).swapaxes(0, 1).reshape(-1, size)
    return Templates(_matrix(stamps), rows.astype(np.float32))


def _chosen(channel, filter_name):
    """(channel, filter) of the point-spread functions that stand for a filter, or for all of a channel."""
    if channel is None:
        return ANY
    if filter_name is not None:
        return ((channel, filter_name),)
    ordered = sorted(filters(channel), key=filters(channel).get) or [None]
    return tuple((channel, ordered[k]) for k in sorted({0, len(ordered) // 2, len(ordered) - 1}))


def _matrix(stamps):
    """Middle of the stamps as columns, with inter-pixel capacitance."""
    columns = []
    for stamp in stamps:
        part = slice(len(stamp) // 2 - HALF, len(stamp) // 2 + HALF + 1)
        columns.append(couple(np.asarray(stamp, float), IPC)[part, part].ravel())
    return np.stack(columns, axis=1).astype(np.float32)


def _plane():
    y, x = np.mgrid[-HALF : HALF + 1, -HALF : HALF + 1].reshape(2, -1)
    return np.stack([np.ones(len(x)), y, x], axis=1).astype(np.float32)


def _gaussian(width, center):
    """Integrals over the pixels of a stamp, sum about 1."""
    edges = (np.arange(-HALF - 0.5, HALF + 1) - center) / (np.sqrt(2) * width)
    return 0.5 * np.diff(erf(edges))


def _line(height, dy, shear, dx):
    """One line in a stamp."""
    across = np.stack([_gaussian(LINE_WIDTH, dx + shear * row) for row in range(-HALF, HALF + 1)])
    return _gaussian(height, dy)[:, None] * across


def _moffat(width, dy, dx, samples=5):
    """Moffat profile with β = 2, averaged over each pixel of a stamp; its wings are a telescope's."""
    fine = (np.arange((2 * HALF + 3) * samples) + 0.5) / samples - HALF - 1.5
    radius2 = (fine[:, None] - dy) ** 2 + (fine[None, :] - dx) ** 2
    core2 = (width / 2) ** 2 / (np.sqrt(2) - 1)
    size = 2 * HALF + 3
    profile = (1 + radius2 / core2) ** -2 / (np.pi * core2)
    return profile.reshape(size, samples, size, samples).mean(axis=(1, 3))
