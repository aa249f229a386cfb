"""Rows of a benchmark: what was measured, by whom, and what was asked."""

import json
from dataclasses import asdict, dataclass, field

from rich.table import Table

__all__ = ["MissingData", "Row", "skipped", "table", "write", "write_json"]


class MissingData(FileNotFoundError):
    """A benchmark needs a data file that is not there."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    what : str
        What is measured.
    ours : str
        Figure of this package.
    peer : str, optional
        Figure of the other tool, measured in the same run.
    asked : str, optional
        The target.
    met : bool or None, optional
        Whether the target is met; None where there is none.
    figures : dict, optional
        All numbers behind the row, for the JSON file.
    group : str, optional
        Name by which the row is chosen.
    """

    what: str
    ours: str
    peer: str = "–"
    asked: str = "–"
    met: bool | None = None
    figures: dict = field(default_factory=dict)
    group: str = ""


def skipped(what, reason):
    """Row of a benchmark that cannot run here."""
    return Row(what, f"skipped: {reason}")


def table(rows, title):
    """Rich table of rows."""
    result = Table(title=title, show_lines=True)
    for name in ("what", "peer", "ours", "asked"):
        result.add_column(name, overflow="fold")
    result.add_column("met", justify="center")
    marks = {True: "[green]yes[/]", False: "[bold red]no[/]", None: ""}
    for row in rows:
        result.add_row(row.what, row.peer, row.ours, row.asked, marks[row.met])
    return result


def write_json(path, rows, machine, command):
    """Write machine, command and rows with all their figures."""
    write(path, {"machine": machine, "command": command, "rows": [asdict(row) for row in rows]})


def write(path, content):
    """Write dictionaries and lists, with numpy's numbers and arrays among them, as JSON."""
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1, default=_plain, ensure_ascii=False)


def _plain(value):
    """Python value of a numpy scalar or array."""
    return value.tolist()
