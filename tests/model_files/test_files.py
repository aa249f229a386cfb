"""Model files keep networks and what is known about them, and refuse what is not valid."""

import copy
import hashlib
import json
import pickle
import subprocess
import sys

import asdf
import numpy as np
import pytest
import torch
import yaml

import jwst_denoise
from jwst_denoise import model_files
from jwst_denoise.model_files import container, loading
from jwst_denoise.model_files.info import ModelInfo
from jwst_denoise.networks import build
from jwst_denoise.schemas import MODEL_SCHEMA


def tree_of(path):
    """The model of a file as an ordinary dictionary."""
    with asdf.open(path, lazy_load=False, memmap=False) as file:
        return copy.deepcopy(dict(file.tree["model"]))


def rewritten(path, change, sign=True, **options):
    """The file with its content changed by hand, without a schema in the way; `sign` makes the digest right again."""
    model = tree_of(path)
    change(model)
    if sign:
        try:
            said = {key: model[key] for key in model if key not in ("weights", "format_version")}
            model["sha256"] = container.digest(ModelInfo.from_mapping(said), model["weights"])
        except (ValueError, KeyError, TypeError):
            pass
    target = path.with_name("changed.asdf")
    asdf.AsdfFile({"model": model}).write_to(target, **options)
    return target


def test_round_trip(path, network, info, image):
    model = jwst_denoise.load_model(path, device="cpu")
    stored = model.network.state_dict()
    assert list(stored) == list(network.state_dict())
    for name, tensor in network.state_dict().items():
        assert stored[name].dtype == tensor.dtype
        assert torch.equal(stored[name], tensor)
    assert np.array_equal(model.predict(image), network.predict(image))
    assert not model.network.training
    assert {key: model.info[key] for key in ("name", "licence", "card", "thresholds")} == {
        key: info[key] for key in ("name", "licence", "card", "thresholds")
    }
    assert model.info["architecture"] == network.architecture
    assert model.info["family"] == "cosmic_ray_mask"
    assert model.info["domain"]["exposure_time"] == (10.0, 3000.0)
    assert model.info["scores"]["galaxies"] == {"network": 0.25, "reference": 0.5}
    assert model.info["sha256"] == tree_of(path)["sha256"]


def test_saving_changes_nothing_that_was_given(path, network, info):
    before = copy.deepcopy(network.state_dict()), copy.deepcopy(info)
    model_files.save(path, network.train(), info, overwrite=True)
    assert network.training
    assert info == before[1]
    assert all(torch.equal(before[0][name], tensor) for name, tensor in network.state_dict().items())


def test_what_was_loaded_can_be_saved(path, tmp_path):
    model = model_files.load(path, "cpu")
    again = model_files.load(model_files.save(tmp_path / "b" / "again.asdf", model.network, model.info), "cpu")
    assert again.info == model.info


def test_names_of_version_0_1_are_kept_with_the_digest(tmp_path):
    """A shipped model, whose file was written with other names of parameters, and one that is not its network."""
    model = model_files.load("ramp_denoise-nirps", "cpu")
    assert "near" in model.info["architecture"] and "source_box" in model.network.architecture
    copied = model_files.read_info(model_files.save(tmp_path / "copy.asdf", model.network, model.info))
    assert copied["sha256"] == model.info["sha256"]
    info = dict(model.info) | {"architecture": dict(model.info["architecture"]) | {"near": 11}}
    with pytest.raises(ValueError, match="is not that of the network"):
        model_files.save(tmp_path / "other.asdf", model.network, info)


def test_file_is_compressed_float32_in_blocks(path):
    raw = path.read_bytes()
    tree = asdf.util.load_yaml(path, tagged=True)["model"]["weights"]
    assert raw.count(b"\xd3BLK") == raw.count(b"zlib") == len(tree)
    kinds = {name: array["datatype"] for name, array in tree.items()}
    assert {kind for name, kind in kinds.items() if not name.endswith("num_batches_tracked")} == {"float32"}
    assert all(isinstance(array["source"], int) for array in tree.values())


