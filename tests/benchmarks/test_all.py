"""``benchmark all``: pages and files, group by group, and what an interrupted run keeps."""

import json

import pytest
from click.testing import CliRunner

from jwst_denoise.commands.main import main
from jwst_denoise_benchmarks import catalog, pages, rows, suite


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(suite, "GROUPS", suite.choose(["definition", "transit"], suite.GROUPS))
    monkeypatch.setattr(suite, "DEFAULTS", ())


def run(folder, *options):
    return CliRunner().invoke(
        main, ["benchmark", "all", "--quick", "--only", "nsclean", "--output", str(folder), *options]
    )


def test_page_and_file(tmp_path):
    result = run(tmp_path / "made")
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "made" / "nsclean.json").read_text())
    assert list(content["groups"]) == ["definition", "transit"]
    page = (tmp_path / "made" / "nsclean.rst").read_text()
    assert content["machine"]["processor"] in page and "benchmark all --only nsclean --quick" in page
    assert page.count("* -") == 2 + sum(len(group) for group in content["groups"].values())  # with two heads


def test_resumed_run_measures_what_is_missing(tmp_path, monkeypatch):
    run(tmp_path)
    path = tmp_path / "nsclean.json"
    content = json.loads(path.read_text())
    content["groups"]["definition"][0]["ours"] = "kept"
    del content["groups"]["transit"]
    path.write_text(json.dumps(content))
    assert run(tmp_path, "--resume").exit_code == 0
    again = json.loads(path.read_text())["groups"]
    assert again["definition"][0]["ours"] == "kept" and again["transit"]
    assert "kept" in (tmp_path / "nsclean.rst").read_text()


def test_figures_of_another_machine_are_not_kept(tmp_path):
    run(tmp_path)
    path = tmp_path / "nsclean.json"
    content = json.loads(path.read_text())
    content["machine"]["processor"] = "another"
    content["groups"]["definition"][0]["ours"] = "not kept"
    path.write_text(json.dumps(content))
    run(tmp_path, "--resume")
    assert "not kept" not in path.read_text()


def test_missed_target_is_an_error(tmp_path, monkeypatch):
    missed = rows.Row("speed of light", "1 m/s", met=False)
    monkeypatch.setattr(suite.Group, "rows", lambda self, quick: [missed])
    result = run(tmp_path)
    assert result.exit_code == 1 and "speed of light" in result.stderr


def test_unknown_benchmark_is_named():
    result = CliRunner().invoke(main, ["benchmark", "all", "--only", "nonsense"])
    assert result.exit_code == 1 and "nonsense" in result.stderr and "cosmic_rays" in result.stderr


def test_text_is_not_taken_for_markup(tmp_path):
    row = vars(rows.Row("a*b_ and |c| `d`", "1 * 2", "x_", met=True))
    content = {"machine": catalog.machine.describe(), "command": "command", "groups": {"some-rows": [row]}}
    pages.write(tmp_path / "page.rst", "Title", content)
    text = (tmp_path / "page.rst").read_text()
    assert r"a\*b\_ and \|c\| \`d\`" in text and r"1 \* 2" in text and r"x\_" in text


def test_every_benchmark_has_groups_of_its_own():
    for benchmark in catalog.BENCHMARKS:
        names = [group.name for group in benchmark.groups]
        assert names and len(set(names)) == len(names)
