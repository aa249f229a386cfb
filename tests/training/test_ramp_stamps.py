"""Training stamps of group differences."""

import numpy as np
import pytest
import torch

from jwst_denoise.detectors.read_patterns import poisson_fraction
from jwst_denoise.networks.group_differences import CHANNELS
from jwst_denoise.simulate import NoiseSpectrum
from jwst_denoise.simulate.fast import ramps
from jwst_denoise.simulate.fast.ramps import RampSetup, draw_ramp_setup, simulate_integration
from jwst_denoise.simulate.fast.scenes import ScenePool
from jwst_denoise.training.cosmic_rays import STAMPS, RampStamps

SILENT = NoiseSpectrum(0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def pool():
    return ScenePool.draw(1, 7, ["galaxies"])


@pytest.fixture
def alone(monkeypatch):
    """No hits, no hot and no bad pixels."""
    monkeypatch.setattr(ramps, "LARGE_EVENTS", dict.fromkeys(ramps.LARGE_EVENTS, 0.0))
    monkeypatch.setattr(ramps, "HITS", (1e-9, 1e-8))
    monkeypatch.setattr(ramps, "_draw_hot_pixels", lambda shape, rng: np.float32(0))


@pytest.mark.parametrize(("nframes", "groupgap"), [(1, 0), (1, 4), (8, 2)])
def test_scatter_is_what_the_stamp_says(alone, nframes, groupgap):
    """White and Poisson noise of differences without hits."""
    readout = RampSetup(6, nframes, groupgap, 10.0, 9.0, SILENT)
    rate = np.full((96, 96), 8.0, np.float32)
    integration = simulate_integration(rate, readout, np.random.default_rng(1))
    differences = np.diff(integration.groups, axis=0)
    pull = (differences - differences.mean(axis=(1, 2), keepdims=True)) / integration.noise
    assert pull.std() == pytest.approx(1, abs=5 / np.sqrt(2 * pull.size) + 0.01)  # 0.01: leftovers of nonlinearity
    expected = np.sqrt(2 * 81 / nframes + 8.01 * 10 * (nframes + groupgap) * poisson_fraction(nframes, groupgap))
    np.testing.assert_allclose(integration.noise, expected, rtol=1e-5)
    assert not integration.truth.any()


def test_hits_are_where_the_truth_says():
    rng = np.random.default_rng(3)
    readout = RampSetup(8, 4, 1, 10.7, 8.0, SILENT)
    integration = simulate_integration(np.full((96, 96), 0.3, np.float32), readout, rng)
    good = ~(integration.bad | integration.saturated)
    usable = good[1:] & good[:-1]
    excess = (
        np.diff(integration.groups, axis=0) - np.median(np.diff(integration.groups, axis=0), axis=0)
    ) / integration.noise
    strong = integration.added > 15 * integration.noise
    assert (strong & usable).sum() > 20
    assert np.median(excess[strong & usable]) > 15
    assert abs(np.median(excess[~integration.truth & usable])) < 0.1


def test_items_have_what_the_network_takes(pool):
    stamps = RampStamps(pool, 12, 5, 64)
    for index in range(len(stamps)):
        inputs, truth, weight = stamps[index]
        assert inputs["planes"].shape == (CHANNELS, 64, 64)
        assert truth.shape == weight.shape == (1, 64, 64)
        for tensor in (inputs["planes"], truth, weight):
            assert tensor.dtype == torch.float32
            assert torch.isfinite(tensor).all()
        assert set(np.unique(truth)) <= {0, 1}


def test_an_item_depends_on_seed_and_index_alone(pool):
    first, second = RampStamps(pool, 40, 5, 64), RampStamps(pool, 40, 5, 64)
    forward = {index: first[index] for index in range(3 * STAMPS)}
    for index in (9, 2, 5):
        np.testing.assert_array_equal(forward[index][0]["planes"], second[index][0]["planes"])
        np.testing.assert_array_equal(forward[index][1], second[index][1])
    other = RampStamps(pool, 40, 6, 64)
    assert not torch.equal(forward[0][0]["planes"], other[0][0]["planes"])


def test_stamps_of_one_integration_differ(pool):
    stamps = RampStamps(pool, 40, 5, 64)
    for number in range(4):
        planes = [stamps[number * STAMPS + part][0]["planes"][0] for part in range(STAMPS)]
        assert all(not torch.equal(a, b) for i, a in enumerate(planes) for b in planes[:i])


def test_all_kinds_of_exposures_are_drawn():
    rng = np.random.default_rng(8)
    drawn = [draw_ramp_setup(rng) for _ in range(300)]
    groups = [readout.ngroups for readout in drawn]
    assert min(groups) == 2
    assert max(groups) == ramps.LONGEST
    assert {readout.nframes for readout in drawn} >= {1, 2, 4, 8}
    assert any(readout.frame_time < 5 for readout in drawn)
