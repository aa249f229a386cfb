"""The step ``ramp_denoise`` with stand-ins for its network that do something simple."""

import numpy as np
import pytest
from astropy.io import fits
from jwst.datamodels import ModelContainer
from jwst.ramp_fitting import RampFitStep
from stdatamodels.jwst import datamodels

from jwst_denoise import RampDenoiseStep, model_files
from jwst_denoise.networks.ramp_denoise import DenoisedSlopes
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.ramps.slopes import fit_slope
from jwst_denoise.steps.ramp_denoise import ramp_denoise_step

from .conftest import SHAPE, describe, stripes

DNU, SATURATED, JUMP, REFERENCE = 1, 2, 4, 2**31
GAIN, READ_NOISE, TIME = 2.0, 8.0, 10.0
RATIOS = {"pixel": 0.4, "r2_5": 1.0}  # of errors to predicted ones
DOMAIN = {"description": "tests", "instruments": ["NIRCAM", "NIRSPEC"], "outputs": [1, 4], "n_groups": [2, 50]}
BRIGHT = np.s_[40:50, 60:72]
ARRAYS = ("data", "err", "var_poisson", "var_rnoise")


class Halving:
    """Halves every slope and its error, except at bright pixels; its correlated noise is 3 e- in every later group."""

    calls = []

    def denoise(self, slopes, readout, *, tile, progress=None):
        self.calls.append((slopes, readout, tile))
        faint = np.isfinite(slopes.rate) & (slopes.rate < 20)
        rate = np.where(faint, slopes.rate / 2, slopes.rate)
        err = np.sqrt(slopes.variance) * np.where(faint, 0.5, 1)
        return DenoisedSlopes(rate, err, np.where(faint, slopes.rate / 2, 0).astype("f4"), faint.astype("f4"))

    def group_noise(self, groups, noise, readout, **arguments):
        self.calls.append((groups, noise, readout, arguments))
        return np.concatenate([np.zeros_like(groups[:1]), np.full_like(groups[1:], 3)])


class Loaded:
    """What a model file gives."""

    info = {
        "name": "halving",
        "family": "ramp_denoise",
        "sha256": "ab" * 32,
        "domain": DOMAIN,
        "scores": {"aperture_errors": RATIOS},
    }
    network = Halving()

    def check_domain(self, **properties):
        return model_files.Domain(**self.info["domain"]).reasons(**properties)


@pytest.fixture
def halving(monkeypatch):
    Halving.calls = []
    monkeypatch.setattr(ramp_denoise_step.model_files, "load", lambda name, device: Loaded())
    monkeypatch.setattr(ramp_denoise_step.model_files, "read_info", lambda name: Loaded.info)
    return Halving


@pytest.fixture
def references(tmp_path, monkeypatch):
    """Gain and read noise of the subarray, as files."""
    monkeypatch.setattr("stpipe.crds_client.get_context_used", lambda observatory: "jwst_0000.pmap")
    paths = {}
    values = {"gain": GAIN, "readnoise": np.sqrt(2) * READ_NOISE / GAIN}
    for kind, cls in (("gain", datamodels.GainModel), ("readnoise", datamodels.ReadnoiseModel)):
        with cls(data=np.full(SHAPE, values[kind], "f4")) as model:
            area = model.meta.subarray
            area.xstart = area.ystart = 101
            area.xsize, area.ysize = SHAPE[::-1]
            area.fastaxis, area.slowaxis = -1, 2
            paths[f"override_{kind}"] = str(tmp_path / f"{kind}.fits")
            model.save(paths[f"override_{kind}"])
    return paths


def make(rng, nints=2, ngroups=6):
    """Ramp of a faint sky with a source, correlated noise, and each kind of flag."""
    shape = (nints, ngroups, *SHAPE)
    rate = np.full(SHAPE, 2.0)
    rate[BRIGHT] = 400
    electrons = np.cumsum(rng.poisson(rate * TIME, shape), axis=1) + rng.normal(0, READ_NOISE, shape)
    electrons += stripes(rng, nints * ngroups).reshape(shape)
    model = datamodels.RampModel(shape)
    model.data = (electrons / GAIN).astype("f4")
    model.groupdq, model.pixeldq = np.zeros(shape, "u1"), np.zeros(SHAPE, "u4")
    exposure = model.meta.exposure
    exposure.ngroups, exposure.nints, exposure.nframes, exposure.groupgap = ngroups, nints, 1, 0
    exposure.group_time = exposure.frame_time = TIME
    exposure.readpatt = "RAPID"
    return describe(model, name="jw1_ramp.fits")


