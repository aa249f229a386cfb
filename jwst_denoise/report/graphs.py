"""Graphs as SVG that takes its colors from the page."""

import hashlib
import io
import re

import numpy as np

from jwst_denoise.quality import BOUNDS

__all__ = ["correlation", "fluxes", "planes", "pixels", "profiles", "pulls", "residual", "spectra"]

TEXT = "#010203"
COLORS = {"before": "#c2410c", "after": "#1d4ed8", "removed": "#7c3aed"}
SIZE = (4.4, 2.9)  # inches, the width of a telephone
FRAME = (0.16, 0.17, 0.81, 0.79)  # left, bottom, width, height in the figure
MOST = 600  # points of a line
EDGES = np.linspace(-6, 6, 97)

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.3,
    "legend.frameon": False,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), TEXT),
}


def profiles(comparison, axis):
    """Mean of the blank sky by row (axis 1) or by column (axis 0)."""
    label = "row" if axis == 1 else "column"
    return _lines(
        {name: (np.arange(1, len(y) + 1), y) for name, y in comparison.profiles(axis).items()},
        xlabel=f"{label} / pixel",
        ylabel=_with_unit("mean of blank sky", comparison),
    )


def spectra(comparison, axis):
    """Power spectra of the blank sky along the rows (axis 1) or the columns (axis 0)."""
    return _lines(
        comparison.spectra(axis),
        xlabel="frequency / pixel⁻¹",
        ylabel="power",
        xscale="log",
        yscale="log",
    )


def pixels(comparison):
    """Histogram of the pixels."""
    values = {name: one.image[comparison.usable] for name, one in comparison.pair}
    low, high = np.percentile(values["before"], (0.1, 99.5)) if comparison.usable.any() else (0, 1)
    edges = np.linspace(low, max(high, low + 1e-30), 90)
    return _steps(values, edges, xlabel=_with_unit("value", comparison), ylabel="pixels")


def residual(comparison):
    """Histogram of what was removed, in units of the noise of each pixel."""
    with np.errstate(invalid="ignore", divide="ignore"):
        values = (comparison.removed / comparison.noise)[comparison.usable]
    return _steps({"removed": values}, EDGES, xlabel="removed / noise", ylabel="pixels")


def pulls(comparison):
    """Histograms of the blank sky in units of its errors, with the Gaussian that it should be."""
    values = comparison.pulls
    number = max((len(each) for each in values.values()), default=0)
    gauss = number * (EDGES[1] - EDGES[0]) * np.exp(-(EDGES**2) / 2) / np.sqrt(2 * np.pi)
    return _steps(values, EDGES, xlabel="blank sky / ERR", ylabel="pixels", expected=(EDGES, gauss))


def fluxes(comparison):
    """Change of the flux of each source over its signal-to-noise ratio."""
    sources = comparison.trust.sources
    with _Graph(xlabel="S/N in the aperture", ylabel="change of flux / %", xscale="log") as graph:
        signal = sources.flux_before / sources.flux_error
        change = 100 * (sources.flux_after / sources.flux_before - 1)
        graph.axis.errorbar(
            signal, change, 100 / signal, fmt="o", ms=3, color=COLORS["after"], elinewidth=0.6, alpha=0.7
        )
        graph.axis.axhline(0, color=TEXT, lw=0.6)
        reach = 1.3 * np.percentile(np.abs(change), 98) + 0.1
        graph.axis.set(ylim=(-reach, reach), xlim=(0.8 * signal.min(), 1.25 * signal.max()))
    return graph.svg


def correlation(comparison):
    """Autocorrelation of what was removed."""
    found = comparison.trust.residual
    with _Graph(xlabel="lag / pixel", ylabel="correlation of the removed") as graph:
        low, high, _ = BOUNDS["correlation"]
        graph.axis.axhspan(low, high, color=TEXT, alpha=0.07, lw=0)
        for values, name, color in ((found.along, "along rows", "before"), (found.across, "along columns", "after")):
            graph.axis.plot(np.arange(1, len(values)), values[1:], marker="o", ms=3, color=COLORS[color], label=name)
        graph.axis.legend()
    return graph.svg


