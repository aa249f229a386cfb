"""Slopes of ramps and their noise, against many simulated ramps."""

import numpy as np
import pytest

from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.ramps.slopes import fit_slope, slope_noise


@pytest.mark.parametrize(("ngroups", "nframes", "groupgap"), [(2, 1, 0), (10, 1, 0), (5, 4, 1), (3, 2, 3)])
def test_noise_of_the_slope_is_that_of_many_ramps(ngroups, nframes, groupgap):
    rng, number, frame_time = np.random.default_rng(1), 20000, 2.0
    frames = nframes + groupgap
    reads = np.cumsum(rng.standard_normal((ngroups * frames, number)) * np.sqrt(frame_time), axis=0)
    photons = reads.reshape(ngroups, frames, number)[:, :nframes].mean(axis=1)
    group_time = frames * frame_time
    expected = slope_noise(ngroups, group_time, nframes, groupgap)
    for groups, variance in ((photons, expected.poisson), (rng.standard_normal((ngroups, number)), expected.read**2)):
        slope = fit_slope(groups[:, None], GroupNoise(1.0, group_time)).rate
        assert slope.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / number))


def test_closed_forms_for_single_frames():
    n, time = 7, 3.0
    noise = slope_noise(n, time)
    assert noise.read == pytest.approx(np.sqrt(12 / (n * (n**2 - 1))) / time)
    assert noise.poisson == pytest.approx(6 * (n**2 + 1) / (5 * n * (n**2 - 1) * time))


def test_jumps_and_unusable_groups_cost_accuracy_but_no_bias():
    rng = np.random.default_rng(2)
    groups = 4.0 * np.arange(8.0)[:, None, None] + 0.1 * rng.standard_normal((8, 1, 4000))
    jump, usable = np.zeros(groups.shape, bool), np.ones(groups.shape, bool)
    groups[3:] += 1000
    groups[6:] = -7
    jump[3], usable[6:] = True, False
    slope_image = fit_slope(groups, GroupNoise(0.1, 1.0), usable=usable, jump=jump)
    assert slope_image.rate.mean() == pytest.approx(4, abs=5 * slope_image.read_noise[0, 0] / np.sqrt(4000))
    assert slope_image.rate.std() == pytest.approx(slope_image.read_noise[0, 0], rel=0.06)
    assert slope_image.read_noise[0, 0] > slope_noise(8, 1.0).read * 0.1


def test_pixels_without_two_groups_have_no_slope():
    groups = np.ones((3, 1, 2))
    usable = np.ones((3, 1, 2), bool)
    usable[1:, 0, 0] = False
    slope_image = fit_slope(groups, GroupNoise(1.0, 1.0), usable=usable)
    assert np.isnan(slope_image.rate[0, 0]) and np.isnan(slope_image.read_noise[0, 0])
    assert slope_image.rate[0, 1] == 0


@pytest.mark.parametrize("shape", [(1, 4, 4), (4, 4)])
def test_single_groups_are_refused(shape):
    with pytest.raises(ValueError, match="two groups"):
        fit_slope(np.zeros(shape), GroupNoise(1.0, 1.0))
    with pytest.raises(ValueError, match="ngroups=1"):
        slope_noise(1, 1.0)


def test_poisson_variance_counts_only_for_positive_rates():
    slope_image = fit_slope(np.arange(3.0)[:, None, None] * np.array([[-5.0, 5.0]]), GroupNoise(1.0, 1.0))
    variance = slope_image.variance[0]
    assert variance[0] == pytest.approx(slope_image.read_noise[0, 0] ** 2)
    assert variance[1] == pytest.approx(variance[0] + 5 * slope_image.poisson[0, 1], rel=1e-5)


def test_frames_that_make_no_group_are_refused():
    with pytest.raises(ValueError, match="nframes=0"):
        GroupNoise(1.0, nframes=0)
    with pytest.raises(ValueError, match="groupgap=-1"):
        GroupNoise(1.0, groupgap=-1)
