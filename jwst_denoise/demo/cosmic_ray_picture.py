"""Picture of the cosmic rays that the jump step misses and a network finds."""

import numpy as np
from scipy import ndimage

from jwst_denoise.demo import picture
from jwst_denoise.demo.cosmic_rays import FAINT

__all__ = ["draw", "window"]

EDGE = (96, 192)  # pixels of the close-up
COLORS = {"found by jump": "#64748b", "found in addition": "#1d4ed8", "missed": "#dc2626"}


def draw(rates, flags, truth, planes, title, path):
    """Draw a close-up: both rate images, the charge of the cosmic rays, and which of it is found.

    Parameters
    ----------
    rates : sequence of ndarray
        (ny, nx) rate images without and with the step, e- over the exposure.
    flags : tuple of ndarray of bool
        (ngroups - 1, ny, nx) groups with a jump, without and with the step.
    truth : jwst_denoise.demo.cosmic_rays.Truth
        Of the cosmic rays.
    planes : jwst_denoise.demo.metrics.Planes
        With the errors.
    title : str
        Heading.
    path : path-like
        PNG file to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    hit = truth.usable & (truth.charge > FAINT)
    first, second = (flag.any(axis=0) for flag in flags)
    real = hit.any(axis=0)
    view = window(real & second & ~first)
    figure = Figure(figsize=(16, 8.8), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=14, fontweight="bold")
    axes = figure.subplots(2, 2, sharex=True, sharey=True).ravel()
    _draw_rates(figure, axes[:2], [rate[view] for rate in rates], planes, view)
    charge = np.where(truth.usable, truth.charge, 0).max(axis=0)[view]
    shown = picture.strip(axes[2], charge, "true charge of cosmic rays", vmin=0, vmax=10, cmap="magma")
    figure.colorbar(shown, ax=axes[2], pad=0.01, shrink=0.8).set_label("noise of a group difference", fontsize=9)
    _draw_found(axes[3], real[view], first[view], second[view])
    figure.savefig(path, dpi=100, facecolor="white")


def window(mask, edge=EDGE):
    """Slices of the part of an image that holds most of a mask."""
    size = tuple(min(n, m) for n, m in zip(edge, mask.shape, strict=True))
    count = ndimage.uniform_filter(mask.astype(np.float32), size, mode="constant")
    center = np.unravel_index(np.argmax(count), mask.shape)
    corner = (np.clip(c - n // 2, 0, m - n) for c, n, m in zip(center, size, mask.shape, strict=True))
    return tuple(slice(int(start), int(start) + n) for start, n in zip(corner, size, strict=True))


def _draw_rates(figure, axes, images, planes, view):
    from astropy.visualization import AsinhStretch, ImageNormalize

    level = np.nanmedian(images[0])
    sigma = float(np.nanmedian(planes.error_before[view]))
    norm = ImageNormalize(vmin=-3 * sigma, vmax=15 * sigma, stretch=AsinhStretch(0.2))
    names = "rate image, jump step alone", "rate image, with CosmicRayMaskStep"
    for axis, image, name in zip(axes, images, names, strict=True):
        shown = picture.strip(axis, image - level, name, norm=norm, cmap="gray")
        figure.colorbar(shown, ax=axis, pad=0.01, shrink=0.8).set_label("e⁻", fontsize=9)


def _draw_found(axis, real, first, second):
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    kinds = real & first, real & second & ~first, real & ~second & ~first
    image = np.zeros(real.shape, dtype=int)
    for number, kind in enumerate(kinds, 1):
        image[kind] = number
    colors = ["white", *COLORS.values()]
    picture.strip(axis, image, "which of it is found", vmin=0, vmax=len(kinds), cmap=ListedColormap(colors))
    handles = [
        Patch(color=color, label=f"{name}: {np.count_nonzero(kind)}")
        for (name, color), kind in zip(COLORS.items(), kinds, strict=True)
    ]
    axis.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=3, fontsize=10, frameon=False)
