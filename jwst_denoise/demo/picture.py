"""Picture of the simulated exposure: before, after, true and removed noise, profiles and power spectra."""

import numpy as np

__all__ = ["AFTER", "BEFORE", "canvas", "draw", "graph", "power_spectrum", "profiles", "strip"]

BEFORE, AFTER, IDEAL = "#c2410c", "#1d4ed8", "#6b7280"
COVERED = 0.1  # least dark fraction of a row or column in a profile
WIDE = 3  # an image this much wider than high is shown as a strip


def draw(planes, readout, title, path):
    """Draw the picture and write it as PNG.

    Parameters
    ----------
    planes : Planes
        Images of the exposure.
    readout : Readout
        Its geometry.
    title : str
        Heading.
    path : path-like
        File to write.
    """
    ny, nx = planes.before.shape
    wide = nx > WIDE * ny
    figure, images, graphs = canvas(5 * (15.0 * ny / nx + 0.45) if wide else 9.8, title)
    grid = images.subplots(5, 1, sharex=True) if wide else images.subplots(2, 3, sharex=True, sharey=True).ravel()
    cells = list(grid) if wide else [*grid[:2], *grid[3:]]
    _draw_images(images, cells, planes, readout, "auto" if wide else "equal")
    if not wide:
        _draw_mask(grid[2], planes)
    _draw_graphs(graphs.subplots(1, 3), planes, readout)
    figure.savefig(path, dpi=100, facecolor="white")


def canvas(height, title, width=16.0, graphs=4.2):
    """Figure with a part of the given height for images above one for graphs, inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height + graphs + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=14, fontweight="bold")
    return figure, *figure.subfigures(2, 1, height_ratios=(height, graphs))


def strip(axis, image, name, aspect="equal", **style):
    """Show one image with its name; the mappable is returned."""
    shown = axis.imshow(image, origin="lower", aspect=aspect, interpolation="antialiased", **style)
    axis.set_title(name, fontsize=11, loc="left")
    axis.tick_params(labelsize=8)
    return shown


def graph(axis, x, y, title):
    """Label a graph with a legend."""
    axis.set(xlabel=x, ylabel=y)
    axis.set_title(title, fontsize=11, loc="left")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=9)


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
    streams = readout.to_streams(np.where(good, image - level, 0.0)).reshape(readout.outputs, -1)
    filled = max(good.sum() / streams.size, 1e-9)
    power = (np.abs(np.fft.rfft(streams)) ** 2).mean(0)[1:] * 2 * readout.pixel_time / (streams.shape[1] * filled)
    frequency = np.fft.rfftfreq(streams.shape[1], readout.pixel_time)[1:]
    index = np.digitize(frequency, np.geomspace(frequency[0], frequency[-1], bins + 1)[1:-1])
    count = np.bincount(index, minlength=bins)
    used = count > 0
    return tuple((np.bincount(index, a, minlength=bins)[used] / count[used]) for a in (frequency, power))


def _draw_images(figure, axes, planes, readout, aspect):
    from astropy.visualization import AsinhStretch, ImageNormalize

    level = [float(np.median(image[planes.dark])) for image in (planes.before, planes.after)]
    sigma = float(np.median(planes.error_before[planes.dark]))
    scene = {"norm": ImageNormalize(vmin=-2 * sigma, vmax=15 * sigma, stretch=AsinhStretch(0.15)), "cmap": "gray"}
    truth, removed = (_centered(image, planes.dark) for image in (planes.truth, planes.removed))
    span = 2.5 * float(np.std(removed[planes.dark]))
    noise = {"vmin": -span, "vmax": span, "cmap": "RdBu_r"}
    panels = (
        ("before: rate image of calwebb_detector1", planes.before - level[0], scene),
        ("after: with NSCleanStep", planes.after - level[1], scene),
        ("true correlated noise in this image", truth, noise),
        ("removed (before − after)", removed, noise),
        ("left (truth − removed)", truth - removed, noise),
    )
    for axis, (name, image, style) in zip(axes, panels, strict=True):
        shown = strip(axis, np.where(readout.reference_pixels, np.nan, image), name, aspect, **style)
        shape = {"shrink": 0.8, "aspect": 30} if aspect == "equal" else {"aspect": 12}
        figure.colorbar(shown, ax=axis, pad=0.01, **shape).set_label("e⁻", fontsize=9)


def _draw_mask(axis, planes):
    strip(axis, planes.lit, f"pixels with light of sources: {planes.lit.mean():.1%}", cmap="cividis")


def _well_covered(dark):
    """Dark pixels without the rows and columns of which too few are dark for a mean."""
    return dark & np.logical_and(*(dark.mean(axis, keepdims=True) > COVERED for axis in (0, 1)))


def _centered(image, dark):
    """Image less the median of its dark pixels."""
    return image - np.median(image[dark])


def _draw_graphs(axes, planes, readout):
    for image, name, color in (
        (planes.before, "before", BEFORE),
        (planes.perfect, "without correlated noise", IDEAL),
        (planes.after, "after", AFTER),
    ):
        sky = _centered(image - planes.light, planes.dark)
        style = {"color": color, "lw": 0.7, "label": name}
        for axis, profile in zip(axes, profiles(sky, _well_covered(planes.dark), readout), strict=False):
            axis.plot(profile, **style)
        axes[2].loglog(*power_spectrum(sky, planes.dark, readout), **style | {"lw": 1.6})
    lines, pixels = ("column", "row") if abs(readout.fastaxis) == 2 else ("row", "column")
    graph(axes[0], f"{lines}, in the order of reading", "mean of the dark pixels / e⁻", f"{lines} profile (lines)")
    graph(axes[1], f"{pixels}, in the order of reading", "mean of the dark pixels / e⁻", f"{pixels} profile")
    graph(axes[2], "frequency / Hz", "power of the dark pixels / (e⁻)² Hz⁻¹", "power spectrum in read-out time")
    for axis in axes[:2]:
        low, high = np.percentile(np.concatenate([line.get_ydata() for line in axis.lines[:1]]), (0.5, 99.5))
        if np.isfinite(low + high):
            axis.set_ylim(low - 0.5 * (high - low), high + 0.6 * (high - low))
