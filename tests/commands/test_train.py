"""Command ``train``."""

import json
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
from click.testing import CliRunner

from jwst_denoise import model_files, products, simulate, training
from jwst_denoise.commands.main import main
from jwst_denoise.commands.train import describe_settings
from jwst_denoise.training.presets import PRESETS, Preset

TINY = ("stamp=32", "batch=2", "steps=2", "epochs=2", "warm=1", "validation=4", "calibration=8", "hidden=4", "scenes=4")
TINY_OPTIONS = [word for value in TINY for word in ("--set", value)]


def run(*arguments):
    return CliRunner().invoke(main, ["train", *map(str, arguments)])


@pytest.fixture
def calls(monkeypatch):
    """Arguments of the training, which is replaced by a function that writes an untrained network."""
    calls = []

    def train(family, preset, output, **options):
        calls.append({"family": family, "preset": preset, "output": output, **options})
        network = training_network(family)
        output.mkdir(parents=True, exist_ok=True)
        np.savez(output / "weights.npz", **{k: v.numpy() for k, v in network.state_dict().items()})
        info = {"architecture": network.architecture, "provenance": {"by": "test"}, "scores": {"none": 0.0}}
        (output / "info.json").write_text(json.dumps(info))
        return output

    monkeypatch.setattr(training, "train", train, raising=False)
    return calls


def training_network(family):
    from jwst_denoise.networks import build

    return build({"family": family, "depth": 2, "hidden": 4})