def test_other_precisions_become_float32(tmp_path, network, info):
    for number, kind in enumerate((torch.float64, torch.bfloat16)):
        saved = model_files.save(tmp_path / f"{number}.asdf", copy.deepcopy(network).to(kind), info)
        stored = model_files.load(saved, "cpu").network.state_dict()
        wanted = network.state_dict()["unet.output.weight"].to(kind).float()
        assert torch.equal(stored["unet.output.weight"], wanted)


def test_schema_is_registered_and_in_force(path):
    uri = "asdf://jwst_denoise/schemas/model-1.0.0"
    assert asdf.get_config().resource_manager[uri].decode() == MODEL_SCHEMA.read_text()
    with asdf.open(path, custom_schema=uri) as file:
        file.validate()
        del file["model"]["card"]
        with pytest.raises(asdf.ValidationError, match="card"):
            file.validate()


def test_schema_and_class_know_the_same_keys():
    schema = yaml.safe_load(MODEL_SCHEMA.read_text())["properties"]["model"]
    fields = set(ModelInfo.__dataclass_fields__)
    assert set(schema["properties"]) == fields | {"format_version", "weights", "sha256"}
    assert set(schema["required"]) == set(schema["properties"]) - {"thresholds"}
    assert set(schema["properties"]["domain"]["properties"]) == set(model_files.Domain.__dataclass_fields__)


# --- digest


def test_digest_does_not_depend_on_the_layout(path):
    sha256 = tree_of(path)["sha256"]
    for options in ({"all_array_compression": "bzp2"}, {"all_array_compression": None, "pad_blocks": True}):
        other = rewritten(path, lambda model: None, sign=False, **options)
        assert other.read_bytes() != path.read_bytes()
        assert model_files.verify(other) == []
        assert model_files.load(other, "cpu").info["sha256"] == sha256


def test_digest_is_that_of_the_definition(path):
    """The definition, step by step."""
    model = tree_of(path)
    said = {"architecture": model["architecture"], "domain": model["domain"], "thresholds": model["thresholds"]}
    text = json.dumps(said, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    for name, array in sorted(model["weights"].items()):
        kind = "<i8" if name.endswith("num_batches_tracked") else "<f4"
        text += json.dumps([name, kind, list(array.shape)], separators=(",", ":")).encode() + b"\n"
        text += array.astype(kind).tobytes()
    assert model["sha256"] == hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (lambda m: m["weights"]["unet.output.bias"].__iadd__(np.float32(1e-6)), True),
        (lambda m: m["thresholds"].update({"0.005": 0.11}), True),
        (lambda m: m["domain"].update(kinds=["image", "spectrum"]), True),
        (lambda m: m["scores"].update(cluster=0.5), False),
        (lambda m: m.update(card="Better text."), False),
    ],
)
def test_what_the_digest_protects(path, change, counts):
    changed = rewritten(path, change, sign=False)
    problems = model_files.verify(changed)
    assert bool(problems) == counts
    if counts:
        assert f"{changed} was changed after it was written" in problems[0]
        with pytest.raises(ValueError, match="was changed after it was written"):
            model_files.load(changed)
        with pytest.raises(ValueError, match="was changed after it was written"):
            model_files.read_info(changed)


# --- refusal


def put(**values):
    return lambda model: model.update(values)


def drop(*names):
    return lambda model: [model.pop(name) for name in names]


def of_weights(function):
    return lambda model: function(model["weights"])