@pytest.fixture
def ramp(rng):
    model = make(rng)
    model.groupdq[0, 3, 20:24, 20:40] = JUMP
    model.data[0, 3:, 20:24, 20:40] += 500
    model.groupdq[:, 4:, 45, 65] = SATURATED
    model.groupdq[1, :, 30, 30] = SATURATED
    model.pixeldq[5, 7] = DNU
    model.pixeldq[:4] = REFERENCE
    return model


def run(data, **parameters):
    return RampDenoiseStep.call(data, configure_log=False, **parameters)


def fitted(ramp, references, **parameters):
    return RampFitStep.call(ramp, configure_log=False, **references, **parameters)


def assert_same(model, expected, where=None):
    """Whether arrays are the same; of some pixels, data and errors, and the sum of the variances."""
    for name in ARRAYS if where is None else ("data", "err"):
        pair = getattr(model, name), getattr(expected, name)
        np.testing.assert_array_equal(*(pair if where is None else (array[where] for array in pair)))
    sums = ((m.var_poisson + m.var_rnoise)[... if where is None else where] for m in (model, expected))
    np.testing.assert_allclose(*sums, rtol=1e-5)


def test_background_pixels_are_denoised_and_all_others_are_those_of_ramp_fit(ramp, halving, references):
    data, flags = ramp.data.copy(), ramp.groupdq.copy()
    for model, fit in zip(run(ramp, **references), fitted(ramp, references), strict=True):
        assert type(model) is type(fit)
        faint = (fit.data * GAIN < 20) & ((fit.dq & (DNU | REFERENCE)) == 0)
        assert 0.8 < faint.mean() < 0.95
        assert_same(model, fit, ~faint)
        np.testing.assert_array_equal(model.dq, fit.dq)
        np.testing.assert_allclose(model.data[faint], fit.data[faint] / 2, rtol=1e-6)
        assert model.meta.cal_step.ramp_fit == model.meta.cal_step.ramp_denoise == "COMPLETE"
        assert model.meta.bunit_data == "DN/s"
    np.testing.assert_array_equal(ramp.data, data)
    np.testing.assert_array_equal(ramp.groupdq, flags)
    assert ramp.meta.cal_step.ramp_denoise is None


def test_errors_are_the_networks_and_read_noise_has_one_factor(ramp, halving, references):
    for model, fit in zip(run(ramp, **references), fitted(ramp, references), strict=True):
        faint = (fit.data * GAIN < 20) & ((fit.dq & (DNU | REFERENCE)) == 0)
        np.testing.assert_allclose((model.var_poisson + model.var_rnoise)[faint], model.err[faint] ** 2, rtol=1e-5)
        known = (fit.var_rnoise > 0) & ((fit.dq & (DNU | REFERENCE)) == 0)
        for new, old in zip(
            *(np.where(known, m.var_rnoise, 0).reshape(-1, known.shape[-2] * known.shape[-1]) for m in (model, fit)),
            strict=True,
        ):
            factor = new[old > 0] / old[old > 0]
            np.testing.assert_allclose(factor, factor[0], rtol=1e-5)  # also of pixels too bright for the network
            assert factor[0] < 1
        # half of the input: read noise of the fit, Poisson noise of an equally weighted slope
        assert np.median(model.err[faint] / fit.err[faint]) == pytest.approx(0.5, rel=0.03)


