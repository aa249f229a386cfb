"""Quality-assurance pictures of the steps: which maps and graphs of an image before and after a step are drawn."""

from functools import partial

import numpy as np

from jwst_denoise.report import plotting
from jwst_denoise.report.comparison import compare_images

__all__ = ["draw_picture", "select_close_ups", "write_picture"]

CLOSE_UP = 64  # pixels
MOST_CLOSE_UPS = 3
LEAST_OWN = 0.01  # least part of the pixels with less than the full weight of the network, from which it is shown


def write_picture(path, alias, before, after, result):
    """Draw the picture of a step and write it as PNG.

    Parameters
    ----------
    path : path-like
        File to write.
    alias : str
        Alias of the step.
    before, after : jwst_denoise.report.Exposure
        The image.
    result : jwst_denoise.steps.common.result.Result
        With the background pixels, the weight of the network and the quality metrics.
    """
    draw_picture(alias, before, after, result).savefig(path, dpi=100, facecolor="white")


def draw_picture(alias, before, after, result):
    """Draw the picture of a step, see `write_picture`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    comparison = compare_images(before, after, result.background_pixels, result.quality)
    rows = {"cosmic_ray_mask": _flag_rows, "image_denoise": _image_rows}.get(alias, _noise_rows)(comparison, result)
    subtitle = [before.content] if before.content else []
    if alias != "cosmic_ray_mask":
        fraction = f"{comparison.background.mean():.0%}"
        subtitle.append(f"background: {fraction} of the pixels, without sources, flagged pixels and outliers")
    return plotting.new_figure("\n".join([before.record.title(alias), "; ".join(subtitle)]), rows)


def select_close_ups(flagged, size=CLOSE_UP, number=MOST_CLOSE_UPS):
    """Corners (y, x) of parts of an image, from the one with most flagged pixels to parts with fewer.

    Parameters
    ----------
    flagged : ndarray of bool
        (ny, nx).
    size, number : int, optional
        Edge of a part in pixels, and largest number of parts.

    Returns
    -------
    list of tuple of int
        Different corners of parts with flagged pixels.
    """
    ys, xs = ([min(start, max(n - size, 0)) for start in range(0, n, size)] for n in flagged.shape)
    corners = [(y, x) for y in ys for x in xs]
    counts = np.array([np.count_nonzero(flagged[y : y + size, x : x + size]) for y, x in corners])
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    picks = np.unique(np.arange(number) * len(order) // number) if len(order) else []
    return [corners[order[k]] for k in picks]


def _maps(comparison, *others):
    """Before, after and removed, and further maps."""
    unit, removed = comparison.unit, comparison.removed
    scene = plotting.scene_style(comparison.after.image, comparison.usable)
    maps = [plotting.Map(name, one.image, unit, scene) for name, one in comparison.pair]
    style = plotting.difference_style(removed, comparison.usable)
    return plotting.arrange_maps([*maps, plotting.Map("removed: before − after", removed, unit, style), *others])


def _noise_rows(comparison, result):
    """Rows for ``nsclean`` and ``ramp_denoise``."""
    others, weight = [], result.weight
    if weight is not None and np.mean(weight[comparison.usable] < 0.99) > LEAST_OWN:
        style = {"vmin": 0, "vmax": 1, "cmap": "cividis"}
        others.append(plotting.Map("weight of the network in the result", weight, "0 to 1", style))
    order = "along the rows" if comparison.before.readout is None else "in the order of readout"
    graphs = [
        partial(plotting.draw_profile, along=1, title="rows of the background"),
        partial(plotting.draw_profile, along=0, title="columns of the background"),
        partial(plotting.draw_spectrum, title=f"power spectrum {order}"),
        partial(plotting.draw_noise, title="noise of the mean over an area"),
    ]
    return [*_maps(comparison, *others), [partial(graph, comparison=comparison) for graph in graphs]]


def _image_rows(comparison, result):
    """Rows for ``image_denoise``."""
    graphs = (
        (plotting.draw_noise, "background: noise of the mean over an area"),
        (plotting.draw_correlation, "removed: white noise has 0"),
        (plotting.draw_fluxes, f"{len(comparison.quality.sources.flux_before)} sources with S/N > 10"),
        (plotting.draw_quality, "quality metrics"),
    )
    return [*_maps(comparison), [partial(draw, comparison=comparison, title=title) for draw, title in graphs]]


def _flag_rows(comparison, result):
    """Rows for ``cosmic_ray_mask``: the whole image, and close-ups before, with new flags and, if it differs, after."""
    unit, style = comparison.unit, plotting.scene_style(comparison.after.image, comparison.usable)
    before, after, flagged = comparison.before.image, comparison.after.image, comparison.flagged
    if flagged is None or not flagged.any():
        return [[plotting.Map("no new flags", before, unit, style)]]
    title = f"new flags (orange): {np.count_nonzero(flagged)} pixels, {flagged.mean():.2%}"
    kinds = [("before", before, None), ("new flags", before, flagged)]
    overview = [plotting.Map(title, before, unit, style, flagged)]
    if not comparison.unchanged:
        kinds.append(("after", after, None))
        overview.append(plotting.Map("after", after, unit, style))
    close_ups = [
        plotting.Map(name, image[part], unit, style, None if mask is None else mask[part], (y, x))
        for y, x in select_close_ups(flagged, number=6 // len(kinds))
        for part in (np.s_[y : y + CLOSE_UP, x : x + CLOSE_UP],)
        for name, image, mask in kinds
    ]
    return [*plotting.arrange_maps(overview), close_ups]
