"""Transits and time series."""

import numpy as np
import pytest

from jwst_denoise import simulate
from jwst_denoise.simulate import modulate, time_series, transit

TIME = np.linspace(-3, 3, 601)


def test_depth_and_contacts():
    curve = transit(TIME, middle=0.0, duration=2.0, depth=0.01, limb=(0, 0))
    assert curve[300] == pytest.approx(1 - 0.01)
    assert np.all(curve[np.abs(TIME) > 1.001] == 1)
    assert np.all(curve[np.abs(TIME) < 0.995] < 1)
    np.testing.assert_allclose(curve, curve[::-1], atol=1e-12)


def test_overlap_is_the_area_of_two_circles():
    """Uniform star: the flux lost during ingress is the overlap, counted on a grid."""
    ratio = 0.2
    grid = (np.arange(4000) + 0.5) / 4000 * 2.6 - 1.3
    x, y = np.meshgrid(grid, grid[np.abs(grid) < ratio])
    for distance in (0.85, 1.0, 1.1):
        covered = (np.hypot(x, y) < 1) & (np.hypot(x - distance, y) < ratio)
        expected = covered.sum() * (2.6 / 4000) ** 2 / np.pi
        curve = transit(np.array([distance]), middle=0.0, duration=2 * (1 + ratio), depth=ratio**2, limb=(0, 0))
        assert 1 - curve[0] == pytest.approx(expected, rel=0.01)


def test_limb_darkening_deepens_the_middle():
    flat = transit(TIME, middle=0.0, duration=2.0, depth=1e-4, limb=(0, 0))
    dark = transit(TIME, middle=0.0, duration=2.0, depth=1e-4, limb=(0.3, 0.2))
    assert dark[300] < flat[300] and dark[220] > flat[220]


def test_modulation_leaves_the_constant_part():
    scene = np.array([[10.0, 2.0]])
    series = modulate(scene, [1.0, 0.5], constant=2.0)
    np.testing.assert_allclose(series, [[[10, 2]], [[6, 2]]])


SMALL = {
    "soss": ("NIS", "NISRAPID", {"subarray_name": "SUBSTRIP96"}),
    "nircam_grism": ("NRCALONG", "RAPID", {"subarray_name": "SUBGRISM64", "outputs": 1}),
    "bots": ("NRS1", "NRSRAPID", {"subarray_name": "SUB512"}),
    "defocused": ("NRCB1", "RAPID", {}),
}


def series(name, nints=3, **options):
    detector, _, setup = SMALL[name]
    return time_series(name, simulate.detector(detector), nints, np.random.default_rng(5), **setup, **options)


@pytest.mark.parametrize(
    ("name", "options", "setup"),
    [
        ("soss", {}, ("NIS_SOSS", "SUBSTRIP256", "CLEAR", "GR700XD", (1, 1793), 1)),
        ("soss", {"subarray_name": "SUBSTRIP96"}, ("NIS_SOSS", "SUBSTRIP96", "CLEAR", "GR700XD", (1, 1803), 1)),
        ("nircam_grism", {}, ("NRC_TSGRISM", "SUBGRISM256", "F322W2", "GRISMR", (1, 1), 4)),
        (
            "nircam_grism", {"subarray_name": "SUBGRISM64", "outputs": 1, "filter_name": "F444W"},
            ("NRC_TSGRISM", "SUBGRISM64", "F444W", "GRISMR", (1, 1), 1),
        ),
        ("bots", {"subarray_name": "SUB512"}, ("NRS_BRIGHTOBJ", "SUB512", "F290LP", "", (1025, 946), 1)),
        ("defocused", {}, ("NRC_TSIMAGE", "SUB160P", "F210M", "WLP8", (1803, 1769), 1)),
    ],
)  # fmt: skip
def test_setups_of_the_modes(name, options, setup):
    _, observation = time_series(name, simulate.detector(SMALL[name][0]), 1, np.random.default_rng(0), **options)
    keys = ("exp_type", "subarray", "filter", "pupil", "corner", "outputs")
    assert tuple(getattr(observation, key) for key in keys) == setup
    assert observation.time_series


