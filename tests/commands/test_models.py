"""Command ``models``."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from jwst_denoise import model_files
from jwst_denoise.commands import models
from jwst_denoise.commands.main import main
from jwst_denoise.model_files import loading
from jwst_denoise.networks import build

INFO = {
    "architecture": {"family": "cosmic_ray_mask", "depth": 1, "hidden": 2},
    "domain": {"description": "nothing, the weights are random", "instruments": ["NIRCAM", "NIRISS"]},
    "provenance": {"seed": 1},
    "scores": {"tpr": 0.5},
    "licence": "BSD-3-Clause",
    "card": "Not for *use*.",
}


def run(*arguments):
    return CliRunner().invoke(main, ["models", *map(str, arguments)])


@pytest.fixture
def directory(tmp_path):
    """What a training leaves, and what its author adds."""
    path = tmp_path / "run"
    path.mkdir()
    weights = build(INFO["architecture"]).state_dict()
    np.savez(path / "weights.npz", **{name: tensor.numpy() for name, tensor in weights.items()})
    (path / "info.json").write_text(json.dumps(INFO))
    return path


@pytest.fixture
def data(directory, monkeypatch):
    """A directory of shipped models with one in it."""
    target = directory.parent / "data" / "random-1-2.asdf"
    assert run("pack", directory, target).stdout == f"{target}\n"
    monkeypatch.setattr(loading, "_DATA", target.parent)
    return target


def test_list(data):
    result = run("list")
    assert result.exit_code == 0
    assert result.stdout.split() == (
        "random-1-2 cosmic_ray_mask 0.0 MB NIRCAM NIRISS nothing, the weights are random".split()
    )


def test_list_of_the_shipped_models():
    result = run("list")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(model_files.shipped())


def test_show(data):
    for model in ("random-1-2", data):
        result = run("show", model)
        assert result.exit_code == 0
        assert result.stdout == model_files.render(model_files.read_info(data))
    assert "Not for *use*." in result.stdout


def test_show_as_json(data):
    assert json.loads(run("show", "random-1-2", "--json").stdout)["scores"] == {"tpr": 0.5}


def test_show_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    models._print_markdown("# Title\n\nNot for *use*.")
    shown = capsys.readouterr().out
    assert "Title" in shown
    assert "\x1b[3muse" in shown
    assert "#" not in shown


def test_show_of_an_unknown_name(data):
    result = run("show", "random-1-3")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "did you mean 'random-1-2'" in line


def test_verify(data):
    sha256 = model_files.read_info(data)["sha256"]
    for arguments in ((), ("random-1-2",), (data,)):
        result = run("verify", *arguments)
        assert result.exit_code == 0
        assert result.stdout == f"{arguments[0] if arguments else 'random-1-2'}: valid, SHA-256 {sha256}\n"


def test_verify_finds_the_bad_file(data, tmp_path):
    (tmp_path / "short.asdf").write_bytes(data.read_bytes()[:-500])
    result = run("verify", data, tmp_path / "short.asdf", tmp_path / "absent.asdf")
    assert result.exit_code == 1
    good, short, absent = result.stdout.splitlines()
    assert good.startswith(f"{data}: valid")
    assert f"{tmp_path / 'short.asdf'}: not valid" in short
    assert "no model file" in absent
    assert result.stderr == "Error: 2 of 3 model files cannot be used\n"


def test_pack(directory, tmp_path):
    target = tmp_path / "mine.asdf"
    assert run("pack", directory, target).exit_code == 0
    assert model_files.read_info(target)["name"] == "mine"
    again = run("pack", directory, target)
    assert again.exit_code == 1
    assert "exists; give another name" in again.stderr
    assert run("pack", "--overwrite", directory, target).exit_code == 0


def test_pack_of_an_incomplete_directory(directory, tmp_path):
    (directory / "info.json").write_text(json.dumps({key: INFO[key] for key in INFO if key != "domain"}))
    result = run("pack", directory, tmp_path / "mine.asdf")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "lacks 'domain'" in line
    assert "about.json" in line
    assert not (tmp_path / "mine.asdf").exists()
