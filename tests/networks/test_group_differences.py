"""The network on group differences: normalization, tiles, missing groups."""

import numpy as np
import pytest
import torch

from jwst_denoise.detectors.read_patterns import poisson_fraction
from jwst_denoise.networks import build
from jwst_denoise.networks.blocks.tiling import apply_tiled
from jwst_denoise.networks.group_differences import (
    CHANNELS,
    GroupDifferenceMask,
    _blocks,
    _sorted,
    normalize_differences,
    subtract_line_levels,
)

NOISE, NFRAMES = 8.0, 4


@pytest.fixture
def network():
    torch.manual_seed(1)
    return GroupDifferenceMask(2, 4).eval()


@pytest.fixture
def groups():
    rng = np.random.default_rng(2)
    return np.cumsum(rng.normal(20, 6, (6, 80, 96)), axis=0).astype("f4")


def normalize(differences, usable=None, variance=100.0, poisson=1.0):
    differences = torch.as_tensor(differences, dtype=torch.float32)
    usable = torch.ones(differences.shape, dtype=torch.bool) if usable is None else torch.as_tensor(usable)
    saturated = torch.zeros((len(differences) + 1, *differences.shape[1:]), dtype=torch.bool)
    return normalize_differences(differences, usable, saturated, torch.tensor(variance), poisson)


@pytest.mark.parametrize("number", range(1, 24))
def test_planes_are_sorted(number):
    planes = torch.randn(number, 50, generator=torch.Generator().manual_seed(number))
    assert torch.equal(torch.stack(_sorted(list(planes))), planes.sort(dim=0).values)


def test_excess_is_in_units_of_the_noise_over_the_other_differences():
    differences = np.full((5, 4, 4), 44.0)
    differences[3, 1, 2] = 644.0
    result = normalize(differences, variance=100.0)
    assert result.excess[3, 1, 2] == pytest.approx(np.arcsinh(600 / 12))  # √(100 + 44)
    assert result.excess.abs().sum() == pytest.approx(np.arcsinh(600 / 12))
    assert result.rate[1, 2] == pytest.approx(np.arcsinh(4.4))
    assert result.uncertainty[0, 0] == pytest.approx(1 / np.sqrt(5))


def test_of_two_differences_the_smaller_is_the_rate():
    differences = np.full((2, 4, 4), 10.0)
    differences[0, 0, 0] = 310.0
    result = normalize(differences)
    assert result.excess[0, 0, 0] > 3
    assert result.excess[1, 0, 0] == 0


def test_a_single_difference_is_compared_with_the_sky():
    differences = np.full((1, 30, 30), 10.0)
    differences[0, 3, 4] = 510.0
    result = normalize(differences)
    assert (result.uncertainty == 1).all()
    assert result.excess[0, 0, 0] == 0
    assert result.excess[0, 3, 4] == pytest.approx(np.arcsinh(500 / np.sqrt(110)))


def test_unusable_differences_are_zero_and_not_in_the_rate():
    differences = np.full((4, 3, 3), 20.0)
    differences[2, 1, 1] = 1e6
    usable = np.ones(differences.shape, bool)
    usable[2, 1, 1] = False
    result = normalize(differences, usable)
    assert result.excess.abs().max() == 0
    assert result.usable[2, 1, 1] == 0
    assert result.uncertainty[1, 1] == pytest.approx(1 / np.sqrt(3))


@pytest.mark.parametrize(("nframes", "groupgap"), [(1, 0), (1, 3), (4, 0), (8, 12)])
def test_poisson_fraction_of_averaged_groups(nframes, groupgap):
    """Against the scatter of simulated differences."""
    rng = np.random.default_rng(3)
    period = nframes + groupgap
    frames = np.cumsum(rng.poisson(50.0, (20_000, 2 * period)), axis=1)
    groups = [frames[:, start : start + nframes].mean(axis=1) for start in (groupgap, groupgap + period)]
    variance = np.var(groups[1] - groups[0])
    assert variance == pytest.approx(poisson_fraction(nframes, groupgap) * 50 * period, rel=5 * np.sqrt(2 / 20_000))


