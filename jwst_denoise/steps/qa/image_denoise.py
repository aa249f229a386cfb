"""Picture of a denoised image: before, after, removed, its spectra, fluxes, and the metrics of trust."""

import numpy as np

from jwst_denoise.quality import BOUNDS

__all__ = ["draw", "write"]

BEFORE, AFTER, DOUBT = "#c2410c", "#1d4ed8", "#b91c1c"
SPAN = 4.0  # of the noise, of what is shown of the removed


def write(path, preview, title):
    """Draw the picture and write it as PNG.

    Parameters
    ----------
    path : path-like
        File to write.
    preview : jwst_denoise.steps.common.result.ImagePreview
        The image.
    title : str
        Heading.
    """
    draw(preview, title).savefig(path, dpi=110, facecolor="white")


def draw(preview, title=""):
    """Draw before, after and removed; autocorrelation and power spectrum of what was removed; fluxes; metrics.

    Parameters
    ----------
    preview : jwst_denoise.steps.common.result.ImagePreview
        The image.
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
    strip = 17 * ny / nx + 0.6
    heights = (3 * strip if wide else 5.6, 4.2)
    figure = Figure(figsize=(17, sum(heights) + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    images, graphs = figure.subfigures(2, 1, height_ratios=heights)
    figure.suptitle("  ·  ".join(text for text in (title, preview.label) if text), fontsize=13)
    _draw_images(images.subplots(3, 1, sharex=True) if wide else images.subplots(1, 3, sharey=True), images, preview)
    axes = graphs.subplots(1, 4, width_ratios=(1, 1, 1, 1.5))
    _draw_spectra(axes[:2], preview.trust.residual)
    _draw_fluxes(axes[2], preview.trust.sources)
    _draw_figures(axes[3], preview.trust)
    return figure


def _draw_images(axes, figure, preview):
    from astropy.visualization import AsinhStretch, ImageNormalize, ZScaleInterval

    finite = preview.before[np.isfinite(preview.before)]
    low, high = ZScaleInterval(contrast=0.2).get_limits(finite) if finite.size else (0, 1)
    scene = {"norm": ImageNormalize(vmin=low, vmax=max(high, low + 1e-12), stretch=AsinhStretch(0.3)), "cmap": "gray"}
    noise = {"vmin": -SPAN, "vmax": SPAN, "cmap": "RdBu_r"}
    with np.errstate(invalid="ignore"):
        removed = (preview.before - preview.after) / preview.noise
    panels = (
        ("before", preview.before, scene),
        ("after", preview.after, scene),
        ("removed, over noise", removed, noise),
    )
    aspect = "auto" if preview.before.shape[1] > 3 * preview.before.shape[0] else "equal"
    for axis, (name, image, style) in zip(axes, panels, strict=True):
        shown = axis.imshow(image, origin="lower", aspect=aspect, **style)
        axis.set_title(name, fontsize=11)
        if name != "before":
            figure.colorbar(shown, ax=axis, shrink=0.72, pad=0.01, aspect=30)


def _draw_spectra(axes, residual):
    for values, name, color in ((residual.along, "along rows", BEFORE), (residual.across, "along columns", AFTER)):
        axes[0].plot(np.arange(1, len(values)), values[1:], marker="o", color=color, label=name)
    low, high, _ = BOUNDS["correlation"]
    axes[0].axhspan(low, high, color="0.93", zorder=0)
    axes[0].set(xlabel="lag / pixel", ylabel="autocorrelation", title="removed: white noise has 0")
    axes[0].legend(frameon=False)
    axes[1].plot(residual.frequency, residual.power, color=AFTER, marker="o")
    axes[1].axhline(1, color="0.6", lw=0.8)
    axes[1].set(
        xlabel="frequency / pixel⁻¹", ylabel="power / noise²", title="removed: all the noise has 1", ylim=(0, None)
    )


def _draw_fluxes(axis, sources):
    if len(sources.flux_before):
        signal = sources.flux_before / sources.flux_error
        change = (sources.flux_after - sources.flux_before) / sources.flux_before
        axis.errorbar(signal, 100 * change, 100 / signal, fmt=".", color=AFTER, ecolor="0.8", lw=0.7)
        axis.set_xscale("log")
    axis.axhline(0, color="0.6", lw=0.8)
    axis.set(xlabel="S/N in the aperture", ylabel="change of flux / %", title=f"{len(sources.flux_before)} sources")


def _draw_figures(axis, trust):
    axis.axis("off")
    sources = trust.sources
    lines = [f"sources: {sources.before} before, {sources.after} after"]
    lines += [f"vanished {sources.vanished} of {sources.clear} clear ones, appeared {sources.appeared}"]
    axis.text(0, 1, "\n".join(lines), va="top", fontsize=9, transform=axis.transAxes)
    for row, (name, value) in enumerate(trust.metrics.items()):
        low, high, _ = BOUNDS[name]
        y, color = 0.8 - 0.085 * row, DOUBT if name in trust.outside else "black"
        axis.text(0, y, name.replace("_", " "), fontsize=9, color=color, transform=axis.transAxes)
        axis.text(0.55, y, f"{value:.3g}", fontsize=9, color=color, ha="right", transform=axis.transAxes)
        axis.text(0.6, y, f"{low:g} to {high:g}", fontsize=9, color="0.5", transform=axis.transAxes)
