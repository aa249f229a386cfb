"""Picture of a correction: before, after, removed and mask, profiles along both axes, power spectra."""

import numpy as np

from jwst_denoise import statistics

__all__ = ["draw", "power_spectrum", "profiles", "write"]

BEFORE, AFTER = "#c2410c", "#1d4ed8"


def write(path, preview, title):
    """Draw the picture and write it as PNG.

    Parameters
    ----------
    path : path-like
        File to write.
    preview : jwst_denoise.steps.common.result.Preview
        Planes of the exposure.
    title : str
        Heading.
    """
    draw(preview, title).savefig(path, dpi=110, facecolor="white")


def draw(preview, title=""):
    """Draw before, after and removed images, the dark pixels' profiles and their power spectra.

    Parameters
    ----------
    preview : jwst_denoise.steps.common.result.Preview
        Planes of the exposure.
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
    strip = 16 * ny / nx + 0.6
    figure = Figure(figsize=(16, 4 * strip + 5.5 if wide else 8.6), layout="constrained")
    FigureCanvasAgg(figure)
    images, graphs = figure.subfigures(2, 1, height_ratios=(4 * strip, 5) if wide else (5, 4))
    figure.suptitle("  ·  ".join(text for text in (title, preview.label) if text), fontsize=13)
    _draw_images(images.subplots(4, 1, sharex=True) if wide else images.subplots(1, 4, sharey=True), images, preview)
    _draw_graphs(graphs.subplots(1, 3), preview)
    return figure


def profiles(image, mask, readout):
    """Mean of the dark pixels of every line, and of every pixel position along the lines.

    Parameters
    ----------
    image : ndarray
        (ny, nx) in DMS orientation.
    mask : ndarray of bool
        (ny, nx), True on dark pixels.
    readout : jwst_denoise.readout.Readout
        Direction of the lines.

    Returns
    -------
    across, along : ndarray
        Means by line and by pixel of a line, in the order of reading; NaN where nothing is dark.
    """
    frame, dark = readout.to_detector(image), readout.to_detector(mask) & np.isfinite(readout.to_detector(image))
    values = np.where(dark, frame, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return tuple(values.sum(axis) / np.where(dark.any(axis), dark.sum(axis), np.nan) for axis in (1, 0))


def power_spectrum(image, mask, readout, bins=60):
    """Power spectrum of the dark pixels in the order of reading, averaged over outputs and in logarithmic bins.

    Pixels that are not dark count as the mean, and the power is divided by the dark fraction: it is meant for
    comparing an image before and after, not for fitting.

    Parameters
    ----------
    image, mask, readout
        As for `profiles`.
    bins : int, optional
        Logarithmic bins in frequency.

    Returns
    -------
    frequency, power : ndarray
        In Hz and (unit of the image)²/Hz.
    """
    good = mask & np.isfinite(image)
    level = np.median(image[good]) if good.any() else 0.0
    series, used = (
        readout.to_streams(a).reshape(readout.outputs, -1) for a in (np.where(good, image - level, 0), good)
    )
    return statistics.power_spectrum(series, used, readout.pixel_time, bins)


def _draw_images(axes, figure, preview):
    from astropy.visualization import AsinhStretch, ImageNormalize, ZScaleInterval

    before, after, mask = preview.before, preview.after, preview.mask
    removed = before - after
    finite = after[np.isfinite(after)]
    low, high = ZScaleInterval(contrast=0.2).get_limits(finite) if finite.size else (0, 1)
    scene = ImageNormalize(vmin=low, vmax=max(high, low + 1e-12), stretch=AsinhStretch(0.3))
    span = max(float(np.nanpercentile(np.abs(removed - np.nanmedian(removed)), 99.5)), 1e-12) if finite.size else 1.0
    middle = float(np.nanmedian(removed)) if finite.size else 0.0
    panels = (
        ("before", before, {"norm": scene, "cmap": "gray"}),
        ("after", after, {"norm": scene, "cmap": "gray"}),
        ("removed", removed, {"vmin": middle - span, "vmax": middle + span, "cmap": "RdBu_r"}),
        (f"{preview.mask_label}: {mask.mean():.0%}", mask, {"vmin": 0, "vmax": 1, "cmap": "cividis"}),
    )
    for axis, (name, image, style) in zip(axes, panels, strict=True):
        aspect = "auto" if image.shape[1] > 3 * image.shape[0] else "equal"
        shown = axis.imshow(image, origin="lower", aspect=aspect, **style)
        axis.set_title(name, fontsize=11)
        if name in ("after", "removed"):
            figure.colorbar(shown, ax=axis, shrink=0.72, pad=0.01, aspect=30)


def _draw_graphs(axes, preview):
    for image, name, color in ((preview.before, "before", BEFORE), (preview.after, "after", AFTER)):
        style = {"color": color, "lw": 0.9, "label": name}
        across, along = profiles(image, preview.mask, preview.readout)
        axes[0].plot(across, **style)
        axes[1].plot(along, **style)
        frequency, power = power_spectrum(image, preview.mask, preview.readout)
        if (power > 0).any():
            axes[2].loglog(frequency, power, **(style | {"lw": 1.4}))
    labels = (
        ("line, in the order of reading", "mean of the dark pixels"),
        ("pixel of the line, in the order of reading", "mean of the dark pixels"),
        ("frequency / Hz", "power of the dark pixels"),
    )
    for axis, (x, y) in zip(axes, labels, strict=True):
        axis.set(xlabel=x, ylabel=y)
        axis.grid(alpha=0.25)
        if axis.lines:
            axis.legend(frameon=False)
