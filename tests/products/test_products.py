"""Simulated exposures as data models and files."""

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from stdatamodels.jwst import datamodels
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise import products, simulate
from jwst_denoise.ramps.slopes import fit_segments
from jwst_denoise.readout import Readout
from jwst_denoise.simulate import CosmicRayParameters, Switches

PATTERNS = {"NIRCAM": "RAPID", "NIRSPEC": "NRSRAPID", "NIRISS": "NISRAPID", "FGS": "FGSRAPID"}
QUIET = dict.fromkeys(Switches.__dataclass_fields__, False)


def expose(name="NRS1", mode="NRS_BRIGHTOBJ", level=50.0, ngroups=6, nints=2, pattern=None, **options):
    parameters = simulate.detector(name)
    changes = {key: options.pop(key) for key in ("subarray", "corner") if key in options}
    observed = simulate.observation(parameters, mode, **changes)
    shape = options.pop("shape", None) or simulate.subarray(name, observed.subarray).shape
    pattern = pattern or PATTERNS[parameters.instrument]
    rng = np.random.default_rng(11)
    return simulate.simulate_exposure(
        np.full(shape, level), parameters, None, pattern, ngroups, nints, rng, observation=observed, **options
    )


@pytest.fixture(scope="module")
def exposure():
    return expose()


MODES = [
    ("NRS1", "NRS_IFU", {"subarray": "GENERIC", "corner": (1, 1), "shape": (64, 64)}),
    ("NRS2", "NRS_FIXEDSLIT", {"subarray": "SUB512"}),
    ("NRS1", "NRS_MSASPEC", {"subarray": "GENERIC", "corner": (1, 1), "shape": (64, 64)}),
    ("NRS2", "NRS_BRIGHTOBJ", {}),
    ("NRCB1", "NRC_TSIMAGE", {}),
    ("NRCBLONG", "NRC_IMAGE", {"subarray": "SUB160"}),
    ("NIS", "NIS_IMAGE", {"subarray": "SUB64"}),
    ("GUIDER1", "FGS_IMAGE", {"subarray": "GENERIC", "corner": (961, 961), "shape": (64, 64)}),
]


@pytest.mark.parametrize(("name", "mode", "options"), MODES)
def test_uncal_has_a_complete_and_valid_header(name, mode, options):
    simulated = expose(name, mode, ngroups=2, nints=1, **options)
    model = products.uncal_model(simulated, root="test")
    model.validate()
    np.testing.assert_array_equal(model.data, simulated.counts)
    assert model.data is not simulated.counts
    meta = model.meta
    assert (meta.exposure.type, meta.instrument.detector, meta.filename) == (mode, name, "test_uncal.fits")
    assert (meta.subarray.ysize, meta.subarray.xsize) == simulated.readout.shape
    assert (meta.subarray.xstart, meta.subarray.ystart) == simulated.observation.corner
    for key in ("observation.date", "observation.time", "exposure.start_time", "exposure.group_time",
                "exposure.frame_divisor", "wcsinfo.ra_ref", "wcsinfo.v2_ref", "wcsinfo.roll_ref", "target.ra",
                "aperture.name", "visit.tsovisit", "dither.x_offset"):  # fmt: skip
        assert reduce(getattr, key.split("."), meta) is not None, key
    assert (model.int_times is not None) == simulated.observation.time_series
    assert len(model.group) == 2


def test_read_out_geometry_comes_back_from_the_header(exposure):
    for make in (products.uncal_model, products.ramp_model, products.rate_model, products.rateints_model):
        assert replace(Readout.from_model(make(exposure)), pixel_time=1e-5) == exposure.readout


@pytest.mark.parametrize(("detector", "name"), simulate.SUBARRAYS)
def test_every_subarray_has_a_legal_name_and_geometry(detector, name):
    parameters = simulate.detector(detector)
    part = simulate.subarray(detector, name)
    model = datamodels.ImageModel()
    model.meta.subarray.name = name
    model.validate()
    assert parameters.readout(part.shape, part.corner, part.outputs).lines > 0


