"""Cosmic rays: charges, directions, numbers."""

import numpy as np
import pytest
from scipy.stats import kstest, moyal, norm

from jwst_denoise.simulate import CosmicRayParameters, cosmic_rays
from jwst_denoise.simulate.cosmic_rays import deposit_charge, draw_energies, showers, snowballs, tracks

NO_CUT = CosmicRayParameters(largest=1e12)


def test_charge_has_landaus_distribution():
    length = 10.0
    charge = draw_energies(np.full(20_000, length), NO_CUT, np.random.default_rng(1))
    most_probable = NO_CUT.loss * length
    scale = NO_CUT.loss_width * most_probable
    clipped = charge <= 0.1 * most_probable * 1.0001
    assert clipped.mean() < 1e-3
    assert kstest(charge, moyal(most_probable, scale).cdf).pvalue > 0.001
    assert np.mean(charge) > 1.2 * most_probable  # the long tail


def test_charge_is_capped():
    charge = draw_energies(np.full(1000, 900.0), CosmicRayParameters(largest=5e5), np.random.default_rng(1))
    assert charge.max() == 5e5


def test_the_charge_of_a_track_is_all_there():
    rng = np.random.default_rng(2)
    start, end = np.array([[10.2, 10.7], [30.0, 40.0]]), np.array([[20.4, 50.1], [30.0, 40.0]])
    charge = np.array([5e4, 3e3])
    image = deposit_charge((64, 64), start, end, charge, CosmicRayParameters(), rng)
    assert image.sum() == pytest.approx(charge.sum(), rel=1e-4)


def test_a_point_lands_on_its_pixel_and_diffuses_evenly():
    parameters = CosmicRayParameters(diffusion=0.3)
    where = np.array([[20.0, 12.0]])
    image = deposit_charge((40, 30), where, where, np.array([1000.0]), parameters, np.random.default_rng(3))
    y, x = np.indices(image.shape)
    assert np.unravel_index(image.argmax(), image.shape) == (20, 12)
    assert (image * x).sum() / image.sum() == pytest.approx(12.0, abs=1e-4)
    assert (image * y).sum() / image.sum() == pytest.approx(20.0, abs=1e-4)
    second = (image * (x - 12) ** 2).sum() / image.sum()
    assert second == pytest.approx(2 * norm.sf(0.5 / 0.3), rel=0.01)  # what lands in the pixels on either side


def test_tracks_run_straight_between_their_ends():
    where = np.array([[10.0, 10.0]]), np.array([[10.0, 50.0]])
    image = deposit_charge(
        (21, 64), *where, np.array([1e5]), CosmicRayParameters(diffusion=0.2), np.random.default_rng(4)
    )
    assert image[10, 12:48].min() > 0
    assert image[:8].sum() == image[13:].sum() == 0


def test_number_of_hits_follows_flux_and_time():
    short = CosmicRayParameters(flux=5.0, longest=9.0, snowball_rate=0, shower_rate=0)
    shape, seconds = (512, 512), 20.0
    rng = np.random.default_rng(5)
    total = [cosmic_rays(shape, seconds, short, rng).sum(dtype=float) for _ in range(20)]
    area = (512 * 18e-4) ** 2
    paths = rng.uniform(0, 1, 200_000)
    across = np.minimum(short.thickness * np.sqrt(paths / (1 - paths)), short.longest)
    mean = draw_energies(np.hypot(across, short.thickness), short, rng).mean()
    expected = 5.0 * area * seconds * mean
    assert np.mean(total) == pytest.approx(expected, abs=5 * np.std(total) / np.sqrt(20))


def test_hits_have_no_edge():
    """Tracks that begin outside are not missing: the border gets as much as the middle."""
    parameters = CosmicRayParameters(longest=300.0)
    image = tracks((256, 256), 40_000, parameters, np.random.default_rng(6))
    border = np.ones(image.shape, bool)
    border[16:-16, 16:-16] = False
    assert image[border].mean() == pytest.approx(image[~border].mean(), rel=0.1)


def test_snowballs_have_a_saturating_core_and_a_wide_halo():
    parameters = CosmicRayParameters(snowball_radius=(10.0, 10.0))
    rng = np.random.default_rng(7)
    images = [snowballs((400, 400), 1.0, parameters, rng) for _ in range(8)]
    image = next(image for image in images if 0 < (image > 1e5).sum() < 400)
    core, halo = image > 1e5, (image > 100) & (image < 1e4)
    assert core.sum() == pytest.approx(np.pi * 100, rel=0.1)
    assert halo.sum() > 2 * core.sum()


def test_showers_are_faint_and_extended():
    image = showers((300, 300), 8.0, CosmicRayParameters(), np.random.default_rng(8))
    assert 0 < np.percentile(image, 99) < 2000
    assert (image > 5).sum() > 500


def test_negative_rates_are_refused():
    with pytest.raises(ValueError, match="flux=-1"):
        CosmicRayParameters(flux=-1)
