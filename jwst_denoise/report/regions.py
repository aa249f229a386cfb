"""Parts of an image for close-ups, chosen from the image itself."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from jwst_denoise.quality.sources import Contrast, find_sources

__all__ = ["Region", "choose_regions"]

SIZE = 72  # pixels
SOURCES = 2
APART = 0.75  # least distance of two regions along one axis, in units of their size
THRESHOLD = 5.0
NARROW = 1.5  # pixels, Gaussian width of the largest residual


@dataclass(frozen=True)
class Region:
    """A part of an image.

    Parameters
    ----------
    name : str
        Reason of the choice.
    y, x : int
        Lower left corner, from 0.
    ny, nx : int
        Size.
    """

    name: str
    y: int
    x: int
    ny: int
    nx: int

    @property
    def place(self):
        """Pixels of the part, counted from 1."""
        return f"x = {self.x + 1} to {self.x + self.nx}, y = {self.y + 1} to {self.y + self.ny}"

    @property
    def part(self):
        """Index of the part."""
        return np.s_[self.y : self.y + self.ny, self.x : self.x + self.nx]


def choose_regions(comparison):
    """Choose parts: most new flags, the brightest sources, the largest local residual, and the background.

    Parameters
    ----------
    comparison : jwst_denoise.report.comparison.Comparison
        The image before and after.

    Returns
    -------
    list of Region
        Regions with little overlap; none if the image is hardly larger than one of them.
    """
    shape = comparison.usable.shape
    wide = max(shape) > 3 * min(shape)
    size = tuple(min(n, SIZE * (3 if wide and n == max(shape) else 1)) for n in shape)
    if not comparison.usable.any() or shape[0] * shape[1] < 2 * size[0] * size[1]:
        return []
    chosen = []
    for name, place in _places(comparison, size):
        corner = [int(np.clip(c - s // 2, 0, n - s)) for c, s, n in zip(place, size, shape, strict=True)]
        if not any(_overlap(other, corner) for other in chosen):
            if sum(r.name.startswith("bright") for r in chosen) < SOURCES or not name.startswith("bright"):
                chosen.append(Region(name, *corner, *size))
    return chosen


def _overlap(region, corner):
    """Whether a region overlaps most of a region of its size at a corner (y, x)."""
    return abs(region.y - corner[0]) < APART * region.ny and abs(region.x - corner[1]) < APART * region.nx


def _places(comparison, size):
    """Reason and center (y, x) of parts, by priority; more bright sources than needed, since some may overlap."""
    if comparison.flagged is not None and comparison.flagged.any():
        yield "most new flags", _highest(uniform_filter(comparison.flagged.astype(np.float32), size))
    contrast = Contrast(comparison.noise, comparison.usable).of(comparison.after.image)
    yield from (("bright source", (y, x)) for y, x in find_sources(contrast, THRESHOLD)[:20])
    with np.errstate(invalid="ignore"):
        removed = np.where(comparison.usable, comparison.removed / comparison.noise, 0)
    if removed.any():
        yield "largest local change", _highest(np.abs(gaussian_filter(removed, NARROW)))
    background = uniform_filter(comparison.background.astype(np.float32), size)
    yield "background", _highest(np.where(_inside(background.shape, size), background, -1))


def _inside(shape, size):
    """Whether a part around the pixel lies inside the image."""
    inside = np.zeros(shape, bool)
    (ny, nx), (sy, sx) = shape, size
    inside[sy // 2 : ny - sy // 2 + 1, sx // 2 : nx - sx // 2 + 1] = True
    return inside


def _highest(image):
    return np.unravel_index(int(np.argmax(image)), image.shape)