REFUSED = [
    (drop("card"), "'card' is a required property"),
    (drop("format_version"), "not one of a jwst_denoise model"),
    (put(format_version=2), "format_version 2; .* reads up to 1; install a newer one"),
    (put(format_version="1"), "format_version"),
    (put(color="blue"), "color"),
    (put(name="../evil"), "name"),
    (put(licence=""), "licence"),
    (put(scores={}), "scores"),
    (put(thresholds={"0.0005": 1.5}), "thresholds.0.0005"),
    (put(thresholds={"5 %": 0.5}), "thresholds"),
    (put(domain={"description": "x", "planets": ["Mars"]}), "planets"),
    (put(domain={"instruments": ["NIRCAM"]}), "description"),
    (put(domain={"description": "x", "exposure_time": [10, 1]}), "exposure_time"),
    (put(scores={"a": float("nan")}), "scores.a=nan"),
    (put(scores={"a": 1 + 2j}), "scores.a is of type .*complex"),
    (put(scores={"a": np.arange(3)}), "scores.a is of type .*ndarray"),
    (put(architecture={"depth": 2}), "family"),
    (put(architecture={"family": "oracle"}), "no network family 'oracle'"),
    (put(architecture={"family": "cosmic_ray_mask", "wings": 2}), "no parameter wings"),
    (put(architecture={"family": "cosmic_ray_mask", "depth": 0, "hidden": 2}), "depth=0"),
    (put(architecture={"family": "cosmic_ray_mask", "depth": 2, "hidden": 4}), "wrong shape: .* and .* more"),
    (put(weights={}), "weights"),
    (of_weights(lambda w: w.pop("unet.output.bias")), "missing: unet.output.bias"),
    (of_weights(lambda w: w.update(extra=np.zeros(3, "float32"))), "unknown: extra"),
    (of_weights(lambda w: w.update({"unet.output.bias": np.zeros(2, "float32")})), r"unet.output.bias \(2,\) instead"),
    (of_weights(lambda w: w.update({"unet.output.bias": np.zeros(1)})), "float64"),
    (of_weights(lambda w: w.update({"unet.output.bias": [0.0]})), "unet.output.bias"),
    (of_weights(lambda w: w["unet.output.bias"].fill(np.nan)), "unet.output.bias has 1 non-finite values"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_refused_by_load_and_verify(path, change, message):
    changed = rewritten(path, change)
    with pytest.raises(ValueError, match=message) as error:
        model_files.load(changed, "cpu")
    assert str(changed) in str(error.value)
    assert str(error.value) in model_files.verify(changed)


def test_all_problems_are_reported(path):
    changed = rewritten(path, of_weights(lambda w: w.pop("unet.output.bias")), sign=False)
    assert len(model_files.verify(changed)) == 2


def test_inline_and_external_arrays_are_refused(path, tmp_path):
    text, blocks = path.read_bytes().split(b"\n...\n", 1)
    for source in (
        b"source: 'http://localhost/weights.asdf'",
        b"source: other.asdf",
        b"source: -1",
        b"data: [0.0, 0.0]",
    ):
        changed = tmp_path / "external.asdf"
        changed.write_bytes(text.replace(b"source: 3\n", source + b"\n") + b"\n...\n" + blocks)
        with pytest.raises(ValueError, match="violates the schema.*"):
            model_files.load(changed, "cpu")


def test_nothing_in_a_file_is_run(path, tmp_path):
    witness = tmp_path / "ran"
    text, blocks = path.read_bytes().split(b"\n...\n", 1)
    for tag in (b"!!python/object/apply:pathlib.Path.touch [%s]", b"!core/externalarray-1.0.0 {fileuri: %s}"):
        line = b"card: " + tag % str(witness).encode() + b"\n  domain:"
        changed = tmp_path / "code.asdf"
        start = text.index(b"  card:") + 2
        changed.write_bytes(text[:start] + line + text[text.index(b"\n  domain:") + 10 :] + b"\n...\n" + blocks)
        with pytest.raises(ValueError, match="code.asdf"):
            model_files.load(changed, "cpu")
    assert not witness.exists()


def test_a_file_cut_anywhere_is_one_clear_error(path, tmp_path):
    raw = path.read_bytes()
    index = raw.index(b"#ASDF BLOCK INDEX")
    for cut in [0, 5, 20, 400, raw.index(b"\n...\n"), *np.linspace(raw.index(b"\n...\n") + 6, index - 5, 9, dtype=int)]:
        short = tmp_path / "short.asdf"
        short.write_bytes(raw[:cut])
        with pytest.raises(ValueError, match="short.asdf.*download it again"):
            model_files.load(short, "cpu")


def test_a_flipped_bit_is_found(path, tmp_path):
    raw = bytearray(path.read_bytes())
    start, end = raw.index(b"\xd3BLK") + 54, raw.index(b"#ASDF BLOCK INDEX")
    for place in np.random.default_rng(1).integers(start, end, 20):
        bad = raw.copy()
        bad[place] ^= 16
        (tmp_path / "bad.asdf").write_bytes(bad)
        problems = model_files.verify(tmp_path / "bad.asdf")
        same = not problems and all(  # bytes that say nothing, such as reserved flags and sums of blocks
            np.array_equal(a, b)
            for a, b in zip(
                tree_of(tmp_path / "bad.asdf")["weights"].values(), tree_of(path)["weights"].values(), strict=True
            )
        )
        assert problems or same


def test_other_files_are_one_clear_error(tmp_path):
    asdf.AsdfFile({"meta": {"model": 1}}).write_to(tmp_path / "other.asdf")
    (tmp_path / "text.asdf").write_text("hello")
    (tmp_path / "pickle.asdf").write_bytes(pickle.dumps({"a": 1}))
    torch.save({"a": torch.zeros(3)}, tmp_path / "torch.asdf")
    for name in ("other", "text", "pickle", "torch"):
        with pytest.raises(ValueError, match=f"{name}.asdf is (not )?an ASDF file"):
            model_files.load(tmp_path / f"{name}.asdf", "cpu")


def test_shipped_parameter_files_are_no_models():
    path = jwst_denoise.parameters.path(jwst_denoise.parameters.names()[0])
    with pytest.raises(ValueError, match="is an ASDF file, but not one of a jwst_denoise model"):
        model_files.load(path, "cpu")


# --- saving


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"color": "blue"}, "unknown key 'color'"),
        ({"family": "inpaint"}, "family='inpaint' must be cosmic_ray_mask"),
        ({"architecture": {"family": "inpaint"}}, "the weights do not match"),
        ({"card": "  "}, "card="),
        ({"name": "a/b"}, "name='a/b'"),
        ({"provenance": {"when": object()}}, "provenance.when="),
        ({"thresholds": {"0.0005": "half"}}, "thresholds.0.0005='half'"),
        ({"domain": {"description": "x", "instruments": "NIRCAM"}}, "domain.instruments='NIRCAM' must be a list"),
    ],
)
def test_saving_refuses(tmp_path, network, info, change, message):
    with pytest.raises(ValueError, match=message):
        model_files.save(tmp_path / "a.asdf", network, info | change)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["name", "domain", "provenance", "scores", "licence", "card"])
