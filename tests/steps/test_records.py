"""Status, provenance and logs in the product, and the products beside it."""

import importlib.metadata
import logging
import subprocess
import sys

import asdf
import numpy as np
import pytest
from astropy.io import fits
from stdatamodels.jwst import datamodels

import jwst_denoise
from jwst_denoise import NSCleanStep, masks, schemas
from jwst_denoise.entry_points import get_steps
from jwst_denoise.steps.common.status import restore_history


def run(data, **parameters):
    return NSCleanStep.call(data, configure_log=False, **{"method": "median", **parameters})


def test_status_survives_files_and_later_steps(rate):
    run(rate).save("one.fits")
    for name in ("two.fits", "three.fits"):  # opened and saved without this package
        with datamodels.open("one.fits") as model:
            model.save(name)
    for name in ("one.fits", "two.fits", "three.fits"):
        header = fits.getheader(name)
        assert header["S_NSCLN"] == "COMPLETE"
        assert header["JDN_VER"] == importlib.metadata.version("jwst_denoise")
        assert "method='median'" in header["NSC_PARS"]
        assert header["NSC_RMS"] == pytest.approx(2, rel=0.3)
        with datamodels.open(name) as model:
            assert model.meta.cal_step.nsclean == "COMPLETE"
            assert model.meta.jwst_denoise.version == header["JDN_VER"]


def test_comments_give_units_and_are_whole(rate):
    """astropy cuts what does not fit into 80 characters, and warns."""
    properties = datamodels.ImageModel().schema["properties"]["meta"]["properties"]["jwst_denoise"]["properties"]
    numbers = 0
    for step, section in properties.items():
        for name, entry in section.get("properties", {}).items():
            title = entry.get("title", "")
            if entry["type"] in ("number", "integer"):
                numbers += 1
                assert len(title) <= 47, f"{step}.{name}"
                assert title.endswith(")"), f"{step}.{name} has no unit: {title!r}"
    assert numbers > 20
    run(rate, user_mask=None, n_sigma=2.123456).save("one.fits")
    header = fits.getheader("one.fits")
    assert "DN/s" in header.comments["NSC_RMS"]
    assert header.comments["NSC_PARS"] == ""


def test_status_goes_from_ramp_to_rate(ramp):
    """Steps that make a new model, as ramp_fit does, copy what the schema knows."""
    cleaned, new = run(ramp), datamodels.ImageModel((96, 128))
    new.update(cleaned)
    new.save("made.fits")
    header = fits.getheader("made.fits")
    assert header["S_NSCLN"] == "COMPLETE"
    assert header["NSC_PARS"] == cleaned.meta.jwst_denoise.nsclean.parameters


def test_other_products_get_no_keywords(rate):
    rate.save("plain.fits")
    header = fits.getheader("plain.fits")
    assert not [key for key in header if key.startswith(("S_NSCLN", "JDN", "NSC"))]
    assert "jwst_denoise" not in str(header)


def test_history_names_version_and_parameters(rate):
    run(rate).save("one.fits")
    text = "".join(fits.getheader("one.fits")["HISTORY"])
    assert f"jwst_denoise {jwst_denoise.__version__} nsclean(method='median'" in text


def test_log_lines_reach_the_product(rate):
    result = NSCleanStep.call(rate, method="median")
    lines = [line for line in result.cal_logs.nsclean if "stpipe.jwst_denoise" in line]
    assert any("INFO" in line and "take part in the fit" in line for line in lines)


def test_skipped_is_recorded(rate):
    rate.meta.instrument.name = "MIRI"
    run(rate).save("skipped.fits")
    header = fits.getheader("skipped.fits")
    assert header["S_NSCLN"] == "SKIPPED"
    assert "NSC_PARS" not in header


def test_schema_keeps_the_core_schema():
    """Everything that stdatamodels' own core schema says is still there."""
    (mapping,) = schemas.get_resource_mappings()
    assert asdf.get_config().resource_manager[f"{schemas._PREFIX}core.schema"].decode() == schemas._EXTENDED_CORE
    known = datamodels.ImageModel().schema["properties"]["meta"]["properties"]
    core = asdf.schema.load_schema(f"{schemas._PREFIX}core_of_stdatamodels.schema", resolve_references=True)
    assert set(core["properties"]["meta"]["properties"]) <= set(known)
    steps = set(core["properties"]["meta"]["properties"]["cal_step"]["properties"])
    added = {"nsclean", "cosmic_ray_mask", "ramp_denoise", "image_denoise"}
    assert set(known["cal_step"]["properties"]) == steps | added