def test_stripes_are_subtracted_and_the_scene_is_not():
    rng = np.random.default_rng(4)
    scene = rng.exponential(100, (100, 120))
    stripes = rng.normal(0, 30, (6, 100, 1)) + rng.normal(0, 20, (6, 1, 120))
    differences = torch.as_tensor(scene + stripes, dtype=torch.float32)
    result = subtract_line_levels(differences, torch.ones(differences.shape, dtype=torch.bool)).numpy()
    common = result.mean(axis=0)
    assert np.std(result - common) < 2
    assert np.corrcoef(common.ravel(), scene.ravel())[0, 1] > 0.97


def test_a_single_difference_keeps_its_stripes():
    one = torch.randn(1, 90, 90)
    assert torch.equal(subtract_line_levels(one, torch.ones(one.shape, dtype=torch.bool)), one)


def test_prediction_has_a_probability_for_each_group(network, groups):
    result = network.predict(groups, NOISE, gain=1.5, nframes=NFRAMES)
    assert result.shape == groups.shape
    assert result.dtype == np.float32
    assert (result[0] == 0).all()
    assert ((result[1:] > 0) & (result[1:] < 1)).all()


def test_tiles_make_no_difference(network, groups):
    whole = network.predict(groups, NOISE, tile=None)
    assert np.abs(network.predict(groups, NOISE, tile=32) - whole).max() < 1e-5


def test_prediction_is_the_network_on_the_planes(network, groups):
    usable = torch.ones(5, 80, 96, dtype=torch.bool)
    differences = subtract_line_levels(torch.from_numpy(np.diff(groups, axis=0)), usable)
    result = normalize(differences, variance=2 * NOISE**2)
    planes = torch.stack([result.planes(index) for index in range(5)])
    assert planes.shape == (5, CHANNELS, 80, 96)
    with torch.inference_mode():
        expected = torch.sigmoid(network(planes))[:, 0].numpy()
    np.testing.assert_allclose(network.predict(groups, NOISE)[1:], expected, atol=1e-5)
    assert apply_tiled(network.unet, planes[2]).shape == (80, 96)


def test_missing_values_do_not_spread(network, groups):
    spoilt = groups.copy()
    spoilt[2, 10, 20] = np.nan
    result = network.predict(spoilt, NOISE)
    assert np.isfinite(result).all()
    far = np.ones(groups.shape, bool)
    far[:, : 11 + network.halo, : 21 + network.halo] = False
    np.testing.assert_allclose(result[far], network.predict(groups, NOISE)[far], atol=0.02)


def test_units_follow_the_gain(network, groups):
    """The same electrons in other DN; gains without meaning make a pixel unusable."""
    expected = network.predict(groups, NOISE)
    np.testing.assert_allclose(network.predict(groups / 2, NOISE, gain=2.0), expected, atol=1e-5)
    gain = np.ones(groups.shape[1:])
    gain[3, 3] = np.nan
    bad = np.zeros(groups.shape[1:], bool)
    bad[3, 3] = True
    np.testing.assert_array_equal(network.predict(groups, NOISE, gain=gain), network.predict(groups, NOISE, bad=bad))


def test_long_integrations_are_cut_into_blocks():
    inner = [index for _, _, part in _blocks((200, 2048, 2048)) for index in part]
    assert inner == list(range(199))
    for first, last, part in _blocks((200, 2048, 2048)):
        assert last - first <= 34
        assert first == max(0, part[0] - 1)
        assert last == min(199, part[-1] + 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": np.zeros((1, 8, 8))}, "two groups"),
        ({"gain": np.ones((3, 3))}, "gain has shape"),
        ({"bad": np.zeros((2, 3, 3), bool)}, "bad has shape"),
        ({"read_noise": np.ones(8)}, "read_noise has shape"),
    ],
)
def test_what_does_not_fit_is_refused(network, arguments, message):
    with pytest.raises(ValueError, match=message):
        network.predict(**{"groups": np.zeros((4, 8, 8)), "read_noise": 1.0, **arguments})


def test_architecture_builds_the_network_again(network):
    assert build(network.architecture).architecture == network.architecture
