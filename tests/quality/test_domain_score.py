"""The domain score of images made with numpy alone: white, striped, cleaned and resampled noise."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from jwst_denoise.quality import assess_quality, score_domain

COMMON, OWN, WHITE = 3.0, 1.0, 8.0  # e-: 1/f noise that outputs share, that of each output, white noise of a rate


def pink(length, rms, rng):
    """1/f noise."""
    frequency = np.fft.rfftfreq(length)
    frequency[0] = np.inf
    modes = rng.normal(size=frequency.size) + 1j * rng.normal(size=frequency.size)
    series = np.fft.irfft(frequency**-0.5 * modes, length)
    return rms * series / series.std()


def stripes(shape, rng, outputs=4):
    """1/f noise of outputs that are read at once along the rows, in alternating directions."""
    ny, width = shape[0], shape[1] // outputs
    line = width + 12
    common = pink(ny * line, COMMON, rng)
    series = [(common + pink(ny * line, OWN, rng)).reshape(ny, line)[:, :width] for _ in range(outputs)]
    return np.concatenate([one[:, ::-1] if k % 2 else one for k, one in enumerate(series)], axis=1)


def without_line_levels(image, outputs=4):
    """Image with the median of every line of every output subtracted."""
    lines = image.reshape(len(image), outputs, -1)
    return (lines - np.median(lines, axis=2, keepdims=True)).reshape(image.shape)


def sky(shape, rng):
    """Stars and a gradient, in units of the white noise."""
    image = np.zeros(shape)
    number = shape[0] * shape[1] // 2500
    place = rng.integers(0, shape[0], number), rng.integers(0, shape[1], number)
    image[place] = 3 * rng.pareto(0.8, number)
    return 12 * gaussian_filter(image, 1.0) + np.linspace(0, 2, shape[1])


def resampled(shape, rng, frames):
    """Mean of dithered frames of white noise, each interpolated onto the pixels of the mosaic; of variance 1."""
    total = np.zeros(shape)
    for _ in range(frames):
        frame, (dy, dx) = rng.normal(size=(shape[0] + 1, shape[1] + 1)), rng.uniform(size=2)
        frame = (1 - dy) * frame[:-1] + dy * frame[1:]
        total += (1 - dx) * frame[:, :-1] + dx * frame[:, 1:]
    return total / total.std()


def score(image, noise=1.0, after=None):
    return score_domain(image, np.full(image.shape, noise), np.isfinite(image), after)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("shape", [(160, 160), (512, 512)])
def test_uncleaned_stripes_warn_and_recommend_nsclean(shape, turned):
    rng = np.random.default_rng([1, *shape])
    scene = WHITE * sky(shape, rng)
    image = scene + stripes(shape, rng) + rng.normal(0, WHITE, shape)
    pair = (image.T, scene.T) if turned else (image, scene)
    metrics = assess_quality(*pair, np.full(shape, WHITE))
    assert metrics.domain.stripes > 0.1
    assert "out_of_domain" in metrics.outside
    assert any("run nsclean first" in warning for warning in metrics.warnings)


@pytest.mark.parametrize("shape", [(160, 160), (512, 512)])
def test_cleaned_images_pass(shape):
    rng = np.random.default_rng([2, *shape])
    image = without_line_levels(stripes(shape, rng) + rng.normal(0, WHITE, shape)) + WHITE * sky(shape, rng)
    assert score(image, WHITE).score < 0.6


@pytest.mark.parametrize("shape", [(64, 64), (128, 300)])
def test_clean_frames_rarely_warn(shape):
    scores = []
    for seed in range(60):
        rng = np.random.default_rng([3, seed, *shape])
        image = sky(shape, rng) + rng.normal(size=shape)
        image[rng.random(shape) < 0.01] = np.nan
        scores.append(score(image).score)
    assert np.mean(np.array(scores) > 1) <= 0.03
    assert np.median(scores) < 0.4


@pytest.mark.parametrize("frames", [2, 4, 16])
def test_mosaics_are_out_of_the_domain(frames):
    rng = np.random.default_rng([4, frames])
    domain = score(sky((256, 256), rng) + resampled((256, 256), rng, frames))
    assert domain.correlation > 0.15
    assert domain.score > 1
    assert "neighboring pixels" in domain.reason


def test_amplitude_of_stripes():
    rng = np.random.default_rng(5)
    shape = (2000, 512)
    domain = score(rng.normal(size=shape) + 0.2 * rng.normal(size=(shape[0], 1)))
    assert domain.stripes == pytest.approx(0.2, rel=0.1)


def test_structure_of_the_scene_is_not_taken_for_stripes():
    """An edge-on galaxy and short spectra along the rows, which the network keeps."""
    rng = np.random.default_rng(6)
    y, x = np.mgrid[:256, :256]
    scene = 30 * np.exp(-np.abs(y - 128 + 0.1 * (x - 128)) / 15)
    for row, column, flux in zip(*rng.uniform(0, 256, (2, 40)), rng.pareto(1.0, 40), strict=True):
        scene += flux * np.exp(-0.5 * ((y - row) / 1.2) ** 2) * (np.abs(x - column) < 80)
    assert score(scene + rng.normal(size=scene.shape), after=scene).stripes < 0.08