def test_slopes_are_in_electrons_with_the_noise_of_an_equally_weighted_fit(ramp, halving, references):
    """What the network sees of an integration is what it sees in training, from `fit_slope`."""
    run(ramp, **references)
    first, second, both = (slopes for slopes, _, _ in halving.calls)
    groups = np.asarray(ramp.data[0]) * GAIN
    flags = {"usable": (ramp.groupdq[0] & SATURATED) == 0, "jump": ramp.groupdq[0] == JUMP}
    expected = fit_slope(groups, GroupNoise(READ_NOISE, TIME), **flags)
    faint = np.isfinite(first.rate) & (first.rate < 20)
    jumped = np.zeros(SHAPE, bool)
    jumped[20:24, 20:40] = True
    for region in (jumped, faint & ~jumped):
        np.testing.assert_allclose(first.read_noise[region], expected.read_noise[region], rtol=1e-4)
        np.testing.assert_allclose(first.poisson[region], expected.poisson[region], rtol=1e-4)
    off = (first.rate - expected.rate)[faint] / first.read_noise[faint]
    assert np.sqrt(np.mean(off**2)) < 0.3  # ramp_fit weights groups by their signal
    full = faint & np.isfinite(second.rate) & ~jumped
    np.testing.assert_allclose(both.read_noise[full], first.read_noise[full] / np.sqrt(2), rtol=1e-4)
    np.testing.assert_allclose(both.poisson[full], first.poisson[full] / 2, rtol=1e-4)


def test_unusable_and_reference_pixels_are_hidden_from_the_network(ramp, halving, references):
    run(ramp, **references)
    for slopes, readout, tile in halving.calls:
        assert np.isnan(slopes.rate[:4]).all()
        assert np.isnan(slopes.rate[5, 7])
        assert (readout.outputs, readout.fastaxis, tile) == (1, -1, 256)
    first, second, both = (slopes for slopes, _, _ in halving.calls)
    assert np.isnan(second.rate[30, 30])
    assert np.isfinite([first.rate[30, 30], both.rate[30, 30]]).all()


def test_combined_rate_of_one_integration_is_that_of_the_integration(rng, halving, references):
    rate, rateints = run(make(rng, nints=1), **references)
    assert len(halving.calls) == 1
    np.testing.assert_array_equal(rate.data, rateints.data[0])
    faint = rate.data * GAIN < 10
    np.testing.assert_array_equal(rate.err[faint], rateints.err[0][faint])


def test_parameters_of_ramp_fit(ramp, halving, references):
    parameters = {"algorithm": "LIKELY", "firstgroup": 1, "lastgroup": 4}
    (rate, _), (expected, _) = run(ramp, **references, **parameters), fitted(ramp, references, **parameters)
    assert_same(rate, expected, BRIGHT)
    (other, _) = fitted(ramp, references)
    assert not np.array_equal(rate.data[BRIGHT], other.data[BRIGHT])


def test_without_crds_typical_values_serve_the_fit_too(ramp, halving, monkeypatch, caplog):
    def nothing(self, model, kind):
        raise SystemExit(-1)

    monkeypatch.setattr(RampDenoiseStep, "get_reference_file", nothing)
    rate, _ = run(ramp)
    assert rate.meta.cal_step.ramp_denoise == "COMPLETE"
    assert "Typical gain and read noise of NRCA1" in caplog.text


@pytest.mark.slow
def test_products_do_not_replace_those_of_the_pipeline(ramp, halving, references, tmp_path):
    ramp.save(tmp_path / "jw1_ramp.fits")
    run("jw1_ramp.fits", **references, save_results=True, save_noise=True, save_qa=True)
    names = {path.name for path in tmp_path.iterdir()} - {"gain.fits", "readnoise.fits", "jw1_ramp.fits"}
    optional = {"jw1_ramp_denoise_noise.fits", "jw1_ramp_denoise_qa.png", "jw1_ramp_denoise_qa.html"}
    optional |= {name.replace("jw1_", "jw1_ints_") for name in optional}
    assert names == {"jw1_denoised_rate.fits", "jw1_denoised_rateints.fits"} | optional
    fit, _ = fitted(ramp, references)
    with datamodels.open("jw1_denoised_rate.fits") as rate, datamodels.open("jw1_ramp_denoise_noise.fits") as noise:
        np.testing.assert_allclose(noise.data, fit.data - rate.data, atol=1e-6)
    run("jw1_ramp.fits", **references, save_results=True, product="ramp")
    assert (tmp_path / "jw1_rampdenoisestep.fits").exists()


