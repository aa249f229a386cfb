"""Exposures: moments, averaging, switches, truth."""

import numpy as np
import pytest

from jwst_denoise import simulate
from jwst_denoise.simulate import CosmicRayParameters, Switches, simulate_exposure

ALL_OFF = dict.fromkeys(Switches.__dataclass_fields__, False)
SHAPE = (128, 128)


def expose(scene=None, name="NRS1", pattern="NRSRAPID", ngroups=4, nints=1, seed=1, **switches):
    scene = np.zeros(SHAPE) if scene is None else scene
    return simulate_exposure(scene, name, None, pattern, ngroups, nints, np.random.default_rng(seed), **switches)


def variance_close(sample, expected, extra=0.0):
    assert np.var(sample) == pytest.approx(expected, rel=5 * np.sqrt(2 / np.size(sample)) + extra)


def test_without_any_effect_the_counts_are_the_expected_charge():
    exposure = expose(np.full(SHAPE, 300.0), **ALL_OFF)
    time = exposure.frame_time * np.arange(1, 5)
    expected = np.rint(exposure.detector.bias + 300.0 * time / exposure.detector.gain)
    assert exposure.counts.dtype == np.uint16
    np.testing.assert_array_equal(exposure.counts[0], np.broadcast_to(expected[:, None, None], (4, *SHAPE)))


def test_white_noise_has_the_detectors_variance():
    exposure = expose(ngroups=2, **{**ALL_OFF, "read_noise": True})
    gain = exposure.detector.gain
    variance_close(exposure.counts * gain, exposure.detector.read_noise**2 + gain**2 / 12)


@pytest.mark.parametrize(("pattern", "frames"), [("NRCB1-RAPID", 1), ("NRCB1-SHALLOW4", 4), ("NRCB1-DEEP8", 8)])
def test_averaging_frames_lowers_the_variance(pattern, frames):
    name, pattern = pattern.split("-")
    exposure = expose(name=name, pattern=pattern, ngroups=2, **{**ALL_OFF, "read_noise": True})
    gain = exposure.detector.gain
    variance_close(exposure.counts * gain, exposure.detector.read_noise**2 / frames + gain**2 / 12)


def test_photons_are_poisson_and_accumulate():
    exposure = expose(np.full(SHAPE, 4000.0), name="NRCB1", pattern="RAPID", ngroups=3, **{**ALL_OFF, "poisson": True})
    steps = np.diff(exposure.counts[0].astype(float), axis=0) * exposure.detector.gain
    expected = 4000.0 * exposure.frame_time
    assert steps.mean() == pytest.approx(expected, abs=5 * np.sqrt(expected / steps.size))
    variance_close(steps, expected + exposure.detector.gain**2 / 6)
    assert abs(np.corrcoef(steps.reshape(2, -1))[0, 1]) < 5 / np.sqrt(steps[0].size) + 0.01  # rounding


def test_averaged_groups_with_a_gap_cover_the_right_time():
    scene = np.full(SHAPE, 1000.0)
    exposure = expose(scene, name="NRCB1", pattern="SHALLOW2", ngroups=3, **ALL_OFF)
    frames = np.array([1.5, 6.5, 11.5])  # frames 1-2, 6-7 and 11-12
    expected = exposure.detector.bias + 1000.0 * frames * exposure.frame_time / exposure.detector.gain
    np.testing.assert_allclose(exposure.counts[0, :, 0, 0], expected, atol=0.51)


def test_poisson_variance_of_averaged_groups():
    """Mean of n reads of an accumulating Poisson process: λ (n + 1)(2n + 1) / 6n for rate λ a read."""
    exposure = expose(
        np.full((256, 256), 3000.0), name="NRCB1", pattern="BRIGHT2", ngroups=1, **{**ALL_OFF, "poisson": True}
    )
    each = 3000.0 * exposure.frame_time
    variance_close(exposure.counts * exposure.detector.gain, each * 3 * 5 / 12 + exposure.detector.gain**2 / 12)


def test_nonlinearity_is_undone_by_the_polynomial_of_the_detector():
    from jwst_denoise.simulate.response import linearize

    switches = {**ALL_OFF, "nonlinearity": True}
    exposure = expose(np.full(SHAPE, 40000.0), pattern="NRSRAPID", ngroups=5, **switches)
    measured = exposure.counts[0].astype(float) - exposure.detector.bias
    linear = linearize(measured, exposure.detector.nonlinearity)
    expected = 40000.0 * exposure.frame_time * np.arange(1, 6) / exposure.detector.gain
    np.testing.assert_allclose(linear[:, 0, 0], expected, atol=0.65)  # half a count, and what the slope makes of it
    assert measured[-1, 0, 0] < expected[-1] - 100


def test_reference_pixels_show_no_signal():
    scene = np.full((32, 2048), 500.0)
    observed = simulate.observation(simulate.detector("NRS1"), "NRS_BRIGHTOBJ")
    exposure = expose(scene, observation=observed, **ALL_OFF)
    reference = exposure.readout.reference_pixels
    assert reference.sum() == 32 * 8
    assert np.all(exposure.counts[..., reference] == exposure.detector.bias)
    assert not exposure.truth.rate[reference].any()


