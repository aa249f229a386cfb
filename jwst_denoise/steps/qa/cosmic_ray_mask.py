"""Picture of a cosmic-ray mask: the whole image with what was flagged, and close-ups before and after."""

import numpy as np

__all__ = ["close_ups", "draw", "write"]

COLOR, MISSING = "#ff7f0e", "#31516b"
SIZE = 64  # pixels of a close-up
NUMBER = 3
SHOWN = 1024  # pixels of the overview, so that single flagged pixels are seen


def write(path, preview, title):
    """Draw the picture and write it as PNG.

    Parameters
    ----------
    path : path-like
        File to write.
    preview : jwst_denoise.steps.common.result.MaskPreview
        Plane of the exposure.
    title : str
        Heading.
    """
    draw(preview, title).savefig(path, dpi=110, facecolor="white")


def draw(preview, title=""):
    """Draw the image with the flagged pixels on it, and close-ups: before, flagged, after.

    Parameters
    ----------
    preview : jwst_denoise.steps.common.result.MaskPreview
        Plane of the exposure.
    title : str, optional
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    ny, nx = preview.before.shape
    wide = nx > 3 * ny
    figure = Figure(figsize=(15, 10.5) if wide else (16, 8.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle("  ·  ".join(text for text in (title, preview.label) if text), fontsize=13)
    ratios = {"height_ratios": (max(2.0, 15 * ny / nx + 1), 8)} if wide else {"width_ratios": (1, 1)}
    overview, details = figure.subfigures(*((2, 1) if wide else (1, 2)), **ratios)
    norm = _norm(preview.after)
    _draw_overview(overview.subplots(), preview, norm)
    _draw_details(details, preview, norm)
    return figure


def close_ups(flagged, size=SIZE, number=NUMBER):
    """Corners (y, x) of parts of an image: many flagged pixels, a typical number, few.

    Parameters
    ----------
    flagged : ndarray of bool
        (ny, nx).
    size, number : int, optional
        Edge of a part in pixels, and how many.

    Returns
    -------
    list of tuple of int
        Different corners; fewer than ``number`` if the image is small.
    """
    ny, nx = flagged.shape
    corners = [
        (y, x)
        for y in range(0, max(ny - size, 0) + 1, size)
        for x in range(0, max(nx - size, 0) + 1, size)
    ]  # fmt: skip
    counts = np.array([np.count_nonzero(flagged[y : y + size, x : x + size]) for y, x in corners])
    order = np.argsort(-counts, kind="stable")
    order = order[: max(np.count_nonzero(counts), 1)]
    picks = np.unique(np.linspace(0, len(order) - 1, number).round().astype(int))
    return [corners[order[k]] for k in picks]


def _gray():
    from matplotlib import colormaps

    return colormaps["gray"].with_extremes(bad=MISSING)


def _norm(image):
    from astropy.visualization import AsinhStretch, ImageNormalize, ZScaleInterval

    finite = image[np.isfinite(image)]
    low, high = ZScaleInterval(contrast=0.2).get_limits(finite) if finite.size else (0, 1)
    return ImageNormalize(vmin=low, vmax=max(high, low + 1e-12), stretch=AsinhStretch(0.3))


def _draw_overview(axis, preview, norm):
    flagged = preview.flagged
    aspect = "auto" if flagged.shape[1] > 3 * flagged.shape[0] else "equal"
    axis.imshow(preview.before, origin="lower", aspect=aspect, norm=norm, cmap=_gray())
    step = -(-max(flagged.shape) // SHOWN)
    axis.imshow(_overlay(_coarse(flagged, step)), origin="lower", aspect=aspect, extent=_extent(flagged, step))
    axis.set_title(
        f"flagged: {np.count_nonzero(flagged)} pixels, {flagged.mean():.2%}; blue holds no datum", fontsize=11
    )


def _draw_details(figure, preview, norm):
    corners = close_ups(preview.flagged)
    axes = figure.subplots(len(corners), 3, squeeze=False)
    for row, (y, x) in zip(axes, corners, strict=True):
        part = np.s_[y : y + SIZE, x : x + SIZE]
        extent = _extent(preview.flagged[part], 1, y, x)
        for axis, image in zip(row, (preview.before, preview.before, preview.after), strict=True):
            axis.imshow(image[part], origin="lower", norm=norm, cmap=_gray(), extent=extent)
            axis.tick_params(labelsize=8)
        row[1].imshow(_overlay(preview.flagged[part]), origin="lower", extent=extent)
        if not _is_filled(preview):
            row[2].imshow(_overlay(preview.flagged[part], "white", 1.0), origin="lower", extent=extent)
    after = "after, filled" if _is_filled(preview) else "after: white is DO_NOT_USE"
    for axis, name in zip(axes[0], ("before", "flagged", after), strict=True):
        axis.set_title(name, fontsize=11)


def _is_filled(preview):
    return not np.array_equal(preview.before, preview.after, equal_nan=True)


def _overlay(flagged, color=COLOR, strength=0.75):
    """Color where flagged, transparent elsewhere."""
    from matplotlib.colors import to_rgba

    rgba = np.zeros((*flagged.shape, 4))
    rgba[flagged] = to_rgba(color, strength)
    return rgba


def _coarse(mask, step):
    """Whether any pixel of each cell of step × step is flagged."""
    ny, nx = (-(-length // step) * step for length in mask.shape)
    padded = np.pad(mask, ((0, ny - mask.shape[0]), (0, nx - mask.shape[1])))
    return padded.reshape(ny // step, step, nx // step, step).any(axis=(1, 3))


def _extent(mask, step, y=0, x=0):
    ny, nx = (-(-length // step) * step for length in mask.shape)
    return (x - 0.5, x + nx - 0.5, y - 0.5, y + ny - 0.5)