def test_saving_needs(tmp_path, network, info, key):
    del info[key]
    with pytest.raises(ValueError, match=f"lacks '{key}'"):
        model_files.save(tmp_path / "a.asdf", network, info)


def test_weights_that_are_not_finite_are_not_saved(tmp_path, network, info):
    with torch.no_grad():
        network.unet.output.bias.fill_(torch.inf)
    with pytest.raises(ValueError, match="unet.output.bias has 1 non-finite values"):
        model_files.save(tmp_path / "a.asdf", network, info)


def test_no_file_is_lost(path, network, info, monkeypatch):
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="exists; give another name"):
        model_files.save(path, network, info)
    with pytest.raises(ValueError, match="must end in .asdf"):
        model_files.save(path.with_suffix(".pt"), network, info)
    monkeypatch.setattr(asdf.AsdfFile, "write_to", lambda self, part, **options: part.write_bytes(b"x") / 0)
    with pytest.raises(ZeroDivisionError):
        model_files.save(path, network, info, overwrite=True)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


# --- names


def test_shipped_models_are_valid_and_named_after_their_files():
    for name in model_files.shipped():
        assert model_files.verify(name) == []
        assert model_files.read_info(name)["name"] == name


@pytest.fixture
def data(monkeypatch, path):
    """The random model as the only shipped one."""
    monkeypatch.setattr(loading, "_DATA", path.parent)
    return path


def test_names(data, monkeypatch, tmp_path):
    assert model_files.shipped() == ("random-2-2",)
    assert model_files.path_of("random-2-2") == model_files.path_of("random-2-2.asdf") == data
    assert jwst_denoise.load_model("random-2-2", device="cpu").info["name"] == "random-2-2"
    with pytest.raises(ValueError, match="no shipped model 'random_2_2'; did you mean 'random-2-2'?.*shipped: ran"):
        model_files.load("random_2_2")
    with pytest.raises(ValueError, match="no shipped model 'zzz' .shipped: random-2-2"):
        model_files.load("zzz")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "random-2-2").write_text("a name that is shipped comes first")
    assert model_files.load("random-2-2", "cpu").info["name"] == "random-2-2"


