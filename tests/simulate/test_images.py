"""Simulated images with cosmic rays, and scenes of very many stars."""

import numpy as np
import pytest

from jwst_denoise.simulate import CosmicRayParameters, point_spread_function, simulate_image
from jwst_denoise.simulate.fields import crowd, point_sources, resolved

NONE = CosmicRayParameters(flux=0, snowball_rate=0, shower_rate=0)
TRACKS = CosmicRayParameters(snowball_rate=0, shower_rate=0)
RATE = np.full((200, 220), 0.5, dtype=np.float32)


def image(seconds=200.0, rate=RATE, hits=TRACKS, seed=1, **options):
    return simulate_image(rate, seconds, np.random.default_rng(seed), hits=hits, **options)


@pytest.mark.parametrize("stripes", [0.0, 0.5])
def test_noise_is_what_err_says(stripes):
    result = image(hits=NONE, stripes=stripes)
    pull = (result.data - result.rate) / result.err
    inside = pull[2:-2, 2:-2]  # the edges lose charge to neighbors that are not there
    assert abs(inside.std() - 1) < 5 / np.sqrt(2 * inside.size) + 5 * stripes**2 / np.sqrt(200)
    assert abs(inside.mean()) < 5 * (1 / np.sqrt(inside.size) + stripes / np.sqrt(200))
    assert not result.truth().any() and not result.bad.any()


def test_cosmic_rays_are_all_that_is_added():
    with_hits, without = (image(hits=hits, hit_rng=np.random.default_rng(9)) for hits in (TRACKS, NONE))
    np.testing.assert_allclose(with_hits.data - without.data, with_hits.cosmic_rays, atol=1e-4)
    np.testing.assert_array_equal(with_hits.truth(3), with_hits.cosmic_rays > 3 * with_hits.err)
    assert with_hits.truth(10).sum() < with_hits.truth().sum()


def test_hits_grow_with_time():
    shares = [image(seconds).truth().mean() for seconds in (100.0, 400.0)]
    assert 3 < shares[1] / shares[0] < 5


def test_slopes_weigh_hits_by_their_time():
    total = [image(800.0, slope=slope, hit_rng=np.random.default_rng(2)).cosmic_rays.sum() for slope in (False, True)]
    assert total[1] / total[0] == pytest.approx(1.0, abs=0.15)  # the mean of 6 f (1 - f) is 1
    peak = [np.quantile(image(800.0, slope=slope).cosmic_rays, 0.999) for slope in (False, True)]
    assert peak[0] != peak[1]


def test_hits_above_the_limit_of_a_jump_step_are_removed():
    left = image(400.0, limit=100.0)
    assert 0 < left.cosmic_rays.max() <= 4 * 100.0 / 400.0


def test_saturated_pixels_have_no_value():
    rate = RATE.copy()
    rate[50, 60] = 1e5
    assert image(200.0, rate).bad[50, 60]
    snowballs = CosmicRayParameters(flux=0, snowball_rate=50.0, shower_rate=0)
    result = image(200.0, hits=snowballs)
    assert result.bad.any() and result.truth()[~result.bad].any()


def test_input_is_kept_and_time_is_positive():
    before = RATE.copy()
    image()
    np.testing.assert_array_equal(RATE, before)
    with pytest.raises(ValueError, match="seconds=0"):
        image(0)


def test_a_crowd_is_its_stars():
    rng = np.random.default_rng(3)
    psf = point_spread_function("NIRCAM_SW", "F200W")
    quarter = (np.arange(4) + 0.5) / 4 - 0.5
    x, y = (rng.integers(-15, 75, 50) + rng.choice(quarter, 50) for _ in range(2))
    flux = rng.uniform(1, 3, 50)
    exact = point_sources((61, 64), x, y, flux, psf)
    np.testing.assert_allclose(crowd((61, 64), x, y, flux, psf), exact, atol=2e-5 * exact.max())


def test_resolved_galaxy():
    psf = point_spread_function("NIRCAM_SW", "F070W")
    result = resolved((128, 160), psf, np.random.default_rng(4), sky=0.3)
    assert result.shape == (128, 160) and result.dtype == np.float32 and result.min() >= 0.3
    middle, corner = result[44:84, 60:100], result[:20, :20]
    assert np.median(middle) > np.median(corner)
    np.testing.assert_array_equal(result, resolved((128, 160), psf, np.random.default_rng(4), sky=0.3))
