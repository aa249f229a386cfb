"""From probabilities for group differences to group flags."""

import numpy as np
import pytest

from jwst_denoise.cosmic_ray_mask import veto
from jwst_denoise.cosmic_ray_mask.images import Options
from jwst_denoise.cosmic_ray_mask.ramps import mask_integration, mask_ramps
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.simulate import point_spread_function
from jwst_denoise.simulate.fields import point_sources

DNU, SATURATED, JUMP = 1, 2, 4
SHAPE = (2, 5, 40, 50)


class Jumps:
    """A stand-in for the network: sure of differences above 100 e-."""

    def __init__(self):
        self.arguments = []

    def predict(self, groups, read_noise, *, gain, bad, saturated, nframes, groupgap, progress=None):
        self.arguments.append({"bad": bad, "saturated": saturated, "nframes": nframes, "groupgap": groupgap})
        rise = np.diff(np.nan_to_num(groups) * gain, axis=0, prepend=groups[:1] * gain)
        return np.where(np.abs(rise) > 100, 0.9, 0.1).astype("f4")


@pytest.fixture
def data():
    """Ramps with a hit of 500 DN in integration 1, before group 3, at (10, 20)."""
    data = np.ones(SHAPE, "f4").cumsum(axis=1)
    data[1, 3:, 10, 20] += 500
    return data


def flags(data, groupdq=None, pixeldq=None, network=None, noise=None, **options):
    groupdq = np.zeros(data.shape, np.uint8) if groupdq is None else groupdq
    noise = noise or GroupNoise(10.0, gain=2.0)
    return mask_ramps(data, groupdq, network or Jumps(), noise, Options(0.5, **options), pixeldq)


def test_the_group_after_the_hit_is_flagged(data):
    expected = np.zeros(SHAPE, np.uint8)
    expected[1, 3, 10, 20] = JUMP
    result = flags(data)
    np.testing.assert_array_equal(result, expected)
    assert result.dtype == np.uint8


def test_flags_that_are_set_stay(data):
    before = np.zeros(SHAPE, np.uint8)
    before[0, 2, 5, 5] = JUMP
    before[1, 4, 6, 6] = SATURATED
    given = before.copy()
    result = flags(data, given)
    np.testing.assert_array_equal(given, before)
    assert ((result & before) == before).all()
    assert result[1, 3, 10, 20] == JUMP


@pytest.mark.parametrize(("group", "flag"), [(3, SATURATED), (2, SATURATED), (3, DNU), (2, DNU)])
def test_differences_of_unusable_groups_are_not_flagged(data, group, flag):
    groupdq = np.zeros(SHAPE, np.uint8)
    groupdq[1, group:, 10, 20] = flag
    np.testing.assert_array_equal(flags(data, groupdq), groupdq)


def test_the_network_gets_the_unusable_pixels(data):
    groupdq = np.zeros(SHAPE, np.uint8)
    groupdq[0, 1, 2, 3], groupdq[0, 2, 4, 5] = DNU, SATURATED | JUMP
    pixeldq = np.zeros(SHAPE[2:], np.uint32)
    pixeldq[7, 7], pixeldq[8, 8], pixeldq[9, 9] = DNU, 2**31, 2**15
    network = Jumps()
    flags(data, groupdq, pixeldq, network, GroupNoise(10.0, gain=2.0, nframes=8, groupgap=12))
    first = network.arguments[0]
    assert (first["nframes"], first["groupgap"]) == (8, 12)
    assert sorted(map(tuple, np.argwhere(first["saturated"]))) == [(2, 4, 5)]
    bad = np.zeros(SHAPE[1:], bool)
    bad[1, 2, 3] = True
    bad[:, [7, 8], [7, 8]] = True
    np.testing.assert_array_equal(first["bad"], bad)


def test_pixels_without_gain_or_value_are_not_flagged(data):
    gain = np.full(SHAPE[2:], 2.0)
    gain[10, 20] = np.nan
    assert not flags(data, noise=GroupNoise(10.0, gain=gain)).any()
    data[1, 3, 10, 20] = np.nan
    assert not flags(data).any()


def test_the_mask_grows(data):
    expected = np.zeros(SHAPE, bool)
    expected[1, 3, 9:12, 19:22] = True
    np.testing.assert_array_equal(flags(data, dilate=1) == JUMP, expected)


def test_probabilities_come_with_the_mask(data):
    flagged, probability = mask_integration(
        data[1], np.zeros(SHAPE[1:], np.uint8), Jumps(), GroupNoise(10.0, gain=2.0), Options(0.5)
    )
    np.testing.assert_array_equal(flagged, probability > 0.5)
    assert flagged.sum() == 1


def test_two_groups_protect_stars():
    """A single difference cannot show that a star is constant in time."""
    rng = np.random.default_rng(3)
    psf = point_spread_function("NIRCAM_SW", "F200W")
    star = point_sources((60, 60), np.array([30.0]), np.array([20.0]), np.array([20000.0]), psf)
    difference = rng.poisson(star + 5.0) + 14 * rng.standard_normal(star.shape)
    difference[45, 45] += 3000
    data = np.stack([np.zeros(star.shape), difference])[None].astype("f4")
    kinds = (veto.star_templates("NIRCAM_SW", "F200W"),)
    plain, careful = (flags(data, noise=GroupNoise(10.0), protected=chosen)[0, 1] for chosen in ((), kinds))
    assert plain[20, 30] == JUMP
    assert careful[20, 30] == 0
    assert careful[45, 45] == JUMP
