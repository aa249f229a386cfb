"""Command ``crds-cache``."""

import shlex

import pytest
from click.testing import CliRunner

from jwst_denoise import crds_cache
from jwst_denoise.commands.main import main

pytestmark = pytest.mark.usefixtures("quick")


def run(*arguments):
    return CliRunner().invoke(main, ["crds-cache", *map(str, arguments)])


def test_prints_what_a_shell_evaluates(tmp_path):
    directory = tmp_path / "with space"
    result = run(directory, "--detector", "NRS1")
    assert result.exit_code == 0, result.stderr
    words = [shlex.split(line) for line in result.stdout.splitlines()]
    assert all(export == "export" for export, _ in words)
    assert dict(word.split("=", 1) for _, word in words) == crds_cache.environment(directory)
    assert result.stderr == ""


def test_shipped_parameter_file_by_name(tmp_path):
    result = run(tmp_path / "cache", "--detector", "NRS1", "--parameters", "nirspec_detector1_nsclean_rates")
    assert result.exit_code == 0, result.stderr
    (file,) = (tmp_path / "cache").rglob("*pars-detector1pipeline*.asdf")
    assert file.name == "jwst_nirspec_pars-detector1pipeline_nirspec_detector1_nsclean_rates.asdf"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--detector", "NRS3"), "no detector 'NRS3'"),
        (("--instrument", "NIRCRAM"), "no instrument 'NIRCRAM' in the cache; did you mean 'NIRCAM'?"),
        (
            ("--instrument", "miri"),
            "MIRI has Si:As detectors, which are not simulated; the cache serves NIRSPEC",
        ),
        (("--detector", "MIRIMAGE"), "MIRI has Si:As detectors"),
        (("--parameters", "nirspec_rates"), "or 'nirspec_detector1_nsclean_rates'"),
    ],
)
def test_bad_input_is_one_line(tmp_path, arguments, message):
    result = run(tmp_path / "cache", *arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert message in line
    assert not (tmp_path / "cache").exists()
