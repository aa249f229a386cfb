"""The model card: what a model is, as Markdown."""

__all__ = ["render"]

_SECTIONS = {"domain": "Made for", "architecture": "Network", "scores": "Scores", "provenance": "Provenance"}


def render(info):
    """Model card.

    Parameters
    ----------
    info : mapping
        ``Model.info``.

    Returns
    -------
    str
        Markdown: the author's text, then domain, network, scores, operating points and provenance.
    """
    head = f"# {info['name']}\n\n{info['card'].strip()}"
    sections = [f"## {title}\n\n{_section(info[key])}" for key, title in _SECTIONS.items()]
    if info.get("thresholds"):
        rows = [(rate, f"{value:.6g}") for rate, value in info["thresholds"].items()]
        sections.insert(3, "## Operating points\n\n" + _table(["false-positive rate", "probability"], rows))
    tail = f"## Licence and digest\n\n- licence: {info['licence']}\n- SHA-256: `{info['sha256']}`"
    return "\n\n".join([head, *sections, tail]) + "\n"


def _section(values):
    """A table if the values are rows of the same columns, else a list."""
    rows = list(values.values())
    if all(isinstance(row, dict) and row for row in rows) and not any(_nested(v) for row in rows for v in row.values()):
        columns = list(dict.fromkeys(column for row in rows for column in row))
        return _table(["", *columns], [(name, *map(row.get, columns)) for name, row in values.items()])
    return "\n".join(_items(values))


def _table(columns, rows):
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_text(value).replace("|", "\\|") for value in line) + " |" for line in lines)


def _items(values, indent=""):
    for name, value in values.items():
        if isinstance(value, dict):
            yield f"{indent}- {name}:"
            yield from _items(value, indent + "  ")
        else:
            yield f"{indent}- {name}: {_text(value)}"


def _nested(value):
    return isinstance(value, dict | list | tuple)


def _text(value):
    if value is None:
        return "–"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(str(value).split())
