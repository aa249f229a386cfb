"""Picture of denoised images: before, after, the light that is known to be there, and what errors are left."""

import numpy as np

from jwst_denoise.demo.picture import AFTER, BEFORE, canvas, graph, strip
from jwst_denoise.demo.ramp_picture import errors_by_brightness
from jwst_denoise.statistics import radial_power_spectrum

__all__ = ["draw"]

COLORS = ("0.45", AFTER, "#047857", "#7c3aed")
SPAN = 5.0  # of the error of a dark pixel, shown in the histogram


def draw(planes, title, path):
    """Draw the picture and write it as PNG.

    Parameters
    ----------
    planes : dict of jwst_denoise.demo.metrics.Planes
        Name of a run -> its planes; all have the same image before.
    title : str
        Heading.
    path : path-like
        File to write.
    """
    figure, images, graphs = canvas(3.9, title)
    _draw_images(images, images.subplots(1, len(planes) + 2, sharex=True, sharey=True), planes)
    _draw_graphs(graphs.subplots(1, 3), planes)
    figure.savefig(path, dpi=100, facecolor="white")


def _draw_images(figure, axes, planes):
    from astropy.visualization import AsinhStretch, ImageNormalize

    first = next(iter(planes.values()))
    sigma = float(np.median(first.error_before[first.dark]))
    scene = {"norm": ImageNormalize(vmin=-2 * sigma, vmax=10 * sigma, stretch=AsinhStretch(0.15)), "cmap": "gray"}
    panels = [
        ("default", first.before),
        *((name, p.after) for name, p in planes.items()),
        ("true light", first.light),
    ]
    for axis, (name, image) in zip(axes, panels, strict=True):
        shown = strip(axis, image - np.median(image[first.dark]), name, **scene)
    figure.colorbar(shown, ax=axes, pad=0.01, shrink=0.6, aspect=30).set_label("e⁻", fontsize=9)


def _draw_graphs(axes, planes):
    first = next(iter(planes.values()))
    curves = [("default", first.before, BEFORE)]
    curves += [(name, p.after, color) for (name, p), color in zip(planes.items(), COLORS, strict=False)]
    span = SPAN * float(np.median(first.error_before[first.dark]))
    for name, image, color in curves:
        style = {"color": color, "label": name, "lw": 1.6}
        error = image - first.light
        error = np.where(first.dark, error - np.median(error[first.dark]), 0)
        axes[0].hist(error[first.dark], np.linspace(-span, span, 81), histtype="step", **style)
        axes[1].loglog(*errors_by_brightness(image, first), **style, marker=".")
        axes[2].semilogy(*radial_power_spectrum(error.astype(np.float32), first.dark), **style)
    graph(axes[0], "error of a dark pixel / e⁻", "pixels", "blank sky")
    graph(axes[1], "light over the error before", "rms error of a pixel / e⁻", "pixels by their brightness")
    graph(axes[2], "spatial frequency / pixel⁻¹", "power of the errors of dark pixels / (e⁻)²", "blank sky")
