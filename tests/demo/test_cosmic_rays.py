"""Metrics of cosmic rays against flags that are known to be right or wrong."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import image as images
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise import demo, simulate
from jwst_denoise.demo import cosmic_ray_picture, cosmic_rays, exposure, metrics

JUMP, SATURATED = np.uint8(dqflags.group["JUMP_DET"]), np.uint8(dqflags.group["SATURATED"])
SCENARIO = demo.Scenario("NIRISS", "NIS", "field", "SUB64", "NISRAPID", 6, "niriss_detector1_nsclean_groups")


@pytest.fixture(scope="module")
def made():
    """An exposure of 64² pixels with 300 hits of 20 and 300 of 3 sigma, and nothing else that arrives."""
    result = exposure.make(SCENARIO)
    truth = replace(result.truth, cosmic_rays=np.zeros_like(result.truth.cosmic_rays))
    noise = np.sqrt(truth.rate * result.group_time + 2 * result.detector.read_noise**2)
    rng = np.random.default_rng(1)
    for strength in (3, 20):
        group, y, x = (rng.integers(low, high, 300) for low, high in ((1, 6), (8, 56), (8, 56)))
        truth.cosmic_rays[0, group, y, x] = strength * noise[y, x]
    return replace(result, truth=truth)


@pytest.fixture(scope="module")
def planes(made):
    light = made.truth.rate * np.float32(100)
    error = np.sqrt(light + 100)
    sky = light < np.quantile(light, 0.8)
    return metrics.Planes(light, light, light, error, error, light, ~sky, sky, 100.0)


def flags_of(made, level):
    """GROUPDQ with exactly the hits above a level of the noise."""
    flags = np.zeros(made.counts.shape[1:], dtype=np.uint8)
    noise = np.sqrt(made.truth.rate * made.group_time + 2 * made.detector.read_noise**2)
    flags[made.truth.cosmic_rays[0] > level * noise] |= JUMP
    return flags


def rate_of(planes, offset=0.0):
    return planes.light + offset * planes.error_before, planes.error_before, np.zeros(planes.light.shape, dtype=bool)


@pytest.mark.parametrize(("level", "clear", "faint"), [(1.5, 1, 1), (10, 1, 0), (30, 0, 0)])
def test_what_is_flagged_is_found(made, planes, level, clear, faint):
    flags = flags_of(made, level)
    found = cosmic_rays.measure(flags, rate_of(planes), planes, cosmic_rays.truth_of(made, flags))
    assert found.clear == clear
    assert found.faint == pytest.approx(faint, abs=0.1)  # a faint hit may have a clear one in the next group
    assert found.false == found.wrong == 0
    assert not found.cores > 0


def test_a_flag_one_group_late_is_found_and_not_false(made, planes):
    flags = np.roll(flags_of(made, 1.5), 1, axis=0)
    flags[0] = 0
    found = cosmic_rays.measure(flags, rate_of(planes), planes, cosmic_rays.truth_of(made, flags))
    assert found.false == 0
    assert found.clear > 0.7  # those in the last group have none after them


def test_false_flags_and_wrong_rates_are_counted(made, planes):
    flags = flags_of(made, 1.5)
    flags[3] |= JUMP
    image, error, unusable = rate_of(planes)
    image = np.where((made.truth.cosmic_rays[0] > 0).any(axis=0), image + 5 * error, image)
    truth = cosmic_rays.truth_of(made, flags)
    found = cosmic_rays.measure(flags, (image, error, unusable), planes, truth)
    assert found.false == pytest.approx(1 / 5, abs=0.03)
    assert found.wrong == 1


def test_saturated_groups_and_the_differences_around_them_do_not_count(made):
    flags = flags_of(made, 1.5)
    flags[3:, 20, 20] |= SATURATED
    usable = cosmic_rays.truth_of(made, flags).usable
    assert usable[:, 20, 20].tolist() == [True, True, False, False, False]
    assert not usable[:, made.readout.reference_pixels].any()


def test_picture_shows_the_part_with_most_new_hits(made, planes, tmp_path):
    mask = np.zeros((300, 600), dtype=bool)
    mask[250:260, 500:520] = True
    rows, columns = cosmic_ray_picture.window(mask)
    assert mask[rows, columns].sum() == mask.sum()
    assert mask[rows, columns].shape == cosmic_ray_picture.EDGE
    flags = [cosmic_rays.jumps(flags_of(made, level)) for level in (10, 1.5)]
    truth = cosmic_rays.truth_of(made, flags_of(made, 1.5))
    path = tmp_path / "picture.png"
    cosmic_ray_picture.draw([planes.light, planes.light], flags, truth, planes, "title", path)
    pixels = images.imread(path)
    assert pixels.shape[1] == 1600
    assert len(np.unique(np.rint(255 * pixels[..., :3]) @ (1, 256, 65536))) > 100  # colors


def test_simulator_knows_the_scenarios():
    for scenario in demo.SCENARIOS.values():
        assert scenario.cosmic_ray_parameters.startswith(scenario.instrument.lower())
        assert scenario.detector in simulate.DETECTORS