def test_next_exposure_on_the_same_instance(ramp, halving, references, tmp_path):
    """Rates of the first exposure leave no trace in the names of the second and third."""
    for name in ("a_ramp.fits", "b_ramp.fits"):
        ramp.save(name)
    rate, _ = fitted(ramp, references)
    rate.save("c_rate.fits")
    step = RampDenoiseStep(**references, save_results=True)
    step.run("a_ramp.fits")
    step.product = "ramp"
    step.run("b_ramp.fits")
    step.run("c_rate.fits")
    names = {path.name for path in tmp_path.iterdir() if path.name[:2] in ("a_", "b_", "c_")}
    expected = {"a_denoised_rate.fits", "a_denoised_rateints.fits", "b_rampdenoisestep.fits", "c_denoised_rate.fits"}
    assert names == {"a_ramp.fits", "b_ramp.fits", "c_rate.fits"} | expected


def test_chosen_suffix(ramp, halving, references, tmp_path):
    run(ramp, **references, save_results=True, suffix="mine")
    assert {"jw1_mine.fits", "jw1_mineints.fits"} <= {path.name for path in tmp_path.iterdir()}


def test_unknown_model_is_noticed_where_the_step_skips(ramp, references):
    ramp.meta.subarray.ysize = 64
    for product in ("ramp", "rate"):
        with pytest.raises(ValueError, match="no_such_model"):
            run(ramp, **references, product=product, model="no_such_model")


def test_provenance(ramp, halving, references, tmp_path):
    run(ramp, **references, save_results=True)
    for name in ("jw1_denoised_rate.fits", "jw1_denoised_rateints.fits"):
        header = fits.getheader(tmp_path / name)
        assert header["S_RMPDN"] == header["S_RAMP"] == "COMPLETE"
        assert (header["RMD_MODL"], header["RMD_SHA"], header["RMD_PROD"]) == ("halving", "ab" * 32, "rate")
        assert "tile_size=256" in header["RMD_PARS"]
        assert header["RMD_RMS"] > 0
        assert 0.8 < header["RMD_SHAR"] < 0.95
        assert (header["RMD_EPIX"], header["RMD_E2P5"]) == (0.4, 1.0)
        assert "ramp_denoise(model='auto'" in "".join(header["HISTORY"])
        with datamodels.open(tmp_path / name) as model:
            assert model.meta.ref_file.gain.name.endswith("gain.fits")


def test_groups(ramp, halving, references):
    ramp.data[0, 2, 60, 60] = np.nan
    result = run(ramp, **references, product="ramp", save_noise=True)
    assert isinstance(result, datamodels.RampModel)
    removed = ramp.data - result.data
    expected = np.zeros(ramp.shape, "f4")
    expected[:, 1:] = 3 / GAIN
    expected[:, :, :4] = expected[:, :, 5, 7] = 0  # reference pixels and unusable pixels
    expected[ramp.groupdq == SATURATED] = 0
    expected[0, 2, 60, 60] = np.nan
    np.testing.assert_allclose(removed, expected, atol=1e-3)
    np.testing.assert_array_equal(result.groupdq, ramp.groupdq)
    groups, noise, _, arguments = halving.calls[0]
    assert arguments["tile"] == 256
    np.testing.assert_allclose(groups, ramp.data[0] * GAIN, rtol=1e-6)
    assert np.allclose(noise.read_noise, READ_NOISE)
    assert noise.group_time == TIME
    assert not arguments["usable"][:, 5, 7].any()
    np.testing.assert_array_equal(arguments["jump"], ramp.groupdq[0] == JUMP)
    np.testing.assert_allclose(datamodels.open("jw1_ramp_denoise_noise.fits").data[0, 1, 10], 3 / GAIN, rtol=1e-6)


def test_rates_that_ramp_fit_hands_its_hooks(ramp, halving, references):
    pair = fitted(ramp, references)
    before = pair[0].data.copy()
    for model, expected in zip(run(pair, **references), run(ramp, **references), strict=True):
        assert_same(model, expected)
    np.testing.assert_array_equal(pair[0].data, before)
    rate, nothing = run((pair[0], None), **references)
    assert nothing is None
    assert rate.meta.cal_step.ramp_denoise == "COMPLETE"