def planes(comparison):
    """Noise of every plane of a cube."""
    return _lines(
        {name: (np.arange(1, len(one.noise) + 1), one.noise) for name, one in comparison.pair},
        xlabel="plane",
        ylabel=_with_unit("noise", comparison),
    )


def _with_unit(text, comparison):
    return f"{text} / {comparison.before.unit}" if comparison.before.unit else text


def _lines(curves, **labels):
    with _Graph(**labels) as graph:
        for name, (x, y) in curves.items():
            if labels.get("yscale") == "log":
                x, y = x[y > 0], y[y > 0]
            if len(x):
                graph.axis.plot(*_thinned(x, y), color=COLORS[name], label=name, marker="." if len(x) < 30 else "")
        if graph.axis.lines:
            graph.axis.legend()
        else:
            labels.update(xscale="linear", yscale="linear")
    return graph.svg


def _steps(samples, edges, expected=None, **labels):
    counts = {name: np.histogram(values, edges)[0] for name, values in samples.items()}
    with _Graph(**labels) as graph:
        for name, found in counts.items():
            graph.axis.stairs(found, edges, color=COLORS[name], label=name, lw=1.2)
        if expected:
            graph.axis.plot(*expected, color=TEXT, lw=0.7, ls="--", label="Gaussian")
        if any(found.any() for found in counts.values()):
            graph.axis.set_yscale("log")
            graph.axis.set_ylim(bottom=0.7)
            graph.axis.legend()
    return graph.svg


def _label(axis):
    """Few plain labels: decades, or 1, 2 and 5 in a short range, without the typesetting that is slow."""
    from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

    if axis.get_scale() != "log":
        formatter = ScalarFormatter(useOffset=False)
        formatter.set_powerlimits((-3, 4))
        axis.set_major_formatter(formatter)
        return
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0,) if high > 100 * low else (1.0, 2.0, 5.0)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(_plain)


def _plain(value, _=None):
    """Text of a tick of a logarithmic axis."""
    exponent = int(np.floor(np.log10(value) + 1e-9))
    if -3 <= exponent <= 3:
        return f"{value:g}"
    factor = round(value / 10.0**exponent)
    power = "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return power if factor == 1 else f"{factor}·{power}"


def _thinned(x, y):
    """Means of neighbors where there are more points than a line can show."""
    step = -(-len(x) // MOST)
    if step == 1:
        return x, y
    length = len(x) // step * step
    return tuple(np.asarray(values[:length], float).reshape(-1, step).mean(axis=1) for values in (x, y))


class _Graph:
    """Axes that become SVG without a size, a namespace or colors of its own."""

    def __init__(self, **labels):
        self._labels = labels

    def __enter__(self):
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        self._style = matplotlib.rc_context(_STYLE)
        self._style.__enter__()
        figure = Figure(figsize=SIZE, dpi=72, facecolor="none")
        self._canvas = FigureCanvasSVG(figure)
        self.axis = figure.add_axes(FRAME, facecolor="none", **self._labels)
        self.axis.grid(alpha=0.2, lw=0.5, color=TEXT)
        return self

    def __exit__(self, *failure):
        try:
            if failure[0] is None:
                self.svg = self._drawn()
        finally:
            self._style.__exit__(*failure)

    def _drawn(self):
        for axis in (self.axis.xaxis, self.axis.yaxis):
            _label(axis)
        stream = io.StringIO()
        self._canvas.print_svg(stream, metadata={"Date": None})
        text = stream.getvalue()
        text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
        text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
        text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
        for name, color in COLORS.items():
            text = text.replace(color, f"var(--{name})")
        text = text.replace(TEXT, "currentColor").replace("<svg", '<svg aria-hidden="true"', 1)
        own = hashlib.sha256(text.encode()).hexdigest()[:8]  # names are of the page: no two graphs may share one
        return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{own}-", text)
