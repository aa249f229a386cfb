"""Step ``nsclean`` on time series: which exposures, ramps and rates, light curves, segments, errors."""

import logging

import numpy as np
import pytest

from jwst_denoise import products, simulate
from jwst_denoise.steps.nsclean.nsclean_step import NSCleanStep

NINTS = 12


def simulate_series(scene="bots", depth=0.0, nints=NINTS, **options):
    detector = simulate.detector({"bots": "NRS1", "defocused": "NRCB1"}[scene])
    rng = np.random.default_rng(4)
    series, observation = simulate.time_series(scene, detector, nints, rng, depth=depth, **options)
    pattern = "NRSRAPID" if scene == "bots" else "RAPID"
    return simulate.simulate_exposure(
        series, detector, None, pattern, 4, nints, rng, observation=observation, cosmic_rays=False
    )


@pytest.fixture(scope="module")
def pair():
    """Exposures with the same noise, without and with a transit of 1 %."""
    return [simulate_series(depth=depth, subarray_name="SUB512") for depth in (0, 0.01)]


def clean(model, **parameters):
    return NSCleanStep.call(model, configure_log=False, **parameters)


def extract(cube):
    """White-light curve of nine rows above the median of the others in each column."""
    box = np.abs(np.arange(32) - 16) <= 4
    spectra = np.nansum(cube[:, box], axis=1) - 9 * np.nanmedian(cube[:, ~box], axis=1)
    return spectra.sum(axis=1)


def record(model):
    return model.meta.jwst_denoise.nsclean


@pytest.mark.parametrize("make", [products.ramp_model, products.rateints_model])
def test_white_light_scatter_decreases_and_the_transit_stays(pair, make):
    exposures = [make(exposure) for exposure in pair]
    raw = [np.array(model.data, float) for model in exposures]
    cleaned = [clean(model) for model in exposures]
    assert record(cleaned[0]).scene == "time_series"
    assert 0 < record(cleaned[0]).source_loss < 0.01
    rates = [np.asarray(model.data, float) for model in cleaned]
    if make is products.ramp_model:
        raw, rates = ([cube[:, -1] - cube[:, 0] for cube in cubes] for cubes in (raw, rates))
    curves = [np.nansum(cube, axis=(1, 2)) for cube in (raw[0], rates[0])]
    before, after = (np.std(np.diff(curve)) / curve.mean() for curve in curves)
    assert after < 0.5 * before
    change = extract((rates[0] - rates[1]) - (raw[0] - raw[1]))
    in_transit = pair[1].truth.series.light_curve < 0.9999
    assert np.abs(change[in_transit].mean() - change[~in_transit].mean()) / curves[0].mean() < 1e-5


def test_errors_describe_the_scatter(pair):
    cleaned = clean(products.rateints_model(pair[0]))
    good = np.all(cleaned.dq == 0, axis=0)
    pulls = (cleaned.data - np.mean(cleaned.data, axis=0)) / cleaned.err / np.sqrt(1 - 1 / NINTS)
    assert 1.4826 * np.median(np.abs(pulls[:, good])) == pytest.approx(1, abs=0.05)


def test_scene_follows_exposure_type_and_number_of_integrations(pair, caplog):
    rates = products.rateints_model(pair[0])
    assert record(clean(rates, scene="mask")).scene == "mask"
    assert record(clean(rates, method="median")).scene == "mask"
    rates.meta.exposure.type = "NRS_FIXEDSLIT"
    assert record(clean(rates)).scene == "mask"
    assert record(clean(rates, scene="time_series")).scene == "time_series"
    with caplog.at_level(logging.INFO):
        assert record(clean(products.rateints_model(simulate_series(nints=3, subarray_name="SUB512")))).scene == "mask"
    assert "3 integrations are too few" in caplog.text


def test_images_of_a_defocused_star():
    exposure = simulate_series("defocused")
    rates = products.rateints_model(exposure)
    raw = np.array(rates.data, float)
    cleaned = clean(rates)
    assert record(cleaned).scene == "time_series"
    before, after = (np.std(np.diff(np.nansum(cube, axis=(1, 2)))) for cube in (raw, cleaned.data))
    assert after < 0.5 * before


def test_light_curve_from_a_file(pair, tmp_path):
    curve = tmp_path / "curve.txt"
    np.savetxt(curve, np.stack([np.arange(NINTS), pair[1].truth.series.light_curve], axis=1))
    rates = products.rateints_model(pair[1])
    measured, given = (clean(rates, **options).data for options in ({}, {"light_curve": str(curve)}))
    assert 0 < np.nanstd(given - measured) < 0.02 * np.nanstd(measured - rates.data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file"),
        ("1\n2\n", "has 2 values, but the exposure has 12"),
        ("a\n", "not a text file of numbers"),
    ],
)
def test_wrong_light_curves_are_named(pair, tmp_path, text, message):
    curve = tmp_path / "curve.txt"
    if text:
        curve.write_text(text)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        clean(products.rateints_model(pair[0]), light_curve=str(curve))


@pytest.mark.parametrize(
    ("options", "message"), [({"method": "median"}, "needs method='gp'"), ({}, "two integrations")]
)
def test_impossible_time_series_are_refused(pair, options, message):
    model = products.rate_model(pair[0]) if not options else products.rateints_model(pair[0])
    with pytest.raises(ValueError, match=message):
        clean(model, scene="time_series", **options)


def test_segments_share_a_template(pair, tmp_path, caplog):
    whole = products.rateints_model(pair[0])
    for number, part in enumerate((slice(0, 6), slice(6, 12)), 1):
        segment = whole.copy()
        for name in ("data", "err", "dq", "var_poisson", "var_rnoise"):
            setattr(segment, name, getattr(whole, name)[part])
        segment.save(str(tmp_path / f"jw1-seg00{number}_nrs1_rateints.fits"))
    with caplog.at_level(logging.INFO):
        shared = NSCleanStep.call(
            str(tmp_path / "jw1-seg001_nrs1_rateints.fits"), scene="time_series", configure_log=False
        )
    assert "integrations of 1 other segments" in caplog.text
    expected = clean(whole).data[:6]
    difference = shared.data - expected
    assert np.nanstd(difference) < 0.3 * np.nanstd(expected - whole.data[:6])
