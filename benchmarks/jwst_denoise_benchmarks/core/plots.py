"""Plots without a screen: helpers for all figures, and bars of the rows of a page."""

import textwrap
from importlib import import_module
from pathlib import Path

import numpy as np

from jwst_denoise_benchmarks.core.inputs import MissingInput

__all__ = ["COLORS", "draw_bars", "draw_figures", "new_figure", "save_figure", "show_image"]

#: Colors of methods.
COLORS = {
    "truth": "black", "fit": "tab:orange", "jwst_denoise": "tab:blue", "reference": "tab:green", "theory": "0.5"
}  # fmt: skip


def new_figure(size, *grid, **options):
    """Figure and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(*grid, **options)


def save_figure(figure, path, dpi=75):
    """Write a PNG that is the same every time."""
    figure.savefig(path, dpi=dpi, metadata={"Software": None})


def show_image(axis, image, title, low, high, **options):
    """Show a small image without ticks."""
    mappable = axis.imshow(image, vmin=low, vmax=high, origin="lower", interpolation="nearest", **options)
    axis.set(title=title, xticks=[], yticks=[])
    return mappable


def draw_figures(directory, groups, quick):
    """Draw figures, group by group; those whose model or data file is missing are omitted.

    Parameters
    ----------
    directory : path-like
        Directory of the PNG files; made if it does not exist.
    groups : iterable of jwst_denoise_benchmarks.core.catalog.Group
        With ``figures``: file -> ``module.function``, called with the path and ``quick``.
    quick : bool
        Small cases.

    Returns
    -------
    list of str
        Files that were omitted.
    """
    folder, omitted = Path(directory), []
    folder.mkdir(parents=True, exist_ok=True)
    for group in groups:
        for file, name in group.figures.items():
            module, _, function = name.rpartition(".")
            try:
                getattr(import_module(f"jwst_denoise_benchmarks.{module}"), function)(folder / file, quick)
            except MissingInput:
                omitted.append(file)
    return omitted


def draw_bars(path, rows, quantities):
    """Draw the rows of some quantities as bars: one panel for each group and quantity, one color for each column.

    Parameters
    ----------
    path : path-like
        PNG file.
    rows : iterable of jwst_denoise_benchmarks.core.rows.Row
        Rows of a benchmark.
    quantities : iterable of str
        Beginnings of the quantities that are drawn.

    Returns
    -------
    bool
        Whether there was anything to draw.
    """
    panels = {}
    for row in rows:
        if row.cells and row.quantity.startswith(tuple(quantities)):
            panels.setdefault((row.group, row.quantity), []).append(row)
    if not panels:
        return False
    heights = [1.2 + 0.16 * sum(len(row.cells) + 1 for row in panel) for panel in panels.values()]
    figure, axes = new_figure((9, sum(heights)), len(panels), 1, squeeze=False, height_ratios=heights)
    for axis, panel in zip(axes[:, 0], panels.values(), strict=True):
        _draw_panel(axis, panel)
    save_figure(figure, path)
    return True


def _draw_panel(axis, rows):
    columns = list(dict.fromkeys(name for row in rows for name in row.result | row.reference))
    numbers, ticks, place = {name: ([], [], []) for name in columns}, [], 0
    for row in rows:
        start = place
        for name, value in (row.result | row.reference).items():
            value, error = value if isinstance(value, tuple | list) else (value, 0)
            if value is not None and np.isfinite(value):
                for values, one in zip(numbers[name], (place, value, error), strict=True):
                    values.append(one)
                place += 1
        ticks.append((start + place - 1) / 2)
        place += 1
    for number, (name, (places, values, errors)) in enumerate(numbers.items()):
        color = f"C{number}" if name in rows[0].result else _gray(number, len(columns))
        bars = {"xerr": errors} if any(errors) else {}
        axis.barh(places, values, 0.9, color=color, label=name, error_kw={"lw": 1}, **bars)
    axis.axvline(0, color="0.3", lw=0.8)
    axis.set(
        yticks=ticks,
        yticklabels=[row.configuration for row in rows],
        title="\n".join(textwrap.wrap(f"{rows[0].quantity} ({rows[0].group})", 70)),
    )
    axis.set_xlabel(rows[0].unit)
    axis.invert_yaxis()
    axis.grid(axis="x", alpha=0.3)
    axis.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def _gray(number, columns):
    """Shade of gray of a reference method."""
    return str(0.45 + 0.45 * number / columns)