def test_correlated_truth_is_what_is_in_the_counts():
    exposure = expose(ngroups=3, nints=2, **{**ALL_OFF, "correlated": True})
    electrons = (exposure.counts - exposure.detector.bias) * exposure.detector.gain
    rounding = exposure.detector.gain / 2
    np.testing.assert_allclose(electrons, exposure.truth.correlated, atol=rounding * 1.001)
    assert not np.array_equal(exposure.truth.correlated[0], exposure.truth.correlated[1])


def test_cosmic_ray_truth_is_what_is_in_the_counts():
    hits = CosmicRayParameters(flux=200.0, snowball_rate=0)
    exposure = expose(ngroups=5, hits=hits, **{**ALL_OFF, "cosmic_rays": True})
    electrons = (exposure.counts - exposure.detector.bias) * exposure.detector.gain
    truth = np.cumsum(exposure.truth.cosmic_rays, axis=1)
    assert (truth[0, -1] > 1000).sum() > 20
    np.testing.assert_allclose(electrons, truth, atol=exposure.detector.gain / 2 * 1.001)


def test_kTC_noise_is_the_same_in_all_groups_and_new_after_each_reset():
    exposure = expose(ngroups=3, nints=2, **{**ALL_OFF, "ktc": True})
    assert np.ptp(exposure.counts, axis=1).max() == 0
    first, second = exposure.counts[:, 0].astype(float)
    variance_close((first - second) * exposure.detector.gain, 2 * exposure.detector.ktc_noise**2, extra=0.001)


def test_picture_frame_grows_with_time():
    exposure = expose(
        np.zeros((256, 256)), name="NRS1", ngroups=40, pattern="NRS", **{**ALL_OFF, "picture_frame": True}
    )
    amplitude = exposure.truth.picture_frame_rate[0]
    last = (39 * 4 + 2.5) * exposure.frame_time
    expected = exposure.detector.bias + exposure.truth.picture_frame * amplitude * last / exposure.detector.gain
    np.testing.assert_allclose(exposure.counts[0, -1], expected, atol=0.51)


def test_drift_of_the_truth_is_in_the_counts():
    exposure = expose(ngroups=6, **{**ALL_OFF, "pedestal": True})
    level = exposure.counts[0, :, 0, 0] * exposure.detector.gain
    np.testing.assert_allclose(np.diff(level), np.diff(exposure.truth.drift[0]), atol=1.001 * exposure.detector.gain)


def test_a_scene_of_each_integration():
    scene = np.stack([np.full(SHAPE, level) for level in (100.0, 200.0)])
    exposure = expose(scene, nints=2, **ALL_OFF)
    signal = exposure.counts[:, -1, 0, 0] - exposure.detector.bias
    assert signal[1] == pytest.approx(2 * signal[0], abs=1)
    np.testing.assert_array_equal(exposure.truth.rate, scene)


def test_inputs_are_not_changed_and_seeds_repeat():
    scene = np.random.default_rng(5).uniform(0, 10, SHAPE).astype(np.float32)
    before = scene.copy()
    one, other = expose(scene, seed=3), expose(scene, seed=3)
    np.testing.assert_array_equal(scene, before)
    np.testing.assert_array_equal(one.counts, other.counts)


def test_irs2_reads_full_frames_only():
    with pytest.raises(ValueError, match="full frames"):
        expose(pattern="NRSIRS2RAPID")


@pytest.mark.parametrize(("change", "message"), [
    ({"scene": np.full(SHAPE, -1.0)}, "not negative"), ({"scene": np.full(SHAPE, np.nan)}, "finite"),
    ({"scene": np.ones((3, *SHAPE)), "nints": 2}, "nints=2"), ({"ngroups": 0}, "ngroups=0"),
    ({"gamma_rays": False}, "no switch gamma_rays; known: poisson"),
])  # fmt: skip
def test_bad_input_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        expose(**change)


def test_progress_is_reported():
    reported = []
    expose(ngroups=2, nints=2, progress=reported.append)
    assert reported == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("name", ["NRCA2", "NRCALONG", "NRS2", "NIS", "GUIDER1"])
def test_an_impulse_stays_where_it_is(name):
    scene = np.zeros(SHAPE)
    scene[40, 90] = 3000.0
    pattern = {"NIRCAM": "RAPID", "NIRSPEC": "NRSRAPID", "NIRISS": "NISRAPID", "FGS": "FGSRAPID"}
    exposure = expose(scene, name=name, pattern=pattern[simulate.detector(name).instrument], cosmic_rays=False)
    step = exposure.counts[0, -1].astype(float) - exposure.counts[0, 0]
    assert np.unravel_index(step.argmax(), SHAPE) == (40, 90)


def test_h4rg_with_32_outputs():
    scene = simulate.SCENES["echelle"].draw((64, 4096), np.random.default_rng(1))
    parameters = simulate.detector("H4RG")
    geometry = parameters.readout((64, 4096), (1, 2000), outputs=32)
    exposure = simulate_exposure(scene, parameters, geometry, "UTR", 3, 1, np.random.default_rng(2))
    assert exposure.counts.shape == (1, 3, 64, 4096)
    assert geometry.width == 128
