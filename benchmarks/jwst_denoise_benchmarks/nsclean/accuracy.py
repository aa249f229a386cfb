"""Method ``nsclean`` against its dense definition: the matrix of every dark pixel and every frequency."""

import numpy as np

from jwst_denoise.nsclean import FitOptions
from jwst_denoise.nsclean.frame import fit_frame
from jwst_denoise.nsclean.lines import fit_lines
from jwst_denoise.nsclean.weights import band_apodizer, density_weights, lowpass_apodizer
from jwst_denoise.readout import Readout
from jwst_denoise_benchmarks.rows import Row

__all__ = ["definition"]

LIMIT = 1e-6


def definition(quick):
    """Rows: both forms in double precision on small frames."""
    for name, measure in (("full-frame form, 64 × 128", _lines), ("subarray form, 32 × 60", _frame)):
        found, expected = measure(np.random.default_rng(12))
        difference = float(np.linalg.norm(found - expected) / np.linalg.norm(expected))
        yield Row(
            f"nsclean, {name}: difference from the dense definition in double precision", f"{difference:.1e}",
            asked=f"≤ {LIMIT:.0e}", met=difference <= LIMIT, figures={"relative_difference": difference},
        )  # fmt: skip


def _dense(series, weights, gain, sample):
    """Least squares with the Moore–Penrose inverse (Rauscher 2024, eq. 6), filtered, in time order."""
    count, order = 2 * (gain.size - 1), np.flatnonzero(gain)
    basis = np.exp(2j * np.pi * np.outer(sample, order) / count)
    root = np.sqrt(weights[sample])
    spectrum = np.zeros(gain.size, dtype=complex)
    spectrum[order] = np.linalg.pinv(root[:, None] * basis) @ (root * series[sample]) * gain[order]
    return np.fft.irfft(spectrum * count, count)


def _lines(rng):
    readout = Readout((64, 128), fastaxis=-1, slowaxis=2, outputs=4)
    options = FitOptions(
        method="nsclean", critical_frequency=4 / 128, kill_width=1 / 128, weights_sigma=8.0, outlier_sigma=0,
        buff_sigma=0,
    )  # fmt: skip
    mask = rng.random(readout.shape) < 0.6
    data = np.where(mask, rng.normal(size=readout.shape) + 5 * np.sin(np.arange(64))[:, None], 0)
    gain = lowpass_apodizer(128, options.critical_frequency, options.kill_width)
    expected = [
        _dense(line, density_weights(dark.astype(float), options.weights_sigma), gain, np.flatnonzero(dark))
        for line, dark in zip(readout.to_detector(data), readout.to_detector(mask), strict=True)
    ]
    return fit_lines(data, mask, readout, options)[0], readout.from_detector(np.array(expected))


def _frame(rng):
    readout = Readout((32, 60), fastaxis=2, slowaxis=-1)
    options = FitOptions(method="nsclean", bands=(1000.0, 1200.0, 49000.0, 49200.0), frame_outlier_sigma=0)
    mask = rng.random(readout.shape) < 0.7
    data = rng.normal(size=readout.shape)
    level = np.median(data[mask])
    streams = readout.to_streams(np.where(mask, data - level, 0))[0].ravel()
    dark = readout.to_streams(mask)[0].ravel()
    weights = density_weights(dark.astype(float), 1 / (4 * sum(options.bands[:2]) * readout.pixel_time))
    gain = band_apodizer(readout.ticks, readout.pixel_time, options.bands)
    model = _dense(streams, weights, gain, np.flatnonzero(dark)).reshape(1, readout.lines, -1)
    return fit_frame(data, mask, readout, options)[0], readout.from_streams(model) + level
