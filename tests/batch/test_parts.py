"""Inputs, recipes, manifest and output directory of a batch: no cluster."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from jwst_denoise import parameters
from jwst_denoise.batch import Recipe, expand_patterns, output
from jwst_denoise.batch.cluster import cores, local
from jwst_denoise.batch.inputs import Exposure
from jwst_denoise.batch.manifest import Manifest, Record
from jwst_denoise.batch.task import PeakMemory


def test_patterns_are_expanded_once_and_in_order(scripts, tmp_path):
    assert expand_patterns([scripts[2], str(tmp_path / "e*.txt")]) == [scripts[i] for i in (2, 0, 1, 3)]


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("nothing_*.fits", FileNotFoundError, "nothing_"),
        ("missing.fits", FileNotFoundError, "missing.fits"),
        (".", ValueError, r"directory; name files in it, such as .*\*_uncal.fits"),
    ],
)
def test_bad_files_are_named(tmp_path, name, error, text):
    with pytest.raises(error, match=text):
        expand_patterns([tmp_path / name])


def test_two_files_of_one_name_are_refused(scripts, tmp_path):
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "e0.txt"
    twin.touch()
    with pytest.raises(ValueError, match="have the same name, as would their products"):
        expand_patterns([scripts[0], twin])


def test_association_changes_with_its_members(tmp_path):
    (tmp_path / "a_cal.fits").write_text("1")
    asn = tmp_path / "asn.json"
    asn.write_text(json.dumps({"products": [{"name": "x", "members": [{"expname": "a_cal.fits"}]}]}))
    exposure = Exposure(asn)
    stamp, digest = exposure.stamp(), exposure.sha256()
    (tmp_path / "a_cal.fits").write_text("23")
    assert exposure.stamp() != stamp and exposure.sha256() != digest


@pytest.mark.parametrize("pars", ["nsclean", "nircam_detector1_nsclean_groups", "jwst.pipeline.Detector1Pipeline"])
def test_recipe_of_alias_file_and_class(pars):
    assert Recipe.of(pars).is_file == ("nsclean_groups" in pars)


@pytest.mark.parametrize(
    ("pars", "settings", "text"),
    [
        ("nscln", {}, "did you mean 'nsclean'"),
        ("./mine.asdf", {}, "no parameter file ./mine.asdf"),
        ("jwst.Nothing", {}, "is not a step or pipeline"),
        ("nsclean", {"methd": "gp"}, "no parameter 'methd'; did you mean 'method'"),
        ("nsclean", {"method": "best"}, "'method': the value \"best\""),
        ("nsclean", {"output_dir": "x"}, "set by the batch"),
        ("calwebb_denoise1", {"steps.nsclean.methd": "gp"}, "did you mean 'steps.nsclean.method'"),
        (__file__, {}, "is not a step or pipeline"),
    ],
)
def test_bad_recipes_are_named(pars, settings, text):
    with pytest.raises((ValueError, FileNotFoundError), match=text):
        Recipe.of(pars, settings)


def test_fingerprint_counts_parameters_and_files_they_name(tmp_path, monkeypatch):
    mask = tmp_path / "mask.fits"
    mask.write_text("1")
    mine = tmp_path / "mine.asdf"
    mine.write_bytes(parameters.path("nsclean_nirspec_fs").read_bytes())
    recipes = [Recipe("nsclean"), Recipe("nsclean", (("user_mask", str(mask)),)), Recipe(str(mine))]
    before = [recipe.fingerprint() for recipe in recipes]
    assert len(set(before)) == 3 and before == [recipe.fingerprint() for recipe in recipes]
    mask.write_text("2")
    mine.write_bytes(parameters.path("nsclean_nirspec_ifu").read_bytes())
    after = [recipe.fingerprint() for recipe in recipes]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, False]
    monkeypatch.setenv("CRDS_CONTEXT", "jwst_9999.pmap")
    assert recipes[0].fingerprint() != before[0]


@pytest.fixture
def finished(scripts, tmp_path):
    """Manifest with one exposure that is done, and its directory."""
    (tmp_path / "p0.out").write_text("text")
    exposure = Exposure(scripts[0])
    manifest = Manifest(tmp_path / "manifest.jsonl")
    manifest.add(Record(str(scripts[0]), "r", "done", exposure.stamp(), exposure.sha256(), {"p0.out": 4}))
    return exposure, tmp_path


def is_done(exposure, directory, recipe="r"):
    return Manifest(directory / "manifest.jsonl").done(exposure, recipe, directory) is not None


def test_done_is_done(finished):
    assert is_done(*finished)
    assert not is_done(*finished, recipe="other")


def test_touched_input_is_still_done_and_changed_is_not(finished):
    exposure, directory = finished
    os.utime(exposure.path, (1, 1))
    assert is_done(exposure, directory)
    exposure.path.write_text("other")
    assert not is_done(exposure, directory)


def test_cut_or_missing_product_is_not_done(finished):
    exposure, directory = finished
    (directory / "p0.out").write_text("te")
    assert not is_done(exposure, directory)
    (directory / "p0.out").unlink()
    assert not is_done(exposure, directory)


def test_product_of_another_recipe_is_not_done(finished):
    exposure, directory = finished
    Manifest(directory / "manifest.jsonl").add(
        Record(str(exposure.path), "new", "done", exposure.stamp(), "", {"p0.out": 4})
    )
    assert is_done(exposure, directory, "new")
    assert not is_done(exposure, directory, "r")


@pytest.mark.parametrize("kept", range(1, 40, 6))
def test_torn_line_is_passed_over_and_closed(finished, kept):
    exposure, directory = finished
    path = directory / "manifest.jsonl"
    line = path.read_bytes()
    path.write_bytes(line + line[:kept])
    assert is_done(exposure, directory)
    Manifest(path).add(Record("later", "r", "failed"))
    assert len(path.read_text().splitlines()) == 3
    assert Manifest(path)._records.keys() == {(str(exposure.path), "r"), ("later", "r")}


def test_another_file_is_not_taken_for_a_manifest(tmp_path):
    (tmp_path / "m").write_text("SIMPLE  = T")
    with pytest.raises(ValueError, match="not the manifest of a batch"):
        Manifest(tmp_path / "m")


def test_directory_is_cleaned_and_leaves_nothing(tmp_path):
    (tmp_path / output.SCRATCH / "killed" / "x").mkdir(parents=True)
    with output.opened(tmp_path) as scratch:
        assert [path.name for path in scratch.iterdir()] == ["lock"]
        (scratch / "attempt").mkdir()
    assert not list(tmp_path.iterdir())


def test_second_batch_names_the_first(tmp_path):
    code = f"from jwst_denoise.batch import output\nwith output.opened({str(tmp_path)!r}): print('has it')"
    with output.opened(tmp_path):
        second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert second.returncode != 0 and "has it" not in second.stdout
    assert f"{tmp_path} is in use by another batch (process {os.getpid()} on" in second.stderr


def test_lock_ends_with_a_killed_process(tmp_path):
    code = f"from jwst_denoise.batch import output\nwith output.opened({str(tmp_path)!r}): __import__('os').abort()"
    assert subprocess.run([sys.executable, "-c", code]).returncode < 0
    assert (tmp_path / output.SCRATCH / "lock").exists()
    with output.opened(tmp_path):
        pass


def test_peak_memory_is_that_of_the_block():
    with PeakMemory() as large:
        array = np.ones(30_000_000)
        time.sleep(0.1)
        del array
    with PeakMemory() as after:
        pass
    assert large.peak - after.peak > 150e6


def test_bad_memory_is_an_error():
    with pytest.raises(ValueError, match="lots"), local(1, "lots"):
        pass
    assert cores() >= 1
