"""Building a cache, and pointing the CRDS client at it."""

import os

import pytest

from jwst_denoise import crds_cache


def detectors_of(directory, type_="gain"):
    return sorted(path.stem.rpartition("_")[2].upper() for path in directory.rglob(f"*_{type_}_*.fits"))


def test_all_detectors_of_an_instrument(tmp_path, quick):
    crds_cache.build_cache(tmp_path / "cache", ["nirspec"])
    assert detectors_of(tmp_path / "cache") == ["NRS1", "NRS2"]


def test_everything(tmp_path, quick):
    crds_cache.build_cache(tmp_path / "cache")
    assert len(detectors_of(tmp_path / "cache")) == 15


def test_detectors_are_added(tmp_path, quick):
    directory = tmp_path / "cache"
    crds_cache.build_cache(directory, detectors=["nrs1"])
    crds_cache.build_cache(directory, detectors=["NRCALONG"])
    assert detectors_of(directory) == ["NRCALONG", "NRS1"]
    rules = (directory / "mappings" / "jwst" / "jwst_nirspec_gain_0001.rmap").read_text()
    assert "jwst_nirspec_gain_nrs1.fits" in rules
    assert "nrs2" not in rules


def test_progress_counts_files(tmp_path, quick):
    calls = []
    crds_cache.build_cache(tmp_path / "cache", detectors=["NIS"], progress=lambda *args: calls.append(args))
    numbers, totals, names = zip(*calls, strict=True)
    assert numbers == tuple(range(1, totals[0] + 1))
    assert set(totals) == {len(names)}
    assert (
        len(list((tmp_path / "cache").rglob("*nis.*"))) + len(list((tmp_path / "cache").rglob("*nis_*.*"))) == totals[0]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"instruments": ["NIRSPEK"]}, "no instrument 'NIRSPEK' in the cache; did you mean 'NIRSPEC'"),
        ({"instruments": ["MIRI"]}, "MIRI has Si:As detectors"),
        ({"detectors": ["NRS3"]}, "no detector 'NRS3' in the cache; did you mean 'NRS"),
        ({"instruments": ["NIRCAM"], "detectors": ["NRS1"]}, "NRS1 belongs to NIRSPEC, not to NIRCAM"),
    ],
)
def test_unknown_names_write_nothing(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        crds_cache.build_cache(tmp_path / "cache", **arguments)
    assert not (tmp_path / "cache").exists()


def test_missing_parameter_file_writes_nothing(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.asdf"):
        crds_cache.build_cache(tmp_path / "cache", detectors=[], parameters=[tmp_path / "nowhere.asdf"])
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("file", "message"),
    [("notes.txt", "is not empty"), ("config/jwst/server_config", "is a CRDS cache of another origin")],
)
def test_another_directory_is_left_alone(tmp_path, file, message):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("mine")
    with pytest.raises(ValueError, match=message):
        crds_cache.build_cache(tmp_path, detectors=["NRS1"])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / file]
    assert (tmp_path / file).read_text() == "mine"


def test_environment_is_restored(tmp_path, monkeypatch):
    monkeypatch.setenv("CRDS_PATH", "/elsewhere")
    monkeypatch.delenv("CRDS_CONTEXT", raising=False)
    with pytest.raises(RuntimeError), crds_cache.activated(tmp_path) as variables:
        assert variables == crds_cache.environment(tmp_path)
        assert os.environ["CRDS_PATH"] == str(tmp_path.resolve())
        raise RuntimeError
    assert os.environ["CRDS_PATH"] == "/elsewhere"
    assert "CRDS_CONTEXT" not in os.environ
