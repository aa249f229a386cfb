"""Figures: maps with axes and color bars, profiles, spectra, histograms and fluxes, as PNG or as SVG for a page."""

import hashlib
import io
import re
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np

from jwst_denoise.quality import BOUNDS
from jwst_denoise.statistics import robust_sigma

__all__ = [
    "COLORS", "Map", "arrange_maps", "as_svg", "difference_style", "draw_correlation", "draw_fluxes",
    "draw_histogram", "draw_lines", "draw_map", "draw_noise", "draw_over_err", "draw_planes", "draw_profile",
    "draw_quality", "draw_spectrum", "label_with_unit", "new_figure", "scene_style", "write_figure",
]  # fmt: skip

COLORS = {"before": "#c2410c", "after": "#1d4ed8", "removed": "#7c3aed"}
OTHER_COLORS = ("#6b7280", "#047857", "#d97706", "#be185d", "#0891b2", "#4338ca")
FLAGGED, MISSING, TEXT, DOUBT = "#f97316", "#31516b", "#010203", "#b91c1c"
WIDTH, GRAPH_HEIGHT, LARGEST_HEIGHT = 16.0, 3.9, 6.5  # inches; of the figure, a graph, and at most a map
BESIDE = 1.0  # inches, labels and color bar of a map
WIDE = 3  # an image this much wider than high gets a separate row
BELOW = 5.0  # sigma of the noise, from black to the median of a scene, and where its stretch turns logarithmic
BRIGHTEST = 99.9  # per cent of the pixels below white
LARGEST = 1024  # pixels on the longer side of a mask drawn over a map, so that single pixels remain visible
EDGES = np.linspace(-6, 6, 97)
MOST_POINTS = 600  # of a line in an SVG
TICKS = 6  # of a color bar
LOG = {"xscale": "log", "yscale": "log"}

SVG_SIZE, SVG_FRAME = (4.4, 2.9), (0.16, 0.17, 0.81, 0.79)  # inches; left, bottom, width, height in the figure
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), TEXT),
}


@dataclass(frozen=True, eq=False)
class Map:
    """An image to draw as a map.

    Parameters
    ----------
    title : str
        Title of the panel.
    image : ndarray
        (ny, nx).
    unit : str
        Label of the color bar.
    style : dict
        Keywords of ``imshow``, from `scene_style` or `difference_style`.
    flagged : ndarray of bool, optional
        (ny, nx) pixels that are marked.
    corner : tuple of int
        (y, x) of the first pixel in the frame, from 0; axes count from 1, as FITS does.
    """

    title: str
    image: np.ndarray
    unit: str = ""
    style: dict = field(default_factory=dict)
    flagged: np.ndarray | None = None
    corner: tuple = (0, 0)

    @property
    def wide(self):
        """Whether the image is a strip."""
        return self.image.shape[1] > WIDE * self.image.shape[0]


def scene_style(image, good=None):
    """Style of a scene: gray with an asinh stretch, from 5 sigma below the median to the 99.9th percentile.

    Parameters
    ----------
    image : ndarray
        (ny, nx) from which the limits are taken.
    good : ndarray of bool, optional
        (ny, nx) pixels that count.
    """
    from astropy.visualization import AsinhStretch, ImageNormalize
    from matplotlib import colormaps

    values = image[np.isfinite(image) if good is None else good & np.isfinite(image)]
    level = float(np.median(values)) if values.size else 0.0
    scales = (robust_sigma(values), float(np.std(values)) if values.size else 0.0, abs(level), 1.0)
    depth = BELOW * next(scale for scale in scales if scale > 0)
    high = max(float(np.percentile(values, BRIGHTEST)) if values.size else 0.0, level + 2 * depth)
    stretch = AsinhStretch(depth / (high - level + depth))
    norm = ImageNormalize(vmin=level - depth, vmax=high, stretch=stretch, clip=False)
    return {"norm": norm, "cmap": colormaps["gray"].with_extremes(bad=MISSING)}


