"""Sources that are injected into images, by which the response of a network to faint flux is measured."""

import numpy as np
from scipy import ndimage, signal

__all__ = [
    "APERTURE", "KINDS", "WIDTHS", "add_stamp", "aperture_kernel", "draw_profile", "inject_sources", "tile_edges",
]  # fmt: skip

APERTURE, RING = 2.5, (6.0, 14.0)  # radii in pixels
REACH, MARGIN = 20, 15  # pixels, from the center of a stamp to its edge; from a source to the edge of a tile
TILE = 128  # pixels, edge of the areas whose sources are alike
SUBSAMPLES = np.array([-1, 0, 1]) / 3
KINDS = {"star": 0.55, "galaxy": 0.25, "line": 0.2}
WIDTHS = {"star": (1.0, 6.0), "galaxy": (1.0, 8.0), "line": (1.5, 5.0)}  # FWHM, effective radius, FWHM; pixels
SNR, FAINT, FAINT_SHARE = (1.0, 100.0), (2.0, 7.0), 0.6
NEGATIVE = 0.25  # share of the areas with negative sources: absorption, holes
SPACING = (18.0, 30.0)  # pixels


def aperture_kernel(radius=APERTURE):
    """Weights of the pixels in an aperture of a radius minus those in the ring around it, (29, 29)."""
    reach = int(RING[1])
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(y, x)
    core, ring = distance < radius, (distance > RING[0]) & (distance < RING[1])
    return core - ring * (core.sum() / ring.sum())


def draw_profile(kind, rng, width=None):
    """Image of a source, (41, 41), at a random subpixel position, with a sum of 1.

    Parameters
    ----------
    kind : {"star", "galaxy", "line"}
        A Gaussian with wings; an inclined exponential disk behind a narrow point-spread function; a piece of an
        emission line or trace.
    rng : `numpy.random.Generator`
        Source of all random numbers.
    width : float, optional
        FWHM, or effective radius of a galaxy, in pixels; by default drawn.
    """
    width = np.exp(rng.uniform(*np.log(WIDTHS[kind]))) if width is None else width
    angle, offset = rng.uniform(0, np.pi), rng.uniform(-0.5, 0.5, 2)
    ratio = {"star": 0.9, "galaxy": 0.35, "line": 1.0}[kind] ** rng.uniform()
    length, wings, slope = rng.uniform(4, 18), rng.uniform(0, 0.06), rng.uniform(2.5, 4)
    axis = np.arange(-REACH, REACH + 1)
    total = 0.0
    for dy, dx in ((a, b) for a in SUBSAMPLES for b in SUBSAMPLES):
        y, x = np.meshgrid(axis - offset[0] + dy, axis - offset[1] + dx, indexing="ij")
        u, v = x * np.cos(angle) + y * np.sin(angle), (y * np.cos(angle) - x * np.sin(angle)) / ratio
        if kind == "line":
            total = total + np.exp(-2.77 * (v / width) ** 2) / (1 + np.exp(2 * (np.abs(u) - length)))
        elif kind == "galaxy":
            total = total + np.exp(-1.678 * np.hypot(u, v) / width)
        else:
            r = np.hypot(u, v) / width
            total = total + np.exp(-2.77 * r**2) + wings / (1 + (2 * r) ** slope)
    if kind == "galaxy":
        total = ndimage.gaussian_filter(total, rng.uniform(0.5, 1.2))
    return total / total.sum()


def tile_edges(shape):
    """Edges (lines, pixels) of the areas into which an image is divided: 128 pixels, or the whole of another length."""
    return tuple(TILE if length % TILE == 0 else length for length in shape)


def inject_sources(noise, rng, snr=None, kind=None):
    """Sources of one kind, width, sign and S/N in every area of an image.

    Parameters
    ----------
    noise : ndarray
        (ny, nx) noise of every pixel; S/N is that of the aperture of 2.5 pixels for white noise.
    rng : `numpy.random.Generator`
        Source of all random numbers.
    snr, kind : float, str, optional
        S/N of positive sources, and their kind, by default drawn.

    Returns
    -------
    ndarray
        (4, ny, nx) float32: the sources, the weights of pixels by which their total flux in apertures above rings is
        measured, of two halves of them, and their S/N.
    """
    (sources, level), centers = np.zeros((2, *noise.shape)), np.zeros((2, *noise.shape))
    edges = tile_edges(noise.shape)
    for start in np.ndindex(*(length // edge for length, edge in zip(noise.shape, edges, strict=True))):
        (y0, x0), (lines, pixels) = np.multiply(start, edges), edges
        shape = kind or str(rng.choice(list(KINDS), p=list(KINDS.values())))
        width = np.exp(rng.uniform(*np.log(WIDTHS[shape])))
        ratio = np.exp(rng.uniform(*np.log(FAINT if rng.uniform() < FAINT_SHARE else SNR)))
        ratio = snr or ratio
        level[y0 : y0 + lines, x0 : x0 + pixels] = ratio
        ratio *= -1 if snr is None and rng.uniform() < NEGATIVE else 1
        profiles = [_in_aperture(draw_profile(shape, rng, width)) for _ in range(4)]
        spacing = max(rng.uniform(*SPACING), 2.5 * width)
        first = rng.uniform(MARGIN, MARGIN + spacing / 2, 2)
        rows, columns = (np.arange(a, edge - MARGIN, spacing) for a, edge in zip(first, edges, strict=True))
        for number, (row, column) in enumerate((a, b) for a in rows for b in columns):
            y, x = (int(a + rng.uniform(-2, 2)) for a in (y0 + row, x0 + column))
            add_stamp(sources, profiles[rng.integers(4)] * ratio * noise[y, x], y, x)
            centers[number % 2, y, x] = 1
    kernel = aperture_kernel()
    weights = (signal.fftconvolve(half, kernel, mode="same") for half in centers)
    return np.stack([sources, *weights, level]).astype(np.float32)


def _in_aperture(profile):
    """Profile in units of the noise of an aperture."""
    y, x = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]
    inside = np.hypot(y, x) < APERTURE
    return profile / profile[inside].sum() * np.sqrt(inside.sum())


def add_stamp(image, stamp, y, x):
    """Add a stamp around a pixel, as far as it is inside the image."""
    low, high = np.array((y, x)) - REACH, np.array((y, x)) + REACH + 1
    inside = tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(low, high, image.shape, strict=True))
    image[inside] += stamp[tuple(slice(s.start - a, s.stop - a) for s, a in zip(inside, low, strict=True))]
