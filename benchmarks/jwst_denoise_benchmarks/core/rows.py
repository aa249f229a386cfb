"""Rows of a benchmark and the tables that they make: one number per cell, at most six columns."""

import json
import re
from dataclasses import asdict, dataclass, field

import numpy as np

__all__ = ["MAX_COLUMNS", "Row", "Table", "is_cell", "skipped", "tables", "write_json"]

MAX_COLUMNS = 6
NUMBER = r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?"
#: A number, optionally with its uncertainty or a bound, or a short word.
CELL = re.compile(rf"([<>≤≥] ?)?{NUMBER}( ± {NUMBER})?|[<>≤≥] reference|[A-Za-z]{{1,10}}|–|")
MARKS = {True: "yes", False: "no", None: ""}


@dataclass(frozen=True)
class Row:
    """One row of a table: a quantity, measured in one configuration.

    Parameters
    ----------
    quantity : str
        Title of the table that the rows of one quantity make.
    configuration : str
        What the quantity was measured on: scene, mask, setting.
    result : dict
        Column -> number measured with this package: a float, a pair (value, standard error), a bool or a word.
    reference : dict, optional
        Column -> number of a reference method, measured in the same run, or published.
    unit : str, optional
        Of all numbers; where it is empty, the names of the columns contain the units.
    form : str, optional
        Format specification of the numbers; by default three significant digits.
    target : str, optional
        A number with ``<``, ``≤``, ``>``, ``≥`` or ``±``; or ``"≤ reference"``, which compares with every reference.
    passed : bool or None, optional
        Whether the target is met; None without target.
    metrics : dict, optional
        All numbers behind the row, for the JSON file.
    group : str, optional
        Name by which rows are selected.
    """

    quantity: str
    configuration: str
    result: dict
    reference: dict = field(default_factory=dict)
    unit: str = ""
    form: str = ""
    target: str = ""
    passed: bool | None = None
    metrics: dict = field(default_factory=dict)
    group: str = ""

    def __post_init__(self):  # noqa: D105
        for text in (*self.cells.values(), self.target):
            if not is_cell(text):
                raise ValueError(f"{self.quantity}, {self.configuration}: {text!r} is not one number or a short word")

    @property
    def cells(self):
        """Header with unit -> text of a cell."""
        unit = f" ({self.unit})" if self.unit else ""
        return {f"{name}{unit}": _text(value, self.form) for name, value in (self.result | self.reference).items()}


@dataclass(frozen=True)
class Table:
    """Rows of one quantity.

    Parameters
    ----------
    title : str
        Quantity, and the target if it is the same in all rows.
    header : list of str
        Names of at most `MAX_COLUMNS` columns.
    body : list of list of str
        Text of the cells.
    notes : list of str
        Reasons for which configurations were skipped.
    """

    title: str
    header: list
    body: list
    notes: list

    def __post_init__(self):  # noqa: D105
        if len(self.header) > MAX_COLUMNS:
            raise ValueError(f"{self.title}: {len(self.header)} columns, more than {MAX_COLUMNS}: {self.header}")

    @classmethod
    def of(cls, rows):
        """Table of rows of one quantity."""
        names = list(dict.fromkeys(name for row in rows for name in row.cells))
        targets = list(dict.fromkeys(row.target for row in rows if row.target))
        target = f"; target {targets[0]}" if len(targets) == 1 else ""
        target += f" {rows[0].unit}" if target and rows[0].unit and "reference" not in target else ""
        header = ["configuration", *names]
        extra = [("target", lambda row: row.target)] if len(targets) > 1 else []
        extra += [("passed", lambda row: MARKS[row.passed])] if any(row.passed is not None for row in rows) else []
        body = [
            [row.configuration, *(row.cells.get(name, "–") for name in names), *(text(row) for _, text in extra)]
            for row in rows
        ]
        notes = [f"{row.configuration}: skipped, {row.metrics['skipped']}" for row in rows if "skipped" in row.metrics]
        return cls(rows[0].quantity + target, header + [name for name, _ in extra], body, notes)


def tables(rows):
    """List of `Table`: one for each quantity of a group."""
    by_quantity = {}
    for row in rows:
        by_quantity.setdefault((row.group, row.quantity), []).append(row)
    return [Table.of(same) for same in by_quantity.values()]


def skipped(quantity, configuration, reason, reference=None, **options):
    """Row without a result because an input is missing; the reason is a note below the table."""
    return Row(quantity, configuration, {}, reference or {}, metrics={"skipped": str(reason)}, **options)


def is_cell(text):
    """Whether a text is one number, with an uncertainty or bound if there is one, or a short word."""
    return CELL.fullmatch(text) is not None


def _text(value, form):
    if value is None or isinstance(value, str):
        return value or "–"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return _with_error(*value, form)
    return _number(value, form)


def _number(value, form):
    if not np.isfinite(value):
        return "–"
    if form:
        return f"{value:{form}}"
    if isinstance(value, int | np.integer):
        return str(value)
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        text = f"{value:#.3g}"
        return f"{value:.0f}" if "e" in text or abs(value) >= 100 else text
    return f"{value:.1e}"


def _with_error(value, error, form):
    if not np.isfinite(error) or error == 0:
        return _number(value, form)
    if form:
        return f"{value:{form}} ± {error:{form.replace('+', '')}}"
    decimals = max(0, 1 - int(np.floor(np.log10(error))))
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def write_json(path, content):
    """Write dictionaries, lists, rows, and numpy numbers and arrays as JSON."""
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1, default=_plain, ensure_ascii=False)


def _plain(value):
    return asdict(value) if isinstance(value, Row) else value.tolist()
