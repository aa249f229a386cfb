"""Rows, tables and pages: one number per cell, at most six columns."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from jwst_denoise_benchmarks.core import catalog, pages
from jwst_denoise_benchmarks.core.measure import describe_machine, machine_sentence
from jwst_denoise_benchmarks.core.plots import draw_bars
from jwst_denoise_benchmarks.core.rows import MAX_COLUMNS, Row, is_cell, skipped, tables

PAGES = Path(__file__).parents[2] / "docs" / "benchmarks"


@pytest.mark.parametrize(
    "text", ["1", "-1.5", "+0.03", "1.2e-05", "1.00 ± 0.02", "≤ 0.5", "≥ reference", "yes", "–", ""]
)
def test_cells(text):
    assert is_cell(text)


@pytest.mark.parametrize("text", ["1, 2", "1.3 s", "0.9 – 1.1", "gp 1.3; at most 2", "two words", "5 %", "1 2"])
def test_more_than_a_number_is_not_a_cell(text):
    assert not is_cell(text)


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.12345, "", "0.123"), (1.0, "", "1.00"), (1234.5, "", "1234"), (7, "", "7"), (1.23e-5, "", "1.2e-05"),
        (np.float32(2.5), ".1f", "2.5"), ((1.234, 0.056), "", "1.234 ± 0.056"), ((1.2, 0.5), "+.2f", "+1.20 ± 0.50"),
        (True, "", "yes"), (None, "", "–"), (np.nan, "", "–"),
    ],
)  # fmt: skip
def test_numbers(value, form, text):
    assert Row("quantity", "case", {"step": value}, form=form).cells == {"step": text}


def test_row_with_several_numbers_in_a_cell_is_refused():
    with pytest.raises(ValueError, match="depth, case: '0.9 and 1.1'"):
        Row("depth", "case", {"step": "0.9 and 1.1"})
    with pytest.raises(ValueError, match="0.95 – 1.05"):
        Row("depth", "case", {"step": 1.0}, target="0.95 – 1.05")


def test_tables():
    rows = [
        Row("depth", "one", {"step": 1.0}, {"jwst": 2.0}, "mag", target="≥ 0.5", passed=True),
        Row("other", "one", {"step": 1}),
        Row("depth", "two", {"step": 3.0}, unit="mag", target="≥ 0.5", passed=False),
        skipped("depth", "three", "no model", unit="mag"),
    ]
    depth, other = tables(rows)
    assert depth.title == "depth; target ≥ 0.5 mag"
    assert depth.header == ["configuration", "step (mag)", "jwst (mag)", "passed"]
    assert depth.body == [["one", "1.00", "2.00", "yes"], ["two", "3.00", "–", "no"], ["three", "–", "–", ""]]
    assert depth.notes == ["three: skipped, no model"]
    assert other.header == ["configuration", "step"]


def test_different_targets_are_a_column():
    rows = [Row("depth", f"{limit}", {"step": 1.0}, target=f"≥ {limit}", passed=True) for limit in (1, 2)]
    (table,) = tables(rows)
    assert table.header[-2:] == ["target", "passed"] and table.body[1][-2:] == ["≥ 2", "yes"]


def test_wide_tables_are_refused():
    row = Row("depth", "case", {str(number): 1.0 for number in range(MAX_COLUMNS)})
    with pytest.raises(ValueError, match="7 columns"):
        tables([row])


def test_page_and_plot(tmp_path):
    benchmark = catalog.Benchmark("speed", "a*b_", "", (catalog.Group("some", "", "some rows"),), plotted=("depth",))
    row = vars(Row("depth of |c| `d`", "x_", {"step": (1.0, 0.1)}, group="some"))
    content = {"machine": describe_machine(), "command": "command", "groups": {"some": [row]}}
    pages.write_page(tmp_path / "page.rst", benchmark, content)
    text = (tmp_path / "page.rst").read_text()
    assert r"depth of \|c\| \`d\`" in text and r"x\_" in text and "1.00 ± 0.10" in text
    assert text.index("page.png") < text.index("list-table")
    assert (tmp_path / "page.png").stat().st_size > 1000


def test_nothing_is_drawn_without_rows(tmp_path):
    assert not draw_bars(tmp_path / "plot.png", [Row("depth", "case", {"step": 1.0})], ("speed",))
    assert list(tmp_path.iterdir()) == []


def test_machine_in_one_sentence():
    assert "jwst 3" in machine_sentence(describe_machine())


@pytest.mark.parametrize("name", [one.name for one in catalog.BENCHMARKS])
def test_committed_pages_are_readable(name):
    """Every table has at most six columns, and every cell but that of the configuration holds one number or a word."""
    text = (PAGES / f"{name}.rst").read_text()
    assert f".. image:: {name}.png" in text.split("list-table")[0]
    assert (PAGES / f"{name}.png").is_file()
    for table in text.split(".. list-table::")[1:]:
        cells = re.findall(r"^   (\* |  )-(?: (.*))?$", table, flags=re.MULTILINE)
        starts = [index for index, (mark, _) in enumerate(cells) if mark == "* "] + [len(cells)]
        header, *rows = [[text for _, text in cells[slice(*pair)]] for pair in itertools.pairwise(starts)]
        assert rows and len(header) <= MAX_COLUMNS
        for row in rows:
            assert len(row) == len(header) and all(map(is_cell, row[1:])), row


@pytest.mark.parametrize("name", [one.name for one in catalog.BENCHMARKS])
def test_committed_pages_are_those_of_the_numbers(name, tmp_path):
    (benchmark,) = catalog.select([name], catalog.BENCHMARKS)
    content = json.loads((PAGES / f"{name}.json").read_text())
    pages.write_page(tmp_path / f"{name}.rst", benchmark, content)
    assert (tmp_path / f"{name}.rst").read_text() == (PAGES / f"{name}.rst").read_text()
