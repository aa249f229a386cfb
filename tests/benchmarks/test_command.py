"""The commands ``jwst-denoise benchmark …``: rows, files, errors, interrupted runs; no test of speed."""

import importlib
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from jwst_denoise.commands.main import main
from jwst_denoise_benchmarks import command
from jwst_denoise_benchmarks.core import catalog
from jwst_denoise_benchmarks.core.inputs import models_from
from jwst_denoise_benchmarks.core.rows import Row

FAILED = Row("speed", "vacuum", {"step": 1.0}, unit="m/s", target="≥ 3e8", passed=False)


def run(*arguments):
    return CliRunner().invoke(main, ["benchmark", *map(str, arguments)])


@pytest.fixture
def short(monkeypatch):
    """Only the benchmark nsclean, with two groups."""
    groups = tuple(catalog.select(["definition", "transit"], catalog.NSCLEAN.main))
    monkeypatch.setattr(command, "BENCHMARKS", (replace(catalog.NSCLEAN, main=groups, studies=()),))


def test_every_group_has_its_functions():
    for benchmark in catalog.BENCHMARKS:
        names = [group.name for group in benchmark.groups]
        assert names and len(set(names)) == len(names)
        for group in benchmark.groups:
            for path in (group.function, *group.figures.values()):
                module, _, name = path.rpartition(".")
                loaded = importlib.import_module(f"jwst_denoise_benchmarks.{module}")
                assert callable(getattr(loaded, name))


def test_options_are_those_of_the_benchmark():
    options = {one.name: run(one.name, "--help").output for one in catalog.BENCHMARKS}
    assert all("--json" in text and "--only" in text and "--quick" in text for text in options.values())
    assert {name for name, text in options.items() if "--models" in text} == {"cosmic_rays", "ramps", "images"}
    assert {name for name, text in options.items() if "--studies" in text} == {"nsclean", "ramps", "images"}
    assert {name for name, text in options.items() if "--figures" in text} == set(options) - {"batches"}
    assert "\b" not in "".join(options.values())


def test_json_holds_rows_and_machine(tmp_path):
    path = tmp_path / "rows.json"
    result = run("nsclean", "--quick", "--only", "definition", "--only", "guider", "--json", path)
    assert result.exit_code == 0, result.output
    content = json.loads(path.read_text())
    assert {"machine", "command", "rows"} == set(content)
    assert {"processor", "cores", "load", "versions"} <= set(content["machine"])
    assert [row["group"] for row in content["rows"]] == ["definition"] * 2 + ["guider"] * 3
    assert all(row["passed"] for row in content["rows"])
    assert content["machine"]["processor"] in result.stdout
    assert "Relative difference from the dense definition" in result.stdout


def test_unknown_rows_are_named():
    result = run("nsclean", "--only", "nonsense")
    assert result.exit_code == 1
    assert "nonsense" in result.stderr and "full-frame" in result.stderr


def test_failed_target_is_an_error(monkeypatch):
    monkeypatch.setattr(command, "measure_groups", lambda groups, quick, report_progress: [FAILED])
    result = run("nsclean")
    assert result.exit_code == 1
    assert "1 of 1 targets missed: speed, vacuum" in result.stderr


def test_unknown_directory_of_models():
    result = run("cosmic_rays", "--models", "nowhere")
    assert result.exit_code == 1 and "nowhere" in result.stderr
    with pytest.raises(FileNotFoundError, match="nowhere"), models_from("nowhere"):
        pass


def run_all(folder, *options):
    return run("all", "--quick", "--only", "nsclean", "--output", folder, *options)


@pytest.mark.slow
def test_page_and_file(short, tmp_path):
    result = run_all(tmp_path / "output")
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "output" / "nsclean.json").read_text())
    assert list(content["groups"]) == ["definition", "transit"]
    page = (tmp_path / "output" / "nsclean.rst").read_text()
    assert content["machine"]["processor"] in page and "benchmark all --only nsclean --quick" in page


@pytest.mark.slow
def test_resumed_run_measures_what_is_missing(short, tmp_path):
    run_all(tmp_path)
    path = tmp_path / "nsclean.json"
    content = json.loads(path.read_text())
    content["groups"]["definition"][0]["configuration"] = "kept"
    del content["groups"]["transit"]
    path.write_text(json.dumps(content))
    assert run_all(tmp_path, "--resume").exit_code == 0
    again = json.loads(path.read_text())["groups"]
    assert again["definition"][0]["configuration"] == "kept" and again["transit"]
    assert "kept" in (tmp_path / "nsclean.rst").read_text()


@pytest.mark.slow
def test_rows_of_another_machine_are_not_kept(short, tmp_path):
    run_all(tmp_path)
    path = tmp_path / "nsclean.json"
    content = json.loads(path.read_text())
    content["machine"]["processor"] = "another"
    content["groups"]["definition"][0]["configuration"] = "not kept"
    path.write_text(json.dumps(content))
    run_all(tmp_path, "--resume")
    assert "not kept" not in path.read_text()


@pytest.mark.slow
def test_failed_target_of_all_is_an_error(short, tmp_path, monkeypatch):
    monkeypatch.setattr(catalog.Group, "rows", lambda self, quick: [FAILED])
    result = run_all(tmp_path)
    assert result.exit_code == 1 and "speed" in result.stderr


def test_unknown_benchmark_is_named():
    result = run("all", "--only", "nonsense")
    assert result.exit_code == 1 and "nonsense" in result.stderr and "cosmic_rays" in result.stderr