def test_hooks_of_ramp_fit(ramp, halving, references, caplog, monkeypatch):
    """After the fit the hook denoises the rates; before it, it is given a ramp and can but give a ramp back."""
    monkeypatch.setattr(RampDenoiseStep, "get_reference_file", lambda self, _, kind: references[f"override_{kind}"])
    with caplog.at_level("INFO"):
        before, after = (
            fitted(ramp, references, **{f"{when}_hooks": ["jwst_denoise.RampDenoiseStep"]}) for when in ("pre", "post")
        )
    assert_same(after[0], run(ramp, **references)[0])
    assert (before[0].meta.jwst_denoise.ramp_denoise.product, "a ramp back" in caplog.text) == ("ramp", True)
    expected = fitted(run(ramp, **references, product="ramp"), references)
    assert_same(before[0], expected[0])


def test_several_ramps(ramp, halving, references):
    for several in ([ramp, ramp], ModelContainer([ramp, ramp])):
        for pair in run(several, **references):
            assert [type(model) for model in pair] == [datamodels.ImageModel, datamodels.CubeModel]


def test_products_of_several_ramps(ramp, halving, references, tmp_path):
    for name in ("a_ramp.fits", "b_ramp.fits"):
        ramp.save(name)
    run(["a_ramp.fits", "b_ramp.fits"], **references, save_results=True)
    rates = {path.name for path in tmp_path.iterdir() if "denoised" in path.name}
    assert rates == {f"{root}_denoised_{kind}.fits" for root in "ab" for kind in ("rate", "rateints")}


def test_rates_after_gain_scale(ramp, halving, references):
    pair = fitted(ramp, references)
    run(pair, **references)
    expected = halving.calls[-1][0]
    for model in pair:
        model.meta.exposure.gain_factor, model.meta.cal_step.gain_scale = 2.0, "COMPLETE"
        for name, power in zip(ARRAYS, (1, 1, 2, 2), strict=True):
            setattr(model, name, getattr(model, name) * 2**power)
    scaled = run(pair, **references)[0]
    np.testing.assert_allclose(halving.calls[-1][0].rate, expected.rate, rtol=1e-6)
    np.testing.assert_allclose(halving.calls[-1][0].read_noise, expected.read_noise, rtol=1e-6)
    faint = (scaled.data * GAIN / 2 < 10) & (scaled.dq == 0)
    np.testing.assert_allclose(scaled.data[faint], pair[0].data[faint] / 2, rtol=1e-5)


def assert_skipped_with_the_fit(ramp, references, caplog, reason):
    models, fits_ = run(ramp, **references), fitted(ramp, references)
    for model, fit in zip(models, fits_, strict=True):
        assert_same(model, fit)
        np.testing.assert_array_equal(model.dq, fit.dq)
        assert (model.meta.cal_step.ramp_fit, model.meta.cal_step.ramp_denoise) == ("COMPLETE", "SKIPPED")
    assert any(reason in record.message and record.levelname == "WARNING" for record in caplog.records)


@pytest.mark.parametrize(
    ("instrument", "detector", "reason"),
    [("MIRI", "MIRIMAGE", "MIRIMAGE"), ("NIRISS", "NIS", "instrument NIRISS is not among NIRCAM, NIRSPEC")],
)
def test_another_instrument_is_skipped(ramp, halving, references, caplog, instrument, detector, reason):
    ramp.meta.instrument.name, ramp.meta.instrument.detector = instrument, detector
    assert_skipped_with_the_fit(ramp, references, caplog, reason)


def test_another_number_of_outputs_is_skipped(ramp, halving, references, caplog, monkeypatch):
    monkeypatch.setattr(Loaded, "info", Loaded.info | {"domain": DOMAIN | {"outputs": [4, 32]}})
    assert_skipped_with_the_fit(ramp, references, caplog, "outputs 1 is not among 4 to 32 outputs")


