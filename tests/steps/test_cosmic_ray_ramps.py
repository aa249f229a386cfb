"""The step ``cosmic_ray_mask`` on ramps."""

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from jwst_denoise import CosmicRayMaskStep, model_files
from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.cosmic_ray_mask import cosmic_ray_mask_step
from jwst_denoise.steps.exposure import readout_noise

from .conftest import SHAPE, describe

DNU, SATURATED, JUMP = 1, 2, 4
HITS = ((0, 2, 20, 30), (1, 4, 60, 100))
DOMAIN = {"description": "tests", "instruments": ["NIRCAM"], "levels": ["ramp"]}


class Jumps:
    """A stand-in for a network that is sure of differences above 100 e-."""

    info = {"name": "jumps", "family": "cosmic_ray_mask-ramp", "sha256": "ab" * 32, "domain": DOMAIN}
    calls = {}

    def check_domain(self, **properties):
        return model_files.Domain(**DOMAIN).reasons(**properties)

    def threshold(self, fpr=0.0005):
        Jumps.rate = fpr
        return 0.5

    def predict(self, groups, read_noise, *, gain, **arguments):
        Jumps.calls = {"read_noise": read_noise, "gain": gain, **arguments}
        rise = np.diff(np.nan_to_num(groups) * gain, axis=0, prepend=np.nan_to_num(groups[:1]) * gain)
        return np.where(rise > 100, 0.9, 0.1).astype("f4")


@pytest.fixture
def jumps(monkeypatch):
    monkeypatch.setattr(cosmic_ray_mask_step.model_files, "load", lambda name, device: Jumps())


@pytest.fixture
def ramp(rng):
    """2 integrations of 6 groups with a hit in each."""
    shape = (2, 6, *SHAPE)
    model = datamodels.RampModel(shape)
    model.data = (2 * np.arange(6)[:, None, None] + rng.normal(size=shape)).astype("f4")
    for integration, group, y, x in HITS:
        model.data[integration, group:, y, x] += 400
    model.groupdq, model.pixeldq = np.zeros(shape, "u1"), np.zeros(SHAPE, "u4")
    model.meta.exposure.nframes, model.meta.exposure.groupgap = 4, 1
    model.meta.cal_step.linearity = "COMPLETE"
    return describe(model, name="jw1_ramp.fits")


@pytest.fixture
def references(tmp_path, monkeypatch):
    """Full-frame references, as files: 2 e- / DN and a noise of 10 DN between frames."""
    monkeypatch.setattr("stpipe.crds_client.get_context_used", lambda observatory: "jwst_0000.pmap")
    paths = {}
    for kind, cls, value in (("gain", datamodels.GainModel, 2.0), ("readnoise", datamodels.ReadnoiseModel, 10.0)):
        with cls(data=np.full((2048, 2048), value, "f4")) as model:
            model.data[100, 100] = np.nan  # the first pixel of the subarray
            area = model.meta.subarray
            area.xstart = area.ystart = 1
            area.xsize = area.ysize = 2048
            area.fastaxis, area.slowaxis = -1, 2
            paths[f"override_{kind}"] = str(tmp_path / f"{kind}.fits")
            model.save(paths[f"override_{kind}"])
    return paths


@pytest.fixture
def typical(monkeypatch):
    """No CRDS."""

    def nothing(self, model, kind):
        raise SystemExit(-1)

    monkeypatch.setattr(CosmicRayMaskStep, "get_reference_file", nothing)


def run(ramp, **parameters):
    return CosmicRayMaskStep.call(ramp, configure_log=False, **parameters)


def test_group_flags_and_nothing_else(ramp, jumps, references):
    data = ramp.data.copy()
    result = run(ramp, **references)
    expected = np.zeros(ramp.shape, "u1")
    for hit in HITS:
        expected[hit] = JUMP
    np.testing.assert_array_equal(result.groupdq, expected)
    assert result.groupdq.dtype == np.uint8
    np.testing.assert_array_equal(result.data, data)
    assert not result.pixeldq.any()
    assert not ramp.groupdq.any()
    assert result.meta.cal_step.cosmic_ray_mask == "COMPLETE"


