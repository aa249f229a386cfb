"""``jwst-denoise benchmark`` without the package of the benchmarks."""

import importlib.util

import pytest
from click.testing import CliRunner

from jwst_denoise.commands import benchmark
from jwst_denoise.commands.main import main


@pytest.fixture(autouse=True)
def not_installed(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "jwst_denoise_benchmarks" else find_spec(name)
    )
    monkeypatch.setattr(benchmark, "command", benchmark.find_command())


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_says_how_to_install(arguments):
    result = CliRunner().invoke(main, ["benchmark", *arguments])
    assert result.exit_code == 0
    assert benchmark.INSTALL in " ".join(result.output.split()) and "LACosmic" in result.output


@pytest.mark.parametrize("arguments", [["nsclean", "--quick"], ["all", "--only", "images"]])
def test_command_fails_in_one_line(arguments):
    result = CliRunner().invoke(main, ["benchmark", *arguments])
    assert result.exit_code == 1
    assert result.stderr.strip().count("\n") == 0 and benchmark.INSTALL in result.stderr