def test_group_times_are_the_ends_of_the_groups(exposure):
    model = products.uncal_model(exposure)
    ends = model.group["bary_end_time"].reshape(2, -1)
    np.testing.assert_allclose(np.diff(ends, axis=1) * 86400, exposure.group_time, atol=1e-4)
    reset = (ends[1, 0] - ends[0, -1]) * 86400
    assert reset == pytest.approx(exposure.group_time + exposure.frame_time, abs=1e-4)
    times = model.int_times
    assert np.all(times["int_start_MJD_UTC"] < times["int_mid_MJD_UTC"])
    assert times["int_end_MJD_UTC"][1] == pytest.approx(ends[1, -1], abs=1e-9)


def test_ramp_is_linear_and_calibrated():
    simulated = expose(
        level=8000.0, ngroups=6, **{**QUIET, "nonlinearity": True, "superbias": True, "dark": True, "pedestal": True}
    )
    model = products.ramp_model(simulated)
    model.validate()
    active = ~simulated.readout.reference_pixels
    steps = np.diff(model.data[0][:, active], axis=0) * simulated.detector.gain
    flagged = (model.groupdq[0][1:, active] & dqflags.group["SATURATED"]) > 0
    two_roundings = 1.6  # of half a DN each
    np.testing.assert_allclose(steps[~flagged], 8000.0 * simulated.frame_time, atol=two_roundings)


def test_flags_come_from_counts_and_truth():
    hits = CosmicRayParameters(flux=100.0)
    simulated = expose(level=15000.0, ngroups=8, hits=hits, **{**QUIET, "cosmic_rays": True, "saturation": True})
    flags = products.ramp_model(simulated).groupdq
    saturated = (flags & dqflags.group["SATURATED"]) > 0
    np.testing.assert_array_equal(
        saturated, np.logical_or.accumulate(simulated.counts >= simulated.detector.saturation, axis=1)
    )
    assert saturated.any() and not saturated.all()
    jumps = (flags & dqflags.group["JUMP_DET"]) > 0
    assert jumps.any()
    assert np.all(simulated.truth.cosmic_rays[jumps] > 0)
    assert not jumps[:, 0].any()


def test_rates_are_unbiased_and_their_errors_match():
    switches = {"correlated": False, "picture_frame": False, "ipc": False, "pedestal": False}
    simulated = expose("NRS1", "NRS_FIXEDSLIT", level=30.0, ngroups=12, nints=3, subarray="SUB512", **switches)
    rate, rateints = products.rate_model(simulated), products.rateints_model(simulated)
    for model in (rate, rateints):
        model.validate()
        good = (model.dq & dqflags.pixel["DO_NOT_USE"]) == 0
        pull = (model.data * simulated.detector.gain - 30.0) / (model.err * simulated.detector.gain)
        assert np.isfinite(pull[good]).all()
        assert abs(np.mean(pull[good])) < 0.06
        assert np.std(pull[good]) == pytest.approx(1.0, abs=0.06)
    assert rate.data.shape == (32, 512) and rateints.data.shape == (3, 32, 512)
    assert np.nanmedian(rate.err) == pytest.approx(np.nanmedian(rateints.err) / np.sqrt(3), rel=0.03)


def test_rate_of_the_ifu_is_an_ifu_image():
    simulated = expose("NRS1", "NRS_IFU", nints=1, subarray="GENERIC", corner=(1, 1), shape=(64, 64))
    assert isinstance(products.rate_model(simulated), datamodels.IFUImageModel)
    reference = products.rate_model(simulated).dq[:4]
    assert np.all(reference & dqflags.pixel["REFERENCE_PIXEL"])


def test_slopes_without_breaks_are_polyfits():
    rng = np.random.default_rng(1)
    times = np.arange(9) * 3.0
    ramp = rng.normal(size=(9, 4, 5))
    slope, weight = fit_segments(ramp, np.zeros(ramp.shape, np.int8), times)
    np.testing.assert_allclose(slope, np.polyfit(times, ramp.reshape(9, -1), 1)[0].reshape(4, 5), rtol=1e-5)
    np.testing.assert_allclose(weight, np.sum((times - times.mean()) ** 2))


