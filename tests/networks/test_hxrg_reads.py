"""Reads as the network on ribbons takes them."""

import numpy as np
import pytest

from jwst_denoise.networks.hxrg.preprocess import (
    background_pixels,
    replace_by_neighbors,
    subtract_background_levels,
    subtract_reference_levels,
)
from jwst_denoise.networks.hxrg.ribbons import prepare_reads, ribbon_size
from jwst_denoise.readout import Readout

READOUT = Readout((24, 64), -1, 2, 4, reference=(4, 4, 4, 4))
READS = 8


@pytest.fixture
def groups():
    rng = np.random.default_rng(5)
    return (np.cumsum(rng.normal(4, 2, (READS, 24, 64)), axis=0) + rng.normal(9000, 20, (24, 64))).astype("f4")


def test_values_are_the_corrections_one_by_one(groups):
    """The published order: zero point, reference pixels, background pixels, bad pixels, mean."""
    bad = np.random.default_rng(6).uniform(size=(24, 64)) < 0.03
    bad &= ~READOUT.reference_pixels
    background = np.zeros((24, 64), bool)
    background[4:20, 10:40] = True
    before = groups.copy()
    prepared = prepare_reads(groups, READOUT, usable=np.broadcast_to(~bad, groups.shape), background=background)
    np.testing.assert_array_equal(groups, before)
    reads = (groups - groups[0])[1:]
    reads[:, bad] = np.nan
    reads = subtract_background_levels(subtract_reference_levels(reads, READOUT), READOUT, background)
    reads = replace_by_neighbors(reads, bad, READOUT)
    reads = reads - reads.mean(axis=0)
    np.testing.assert_allclose(prepared.values, reads[:-1], atol=1e-4)
    np.testing.assert_allclose(-prepared.values.sum(axis=0), reads[-1], atol=1e-3)  # the last value is not lost
    np.testing.assert_array_equal(prepared.measured, np.broadcast_to(~bad, (READS - 2, 24, 64)))


def test_background_pixels_are_found_in_the_slopes(groups):
    groups[:, 10:14, 20:30] += 60 * np.arange(READS)[:, None, None]
    corrected = subtract_reference_levels((groups - groups[0])[1:], READOUT)
    time = np.arange(READS - 1) - (READS - 2) / 2
    background = background_pixels(np.tensordot(time, corrected, axes=1), READOUT)
    assert not background[11:13, 21:29].any()
    expected = prepare_reads(groups, READOUT, background=background)
    np.testing.assert_allclose(prepare_reads(groups, READOUT).values, expected.values, atol=1e-3)


def test_jumps_and_gaps_are_masked_or_replaced(groups):
    usable, jump = np.ones(groups.shape, bool), np.zeros(groups.shape, bool)
    jump[4, 12, 30] = True
    spoilt = groups.copy()
    spoilt[4:, 12, 30] += 5000
    usable[5, 15, 40] = False
    spoilt[5, 15, 40] = np.nan
    kept = prepare_reads(spoilt, READOUT, usable=usable, jump=jump, masked="feature")
    assert np.argwhere(~kept.measured).tolist() == [[3, 12, 30], [4, 15, 40]]
    clean = prepare_reads(groups, READOUT)
    np.testing.assert_allclose(kept.values[:, 12, 30], clean.values[:, 12, 30], atol=10)  # 2 e- a read
    replaced = prepare_reads(spoilt, READOUT, usable=usable, jump=jump)
    assert np.argwhere((~replaced.measured).all(axis=0)).tolist() == [[12, 30], [15, 40]]
    near = replaced.values[:, 12, [29, 31]]
    assert (near == replaced.values[:, 12, [30]]).all(axis=0).any()


def test_reference_pixels_count_even_if_they_are_flagged(groups):
    flagged = np.broadcast_to(~READOUT.reference_pixels, groups.shape)
    np.testing.assert_array_equal(
        prepare_reads(groups, READOUT, usable=flagged).values, prepare_reads(groups, READOUT).values
    )
    assert prepare_reads(groups, READOUT, usable=flagged).measured.all()


def test_dead_pixels_are_replaced_in_any_case(groups):
    groups[:, 8, 20] = np.nan
    prepared = prepare_reads(groups, READOUT, masked="feature")
    assert np.isfinite(prepared.values).all()
    assert not prepared.measured[:, 8, 20].any()
    assert prepared.values[:, 8, 20].any()


def test_samples_and_their_masks(groups):
    prepared = prepare_reads(groups, READOUT)
    values, measured = prepared.samples(READOUT, 3, [0, 5])
    assert values.shape == measured.shape == (2, 16, 3, ribbon_size(READOUT), READS - 2)
    np.testing.assert_array_equal(values[0, :, 0], values[0, :, 2])
    assert not measured[0, :, 0].any()
    assert measured[1].all()


@pytest.mark.parametrize(
    ("arguments", "message"), [({"groups": np.zeros((2, 24, 64))}, "three reads"), ({"masked": "zero"}, "zero")]
)
def test_what_does_not_fit_is_refused(groups, arguments, message):
    with pytest.raises(ValueError, match=message):
        prepare_reads(**{"groups": groups, "readout": READOUT, **arguments})
