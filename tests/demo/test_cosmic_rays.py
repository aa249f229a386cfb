"""Flags of cosmic rays that are known to be right or wrong."""

from dataclasses import replace

import numpy as np
import pytest
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise import demo
from jwst_denoise.demo import cosmic_rays, metrics, scenarios

JUMP, SATURATED = np.uint8(dqflags.group["JUMP_DET"]), np.uint8(dqflags.group["SATURATED"])
SCENARIO = demo.Scenario("NIRISS", "NIS", "field", "SUB64", "NISRAPID", 6)


@pytest.fixture(scope="module")
def exposure():
    """64² pixels with 300 hits of 20 and 300 of 3 sigma, and no other cosmic rays."""
    result = scenarios.simulate_scenario(SCENARIO)
    truth = replace(result.truth, cosmic_rays=np.zeros_like(result.truth.cosmic_rays))
    noise = np.sqrt(truth.rate * result.group_time + 2 * result.detector.read_noise**2)
    rng = np.random.default_rng(1)
    for strength in (3, 20):
        group, y, x = (rng.integers(low, high, 300) for low, high in ((1, 6), (8, 56), (8, 56)))
        truth.cosmic_rays[0, group, y, x] = strength * noise[y, x]
    return replace(result, truth=truth)


@pytest.fixture(scope="module")
def truth(exposure):
    return metrics.find_truth(exposure, [image_of(exposure)])


def image_of(exposure, offset=0.0):
    """The true signal, off by some of its errors."""
    signal = exposure.truth.rate * np.float32(exposure.group_time * 5)
    err = np.sqrt(signal + 100)
    return metrics.Image(signal + offset * err, err, np.ones(signal.shape, dtype=bool))


def flags_of(exposure, level):
    """GROUPDQ with exactly the hits above a level of the noise."""
    flags = np.zeros(exposure.counts.shape[1:], dtype=np.uint8)
    noise = np.sqrt(exposure.truth.rate * exposure.group_time + 2 * exposure.detector.read_noise**2)
    flags[exposure.truth.cosmic_rays[0] > level * noise] |= JUMP
    return flags


def measure(exposure, truth, flags, image=None):
    charge = cosmic_rays.read_charge(exposure, flags)
    return cosmic_rays.measure_detections(flags, image or image_of(exposure), charge, truth)


@pytest.mark.parametrize(("level", "clear", "faint"), [(1.5, 1, 1), (10, 1, 0), (30, 0, 0)])
def test_flagged_hits_are_found(exposure, truth, level, clear, faint):
    result = measure(exposure, truth, flags_of(exposure, level))
    assert result.clear == clear
    assert result.faint == pytest.approx(faint, abs=0.1)  # a faint hit may have a clear one in the next group
    assert result.false == result.wrong == 0
    assert not result.cores > 0


def test_a_flag_one_group_late_is_found_and_not_false(exposure, truth):
    flags = np.roll(flags_of(exposure, 1.5), 1, axis=0)
    flags[0] = 0
    result = measure(exposure, truth, flags)
    assert result.false == 0
    assert result.clear > 0.7  # those in the last group have none after them


def test_false_flags_and_wrong_rates_are_counted(exposure, truth):
    flags = flags_of(exposure, 1.5)
    flags[3] |= JUMP
    hit = (exposure.truth.cosmic_rays[0] > 0).any(axis=0)
    wrong = replace(image_of(exposure), data=np.where(hit, image_of(exposure, 5).data, image_of(exposure).data))
    result = measure(exposure, truth, flags, wrong)
    assert result.false == pytest.approx(1 / 5, abs=0.03)
    assert result.wrong == 1


def test_saturated_groups_and_the_differences_around_them_do_not_count(exposure):
    flags = flags_of(exposure, 1.5)
    flags[3:, 20, 20] |= SATURATED
    usable = cosmic_rays.read_charge(exposure, flags).usable
    assert usable[:, 20, 20].tolist() == [True, True, False, False, False]
    assert not usable[:, exposure.readout.reference_pixels].any()


def test_scenario_has_as_many_events_as_a_full_frame():
    """Ten times the rates on a tenth of the pixels."""
    usual, raised = scenarios.simulate.CosmicRayParameters(), scenarios.COSMIC_RAYS.hits
    ny, nx = scenarios.simulate.subarray("NRCB1", scenarios.COSMIC_RAYS.subarray).shape
    for name in ("snowball_rate", "shower_rate"):
        assert getattr(raised, name) * ny * nx / 2048**2 == pytest.approx(getattr(usual, name), rel=0.03)
    assert scenarios.COSMIC_RAYS.ngroups == 3
