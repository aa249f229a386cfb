"""Reads and pixels that cannot be used."""

import numpy as np
import pytest

from jwst_denoise.networks.hxrg.preprocess import REACH, bridge_gaps, replace_by_neighbors
from jwst_denoise.ramps.slopes import fit_segments
from jwst_denoise.readout import Readout

NGROUPS = 9


@pytest.fixture
def rng():
    return np.random.default_rng(2)


def ramps_with_gaps(rng):
    groups = np.cumsum(rng.normal(3, 2, (NGROUPS, 20, 30)), axis=0).astype("f4")
    usable = rng.uniform(size=groups.shape) > 0.15
    jump = rng.uniform(size=groups.shape) < 0.1
    jump[0] = False
    groups += np.cumsum(jump * 100, axis=0)
    return groups, usable, jump


def test_the_slope_of_bridged_ramps_is_that_of_the_pieces(rng):
    groups, usable, jump = ramps_with_gaps(rng)
    filled, measured = bridge_gaps(np.where(usable, groups, np.nan), usable, jump)
    broken = np.where(usable, jump.astype("i1"), 2).astype("i1")
    expected = fit_segments(np.where(usable, groups, 0), broken, np.arange(NGROUPS))[0]
    known = np.isfinite(expected)
    time = np.arange(NGROUPS) - (NGROUPS - 1) / 2
    slope = np.tensordot(time / np.sum(time**2), filled, axes=1)
    np.testing.assert_allclose(slope[known], expected[known], atol=2e-4)
    assert (filled[:, ~known] == 0).all()
    np.testing.assert_array_equal(measured, usable & ~jump)
    assert filled.dtype == np.float32


def test_a_ramp_with_a_step_and_a_gap_becomes_straight():
    groups = 5.0 * np.arange(NGROUPS)[:, None, None] + np.zeros((1, 2))
    groups[4:, 0, 1] += 200
    usable = np.ones(groups.shape, bool)
    usable[6, 0, 1] = False
    groups[6, 0, 1] = 1e6
    jump = np.zeros(groups.shape, bool)
    jump[[0, 4], 0, 1] = True  # there is nothing before the first group
    filled, measured = bridge_gaps(groups, usable, jump)
    np.testing.assert_allclose(np.diff(filled, axis=0), 5, atol=1e-4)
    np.testing.assert_array_equal(filled[:, 0, 0], groups[:, 0, 0])  # whole ramps are not touched
    assert np.argwhere(~measured).tolist() == [[4, 0, 1], [6, 0, 1]]


def slow_neighbor(image, bad, reference, y, x):
    """The smallest distance over all good pixels of the same kind."""
    there = np.argwhere(~bad & (reference == reference[y, x]))
    distance = ((there - [y, x]) ** 2).sum(axis=1)
    return image[tuple(there[distance == distance.min()].T)]


@pytest.mark.parametrize(("fast", "slow"), [(1, 2), (-2, 1)])
def test_bad_pixels_hold_what_the_nearest_good_one_does(rng, fast, slow):
    readout = Readout((24, 32) if fast == 1 else (32, 24), fast, slow, 2, reference=(4, 4, 4, 4))
    image = rng.normal(size=readout.shape)
    bad = rng.uniform(size=readout.shape) < 0.3
    result = replace_by_neighbors(np.stack([image, 2 * image]), bad, readout)
    np.testing.assert_array_equal(result[1], 2 * result[0])
    np.testing.assert_array_equal(result[0][~bad], image[~bad])
    reference = readout.reference_pixels
    for y, x in np.argwhere(bad):
        assert result[0, y, x] in slow_neighbor(image, bad, reference, y, x)


def test_of_two_neighbors_the_one_in_the_line_is_taken():
    for fast, slow in ((1, 2), (2, 1)):
        readout = Readout((9, 9), fast, slow)
        image = np.arange(81.0).reshape(9, 9)
        bad = np.zeros((9, 9), bool)
        bad[4, 4] = True
        assert replace_by_neighbors(image, bad, readout)[4, 4] in ((39, 41) if fast == 1 else (31, 49))


def test_without_a_neighbor_there_is_nothing():
    readout = Readout((40, 40), 1, 2)
    bad = np.zeros((40, 40), bool)
    bad[10:30, 10:30] = True
    result = replace_by_neighbors(np.ones((40, 40)), bad, readout)
    assert result[20, 20] == 0
    assert result[10, 20] == 1
    assert result[10 + REACH - 1, 20] == 1
    assert result[10 + REACH, 20] == 0
    assert replace_by_neighbors(np.ones((40, 40), bool), bad, readout).dtype == bool