@pytest.mark.parametrize("name", SMALL)
def test_truth_describes_the_rates(name):
    """Depth of every column and of the white light curve, from the rates with and without transit."""
    result, _ = series(name, nints=5, depth=0.02, chromatic=0.3, duration=2.5, limb=(0, 0), jitter=0)
    lost = (result.constant - result.rate).sum(axis=(1, 2), dtype=float)
    assert result.occultation[2] == pytest.approx(1) and result.occultation[0] == 0
    np.testing.assert_allclose(lost / result.flux.sum(), 1 - result.light_curve, atol=1e-6)
    assert 1 - result.light_curve.min() == pytest.approx(0.02, rel=1e-6)
    columns = (result.constant[2] - result.rate[2]).sum(axis=0)
    np.testing.assert_allclose(columns, (result.depth * result.flux).sum(axis=0), rtol=1e-3, atol=1e-3 * columns.max())
    if name != "defocused":
        assert np.ptp(result.depth[0]) > 0.2 * 0.02
        brightest = result.constant[0].argmax(axis=0)[400:500]
        assert np.abs(brightest - result.rows[0, 400:500]).max() < 12


def test_soss_orders_cross_the_subarray_as_in_flight():
    """Widths of 20 to 25 pixels, two peaks, the second order above the first, a step in the sky, wings everywhere."""
    result, _ = time_series("soss", simulate.detector("NIS"), 1, np.random.default_rng(1), jitter=0)
    image, rows = result.constant[0], result.rows
    assert len(rows) == 3 and 30 < rows[0].min() < 40
    assert np.all(rows[1] > rows[0]) and np.all(rows[2, :1000] > rows[1, :1000])
    profile = image[:, 1400] / image[:, 1400].max()
    core = np.flatnonzero(profile[:80] > 0.3)
    assert 20 <= np.ptp(core) + 1 <= 25
    middle = int(rows[0, 1400])
    assert profile[middle] < 0.7 * min(profile[middle - 12 : middle].max(), profile[middle : middle + 12].max())
    assert image[5, 650] > 1.4 * image[5, 750]
    assert result.wavelength[0, 0] == pytest.approx(2.83) and result.wavelength[0, -1] == pytest.approx(0.85)


def test_jitter_moves_the_star():
    result, _ = series("soss", nints=4, depth=0, jitter=0.05)
    rows = np.arange(96)[:, None]
    star = result.constant[:, :, 1300:1500]
    center = (rows * star).sum(axis=(1, 2)) / star.sum(axis=(1, 2))
    assert np.corrcoef(center, result.jitter[:, 0])[0, 1] > 0.9
    np.testing.assert_array_equal(result.rate, result.constant)


def test_noise_does_not_depend_on_the_transit():
    detector, pattern, setup = SMALL["soss"]
    exposures = []
    for depth in (0.01, 0.0):
        rng = np.random.default_rng(3)
        scene, observation = time_series("soss", simulate.detector(detector), 3, rng, depth=depth, **setup)
        exposures.append(simulate.simulate_exposure(scene, detector, None, pattern, 2, 3, rng, observation=observation))
    with_transit, without = exposures
    for integration in (0, 2):
        np.testing.assert_array_equal(with_transit.counts[integration], without.counts[integration])
    assert with_transit.truth.series.jitter == pytest.approx(without.truth.series.jitter)
    counts = [np.diff(exposure.counts[1].astype(float), axis=0)[0] for exposure in exposures]
    expected = (without.truth.rate - with_transit.truth.rate)[1] * without.group_time / without.detector.gain
    quiet = np.abs(without.truth.cosmic_rays[1]).max(axis=0) < 1
    difference = (counts[1] - counts[0] - expected)[quiet]
    assert np.abs(difference).max() <= 2.5  # two rounded counts, and the nonlinearity


def test_other_scenes_and_filters_are_refused():
    with pytest.raises(ValueError, match="'field' is not a time series; known: bots, soss"):
        time_series("field", simulate.detector("NRCB1"), 2, np.random.default_rng(0))
    with pytest.raises(ValueError, match="F322W2 and F444W, not with F356W"):
        time_series("nircam_grism", simulate.detector("NRCALONG"), 2, np.random.default_rng(0), filter_name="F356W")
