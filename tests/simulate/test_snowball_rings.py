"""Rings of snowballs, and hits between averaged frames."""

import numpy as np
import pytest

from jwst_denoise.simulate import CosmicRayParameters, simulate_exposure
from jwst_denoise.simulate.cosmic_rays import SnowballRings

PARAMETERS = CosmicRayParameters(ring_rate=10.0, ring_scale=2.0, ring_time=100.0)
QUIET = dict.fromkeys(("poisson", "dark", "read_noise", "correlated", "ktc", "pedestal", "picture_frame"), False)
LINEAR = {"ipc": False, "nonlinearity": False, "saturation": False, "superbias": False}


@pytest.fixture
def core():
    """A core of 7 × 7 pixels."""
    charge = np.zeros((60, 60), np.float32)
    charge[20:27, 30:37] = PARAMETERS.core_level
    return charge


def test_the_current_falls_with_distance_and_time(core):
    rings = SnowballRings(core.shape, PARAMETERS)
    assert not rings.advance(10).any()
    rings.start(core, np.random.default_rng(1))
    first, later = rings.advance(50.0), rings.advance(50.0)
    assert later[23, 38] / first[23, 38] == pytest.approx(np.exp(-0.5), rel=1e-5)
    assert first[23, 39] / first[23, 37] == pytest.approx(np.exp(-1), rel=1e-5)
    assert first[23, 37] == first[19, 33] > 0
    assert first[50, 5] == 0


def test_all_of_the_current_comes_in_time(core):
    whole, parts = SnowballRings(core.shape, PARAMETERS), SnowballRings(core.shape, PARAMETERS)
    for rings in (whole, parts):
        rings.start(core, np.random.default_rng(1))
    total = sum(parts.advance(seconds) for seconds in (1.0, 30.0, 7.0))
    np.testing.assert_allclose(total, whole.advance(38.0), rtol=1e-5)


@pytest.mark.parametrize(
    "charge",
    [
        np.full((20, 20), 1e4, np.float32),
        np.pad(np.full((1, 8), 2e5, np.float32), ((9, 10), (6, 6))),
    ],
)
def test_faint_or_thin_hits_have_no_ring(charge):
    rings = SnowballRings(charge.shape, PARAMETERS)
    rings.start(charge, np.random.default_rng(1))
    assert not rings.current.any()


def test_no_rings_without_a_rate(core):
    rings = SnowballRings(core.shape, CosmicRayParameters(ring_rate=0.0))
    rings.start(core, np.random.default_rng(1))
    assert not rings.current.any()


def test_a_snowball_before_the_first_group_leaves_a_ring():
    """Its charge is in all groups alike, but more keeps arriving."""
    hits = CosmicRayParameters(
        flux=0, shower_rate=0, snowball_rate=1000.0, snowball_radius=(5.0, 6.0), halo_level=0, ring_rate=30.0
    )
    exposure = simulate_exposure(
        np.zeros((160, 160)), "NRCA1", None, "RAPID", 4, 1, np.random.default_rng(5), hits=hits, **QUIET, **LINEAR
    )
    before, after = exposure.truth.cosmic_rays[0, 0] > 1e5, exposure.truth.cosmic_rays[0, 1:]
    assert before.any()
    away = after.max(axis=0) < 1e4  # no other snowball
    ring = after[:, before & away]
    assert (ring > 0).all()


@pytest.mark.parametrize("pattern", ["RAPID", "MEDIUM8"])
def test_differences_contain_the_charge_of_cosmic_rays(pattern):
    """Differences of counts without noise are those of the truth, for averaged groups too."""
    exposure = simulate_exposure(
        np.zeros((64, 64)), "NRCA1", None, pattern, 4, 2, np.random.default_rng(6),
        hits=CosmicRayParameters(flux=3000.0, snowball_rate=0, largest=2e4), **QUIET, **LINEAR,
    )  # fmt: skip
    sensitive = ~exposure.readout.reference_pixels
    for integration in range(2):
        differences = np.diff(exposure.counts[integration].astype(float), axis=0) * exposure.detector.gain
        error = differences - exposure.truth.cosmic_ray_differences(integration)
        unclipped = sensitive & (exposure.counts[integration, -1] < 60000)
        assert np.abs(error[:, unclipped]).max() < 1.01 * exposure.detector.gain
    assert (exposure.truth.late is None) == (pattern == "RAPID")