def test_one_group_is_skipped(rng, halving, references, caplog):
    assert_skipped_with_the_fit(make(rng, ngroups=1), references, caplog, "single group")
    ramp = make(rng, ngroups=1)
    result = run(ramp, **references, product="ramp")
    np.testing.assert_array_equal(result.data, ramp.data)
    assert result.meta.cal_step.ramp_denoise == "SKIPPED"


def test_frames_with_interleaved_reference_pixels_are_skipped(ramp, halving, references, caplog):
    ramp.meta.subarray.ysize = 64
    result = run(ramp, **references, product="ramp")
    assert result.meta.cal_step.ramp_denoise == "SKIPPED"
    assert "refpix comes first" in caplog.text


def test_calibrated_images_are_skipped(ramp, halving, references, caplog):
    rate, _ = fitted(ramp, references)
    rate.meta.cal_step.flat_field = "COMPLETE"
    result = run(rate, **references)
    assert_same(result, rate)
    assert result.meta.cal_step.ramp_denoise == "SKIPPED"
    assert "flat_field" in caplog.text


def test_irs2_is_a_warning(ramp, halving, references, caplog):
    ramp.meta.exposure.readpatt = "NRSIRS2RAPID"
    run(ramp, **references)
    assert "halving was not measured on NRSIRS2RAPID" in caplog.text


def test_unusual_exposures_are_a_warning(rng, halving, references, caplog, monkeypatch):
    limits = {"n_groups": [5, 50], "read_patterns": ["NRSRAPID"], "read_noise": [10, 20], "background": [0, 1.0]}
    monkeypatch.setattr(Loaded, "info", Loaded.info | {"domain": DOMAIN | limits})
    rate, _ = run(make(rng, ngroups=4), **references)
    assert rate.meta.cal_step.ramp_denoise == "COMPLETE"
    for reason in ("n groups 4", "read pattern RAPID", "read noise 8", "background 2"):
        assert reason in caplog.text


def test_only_once(ramp, halving, references, caplog):
    rates = run(ramp, **references)
    again = run(rates, **references)
    for model, expected in zip(again, rates, strict=True):
        assert_same(model, expected)
    assert "already" in caplog.text
    groups = run(ramp, **references, product="ramp")
    assert run(groups, **references, product="ramp").meta.cal_step.ramp_denoise == "SKIPPED"
    assert run(groups, **references)[0].meta.cal_step.ramp_denoise == "COMPLETE"


def test_cleaning_before_is_a_note(ramp, halving, references, caplog):
    ramp.meta.cal_step.clean_flicker_noise = "COMPLETE"
    with caplog.at_level("INFO"):
        assert run(ramp, **references)[0].meta.cal_step.ramp_denoise == "COMPLETE"
    assert "removed by clean_flicker_noise before" in caplog.text


def test_everything_saturated(ramp, halving, references):
    ramp.groupdq[:] = SATURATED
    assert run(ramp, **references) == (None, None)


def test_nan_stays(ramp, halving, references):
    """NaN of the fit stays NaN, and one pixel's NaN harms no other."""
    expected, _ = run(ramp, **references)
    ramp.groupdq[:, :, 70, 70:74] |= DNU
    rate, _ = run(ramp, **references)
    assert np.isnan(rate.data[70, 70:74]).all()
    others = np.ones(SHAPE, bool)
    others[70, 70:74] = False
    np.testing.assert_array_equal(rate.data[others], expected.data[others])


def test_bad_files_and_parameters_are_named(ramp, references, tmp_path):
    names = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(FileNotFoundError, match=r"absent\.asdf"):
        run(ramp, **references, model="absent.asdf", save_results=True)
    with pytest.raises(ValueError, match=r"cosmic_ray_mask-2-4.*'ramp_denoise'"):
        run(ramp, **references, model="cosmic_ray_mask-2-4", save_results=True)
    with pytest.raises(ValueError, match="product"):
        run(ramp, **references, product="slope", save_results=True)
    (tmp_path / "text.asdf").write_text("no model")
    with pytest.raises(ValueError, match=r"text\.asdf"):
        run(ramp, **references, model="text.asdf", save_results=True)
    assert {path.name for path in tmp_path.iterdir()} == names | {"text.asdf"}