@pytest.mark.parametrize("name", ["no/such/model", "absent.asdf"])
def test_paths_that_do_not_exist(name):
    with pytest.raises(FileNotFoundError, match=f"no model file {name}"):
        model_files.load(name)
    assert model_files.verify(name) == [f"no model file {name}"]


def test_a_directory_is_to_be_packed(tmp_path):
    with pytest.raises(ValueError, match="is a directory; .* models pack"):
        model_files.load(tmp_path)


# --- loading again


def test_a_file_is_read_once_and_nothing_is_shared(path, monkeypatch):
    first = model_files.load(path, "cpu")
    with torch.no_grad():
        for parameter in first.network.parameters():
            parameter.fill_(7)
    calls = []
    monkeypatch.setattr(container, "_check_text", calls.append)
    second = model_files.load(path, "cpu")
    assert calls == []
    assert second.network is not first.network
    assert not any((parameter == 7).all() for parameter in second.network.parameters())


def test_a_file_that_changed_is_read_again(path, network, info):
    before = model_files.load(path, "cpu").info["sha256"]
    with torch.no_grad():
        network.unet.output.bias += 1
    model_files.save(path, network, info, overwrite=True)
    assert model_files.load(path, "cpu").info["sha256"] != before


def test_loading_leaves_the_random_generator_alone(path):
    state = torch.random.get_rng_state()
    model_files.load(path, "cpu")
    assert torch.equal(torch.random.get_rng_state(), state)


def test_import_is_without_torch():
    code = "import sys, jwst_denoise.model_files; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


# --- packing


@pytest.fixture
def run_directory(tmp_path, network, info):
    """What a training leaves."""
    directory = tmp_path / "run"
    directory.mkdir()
    np.savez(directory / "weights.npz", **{name: t.numpy() for name, t in network.state_dict().items()})
    info = copy.deepcopy(info)
    by_hand = {key: info.pop(key) for key in ("name", "domain", "licence", "card")}
    (directory / "card.md").write_text(by_hand.pop("card"))
    del by_hand["name"]
    (directory / "about.json").write_text(json.dumps(by_hand))
    (directory / "info.json").write_text(json.dumps(info | {"architecture": network.architecture}))
    return directory


def test_packed_is_saved(run_directory, path, tmp_path):
    packed = model_files.pack(run_directory, tmp_path / "packed" / "random-2-2.asdf")
    assert model_files.verify(packed) == []
    assert model_files.read_info(packed) == model_files.read_info(path)


def test_packing_with_changes(run_directory, tmp_path):
    packed = model_files.pack(run_directory, tmp_path / "new.asdf", licence="MIT")
    assert [model_files.read_info(packed)[key] for key in ("name", "licence")] == ["new", "MIT"]


def test_packing_says_what_is_missing(run_directory, tmp_path):
    target = tmp_path / "a.asdf"
    (run_directory / "card.md").unlink()
    with pytest.raises(ValueError, match="lacks 'card'.*card.md"):
        model_files.pack(run_directory, target)
    (run_directory / "info.json").write_text("{")
    with pytest.raises(ValueError, match="info.json is not JSON"):
        model_files.pack(run_directory, target)
    (run_directory / "info.json").unlink()
    with pytest.raises(FileNotFoundError, match="info.json"):
        model_files.pack(run_directory, target)
    (run_directory / "weights.npz").write_bytes(b"x")
    with pytest.raises(ValueError, match="weights.npz"):
        model_files.pack(run_directory, target)
    (run_directory / "weights.npz").unlink()
    with pytest.raises(FileNotFoundError, match="weights.npz"):
        model_files.pack(run_directory, target)
    assert not target.exists()


def test_packing_does_not_unpickle(run_directory, tmp_path):
    np.savez(run_directory / "weights.npz", a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="weights.npz.*pickle"):
        model_files.pack(run_directory, tmp_path / "a.asdf")


def test_packing_refuses_weights_of_another_network(run_directory, tmp_path):
    other = build({"family": "cosmic_ray_mask", "depth": 1, "hidden": 2})
    np.savez(run_directory / "weights.npz", **{name: t.numpy() for name, t in other.state_dict().items()})
    with pytest.raises(ValueError, match="run: the weights do not match"):
        model_files.pack(run_directory, tmp_path / "a.asdf")
