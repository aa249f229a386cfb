"""The table at the end of a batch."""

import os

from rich.table import Table

__all__ = ["counts", "table"]

#: Longer tables show what failed only.
ROWS = 60
_COLORS = {"done": "green", "failed": "bold red", "done before": "dim", "not done": "yellow"}


def counts(records, total):
    """Sentence: how many are done, failed and left."""
    number = {status: sum(record.status == status for record in records) for status in _COLORS}
    number["not done"] = total - len(records)
    return ", ".join(f"{value} {status}" for status, value in number.items() if value) or "nothing to do"


def table(records):
    """Rich table of what was done; of many exposures, those that failed.

    Parameters
    ----------
    records : list of Record
        How the exposures ended.

    Returns
    -------
    rich.table.Table
    """
    shown = records if len(records) <= ROWS else [record for record in records if record.status == "failed"]
    result = Table(box=None, pad_edge=False)
    for name in ("exposure", "status", "seconds", "peak", "products, or what went wrong"):
        result.add_column(name, overflow="fold", justify="right" if name in ("seconds", "peak") else "left")
    for record in shown:
        result.add_row(
            os.path.basename(record.file), f"[{_COLORS[record.status]}]{record.status}[/]", _seconds(record),
            f"{record.peak / 1e9:.2f} GB" if record.peak else "–", _result(record),
        )  # fmt: skip
    return result


def _seconds(record):
    text = f"{record.seconds:.1f}" if record.seconds else "–"
    return f"{text}, try {record.attempts}" if record.attempts > 1 else text


def _result(record):
    from rich.markup import escape

    return escape(record.error or ", ".join(record.products))
