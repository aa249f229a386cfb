"""The page: one HTML file that holds everything it shows."""

from datetime import UTC, datetime
from importlib.resources import files

from jwst_denoise import __version__
from jwst_denoise.report import tables
from jwst_denoise.report.exposure import MOST_SLITS
from jwst_denoise.report.records import steps_between
from jwst_denoise.report.section import section_of, slit_row

__all__ = ["render", "write"]

MOST_SECTIONS = 6


def write(path, before, after, title=None):
    """Write the page of a product before and after.

    Parameters
    ----------
    path : path-like
        File to write.
    before, after : list of jwst_denoise.report.exposure.Exposure
        Images, as many before as after.
    title : str, optional
        Heading; the names of the files by default.
    """
    text = render(before, after, title)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def render(before, after, title=None):
    """HTML of a product before and after.

    Parameters
    ----------
    before, after : list of jwst_denoise.report.exposure.Exposure
        Images, as many before as after.
    title : str, optional
        Heading; the names of the files by default.

    Returns
    -------
    str
    """
    from jinja2 import Environment, StrictUndefined

    records = before[0].record, after[0].record
    pairs, several = list(zip(before, after, strict=True)), len(before) > 1
    sections = [section_of(*pair, number, several) for number, pair in enumerate(pairs[:MOST_SECTIONS], 1)]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(_text("page.html")).render(
        title=title or f"{records[0].name} → {records[1].name}",
        subtitle=_subtitle(records[1]),
        summary=_summary(*records),
        sections=sections,
        slits=[slit_row(*pair) for pair in pairs] if several else [],
        left_out=_left_out(len(pairs)),
        has_flags=any(image.flags for section in sections for image in section.overview.images),
        flags_first=all(section.nothing_removed for section in sections),
        provenance=tables.provenance(*records),
        style=_text("style.css"),
        script=_text("script.js"),
        version=__version__,
    )


def _text(name):
    return (files("jwst_denoise.report") / "templates" / name).read_text(encoding="utf-8")


def _subtitle(record):
    told = [f"{name}: {tables.number(value)}" for name, value in record.facts.items()]
    return " · ".join([*told, f"report of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"])


def _summary(before, after):
    ran = steps_between(before, after)
    return f"Steps that ran in between: {', '.join(ran)}." if ran else "By their headers, no step ran in between."


def _left_out(count):
    if count <= MOST_SECTIONS:
        return ""
    listed = f" The table lists the first {MOST_SLITS}." if count >= MOST_SLITS else ""
    return f"The first {MOST_SECTIONS} of {count} slits are shown below.{listed}"
