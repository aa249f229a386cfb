"""Quality metrics of images whose noise, sources and faults are known."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, uniform_filter

from jwst_denoise import quality
from jwst_denoise.quality.sources import Contrast

SHAPE = (320, 256)
SKY, NOISE = 0.2, 0.02


@pytest.fixture(scope="module")
def scene():
    """A sky with 40 stars from barely measured to bright, apart from each other."""
    rng = np.random.default_rng(5)
    image = np.zeros(SHAPE)
    y, x = (k.ravel() for k in np.meshgrid(np.arange(20, 310, 40), np.arange(25, 250, 50), indexing="ij"))
    image[y + rng.integers(-5, 6, y.size), x + rng.integers(-5, 6, x.size)] = np.geomspace(0.5, 20, y.size)
    return SKY + gaussian_filter(image, 1.2)


@pytest.fixture(scope="module")
def before(scene):
    return scene + np.random.default_rng(6).normal(0, NOISE, SHAPE)


def assess(before, after, noise=NOISE, **options):
    return quality.assess_quality(before, after, np.full(before.shape, noise), **options)


def test_the_scene_passes(scene, before):
    result = assess(before, scene)
    assert result.warnings == result.outside == []
    assert result.metrics["residual_rms"] == pytest.approx(1, abs=0.02)
    assert result.residual.power == pytest.approx(np.ones(len(result.residual.power)), abs=0.2)
    assert result.metrics["flux_change"] == pytest.approx(0, abs=0.01)
    assert result.sources.before >= result.sources.clear > 25
    assert result.domain.noise == pytest.approx(1, abs=0.02)
    assert result.domain.correlation == pytest.approx(0, abs=0.03)
    assert set(result.metrics) == set(quality.BOUNDS)


def test_half_way_to_the_scene_passes(scene, before):
    result = assess(before, (scene + before) / 2)
    assert result.outside == []
    assert result.metrics["residual_rms"] == pytest.approx(0.5, abs=0.01)
    assert (result.sources.vanished, result.sources.appeared) == (0, 0)


def test_flux_restored_in_boxes_passes(scene, before):
    after = scene
    for _ in range(3):
        after = after + uniform_filter(before - after, 5)
    result = assess(before, after)
    assert result.outside == []
    assert result.metrics["local_mean"] < 0.5


FAULTS = {
    "smoothed": (lambda scene, before: gaussian_filter(before, 2.0), {"flux_change", "vanished", "power_peak"}),
    "dimmed": (lambda scene, before: SKY + 0.9 * (scene - SKY), {"flux_change"}),
    "shifted": (lambda scene, before: scene + 0.1 * NOISE, {"residual_mean"}),
    "erased": (lambda scene, before: np.full(SHAPE, SKY), {"vanished"}),
    "tilted": (lambda scene, before: scene + NOISE * np.linspace(-0.5, 0.5, SHAPE[0])[:, None], {"local_mean"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_found(scene, before, fault):
    make, expected = FAULTS[fault]
    result = assess(before, make(scene, before))
    assert expected <= set(result.outside)
    assert len(result.warnings) == len(result.outside)


def test_warnings_say_value_and_bounds(scene, before):
    warning = assess(before, scene + 0.1 * NOISE).warnings[0]
    assert warning.startswith("mean of the residual, in units of the noise: -0.09")
    assert warning.endswith("should be -0.02 to 0.02")


def test_invented_stars_are_counted(scene, before):
    """Stars where the input has less signal than its noise."""
    dark = Contrast(np.full(SHAPE, NOISE), np.ones(SHAPE, bool)).of(before)
    y, x = (k.ravel() for k in np.meshgrid(np.arange(40, 300, 40), np.arange(50, 230, 50), indexing="ij"))
    empty = np.array([dark[j - 3 : j + 4, i - 3 : i + 4].max() < 1.8 for j, i in zip(y, x, strict=True)])
    image = np.zeros(SHAPE)
    image[y[empty], x[empty]] = 1.0
    result = assess(before, (scene + before) / 2 + gaussian_filter(image, 1.2))
    assert empty.sum() >= 3
    assert result.sources.appeared == empty.sum()
    assert "appeared" in result.outside


def test_pixels_sharper_than_stars_may_vanish(scene, before):
    hot = before.copy()
    hot[100:300:40, 48] += 20 * NOISE
    result = assess(hot, scene)
    assert result.sources.vanished == 0


def test_fluxes_are_those_of_the_same_apertures(scene, before):
    sources = assess(before, SKY + 0.9 * (before - SKY)).sources
    np.testing.assert_allclose(sources.flux_after / sources.flux_before, 0.9, rtol=0.02)
    change, error = sources.change
    assert change == pytest.approx(-0.1, abs=0.003)
    assert 0 <= error < 0.003


@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_wrong_errors_are_out_of_the_domain(scene, before, factor):
    result = assess(before, scene, NOISE / factor)
    assert result.domain.noise == pytest.approx(factor, rel=0.03)
    assert "out_of_domain" in result.outside
    assert f"is {result.domain.noise:.2f} times" in result.domain.reason


def test_structure_that_the_network_keeps_does_not_count_as_noise(scene):
    rng = np.random.default_rng(4)
    structure = scene.copy()
    structure[:, :200] += gaussian_filter(rng.normal(0, 9 * NOISE, SHAPE), 0.8)[:, :200]
    before = structure + rng.normal(0, NOISE, SHAPE)
    usable, noise = np.ones(SHAPE, bool), np.full(SHAPE, NOISE)
    measured = quality.score_domain(before, noise, usable, structure).noise
    assert measured == pytest.approx(1, abs=0.05)
    assert quality.score_domain(before, noise, usable).noise > measured + 0.1


def test_pixels_that_stand_out_are_counted():
    rng = np.random.default_rng(5)
    image = rng.normal(0, NOISE, SHAPE)
    image[:128] += 1.0
    result = quality.score_domain(image, np.full(SHAPE, NOISE), np.ones(SHAPE, bool))
    assert result.bright == pytest.approx(0.4, abs=0.01)
    assert result.score == pytest.approx(0.8, abs=0.02)


def test_autocorrelation_is_that_of_the_definition(before, scene):
    removed = (before - scene) / NOISE
    usable = np.random.default_rng(1).uniform(size=SHAPE) < 0.8
    result = quality.residual_statistics(removed, usable)
    kept = usable & (np.abs(removed) <= 5)
    centered = np.where(kept, removed - removed[kept].mean(), 0)
    variance = (centered**2).sum() / kept.sum()
    for lag in (1, 5):
        pairs = kept[:, lag:] & kept[:, :-lag]
        expected = (centered[:, lag:] * centered[:, :-lag]).sum() / pairs.sum() / variance
        assert result.along[lag] == pytest.approx(expected, abs=1e-4)
        pairs = kept[lag:] & kept[:-lag]
        expected = (centered[lag:] * centered[:-lag]).sum() / pairs.sum() / variance
        assert result.across[lag] == pytest.approx(expected, abs=1e-4)
    assert result.along[0] == pytest.approx(1)


def test_power_of_a_wave_is_at_its_frequency():
    wave = np.sin(2 * np.pi * 0.26 * np.arange(256))[None, :] * np.ones((200, 1))
    result = quality.residual_statistics(wave, np.ones(wave.shape, bool))
    assert result.frequency[np.argmax(result.power)] == pytest.approx(0.26, abs=0.02)
    assert result.power_peak > 10


def test_contrast_of_noise_is_that_of_a_normal_distribution():
    rng = np.random.default_rng(9)
    usable = rng.uniform(size=(300, 300)) < 0.9
    noise = np.full((300, 300), 3.0)
    noise[:, 150:] = 1.0
    contrast = Contrast(noise, usable)
    value = contrast.of(noise * rng.normal(size=noise.shape) + 50)
    for half in (np.s_[10:-10, 10:130], np.s_[10:-10, 170:290]):
        assert np.std(value[half][usable[half]]) == pytest.approx(1, rel=0.08)


@pytest.mark.parametrize("shape", [(6, 5), (40, 7), (100, 100)])
@pytest.mark.parametrize("case", ["nan", "flat", "one"])
def test_images_without_anything_to_measure(shape, case):
    before = np.full(shape, np.nan if case == "nan" else 1.0)
    if case == "one":
        before[3, 3] = 100.0
    result = assess(before, before.copy())
    assert result.sources.appeared == 0
    assert isinstance(result.warnings, list)
    assert set(result.metrics) == set(quality.BOUNDS)


def test_pixels_without_the_network_do_not_count(scene, before):
    weight = np.where(scene > 1, 0.0, 1.0)
    after = np.where(scene > 1, before + 1, scene)
    result = assess(before, after, network_weight=weight)
    assert result.residual.number == np.count_nonzero(weight)
    assert "residual_mean" not in result.outside


def test_inputs_are_not_changed_and_shapes_must_agree(scene, before):
    copies = scene.copy(), before.copy()
    assess(before, scene)
    np.testing.assert_array_equal(scene, copies[0])
    np.testing.assert_array_equal(before, copies[1])
    with pytest.raises(ValueError, match=r"\(320, 256\).*must have one shape"):
        quality.assess_quality(before, scene[1:], np.full(SHAPE, NOISE))
    with pytest.raises(ValueError, match="must have one shape"):
        quality.residual_statistics(before, np.ones((3, 3), bool))
