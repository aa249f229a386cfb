"""Command ``pars``."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from jwst_denoise import parameters
from jwst_denoise.commands.main import main


def run(*arguments):
    return CliRunner().invoke(main, ["pars", *map(str, arguments)])


def test_list_names_every_file():
    result = run("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(parameters.names())
    assert any("post-hook of jump" in line and "NRC_TSIMAGE" in line for line in lines)
    assert any("DenoiseDetector1Pipeline, cosmic_ray_mask, nsclean, ramp_denoise" in line for line in lines)
    assert any("background=remove" in line and "NRS_IFU" in line for line in lines)


def test_list_of_one_instrument():
    names = [line.split()[0] for line in run("list", "--instrument", "niriss").stdout.splitlines()]
    assert names
    assert all("niriss" in name for name in names)


def test_list_of_an_unknown_instrument():
    result = run("list", "--instrument", "MIRI")
    assert result.exit_code != 0
    assert "known: FGS, NIRCAM, NIRISS, NIRSPEC" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_path_prints_nothing_else():
    result = run("path", "nircam_detector1_nsclean_groups")
    assert result.stdout == f"{parameters.path('nircam_detector1_nsclean_groups')}\n"
    assert result.stderr == ""


def test_path_of_an_unknown_name():
    result = run("path", "nircam_detector1_nsclean_grups")
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert "did you mean 'nircam_detector1_nsclean_groups'" in line


def test_copy(tmp_path):
    result = run("copy", tmp_path / "mine")
    assert result.exit_code == 0
    assert all(Path(line).is_file() for line in result.stdout.splitlines())
    again = run("copy", tmp_path / "mine")
    assert again.exit_code == 1
    assert len(again.stderr.splitlines()) == 1
    assert run("copy", "--overwrite", tmp_path / "mine").exit_code == 0


@pytest.mark.parametrize("command", [(), ("list",), ("path",), ("copy",)])
def test_help(command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout
