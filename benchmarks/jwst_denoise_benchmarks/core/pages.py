"""Pages of the documentation with the tables of a benchmark, and a plot on top."""

import re
from pathlib import Path

from jwst_denoise_benchmarks.core.measure import machine_sentence
from jwst_denoise_benchmarks.core.plots import draw_bars
from jwst_denoise_benchmarks.core.rows import Row, tables

__all__ = ["write_page"]

HEAD = """\
{title}
{line}
{image}
Measured with ::

    {command}

on {machine}. If the load shows that other programs were running, the times are longer than they need be.
"""
IMAGE = """
.. image:: {file}
   :alt: Bars of the rows on {quantities}.
"""
TABLE = """
.. list-table:: {title}
   :header-rows: 1
   :widths: {widths}

"""


def write_page(path, benchmark, content):
    """Write a page (reStructuredText), and a plot of its most important rows next to it.

    Parameters
    ----------
    path : path-like
        The page; the plot has the suffix ``.png``.
    benchmark : jwst_denoise_benchmarks.core.catalog.Benchmark
        Title, groups, and quantities of the plot.
    content : dict
        ``machine``, ``command``, and ``groups``: name -> rows, as dictionaries.
    """
    path = Path(path)
    rows = {name: [Row(**row) for row in group] for name, group in content["groups"].items()}
    plot = path.with_suffix(".png")
    image = ""
    if draw_bars(plot, [row for group in rows.values() for row in group], benchmark.plotted):
        image = IMAGE.format(file=plot.name, quantities="; ".join(benchmark.plotted))
    text = HEAD.format(
        title=benchmark.title, line="=" * len(benchmark.title), image=image, command=content["command"],
        machine=machine_sentence(content["machine"]),
    )  # fmt: skip
    titles = {group.name: group.description for group in benchmark.groups}
    text += "".join(_section(name, titles.get(name, name), group) for name, group in rows.items())
    path.write_text(text, encoding="utf-8")


def _section(name, title, rows):
    title = f"{title[0].upper()}{title[1:]}"
    head = f"\n{title}\n{'-' * len(title)}\n\nRows of ``--only {name}``.\n"
    return head + "".join(map(_table, tables(rows)))


def _table(table):
    widths = " ".join(["40"] + ["12"] * (len(table.header) - 1))
    lines = "".join(map(_line, [table.header, *table.body]))
    notes = "".join(f"\n{_escaped(note)}\n" for note in table.notes)
    return TABLE.format(title=_escaped(table.title), widths=widths) + lines + notes


def _line(cells):
    return "".join(
        f"   {'  -' if index else '* -'} {_escaped(cell)}".rstrip() + "\n" for index, cell in enumerate(cells)
    )


def _escaped(text):
    return re.sub(r"([\\*`|_])", r"\\\1", " ".join(text.split()))
