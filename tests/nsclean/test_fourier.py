"""Method ``nsclean`` against its dense definition, and its behavior in gaps."""

import numpy as np
import pytest

from jwst_denoise.nsclean import FitOptions, fit_noise
from jwst_denoise.nsclean.frame import fit_frame, solve_toeplitz
from jwst_denoise.nsclean.lines import fit_lines
from jwst_denoise.nsclean.weights import band_apodizer, density_weights, lowpass_apodizer
from jwst_denoise.readout import Readout


def dense_fit(series, weights, order, n, sample):
    """Weighted least squares of one-sided Fourier coefficients by the Moore–Penrose inverse (eq. 6)."""
    basis = np.exp(2j * np.pi * np.outer(sample, order) / n)
    root = np.sqrt(weights)[:, None]
    return np.linalg.pinv(root * basis) @ (root[:, 0] * series)


def dense_lines(frame, dark, options):
    """Line-by-line definition in double precision, blur included."""
    lines, n = frame.shape
    gain = lowpass_apodizer(n, options.critical_frequency, options.kill_width)
    order = np.flatnonzero(gain)
    model = np.zeros(frame.shape)
    for y in range(lines):
        sample = np.flatnonzero(dark[y])
        values = frame[y, sample].copy()
        median = np.median(values)
        sigma = 1.4826 * np.median(np.abs(values - median))
        values[np.abs(values - median) > options.outlier_sigma * sigma] = median
        weights = density_weights(dark[y].astype(float), options.weights_sigma)[sample]
        spectrum = np.zeros(n // 2 + 1, dtype=complex)
        spectrum[order] = dense_fit(values, weights, order, n, sample) * gain[order]
        model[y] = np.fft.irfft(spectrum * n, n)
    distance = np.minimum(np.arange(lines), lines - np.arange(lines))
    kernel = np.exp(-0.5 * (distance / options.buff_sigma) ** 2) * (distance <= int(4 * options.buff_sigma + 0.5))
    kernel /= kernel.sum()
    return np.array([sum(kernel[(y - j) % lines] * model[j] for j in range(lines)) for y in range(lines)])


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(12)
    readout = Readout((64, 128), fastaxis=-1, slowaxis=2, outputs=4)
    data = rng.normal(size=readout.shape) + 5 * np.sin(np.arange(64))[:, None]
    mask = rng.random(readout.shape) < 0.6
    return readout, data, mask


def test_lines_equal_the_dense_definition(case):
    readout, data, mask = case
    options = FitOptions(method="nsclean", critical_frequency=4 / 128, kill_width=1 / 128, weights_sigma=8.0)
    noise, _ = fit_lines(np.where(mask, data, 0), mask, readout, options)
    frame, dark = readout.to_detector(data), readout.to_detector(mask)
    expected = readout.from_detector(dense_lines(frame, dark, options))
    assert np.linalg.norm(noise - expected) <= 1e-6 * np.linalg.norm(expected)


def test_frame_equals_the_dense_definition():
    rng = np.random.default_rng(5)
    readout = Readout((32, 60), fastaxis=2, slowaxis=-1)
    options = FitOptions(method="nsclean", bands=(1000.0, 1200.0, 49000.0, 49200.0), frame_outlier_sigma=0)
    data = rng.normal(size=readout.shape)
    mask = rng.random(readout.shape) < 0.7
    noise, _ = fit_frame(data, mask, readout, options)

    n = readout.ticks
    streams = readout.to_streams(np.where(mask, data, 0))[0].ravel()
    dark = readout.to_streams(mask)[0].ravel()
    gain = band_apodizer(n, readout.pixel_time, options.bands)
    sample, order = np.flatnonzero(dark), np.flatnonzero(gain)
    weights = density_weights(dark.astype(float), 1 / (4 * 2200 * 1e-5))[sample]
    level = np.median(data[mask])
    spectrum = np.zeros(n // 2 + 1, dtype=complex)
    spectrum[order] = dense_fit(streams[sample] - level, weights, order, n, sample) * gain[order]
    model = np.fft.irfft(spectrum * n, n).reshape(1, readout.lines, -1)
    expected = readout.from_streams(model) + level
    assert np.linalg.norm(noise - expected) <= 1e-6 * np.linalg.norm(expected)


def test_ridge_enters_the_normal_equations():
    rng = np.random.default_rng(2)
    weights, series = rng.random(64) * (rng.random(64) < 0.5), rng.normal(size=64)
    order = np.arange(6)
    basis = np.exp(2j * np.pi * np.outer(np.arange(64), order) / 64)
    matrix = basis.conj().T @ (weights[:, None] * basis) + 3 * np.eye(6)
    expected = np.linalg.solve(matrix, basis.conj().T @ (weights * series))
    fitted = np.zeros(33, dtype=bool)
    fitted[order] = True
    np.testing.assert_allclose(solve_toeplitz(weights, series, fitted, 3.0)[order], expected, rtol=1e-9)


@pytest.mark.parametrize("outputs", [1, 4])
def test_wide_gaps_do_not_explode(outputs):
    readout = Readout((128, 512), fastaxis=1, slowaxis=2, outputs=outputs)
    data = np.random.default_rng(8).normal(size=readout.shape).astype(np.float32)
    mask = np.zeros(readout.shape, dtype=bool)
    mask[:, 10:60] = True
    noise, variance = fit_noise(data, mask, readout, "nsclean", critical_frequency=1 / 64, kill_width=1 / 256)
    assert np.isfinite(noise).all()
    assert noise.std() < 0.6 * data.std()
    assert (variance >= 0).all()


def test_variance_is_that_of_white_noise():
    readout = Readout((64, 512), fastaxis=1, slowaxis=2, outputs=4)
    rng = np.random.default_rng(21)
    mask = rng.random(readout.shape) < 0.5
    options = {"critical_frequency": 1 / 64, "kill_width": 1 / 256, "outlier_sigma": 0}
    runs = [fit_noise(rng.normal(size=readout.shape), mask, readout, "nsclean", **options) for _ in range(40)]
    scatter = np.mean([noise**2 for noise, _ in runs])
    assert scatter == pytest.approx(np.mean([variance for _, variance in runs]), rel=0.1)


def test_median_by_hand():
    readout = Readout((8, 16), fastaxis=2, slowaxis=1, outputs=2)
    rng = np.random.default_rng(1)
    data, mask = rng.normal(size=readout.shape), rng.random(readout.shape) < 0.7
    noise, _ = fit_noise(data, mask, readout, "median", fit_by_output=True)
    for x in range(16):
        for part in (slice(0, 4), slice(4, 8)):
            dark = mask[part, x]
            expected = np.median(data[part, x][dark]) if dark.any() else 0
            np.testing.assert_allclose(noise[part, x], expected)