def difference_style(image, good=None, span=None):
    """Style of a difference: blue to red, symmetric around the median, up to ``span`` or the 99.5th percentile."""
    from matplotlib.colors import Normalize

    values = image[np.isfinite(image) if good is None else good & np.isfinite(image)]
    middle = float(np.median(values)) if values.size else 0.0
    if span is None:
        distance = np.abs(values - middle)
        span = float(np.percentile(distance, 99.5) or distance.max()) if values.size else 0.0
    return {"norm": Normalize(middle - (span or 1.0), middle + (span or 1.0)), "cmap": "RdBu_r"}


def arrange_maps(maps, most=4):
    """Rows of a figure: strips below each other, other images side by side, at most ``most`` in a row."""
    step = 1 if maps[0].wide else -(-len(maps) // -(-len(maps) // most))
    return [list(maps[start : start + step]) for start in range(0, len(maps), step)]


def new_figure(title, rows):
    """Draw a figure.

    Parameters
    ----------
    title : str
        Heading.
    rows : list of list of Map or callable
        Panels; a callable draws on the axes that it is given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [max(_height(panel, WIDTH / len(row)) for panel in row) for row in rows]
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=13)
    parts = np.atleast_1d(figure.subfigures(len(rows), 1, height_ratios=heights))
    for part, row in zip(parts, rows, strict=True):
        for axis, panel in zip(part.subplots(1, len(row), squeeze=False)[0], row, strict=True):
            draw_map(axis, panel) if isinstance(panel, Map) else panel(axis)
    return figure


def write_figure(path, title, rows):
    """Draw a figure (see `new_figure`) and write it as PNG."""
    new_figure(title, rows).savefig(path, dpi=100, facecolor="white")


def draw_map(axis, panel):
    """Draw a `Map` with its axes in pixels, its color bar, and flagged pixels in orange."""
    from matplotlib.colors import ListedColormap

    aspect, (y, x), (ny, nx) = "auto" if panel.wide else "equal", panel.corner, panel.image.shape
    extent = (x + 0.5, x + nx + 0.5, y + 0.5, y + ny + 0.5)
    shown = axis.imshow(panel.image, origin="lower", aspect=aspect, extent=extent, **panel.style)
    if panel.flagged is not None:
        mask = _coarse(panel.flagged, -(-max(ny, nx) // LARGEST))
        style = {"cmap": ListedColormap([FLAGGED]), "interpolation": "nearest", "extent": extent, "aspect": aspect}
        axis.imshow(np.ma.masked_equal(mask, 0), origin="lower", **style)
    axis.set_title(panel.title, fontsize=11, loc="left")
    axis.set(xlabel="x / pixel", ylabel="y / pixel")
    axis.tick_params(labelsize=8)
    bar = axis.figure.colorbar(shown, cax=axis.inset_axes([1.01, 0, 0.01 if panel.wide else 0.025, 1]))
    bar.set_label(panel.unit, fontsize=9)
    values = shown.norm.inverse(np.linspace(0, 1, TICKS))
    bar.set_ticks(values, labels=[f"{value:.3g}" for value in values], fontsize=8)


def draw_lines(axis, curves, xlabel, ylabel, title="", **style):
    """Draw curves: name -> (x, y). Names of `COLORS` have their color; keywords set the axes, such as ``yscale``."""
    others = cycle(OTHER_COLORS)
    for name, (x, y) in curves.items():
        if style.get("yscale") == "log":
            x, y = x[y > 0], y[y > 0]
        if np.isfinite(y).any():
            marker = "." if len(x) < 30 else ""
            axis.plot(x, y, color=COLORS.get(name) or next(others), label=name, marker=marker, lw=1.1)
    axis.set(xlabel=xlabel, ylabel=ylabel, **(style if axis.lines else {}))
    _finish(axis, title)


def draw_histogram(axis, samples, edges, xlabel, title="", expected=None):
    """Draw histograms of samples: name -> values; ``expected`` is the (x, y) of a dashed line."""
    others = cycle(OTHER_COLORS)
    for name, values in samples.items():
        counts = np.histogram(values, edges)[0]
        if counts.any():
            axis.stairs(counts, edges, color=COLORS.get(name) or next(others), label=name, lw=1.2)
    if expected is not None:
        axis.plot(*expected, color=TEXT, lw=0.7, ls="--", label="Gaussian")
    axis.set(xlabel=xlabel, ylabel="number of pixels")
    if axis.patches:
        axis.set_yscale("log")
        axis.set_ylim(bottom=0.7)
    _finish(axis, title)


def draw_profile(axis, comparison, along, title=""):
    """Draw the interquartile mean of the background pixels of every row (``along=1``) or column (``along=0``)."""
    curves = {name: (np.arange(1, len(y) + 1), y) for name, y in comparison.profiles(along).items()}
    ylabel = label_with_unit("interquartile mean", comparison.unit)
    draw_lines(axis, curves, f"{'y' if along else 'x'} / pixel", ylabel, title)


def draw_spectrum(axis, comparison, title=""):
    """Draw power spectra of the background in the order of readout, or along the rows if that is unknown."""
    timed = comparison.before.readout is not None
    unit = f"({comparison.unit})² {'Hz⁻¹' if timed else 'pixel'}" if comparison.unit else ""
    label = label_with_unit("power of background", unit)
    draw_lines(axis, comparison.spectra, f"frequency / {'Hz' if timed else 'pixel⁻¹'}", label, title, **LOG)


def draw_over_err(axis, comparison, title=""):
    """Draw histograms of the background over ERR, with the Gaussian that correct errors give."""
    samples = comparison.over_err
    number = max((len(each) for each in samples.values()), default=0)
    gauss = number * (EDGES[1] - EDGES[0]) * np.exp(-(EDGES**2) / 2) / np.sqrt(2 * np.pi)
    draw_histogram(axis, samples, EDGES, "background / ERR", title, (EDGES, gauss) if number else None)


def draw_noise(axis, comparison, title=""):
    """Draw the noise of the background against the area that is averaged, with the slope of white noise."""
    curves = {}
    for name, scales in comparison.noise_by_scale.items():
        points = sorted((one.pixels, one.scatter) for one in scales if one.scatter > 0)
        curves[name] = np.array(points).reshape(-1, 2).T
    area, noise = curves["before"]
    if len(area):
        axis.plot(area, noise[0] / np.sqrt(area), color=TEXT, lw=0.7, ls="--", label="white noise")
    draw_lines(axis, curves, "area / pixels", label_with_unit("noise of the mean", comparison.unit), title, **LOG)


def draw_fluxes(axis, comparison, title=""):
    """Draw the change of flux of each source against its signal-to-noise ratio."""
    sources = comparison.quality.sources
    if len(sources.flux_before):
        signal = sources.flux_before / sources.flux_error
        change = 100 * (sources.flux_after / sources.flux_before - 1)
        axis.errorbar(signal, change, 100 / signal, fmt="o", ms=3, color=COLORS["after"], elinewidth=0.6, alpha=0.7)
        reach = 1.3 * np.percentile(np.abs(change), 98) + 50 / np.median(signal)
        axis.set(xscale="log", ylim=(-reach, reach), xlim=(0.8 * signal.min(), 1.25 * signal.max()))
    axis.axhline(0, color=TEXT, lw=0.6)
    axis.set(xlabel="S/N in the aperture", ylabel="change of flux / %")
    _finish(axis, title)


def draw_correlation(axis, comparison, title=""):
    """Draw the autocorrelation of before − after; white noise has 0."""
    residual = comparison.quality.residual
    low, high, _ = BOUNDS["correlation"]
    axis.axhspan(low, high, color=TEXT, alpha=0.07, lw=0)
    curves = {"along rows": residual.along, "along columns": residual.across}
    curves = {name: (np.arange(1, len(values)), values[1:]) for name, values in curves.items()}
    draw_lines(axis, curves, "lag / pixel", "autocorrelation of the removed", title)


def draw_planes(axis, comparison, title=""):
    """Draw the noise of every plane of a cube."""
    curves = {name: (np.arange(1, len(one.noise) + 1), one.noise) for name, one in comparison.pair}
    draw_lines(axis, curves, "plane", label_with_unit("noise", comparison.unit), title)


def draw_quality(axis, comparison, title=""):
    """Write the quality metrics with their bounds; those outside are red."""
    axis.axis("off")
    axis.set_title(title, fontsize=11, loc="left")
    metrics, outside = comparison.quality.metrics, comparison.quality.outside
    for row, (name, value) in enumerate(metrics.items()):
        low, high, _ = BOUNDS[name]
        style = {"color": DOUBT if name in outside else "black", "fontsize": 9, "transform": axis.transAxes}
        y = 0.95 - row / len(metrics)
        axis.text(0, y, name.replace("_", " "), **style)
        axis.text(0.55, y, f"{value:.3g}", ha="right", **style)
        axis.text(0.6, y, f"{low:g} to {high:g}", **style)


def label_with_unit(text, unit):
    """Label of an axis."""
    return f"{text} / {unit}" if unit else text


def as_svg(draw, comparison):
    """SVG of a graph that takes its colors from the page.

    Parameters
    ----------
    draw : callable
        Draws a comparison on axes.
    comparison : jwst_denoise.report.comparison.Comparison
        The images.

    Returns
    -------
    str
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    stream = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=SVG_SIZE, dpi=72, facecolor="none")
        canvas = FigureCanvasSVG(figure)
        axis = figure.add_axes(SVG_FRAME, facecolor="none")
        draw(axis, comparison)
        for line in axis.lines:
            line.set_data(*_thinned(*line.get_data()))
        for each in (axis.xaxis, axis.yaxis):
            _set_plain_ticks(each)
        canvas.print_svg(stream, metadata={"Date": None})
    text = stream.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    for name in ("width", "height"):
        text = re.sub(rf'(<svg[^>]*?) {name}="[^"]*"', r"\1", text, count=1)
    for name, color in COLORS.items():
        text = text.replace(color, f"var(--{name})")
    text = text.replace(TEXT, "currentColor").replace("<svg", '<svg aria-hidden="true"', 1)
    own = hashlib.sha256(text.encode()).hexdigest()[:8]  # no two graphs of a page may share an identifier
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{own}-", text)


