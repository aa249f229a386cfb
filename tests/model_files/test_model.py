"""Information, domain and device of a loaded model."""

import copy
import json
import pickle

import pytest
import torch

from jwst_denoise import model_files
from jwst_denoise.model_files import Domain
from jwst_denoise.model_files.info import ReadOnly
from jwst_denoise.model_files.loading import available_devices, select_device


@pytest.fixture
def model(path):
    return model_files.load(path, "cpu")


def test_operating_points(model):
    assert model.threshold() == 0.9
    assert model.threshold(fpr=0.005) == 0.1
    with pytest.raises(ValueError, match="random-2-2 has no operating point at fpr=0.1; it has: 0.0005, 0.005"):
        model.threshold(0.1)


def test_a_model_without_operating_points(tmp_path, network, info):
    del info["thresholds"]
    model = model_files.load(model_files.save(tmp_path / "a.asdf", network, info), "cpu")
    assert model.info["thresholds"] == {}
    with pytest.raises(ValueError, match="it has: none"):
        model.threshold()
    assert "Operating points" not in model.card


def test_information_cannot_be_changed(model):
    with pytest.raises(TypeError, match="read-only"):
        model.info["name"] = "other"
    with pytest.raises(TypeError, match="read-only"):
        model.info["domain"].update(kinds=[])
    with pytest.raises(AttributeError):
        model.info = {}
    assert isinstance(model.info["domain"]["instruments"], tuple)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("a"),
        lambda d: d.clear(),
        lambda d: d.popitem(),
        lambda d: d.setdefault("b", 1),
        lambda d: d.__delitem__("a"),
        lambda d: d.__ior__({"b": 1}),
    ],
)
def test_read_only(change):
    values = ReadOnly(a=1)
    with pytest.raises(TypeError, match="read-only"):
        change(values)
    assert values == {"a": 1}


def test_information_can_be_copied_pickled_and_written(model):
    assert copy.deepcopy(model.info) == pickle.loads(pickle.dumps(model.info)) == model.info
    assert json.loads(json.dumps(model.info))["domain"]["instruments"] == ["NIRCAM", "NIRISS"]


def test_repr(model):
    assert repr(model) == f"<Model random-2-2 on cpu, SHA-256 {model.info['sha256'][:12]}>"


def test_card(model):
    lines = model.card.splitlines()
    assert lines[0] == "# random-2-2"
    assert "Not for use." in lines
    assert "| galaxies | 0.25 | 0.5 |" in lines
    assert "| 0.0005 | 0.9 |" in lines
    assert "- exposure_time: 10, 3000" in lines
    assert "- seeds: 1, 2" in lines
    assert any(model.info["sha256"] in line for line in lines)
    titles = [line for line in lines if line.startswith("## ")]
    assert titles == [
        "## Made for", "## Network", "## Scores", "## Operating points", "## Provenance", "## License and digest",
    ]  # fmt: skip


def test_card_of_nested_and_missing_values(model):
    info = dict(model.info) | {"scores": {"a": {"b": {"c": 1.0}}, "d": None}, "provenance": {"x|y": {"z": "p|q"}}}
    card = model_files.render(info)
    assert "- a:\n  - b:\n    - c: 1\n- d: –" in card
    assert "| x\\|y | p\\|q |" in card


# --- domain


@pytest.mark.parametrize(
    ("exposure", "reasons"),
    [
        ({}, []),
        ({"instrument": "nircam", "kind": "image", "exposure_time": 10}, []),
        ({"instrument": None, "exposure_time": None}, []),
        ({"level": "cal", "n_groups": 3, "filter": "F070W"}, []),
        ({"instrument": "MIRI"}, ["instrument MIRI is not among NIRCAM, NIRISS"]),
        ({"exposure_time": 3000.1}, ["exposure time 3000.1 is not among 10 to 3000 s"]),
        ({"exposure_time": float("nan")}, ["exposure time nan is not among 10 to 3000 s"]),
        ({"kind": "spectrum", "exposure_time": 1}, 2),
    ],
)
def test_domain(model, exposure, reasons):
    result = model.check_domain(**exposure)
    assert result == reasons if isinstance(reasons, list) else len(result) == reasons


def test_unknown_properties(model):
    with pytest.raises(ValueError, match="unknown property 'planet' of an exposure; known: instrument"):
        model.check_domain(planet="Mars")


@pytest.mark.parametrize(
    "values",
    [
        {"description": ""},
        {"instruments": []},
        {"instruments": "NIRCAM"},
        {"kinds": [1]},
        {"exposure_time": [3, 1]},
        {"exposure_time": [1, float("inf")]},
        {"n_groups": [1]},
        {"exposure_time_ratio": 2},
    ],
)
def test_impossible_domains(values):
    with pytest.raises(ValueError, match=f"domain.{next(iter(values))}="):
        Domain(**({"description": "x"} | values))


def test_domain_is_what_it_was_made_of():
    values = {"description": "x", "levels": ["rate"], "exposure_time_ratio": [1.0, 5.0]}
    assert Domain.from_mapping(values).as_dict() == values


# --- devices


def test_devices_of_this_machine():
    names = available_devices()
    assert names[-1] == "cpu"
    assert select_device("auto") == torch.device(names[0])
    assert select_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted"),
    [
        (2, False, {"auto": "cuda:0", "cuda": "cuda:0", "cuda:1": "cuda:1", "cpu": "cpu", "mps": None, "cuda:2": None}),
        (0, True, {"auto": "mps", "mps": "mps", "cuda": None, "cuda:0": None}),
        (0, False, {"auto": "cpu", "mps": None, "tpu": None, "": None, "cuda:x": None}),
    ],
)
def test_choice_of_a_device(monkeypatch, cuda, mps, wanted):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    for name, expected in wanted.items():
        if expected is None:
            with pytest.raises(ValueError, match=f"device='{name}' is not available; this machine has .*cpu"):
                select_device(name)
        else:
            assert select_device(name) == torch.device(expected)


def test_load_refuses_missing_devices(path):
    with pytest.raises(ValueError, match="device='cuda:99' is not available"):
        model_files.load(path, device="cuda:99")
