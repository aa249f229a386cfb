"""Pages of the documentation with the figures of a benchmark."""

import re

from jwst_denoise_benchmarks.machine import sentence

__all__ = ["write"]

MARKS = {True: "yes", False: "**no**", None: ""}
COLUMNS = ("what", "peer", "ours", "asked", "met")

HEAD = """\
{title}
{line}

Printed by ::

    {command}

on {machine}. Other work on the machine, if the load says that there was some, makes rows of speed slower than they are.
"""

TABLE = """
.. list-table::
   :header-rows: 1
   :widths: 34 24 26 12 4

"""


def write(path, title, content):
    """Write a page.

    Parameters
    ----------
    path : pathlib.Path
        File in reStructuredText.
    title : str
        Heading.
    content : dict
        ``machine``, ``command``, and ``groups``: name -> rows.
    """
    head = HEAD.format(
        title=title, line="=" * len(title), command=content["command"], machine=sentence(content["machine"])
    )
    tables = [_section(name, rows) for name, rows in content["groups"].items()]
    path.write_text(head + "".join(tables), encoding="utf-8")


def _section(name, rows):
    heading = name.replace("-", " ").capitalize()
    table = "".join(_row([_escaped(row[key]) for key in COLUMNS[:-1]] + [MARKS[row["met"]]]) for row in rows)
    return f"\n{heading}\n{'-' * len(heading)}\n{TABLE}{_row(COLUMNS)}{table}"


def _row(cells):
    return "".join(f"   {'* -' if not index else '  -'} {cell}\n" for index, cell in enumerate(cells))


def _escaped(text):
    return re.sub(r"([\\*`|_])", r"\\\1", " ".join(text.split()))
