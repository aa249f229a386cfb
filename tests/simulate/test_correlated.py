"""Correlated noise: its spectrum, and its place in the image."""

import numpy as np
import pytest

from jwst_denoise.readout import DETECTORS, Readout
from jwst_denoise.simulate import NoiseSpectrum, correlated_noise, detector, stationary_noise


def band_averages(power, expected, bands=12):
    """Ratio of measured and expected power in logarithmic bands, and the sampling error of each ratio."""
    frequency = np.arange(1, power.shape[-1] - 1)
    band = np.minimum((np.log(frequency) / np.log(frequency[-1] + 1) * bands).astype(int), bands - 1)
    ratio = (power / expected)[..., 1:-1]
    count = np.bincount(band) * ratio[..., 0].size
    return np.bincount(band, ratio.sum(axis=tuple(range(ratio.ndim - 1)))) / count, 1 / np.sqrt(count)


def test_periodogram_follows_the_density():
    samples, interval, number = 4096, 1e-5, 60
    spectrum = NoiseSpectrum(common_rms=3.0, common_slope=1.1)
    rng = np.random.default_rng(1)
    series = np.stack([stationary_noise(spectrum.common_psd, samples, interval, rng, guard=0) for _ in range(number)])
    frequency = np.fft.rfftfreq(samples, interval)
    power = np.abs(np.fft.rfft(series)) ** 2
    ratio, error = band_averages(power, samples * spectrum.common_psd(frequency) / (2 * interval))
    assert np.all(np.abs(ratio - 1) < 5 * error)


def test_guard_keeps_the_end_apart_from_the_beginning():
    rng = np.random.default_rng(2)
    spectrum = NoiseSpectrum(common_rms=1.0, common_slope=1.5)

    def jump(guard):
        series = [stationary_noise(spectrum.common_psd, 2048, 1e-5, rng, guard=guard) for _ in range(200)]
        return np.mean([(s[0] - s[-1]) ** 2 for s in series])

    assert jump(0.25) > 5 * jump(0)


def test_white_density_gives_its_variance():
    rng = np.random.default_rng(3)
    series = stationary_noise(lambda f: np.full_like(f, 2 * 1e-5 * 9.0), 100_000, 1e-5, rng)
    assert series.dtype == np.float32
    assert series.var() == pytest.approx(9.0, rel=5 * np.sqrt(2 / 1e5))


def test_common_noise_is_the_same_in_all_outputs_and_mirrored():
    readout = Readout((64, 256), 1, 2, outputs=4)
    only_common = NoiseSpectrum(common_rms=2, output_rms=0, alternating_rms=0)
    image = correlated_noise(readout, only_common, np.random.default_rng(4))[0]
    first, second, third, fourth = np.split(image, 4, axis=1)
    np.testing.assert_array_equal(second, first[:, ::-1])
    np.testing.assert_array_equal(third, first)
    np.testing.assert_array_equal(fourth, second)


def test_each_output_has_its_own_noise():
    readout = Readout((64, 256), 1, 2, outputs=4)
    only_own = NoiseSpectrum(common_rms=0, output_rms=2, output_slope=0.5, alternating_rms=0)
    streams = readout.to_streams(correlated_noise(readout, only_own, np.random.default_rng(5)))[0, ..., :64]
    correlation = np.corrcoef(np.diff(streams.reshape(4, -1)))
    assert np.abs(correlation - np.eye(4)).max() < 5 / np.sqrt(64 * 64)


def test_alternating_noise_changes_sign_from_pixel_to_pixel():
    readout = Readout((128, 128), 1, 2)
    only_columns = NoiseSpectrum(common_rms=0, output_rms=0, alternating_rms=1, alternating_width=2.0)
    image = correlated_noise(readout, only_columns, np.random.default_rng(6))[0]
    neighbors = np.mean(image[:, 1:] * image[:, :-1]) / np.mean(image**2)
    assert neighbors < -0.95


@pytest.mark.parametrize("name", DETECTORS)
def test_noise_is_smooth_along_the_fast_axis_only(name):
    readout = Readout.for_detector(name, (96, 96))
    steep = NoiseSpectrum(
        common_rms=1, common_slope=2.0, output_rms=0, alternating_rms=0, band=(100.0, 5e4), floor=100.0
    )
    image = correlated_noise(readout, steep, np.random.default_rng(7))[0]
    along_x, along_y = np.var(np.diff(image, axis=1)), np.var(np.diff(image, axis=0))
    fast, slow = (along_x, along_y) if abs(readout.fastaxis) == 1 else (along_y, along_x)
    assert slow > 10 * fast


def test_frames_follow_each_other_in_time():
    readout = Readout((32, 32), 1, 2)
    slow = NoiseSpectrum(common_rms=1, common_slope=2.0, output_rms=0, alternating_rms=0, band=(1.0, 5e4), floor=1.0)
    frames = correlated_noise(readout, slow, np.random.default_rng(8), frames=40)
    across = frames[1:, 0, 0] - frames[:-1, -1, -1]
    apart = frames[1:, 0, 0] - frames[:-1, 0, 0]
    assert np.var(across) < 0.1 * np.var(apart)


def test_subarray_spectrum_in_read_out_time():
    """The periodogram of whole streams, overhead included, is the sum of both densities."""
    readout, number = Readout((64, 64), 2, 1, overhead=0), 80
    spectrum = detector("NRS1").correlated
    rng = np.random.default_rng(9)
    streams = np.stack([readout.to_streams(correlated_noise(readout, spectrum, rng)[0]).ravel() for _ in range(number)])
    window = np.hanning(streams.shape[1])
    power = np.abs(np.fft.rfft(streams * window)) ** 2 / np.mean(window**2)
    frequency = np.fft.rfftfreq(streams.shape[1], 1e-5)
    expected = streams.shape[1] * (spectrum.common_psd(frequency) + spectrum.output_psd(frequency)) / 2e-5
    inner = (frequency > 500) & (frequency < 49000)
    ratio = (power / expected)[:, inner]
    blocks = ratio[:, : ratio.shape[1] // 64 * 64].reshape(number, -1, 64).mean(axis=(0, 2))
    error = np.sqrt(2 / (number * 64))  # the window correlates neighbors
    assert np.all(np.abs(blocks - 1) < 5 * error)


def test_the_same_seed_gives_the_same_noise():
    readout = Readout((32, 32), 1, 2)
    one, other = (correlated_noise(readout, NoiseSpectrum(), np.random.default_rng(10)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert one.dtype == np.float32
