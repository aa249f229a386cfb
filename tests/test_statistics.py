"""Robust statistics against numpy and against what is known of normal samples."""

import numpy as np
import pytest

from jwst_denoise.statistics import (
    box_level,
    masked_median,
    power_spectrum,
    radial_power_spectrum,
    robust_level,
    robust_sigma,
)


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masked_median_against_numpy(rng, axis, dtype):
    values, mask = rng.normal(size=(50, 41)).astype(dtype), rng.random((50, 41)) < 0.7
    mask[3], mask[:, 5], mask[7], mask[8] = False, False, True, np.arange(41) == 11
    lines = zip(np.moveaxis(values, axis, -1), np.moveaxis(mask, axis, -1), strict=True)
    chosen = [line[use] for line, use in lines]
    median = masked_median(values, mask, axis)
    assert median.dtype == dtype
    np.testing.assert_array_equal(median, [np.median(line) if line.size else 0 for line in chosen])
    lower = [np.sort(line)[(line.size - 1) // 2] if line.size >= 16 else np.nan for line in chosen]
    np.testing.assert_array_equal(masked_median(values, mask, axis, lower=True, fewest=16, empty=np.nan), lower)


def test_scatter_of_a_normal_sample(rng):
    sample = 7 + 3 * rng.normal(size=400_000)
    assert robust_sigma(sample) == pytest.approx(3, rel=5 * np.sqrt(1.36 / 200_000))
    assert robust_sigma(sample, None) == pytest.approx(3, rel=5 * np.sqrt(1.36 / 400_000))
    assert robust_sigma(np.array([-1.0, 3.0, 3.0]), center=0) == pytest.approx(3 * 1.4826)
    assert robust_sigma(sample[:0]) == 0


def test_level_of_a_normal_sample(rng):
    sample = 7 + 3 * rng.normal(size=40_000)
    level, sigma = robust_level(sample, n_sigma=5)
    assert abs(level - 7) < 5 * 3 * np.sqrt(np.pi / 2 / sample.size)
    assert abs(sigma / 3 - 1) < 5 * 2 / np.sqrt(sample.size)


def test_faint_signal_does_not_widen_the_lower_half(rng):
    sample = rng.normal(size=40_000)
    raised = sample + np.where(rng.random(sample.size) < 0.2, rng.uniform(0, 2, sample.size), 0)
    assert robust_level(raised)[1] < 0.99 * raised.std()
    assert abs(robust_level(raised)[1] - 1) < 0.1


def test_level_of_boxes(rng):
    image, good = rng.normal(size=(100, 130)), rng.random((100, 130)) < 0.6
    image[~good], good[64:, 128:] = 1e6, False
    level = box_level(image, good)
    assert level[10, 70] == np.float32(np.median(image[:64, 64:128][good[:64, 64:128]]))
    assert level[70, 129] == np.float32(np.median(image[good]))
    assert (box_level(image, np.zeros_like(good)) == 0).all()


def test_level_of_boxes_follows_a_gradient(rng):
    image = 1e-2 * np.arange(256)[:, None] + rng.normal(size=(256, 256))
    flat = image - box_level(image, np.ones(image.shape, bool))
    assert flat.std() == pytest.approx(1, abs=0.03)
    assert abs(np.median(flat)) < 0.02


def test_spectrum_of_white_noise_and_of_a_wave(rng):
    series, good = 3 * rng.normal(size=(40, 512)), rng.random((40, 512)) < 0.5
    _, power = power_spectrum(series, good, 0.1)
    assert np.average(power) == pytest.approx(2 * 9 * 0.1, rel=0.1)
    wave = np.sin(2 * np.pi * 0.125 * np.arange(512)) * np.ones((3, 1))
    frequency, power = power_spectrum(wave, np.ones(wave.shape, bool))
    assert frequency[power.argmax()] == pytest.approx(0.125, rel=0.1)
    assert power_spectrum(series, np.zeros_like(good))[1].size == 0


def test_radial_spectrum_of_white_noise(rng):
    good = rng.random((128, 128)) < 0.7
    frequency, power = radial_power_spectrum(np.where(good, 2 * rng.normal(size=good.shape), 0), good)
    assert frequency[-1] < 0.5
    np.testing.assert_allclose(power, 4, rtol=5 / np.sqrt(100))