def test_training_starts_from_a_model(calls, tmp_path):
    result = run("cosmic_ray_mask", "--start", "cosmic_ray_mask-2-4", "--output", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert calls[0]["start"].info["name"] == "cosmic_ray_mask-2-4"
    assert run("cosmic_ray_mask", "--start", "missing", "--output", tmp_path / "other").exit_code != 0


@pytest.mark.parametrize(
    ("preset", "use"), [("jwst", "strun ramp_denoise exposure_ramp.fits"), ("nirps", "load_model(")]
)
def test_use_of_a_network_for_ramps(calls, tmp_path, preset, use):
    result = run("ramp_denoise", "--preset", preset, "--output", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert use in result.output.splitlines()[-1]
    assert str(tmp_path / "run" / f"ramp_denoise-{preset}.asdf") in result.output.splitlines()[-1]
    domain = model_files.read_info(tmp_path / "run" / f"ramp_denoise-{preset}.asdf")["domain"]
    assert list(domain.get("instruments", [])) == (["NIRPS"] if preset == "nirps" else [])


@pytest.fixture
def exposures(tmp_path):
    """Paths of three dithered exposures."""
    rng = np.random.default_rng(5)
    detector = simulate.detector("NRCB1")
    rate, observation = simulate.scene("field", detector, rng, subarray_name="SUB64P")
    paths = []
    for number in range(3):
        exposure = simulate.simulate_exposure(rate, detector, None, "RAPID", 4, 1, rng, observation=observation)
        path = tmp_path / f"dither{number}_rate.fits"
        with products.rate_model(exposure) as model:
            y, x = rng.integers(0, 63, (2, 60))
            model.data[y, x] += 50 * model.err[y, x]
            model.data[y, x + 1] += 5 * model.err[y, x + 1]
            model.save(path)
        paths.append(path)
    return paths


def test_exposures_without_cosmic_rays_are_refused(tmp_path, exposures):
    from stdatamodels.jwst import datamodels

    for path in exposures:
        with datamodels.open(path) as model:
            model.data[:] = 1.0
            model.save(path)
    result = run("inpaint", "--output", tmp_path / "run", *TINY_OPTIONS, "--exposures", *exposures)
    assert result.exit_code == 1
    assert "dither1_rate.fits: no cosmic rays were found" in result.stderr


def test_options_reach_the_training(tmp_path, calls):
    result = run("cosmic_ray_mask", "--output", tmp_path / "run", "--set", "hidden=4", "--set", "learning_rate=1e-4",
                 "--seed", 7, "--resume")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert calls == [
        {"family": "cosmic_ray_mask", "preset": "small", "output": tmp_path / "run", "resume": True, "exposures": None,
         "start": None, "hidden": 4, "learning_rate": 1e-4, "seed": 7}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("family", "use"),
    [("cosmic_ray_mask", "exposure_rate.fits --model="), ("inpaint", "--inpaint=network --inpaint_model=")],
)
def test_ends_with_a_model_file_and_how_to_use_it(tmp_path, calls, family, use):
    result = run(family, "--output", tmp_path / "run")
    path = tmp_path / "run" / f"{family}-small.asdf"
    assert result.exit_code == 0, result.output
    assert use + str(path) in result.stdout
    model = model_files.load(path, device="cpu")
    assert model.info["family"] == family
    assert "simulated exposures" in model.info["domain"]["description"]


def test_words_of_the_user_are_kept(tmp_path, calls):
    output = tmp_path / "run"
    output.mkdir()
    (output / "card.md").write_text("My own card.")
    assert run("inpaint", "--output", output).exit_code == 0
    assert model_files.read_info(output / "inpaint-small.asdf")["card"] == "My own card."


def test_without_asdf_it_says_what_to_do(tmp_path, calls, monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "asdf" else find(name, *rest))
    result = run("cosmic_ray_mask", "--output", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert f"jwst-denoise models pack {tmp_path / 'run'}" in result.stdout
    assert {"about.json", "card.md"} <= {path.name for path in (tmp_path / "run").iterdir()}
    packed = CliRunner().invoke(main, ["models", "pack", str(tmp_path / "run"), str(tmp_path / "mine.asdf")])
    assert packed.exit_code == 0, packed.output


def test_exposures_are_read_for_the_training(tmp_path, calls, exposures):
    result = run("cosmic_ray_mask", "--output", tmp_path / "run", "--exposures", *exposures)
    assert result.exit_code == 0, result.output
    (stack,) = calls[0]["exposures"]
    assert sorted(stack.names) == sorted(map(str, exposures))
    assert "NIRCAM NRCB1" in result.stdout
    domain = model_files.read_info(tmp_path / "run" / "cosmic_ray_mask-small.asdf")["domain"]
    assert list(domain["instruments"]) == ["NIRCAM"]
    assert "NRCB1" in domain["description"]


@pytest.mark.parametrize("family", ["cosmic_ray_mask", "inpaint"])
def test_trains_on_exposures(tmp_path, exposures, family):
    result = run(family, "--output", tmp_path / "run", *TINY_OPTIONS, "--exposures", *exposures)
    assert result.exit_code == 0, result.output
    model = model_files.load(tmp_path / "run" / f"{family}-small.asdf", device="cpu")
    assert list(model.info["provenance"]["exposures"]) == sorted(map(str, exposures))
    assert set(model.info["scores"]) == {"validation_exposures"}
    if family == "cosmic_ray_mask":
        assert 0 < model.threshold(fpr=0.0005) < 1


def test_noise2noise_trains_on_exposures_and_reports(tmp_path, exposures):
    result = run("noise2noise", *exposures, "--output", tmp_path / "run", *TINY_OPTIONS)
    assert result.exit_code == 0, result.output
    path = tmp_path / "run" / "noise2noise-own.asdf"
    assert f"strun image_denoise exposure_rate.fits --model={path}" in result.stdout
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["held_out"] == [[str(exposures[2])]]
    model = model_files.load(path, device="cpu")
    assert report["sha256"] == model.info["sha256"]
    assert report["scores"].keys() == model.info["scores"].keys()
    (name, *_) = [name for name in report["scores"] if "all pixels" in name]
    assert "NRCB1" in name and report["scores"][name]["variance"] > 0
    assert name in (tmp_path / "run" / "report.txt").read_text() and name in result.stdout
    assert (tmp_path / "run" / "report.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stars"], "no family 'stars' to train; known: astro_unet, cosmic_ray_mask, inpaint"),
        (["inpaint", "--preset", "huge"], "inpaint has no preset 'huge'; known: paper, small"),
        (["inpaint", "--set", "width=4"], "the preset has no 'width'; known: depth, hidden"),
        (["inpaint", "--set", "hidden=many"], "'hidden=many': hidden must be an integer, such as 32"),
        (["inpaint", "--set", "hidden=0"], "hidden=0 must be positive"),
        (["inpaint", "a_rate.fits"], "a_rate.fits: unexpected file; give exposures for training with --exposures"),
        (["noise2noise", "--preset", "stack", "a_rate.fits"], "preset stack is trained on simulations"),
        (["inpaint", "--exposures", "none_rate.fits"], "no exposure none_rate.fits"),
        (["cosmic_ray_mask", "--preset", "ramp", "--exposures", "a_rate.fits"], "ramp is trained on simulations"),
    ],
)
def test_bad_input_is_one_line(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code != 0
    (line,) = result.stderr.splitlines()
    assert message in line
    assert not list(tmp_path.iterdir())


def test_an_earlier_training_is_not_overwritten(tmp_path, calls):
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    result = run("inpaint", "--output", tmp_path / "run")
    assert result.exit_code != 0
    assert "continue it with --resume" in result.stderr
    assert not calls


def test_help_explains_presets_and_settings():
    result = run("--help")
    text = " ".join(result.stdout.split())
    assert "cosmic_ray_mask paper, small" in text
    assert "inpaint paper, small" in text
    assert "learning_rate Initial learning rate." in text
    for preset in PRESETS.values():
        classes = [kind for kind in type(preset).__mro__ if issubclass(kind, Preset)]
        explained = {name for kind in classes for names, _ in describe_settings(kind) for name in names.split(", ")}
        assert explained == {field.name for field in fields(preset)}


def test_missing_lightning_is_reported_with_the_command_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("inpaint", "--output", tmp_path / "run")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: training needs torch and lightning: pip install -e '.[train]'")
    assert not (tmp_path / "run").exists()


def test_works_where_jwst_is_not_installed():
    blocked = ["jwst", "stpipe", "stdatamodels", "asdf", "astropy", "rich"]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked}))\n"
        "from jwst_denoise.commands.main import main; main(['train', 'inpaint', '--preset', 'huge'])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "inpaint has no preset 'huge'" in result.stderr