def test_entry_points_import_nothing_heavy():
    code = (
        "import sys; import jwst_denoise.entry_points as e, jwst_denoise.schemas as s; e.get_steps();"
        "s.get_resource_mappings(); print([m for m in ('jwst', 'torch', 'numpy', 'stdatamodels') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_registered_steps_exist():
    for name, alias, is_pipeline in get_steps():
        step = getattr(jwst_denoise, name.removeprefix("jwst_denoise."))
        assert step.class_alias == alias
        assert is_pipeline == alias.startswith("calwebb_")


def test_history_has_one_line_for_each_step_where_a_step_of_jwst_has_dropped_them(rate):
    """A new data model, as ramp_fit makes it, has the keywords and no history."""
    cleaned, new = run(rate), datamodels.ImageModel()
    new.update(cleaned)
    new.meta.jwst_denoise.cosmic_ray_mask.parameters = "model='auto'"
    new.meta.jwst_denoise.cosmic_ray_mask.flagged = 7
    for _ in range(2):
        restore_history(new)
    lines = [entry["description"].partition(" ")[2] for entry in new.instance["history"]["entries"]]
    version = jwst_denoise.__version__
    assert lines[0] == f"{version} cosmic_ray_mask(model='auto'); flagged=7"
    assert lines[1].startswith(f"{version} nsclean(method='median'") and "; noise_rms=" in lines[1]
    assert len(lines) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "level"), [("rate", ""), ("rateints", "ints_"), ("ramp", "")])
def test_products_beside_the_main_one(request, kind, level, tmp_path):
    model = request.getfixturevalue(kind)
    requests = dict.fromkeys(("save_noise", "save_mask", "save_background", "save_qa"), True)
    result = run(model, **requests, output_dir=str(tmp_path / "out"))
    stem = f"jw1_{level}nsclean"
    names = {path.name for path in (tmp_path / "out").iterdir()}
    endings = ("noise.fits", "mask.fits", "background.fits", "qa.png", "qa.html")
    assert names == {f"{stem}_{ending}" for ending in endings}
    with datamodels.open(tmp_path / "out" / f"{stem}_noise.fits") as noise:
        assert noise.data.shape == model.data.shape
        good = np.isfinite(model.data)
        np.testing.assert_allclose(noise.data[good], (model.data - result.data)[good], atol=2e-3)
    mask = masks.read_user_mask(tmp_path / "out" / f"{stem}_mask.fits", model.data.shape)
    assert not mask[44, 66]
    assert mask.mean() > 0.6
    picture = (tmp_path / "out" / f"{stem}_qa.png").read_bytes()
    assert picture[:4] == b"\x89PNG"
    assert len(picture) > 50_000


def test_background_is_the_sky(rate):
    run(rate, method="gp", save_background=True)
    with datamodels.open("jw1_nsclean_background.fits") as sky:
        assert np.median(sky.data) == pytest.approx(5, abs=1)


def test_saved_mask_gives_the_same_result_again(rate):
    first = run(rate, save_mask=True)
    second = run(rate, user_mask="jw1_nsclean_mask.fits")
    np.testing.assert_array_equal(first.data, second.data)


def test_nothing_else_is_written(rate, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        run(rate)
    assert list(tmp_path.iterdir()) == []


def test_schema_serves_models_of_several_exposures():
    """They take the core schema apart, and so do ``resample_spec`` and ``calwebb_spec3``, which make them."""
    with datamodels.MultiExposureModel() as model:
        exposure = model.schema["properties"]["exposures"]["items"]["properties"]["meta"]["properties"]
        assert "nsclean" in exposure["cal_step"]["properties"]


def test_predicted_loss_of_sources_is_recorded(rate):
    lost = {}
    for bound in (0.01, 1.0):
        result = NSCleanStep.call(rate, max_source_loss=bound, configure_log=False)
        lost[bound] = result.meta.jwst_denoise.nsclean.source_loss
    assert 0 <= lost[0.01] <= 0.012
    assert lost[1.0] > lost[0.01]
    assert NSCleanStep.call(rate, method="median", configure_log=False).meta.jwst_denoise.nsclean.source_loss is None
