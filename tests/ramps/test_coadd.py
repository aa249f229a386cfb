"""Co-addition against its definition, and what it leaves out."""

import numpy as np
import pytest

from jwst_denoise.ramps.coadd import coadd_frames
from jwst_denoise.ramps.slopes import SlopeImage

SHAPE = (60, 70)


def frames(number, rng, scene=0.0, read=1.0, poisson=0.0):
    rates = (scene + read * rng.standard_normal((number, *SHAPE))).astype(np.float32)
    return [SlopeImage(rate, np.full(SHAPE, read, np.float32), poisson) for rate in rates]


def test_frames_without_outliers_give_the_weighted_mean():
    rng = np.random.default_rng(1)
    stack = [*frames(2, rng, 5.0, 1.0), *frames(1, rng, 5.0, 2.0)]
    clipped = [SlopeImage(np.clip(f.rate, 5 - 1.5, 5 + 1.5), f.read_noise, 0.0) for f in stack]
    stacked = coadd_frames(clipped)
    weights = np.array([1.0, 1.0, 0.25])
    expected = np.tensordot(weights, [f.rate for f in clipped], 1) / weights.sum()
    np.testing.assert_allclose(stacked.image.rate, expected, rtol=1e-5)
    np.testing.assert_allclose(stacked.image.read_noise, 1 / np.sqrt(weights.sum()), rtol=1e-5)
    assert (stacked.kept == 1).all() and stacked.frames == 3


@pytest.mark.parametrize("number", [2, 3, 4, 8])
def test_cosmic_rays_are_left_out_and_noise_is_not(number):
    rng = np.random.default_rng(number)
    stack = frames(number, rng)
    clean = coadd_frames(stack)
    stack[1].rate[10, 20] += 40
    stacked = coadd_frames(stack)
    assert abs(stacked.image.rate[10, 20]) < 5 / np.sqrt(number - 1)
    assert stacked.kept[10, 20] == pytest.approx((number - 1) / number)
    assert stacked.scatter[10, 20] > 20
    assert (clean.kept < 1).mean() < 0.01
    assert clean.image.rate.std() == pytest.approx(1 / np.sqrt(number), rel=0.05)
    assert np.mean(clean.scatter) == pytest.approx(1, rel=0.05)
    assert abs(clean.image.rate.mean()) < 4 / np.sqrt(number * clean.image.rate.size)


def test_undersampled_stars_survive():
    rng = np.random.default_rng(5)
    stack = frames(4, rng, read=0.1)
    for frame in stack:
        frame.rate[30, 30] += 1000 * rng.uniform(0.98, 1.02)
    assert coadd_frames(stack).kept[30, 30] == 1


def test_missing_data_are_not_used():
    stack = frames(3, np.random.default_rng(6))
    stack[0].rate[5, 6] = np.nan
    for frame in stack:
        frame.rate[7, 8] = np.nan
    stacked = coadd_frames(stack)
    assert stacked.image.rate[5, 6] == pytest.approx(np.mean([stack[1].rate[5, 6], stack[2].rate[5, 6]]), rel=1e-5)
    assert np.isnan(stacked.image.rate[7, 8]) and stacked.kept[7, 8] == 0
    assert np.isfinite(np.delete(stacked.image.rate.ravel(), 7 * SHAPE[1] + 8)).all()
    assert np.isnan(stack[0].rate[5, 6]), "inputs are not changed"


def test_poisson_noise_of_the_mean():
    stacked = coadd_frames(frames(4, np.random.default_rng(7), poisson=0.02))
    np.testing.assert_allclose(stacked.image.poisson, 0.02 / 4, rtol=0.35)
    assert np.median(stacked.image.poisson) == pytest.approx(0.005, rel=1e-5)


def test_impossible_stacks_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        coadd_frames([])
    one, other = frames(1, np.random.default_rng(8))[0], SlopeImage(np.zeros((3, 4)), np.ones((3, 4)), 0.0)
    with pytest.raises(ValueError, match=r"\(3, 4\), \(60, 70\)"):
        coadd_frames([one, other])