def test_slopes_with_breaks_are_the_joint_fit():
    rng = np.random.default_rng(2)
    times = np.arange(10) * 2.0
    ramp = rng.normal(size=(10, 1, 1)) + 3 * times[:, None, None]
    broken = np.zeros(ramp.shape, np.int8)
    broken[4], broken[8:] = 1, 2
    design = np.zeros((8, 3))
    design[:, 0], design[:4, 1], design[4:, 2] = times[:8], 1, 1
    slope, weight = fit_segments(ramp, broken, times)
    assert slope[0, 0] == pytest.approx(np.linalg.lstsq(design, ramp[:8, 0, 0])[0][0], rel=1e-5)
    assert 1 / weight[0, 0] == pytest.approx(np.linalg.inv(design.T @ design)[0, 0], rel=1e-5)


def test_no_two_groups_together_is_nan():
    slope, weight = fit_segments(np.ones((3, 1, 1)), np.array([0, 1, 1], np.int8)[:, None, None], np.arange(3.0))
    assert np.isnan(slope[0, 0]) and weight[0, 0] == 0


def test_files_round_trip(exposure, tmp_path):
    paths = products.write_products(exposure, tmp_path / "new", "jwsim", products=("uncal", "rate"))
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "jwsim_rate.fits", "jwsim_truth.fits", "jwsim_uncal.fits"
    ]  # fmt: skip
    with datamodels.open(paths["uncal"]) as model:
        assert isinstance(model, datamodels.Level1bModel)
        np.testing.assert_array_equal(model.data, exposure.counts)
        assert replace(Readout.from_model(model), pixel_time=1e-5) == exposure.readout
    truth = products.read_truth(paths["truth"])
    for name, array in vars(exposure.truth).items():
        if name in ("late", "series"):  # for groups of several frames, and for time series
            assert array is None and getattr(truth, name) is None
            continue
        np.testing.assert_array_equal(getattr(truth, name), array)
        assert getattr(truth, name).dtype.isnative


def test_what_cannot_be_written_is_refused_before_anything_is(exposure, tmp_path):
    with pytest.raises(ValueError, match="no product cal; known: uncal"):
        products.write_products(exposure, tmp_path, "x", products=("cal",))
    scene = np.zeros((2048, 2048))
    irs2 = simulate.simulate_exposure(scene, "NRS1", None, "NRSIRS2RAPID", 1, 1, np.random.default_rng(1), **QUIET)
    with pytest.raises(ValueError, match="NRSIRS2RAPID.*interleaved"):
        products.write_products(irs2, tmp_path, "x")
    h4rg = simulate.simulate_exposure(np.zeros((64, 64)), "H4RG", None, "UTR", 2, 1, np.random.default_rng(1), **QUIET)
    with pytest.raises(ValueError, match="H4RG is not a JWST detector"):
        products.write_products(h4rg, tmp_path, "x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_a_truth_is_named(exposure, tmp_path):
    paths = products.write_products(exposure, tmp_path, "x")
    with pytest.raises(ValueError, match="x_uncal.fits is not a truth file: no extension RATE"):
        products.read_truth(paths["uncal"])
    with pytest.raises(FileNotFoundError):
        products.read_truth(tmp_path / "nothing.fits")


@pytest.mark.parametrize("subarray", ["SUBS200A1", "SUBS200A2", "SUBS200B1", "SUBS400A1", "SUB512"])
def test_every_slit_has_its_pointing(subarray):
    detector = simulate.detector("NRS1")
    rng = np.random.default_rng(0)
    rate, observation = simulate.scene("slit", detector, rng, subarray_name=subarray)
    exposure = simulate.simulate_exposure(
        rate, detector, None, "NRSRAPID", 2, 1, rng, observation=observation, cosmic_rays=False
    )
    with products.rate_model(exposure) as model:
        assert model.meta.aperture.name == f"NRS_{observation.fixed_slit}_SLIT"
        assert np.isfinite(model.meta.wcsinfo.v2_ref)