def test_references_are_cut_to_the_subarray_and_in_electrons_a_frame(ramp, jumps, references):
    run(ramp, **references)
    assert Jumps.calls["gain"].shape == SHAPE
    assert np.isnan(Jumps.calls["gain"][0, 0])
    assert np.isnan(Jumps.calls["read_noise"][0, 0])
    np.testing.assert_allclose(Jumps.calls["read_noise"][1:], 20 / np.sqrt(2), rtol=1e-6)
    assert (Jumps.calls["nframes"], Jumps.calls["groupgap"]) == (4, 1)


def test_without_crds_typical_noise_of_the_detector_is_taken(ramp, jumps, typical, caplog):
    result = run(ramp)
    assert "Typical gain and read noise of NRCA1" in caplog.text
    assert Jumps.calls["gain"] == 2.08
    assert Jumps.calls["read_noise"] == pytest.approx(8.8)
    assert (result.groupdq[HITS[0]], result.groupdq[HITS[1]]) == (JUMP, JUMP)


def test_an_unknown_detector_is_not_applicable(ramp):
    ramp.meta.instrument.detector = "MIRIMAGE"
    with pytest.raises(NotApplicable, match="MIRIMAGE"):
        readout_noise.readout_noise(ramp, lambda kind: "N/A")


def test_a_missing_reference_file_is_an_error(ramp, jumps):
    with pytest.raises(FileNotFoundError, match=r"absent\.fits"):
        run(ramp, override_gain="absent.fits")


def test_flags_of_the_jump_step_stay(ramp, jumps, typical):
    ramp.groupdq[0, 3, 5, 5] = JUMP
    ramp.groupdq[1, 3:, 60, 100] = SATURATED
    result = run(ramp)
    assert result.groupdq[0, 3, 5, 5] == JUMP
    assert (result.groupdq[1, 3:, 60, 100] == SATURATED).all()


def test_bad_pixels_are_not_flagged(ramp, jumps, typical):
    ramp.pixeldq[20, 30] = DNU
    ramp.data[1, 4, 60, 100] = np.nan
    assert not run(ramp).groupdq.any()


def test_one_group_is_skipped(ramp, jumps, typical, caplog):
    single = datamodels.RampModel(data=ramp.data[:, :1])
    describe(single)
    result = run(single)
    assert result.meta.cal_step.cosmic_ray_mask == "SKIPPED"
    assert "single group" in caplog.text
    assert not result.groupdq.any()


def test_two_groups_are_enough(ramp, jumps, typical):
    pair = datamodels.RampModel(data=ramp.data[:, 1:3].copy())
    pair.groupdq, pair.pixeldq = np.zeros(pair.data.shape, "u1"), np.zeros(SHAPE, "u4")
    describe(pair)
    expected = np.zeros(pair.data.shape, "u1")
    expected[0, 1, 20, 30] = JUMP
    np.testing.assert_array_equal(run(pair).groupdq, expected)
    assert Jumps.rate == 0.0005
    run(ramp)
    assert Jumps.rate == 0.005


def test_two_groups_are_an_image(ramp, typical):
    """The shipped network for images, on the difference."""
    pair = datamodels.RampModel(data=ramp.data[:, 1:3].copy())
    pair.data[:, 1] += 10 * np.random.default_rng(1).normal(size=SHAPE).astype("f4")
    pair.groupdq, pair.pixeldq = np.zeros(pair.data.shape, "u1"), np.zeros(SHAPE, "u4")
    result = run(describe(pair))
    assert result.groupdq[0, 1, 20, 30] == JUMP
    assert (result.groupdq[:, 1] > 0).mean() < 0.005
    assert not result.groupdq[:, 0].any()


def test_a_ramp_that_is_not_linear_is_a_warning(ramp, jumps, typical, caplog):
    ramp.meta.cal_step.linearity = None
    run(ramp)
    assert "not linear" in caplog.text


def test_probabilities_and_picture_are_written(ramp, jumps, typical, tmp_path):
    run(ramp, save_probability=True, save_qa=True)
    with datamodels.open(tmp_path / "jw1_crprob.fits") as product:
        assert product.data.shape == ramp.shape
        assert product.data[HITS[0]] == pytest.approx(0.9)
    assert (tmp_path / "jw1_cosmic_ray_mask_qa.png").stat().st_size > 10_000