def _height(panel, width):
    """Height of a panel of a given width, inches."""
    if not isinstance(panel, Map):
        return GRAPH_HEIGHT
    ny, nx = panel.image.shape
    return min((width - BESIDE) * ny / nx, LARGEST_HEIGHT) + 0.7


def _coarse(mask, step):
    """Whether any pixel of each cell of step × step is True."""
    ny, nx = (-(-length // step) * step for length in mask.shape)
    padded = np.pad(mask, ((0, ny - mask.shape[0]), (0, nx - mask.shape[1])))
    return padded.reshape(ny // step, step, nx // step, step).any(axis=(1, 3))


def _finish(axis, title):
    axis.set_title(title, fontsize=11, loc="left")
    axis.grid(alpha=0.25, lw=0.5)
    if axis.get_legend_handles_labels()[0]:
        axis.legend(frameon=False, fontsize=9)


def _thinned(x, y):
    """Means of neighboring points where a line has more than can be seen."""
    step = -(-len(x) // MOST_POINTS)
    length = len(x) // step * step
    return tuple(np.asarray(values[:length], float).reshape(-1, step).mean(axis=1) for values in (x, y))


def _set_plain_ticks(axis):
    """Few labels in plain text: decades, or 1, 2 and 5 in a short range, without the typesetting that is slow."""
    from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

    if axis.get_scale() != "log":
        formatter = ScalarFormatter(useOffset=False)
        formatter.set_powerlimits((-3, 4))
        axis.set_major_formatter(formatter)
        return
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0,) if high > 100 * low else (1.0, 2.0, 5.0)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda value, _: f"{value:g}" if 1e-3 <= value < 1e4 else f"{value:.0e}")
