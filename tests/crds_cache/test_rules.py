"""The rules, as the real CRDS client reads them."""

import asdf
import crds
import pytest
from crds.core import rmap
from crds.core.exceptions import CrdsLookupError

from jwst_denoise import crds_cache, parameters
from jwst_denoise.crds_cache.references import TYPES
from jwst_denoise.crds_cache.rules import reference_types


def header(detector, subarray="FULL", exp_type="NRS_IFU"):
    instrument = next(name for name, names in crds_cache.DETECTORS.items() if detector in names)
    return {
        "META.INSTRUMENT.NAME": instrument,
        "META.INSTRUMENT.DETECTOR": detector,
        "META.SUBARRAY.NAME": subarray,
        "META.EXPOSURE.TYPE": exp_type,
        "META.INSTRUMENT.GRATING": "G235M",
        "META.INSTRUMENT.FIXED_SLIT": "S400A1",
        "META.OBSERVATION.DATE": "2024-03-01",
        "META.OBSERVATION.TIME": "12:00:00",
    }


def find(types, *args, **kwargs):
    """Names of the best references, "N/A" where none applies."""
    files = crds.getreferences(header(*args, **kwargs), reftypes=types, observatory="jwst")
    return {name: "N/A" if "n/a" in path.lower() else path.rpartition("/")[2] for name, path in files.items()}


def test_crds_accepts_the_checksums(active_cache):
    mappings = sorted((active_cache / "mappings" / "jwst").iterdir())
    assert len(mappings) > 20
    for path in mappings:
        loaded = rmap.load_mapping(str(path), ignore_checksum=False)
        assert loaded.sha1sum == loaded._get_checksum(path.read_text())


@pytest.mark.parametrize("detector", ["NRS1", "NRCB1", "GUIDER2"])
def test_every_type_has_an_answer(active_cache, detector):
    files = find(reference_types(), detector)
    with_file = {name for name, file in files.items() if file != "N/A"}
    instrument = header(detector)["META.INSTRUMENT.NAME"]
    assert set(files) == set(reference_types())
    assert with_file == set(TYPES[instrument])
    assert all(detector.lower() in files[name] for name in with_file)


def test_types_are_those_of_the_installed_pipeline():
    from jwst.pipeline import Detector1Pipeline, GuiderPipeline, Image2Pipeline, Spec2Pipeline

    for pipeline in (Detector1Pipeline, GuiderPipeline, Image2Pipeline, Spec2Pipeline):
        assert pipeline.get_config_reftype() in reference_types()
        for step in pipeline.step_defs.values():
            assert step.get_config_reftype() in reference_types()
            if not isinstance(step.reference_file_types, property):
                assert set(step.reference_file_types) <= set(reference_types())
    assert "pars-nscleanstep" in reference_types()


@pytest.mark.parametrize(
    ("subarray", "file"),
    [
        ("FULL", "jwst_nirspec_dark_nrs1_full.fits"),
        ("SUB512", "jwst_nirspec_dark_nrs1_sub512.fits"),
        ("SUB1024B", "jwst_nirspec_dark_nrs1_sub1024b.fits"),
        ("GENERIC", "N/A"),
    ],
)
def test_darks_belong_to_subarrays(active_cache, subarray, file):
    assert find(["dark"], "NRS1", subarray) == {"dark": file}


def test_detector_that_is_not_in_the_cache(active_cache):
    with pytest.raises(CrdsLookupError, match="NRS2"):
        find(["gain"], "NRS2")


def test_parameter_references_are_found_by_exposure_type(cache, tmp_path):
    directory = tmp_path / "cache"
    crds_cache.build_cache(directory, detectors=[], parameters=[parameters.path("nircam_detector1_nsclean_groups")])
    type_ = "pars-detector1pipeline"
    with crds_cache.activated(directory):
        files = find([type_], "NRCB1", exp_type="NRC_TSIMAGE")
        assert files[type_].endswith("nircam_detector1_nsclean_groups.asdf")
        assert find([type_], "NRCB1", exp_type="NRC_DARK") == {type_: "N/A"}
        assert find([type_], "NRS1") == {type_: "N/A"}


def test_two_parameter_references_for_one_exposure(tmp_path):
    directory = tmp_path / "cache"
    names = ("nircam_detector1_nsclean_groups", "nircam_detector1_nsclean_rates")
    crds_cache.build_cache(directory, detectors=[], parameters=[parameters.path(names[0])])
    crds_cache.build_cache(directory, detectors=[], parameters=[parameters.path(names[0])])
    with pytest.raises(ValueError, match="both apply to NRC_IMAGE as pars-detector1pipeline"):
        crds_cache.build_cache(directory, detectors=[], parameters=[parameters.path(names[1])])
    assert len(list(directory.rglob("*pars*.asdf"))) == 1


def test_parameter_reference_of_another_instrument(tmp_path):
    file = tmp_path / "mine.asdf"
    asdf.AsdfFile({"class": "a.B", "meta": {"instrument": {"name": "MIRI"}}}).write_to(file)
    with pytest.raises(ValueError, match=r"mine\.asdf is for MIRI; the cache serves NIRSPEC, NIRCAM"):
        crds_cache.build_cache(tmp_path / "cache", detectors=[], parameters=[file])
    assert not (tmp_path / "cache").exists()


def test_parameter_reference_without_instrument(tmp_path):
    file = tmp_path / "mine.asdf"
    asdf.AsdfFile({"class": "a.B"}).write_to(file)
    with pytest.raises(ValueError, match=r"mine\.asdf: a parameter reference needs the keys class and meta"):
        crds_cache.build_cache(tmp_path / "cache", detectors=[], parameters=[file])
    assert not (tmp_path / "cache").exists()
