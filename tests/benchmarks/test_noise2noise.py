"""The synthetic experiment of Noise2Noise, the real solar image and cubes, with networks that are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from jwst_denoise_benchmarks.images import cubes, filament_training, noise2noise, noise2noise_pictures, solar
from jwst_denoise_benchmarks.images.filaments import NOISE, RING, colored, filaments, power_spectrum
from jwst_denoise_benchmarks.images.recorruption import LocalNoise


class Shrinking:
    """A network that keeps a known part of the noise."""

    def __init__(self, share):
        self.share = share

    def denoise(self, image, uncertainty):
        scene = min(SCENES, key=lambda one: np.std(image.rate - one))
        return SimpleNamespace(rate=scene + self.share * (image.rate - scene))


SCENES = [*filament_training.scenes("test"), *filament_training.scenes("validation")]


@pytest.fixture
def shrinking(monkeypatch):
    """All cases are denoised by a network that leaves a fifth of the noise, or a little less with clean targets."""
    monkeypatch.setattr(noise2noise, "trained", lambda name, clean, quick: Shrinking(0.196 if clean else 0.2))
    monkeypatch.setattr(noise2noise, "told", lambda name, quick: lambda image, result: np.full(image.shape, 0.4))
    monkeypatch.setattr(noise2noise, "CASES", {"white": filament_training.CASES["white"]})
    caches = noise2noise.denoised, noise2noise._calibration
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def test_filaments_have_structure_on_all_scales_and_quiet_places():
    scene, other = (filaments((256, 256), np.random.default_rng(seed)) for seed in (3, 4))
    assert abs(np.corrcoef(scene.ravel(), other.ravel())[0, 1]) < 0.3
    assert scene.min() < -5 * NOISE and scene.max() > 5 * NOISE
    assert np.median(np.abs(scene)) < NOISE
    frequency, power = power_spectrum(scene)
    assert (np.diff(np.log(power[frequency < 0.4])) < 0.3).all()


def test_oversampled_scenes_are_blurred():
    scene, blurred = (filaments((128, 128), np.random.default_rng(5), over) for over in (False, True))
    frequency, ratio = power_spectrum(scene)[0], power_spectrum(blurred)[1] / power_spectrum(scene)[1]
    transfer = np.exp(-((2 * np.pi * frequency * 2 / 2.3548) ** 2))
    middle = (frequency > 0.03) & (frequency < 0.2)
    np.testing.assert_allclose(ratio[middle], transfer[middle], rtol=0.3)


@pytest.mark.parametrize("band", [None, RING])
def test_noise_has_the_spectrum_that_is_asked_for(band):
    noise = colored((512, 512), np.random.default_rng(6), band)
    assert noise.std() == pytest.approx(1, abs=0.02)
    frequency, power = power_spectrum(noise)
    low, high = band or (0, 0.5)
    inside = (frequency > low + 0.02) & (frequency < high - 0.02)
    expected = 1 if band is None else 1 / (np.pi * (high**2 - low**2))
    assert power[inside].mean() == pytest.approx(expected, rel=0.03)
    if band:
        assert power[(frequency > high + 0.03) | (frequency < low - 0.03)].max() < 1e-2 * expected


def test_pairs_are_two_noisy_images_of_one_scene():
    inputs, truth, weight = filament_training._item(filament_training.CASES["white"], "validation", 52, False, 3)
    other, variance, _ = truth
    assert (variance == 1).all() and (weight == 1).all()
    assert float((inputs["signal"] - other).std()) == pytest.approx(np.sqrt(2), rel=0.06)
    _, (clean, variance, _), _ = filament_training._item(filament_training.CASES["white"], "validation", 52, True, 3)
    assert (variance == 0).all()
    assert float((inputs["signal"] - clean).std()) == pytest.approx(1, rel=0.06)


def test_rows_of_the_synthetic_experiment(shrinking):
    (targets,), (taken,), (errors,) = (
        list(rows(False)) for rows in (noise2noise.targets, noise2noise.residual, noise2noise.coverage)
    )
    assert targets.figures["rms_noisy"] == pytest.approx(0.2, rel=0.01)
    assert "noisy +2.0 %" in targets.ours
    assert targets.met is bool(targets.figures["rms_noisy"] <= 0.2)
    assert taken.met and taken.figures["taken"]["rms"] == pytest.approx(0.8, rel=0.01)
    assert taken.figures["noise"]["local_mean"] == pytest.approx(1, abs=0.1)
    # the error told is twice the error, which noisy pairs show
    assert errors.met and errors.figures["inside_68"] == pytest.approx(0.683, abs=0.02)


def test_residual_that_is_no_noise_is_told(shrinking, monkeypatch):
    def lossy(image, uncertainty):
        scene = min(SCENES, key=lambda one: np.std(image.rate - one))
        return SimpleNamespace(rate=0.8 * scene)

    monkeypatch.setattr(noise2noise, "trained", lambda *_: SimpleNamespace(denoise=lossy))
    (row,) = noise2noise.residual(False)
    assert row.met is False


def test_pictures(monkeypatch, tmp_path):
    monkeypatch.setattr(noise2noise, "trained", lambda name, clean, quick: Shrinking(0.2))
    monkeypatch.setattr(noise2noise, "told", lambda name, quick: lambda image, result: np.full(image.shape, 0.4))
    noise2noise.denoised.cache_clear()
    monkeypatch.setenv("JWST_DENOISE_DATA", str(tmp_path))
    draw = noise2noise_pictures.draw_experiment, noise2noise_pictures.draw_spectra, noise2noise_pictures.draw_solar
    for number, function in enumerate(draw):
        function(tmp_path / f"{number}.png", True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.png", "1.png"]  # no data, no picture of them
    noise2noise.denoised.cache_clear()


def test_edge_of_a_spectrum():
    frequency = np.array([0.1, 0.2, 0.3])
    assert noise2noise._edge(frequency, np.array([1.0, 0.4, 0.9])) == 0.2
    assert noise2noise._edge(frequency, np.ones(3)) == 0.3


@pytest.fixture(scope="module")
def uneven():
    """Ring-like noise, twice as strong on the right as on the left, and a smooth scene."""
    y, x = np.mgrid[:320, :480]
    noise = colored(y.shape, np.random.default_rng(7), (0.1, 0.3)) * (1 + (x >= 240))
    return 20 * np.sin(x / 60) * np.cos(y / 50), noise


def test_local_noise_has_width_and_spectrum_of_the_place(uneven):
    scene, noise = uneven
    model = LocalNoise(scene + noise)
    assert model.sigma[:, :120].mean() == pytest.approx(1, rel=0.06)
    assert model.sigma[:, -120:].mean() == pytest.approx(2, rel=0.06)
    drawn = model.draw(np.random.default_rng(8))
    for part in (np.s_[:, :160], np.s_[:, -160:]):
        found, expected = (power_spectrum(array[part], 10)[1] for array in (drawn, noise))
        np.testing.assert_allclose(found[2:6], expected[2:6], rtol=0.25)


def test_pairs_from_one_image_have_independent_noise(uneven):
    scene, noise = uneven
    image = scene + noise
    one, other = LocalNoise(image).pair(image, 0.7, np.random.default_rng(9))
    product = np.mean((one - scene) * (other - scene)) / noise.var()
    assert abs(product) < 0.1
    np.testing.assert_allclose(0.7 * other + one / 0.7, (0.7 + 1 / 0.7) * image, atol=1e-3)


@pytest.mark.parametrize("number", range(8))
def test_turns_are_undone(number):
    array = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(solar._turned_back(solar._turned(array, number), number), array)


def test_solar_image_is_compared_with_the_published_output(data_directory, monkeypatch):
    monkeypatch.setenv("JWST_DENOISE_DATA", str(data_directory))
    monkeypatch.setattr(solar, "denoised", lambda quick: solar.images()[1])
    rows = list(solar.solar(False))
    assert len(rows) == len(solar.MEASURES) and all(row.met is not False for row in rows)  # it equals itself
    assert rows[0].figures["published"]["kept"] == pytest.approx(0.70, abs=0.02)
    assert rows[0].figures["published"]["left"] < 0.01


def test_without_the_solar_image_the_row_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("JWST_DENOISE_DATA", str(tmp_path))
    (row,) = solar.solar(False)
    assert row.ours.startswith("skipped")


def test_profiles_of_the_cube_are_antisymmetric_about_their_center():
    cube = cubes.spectral_cube((64, 64), np.random.default_rng(1))
    assert cube.shape == (21, 64, 64)
    strong = np.abs(cube).max(axis=0) > 0.3 * np.abs(cube).max()
    assert strong.any()
    assert (np.abs(cube.sum(axis=0)) < 0.3 * np.abs(cube).sum(axis=0))[strong].all()


def test_row_of_cubes(monkeypatch):
    monkeypatch.setattr(cubes, "EDGE", 48)
    cubes.scenes.cache_clear()
    exact = SimpleNamespace(predict=lambda image, err: (cubes.scenes("test")[0] + 0.1, None))
    same = SimpleNamespace(denoise=lambda image, uncertainty: SimpleNamespace(rate=image.rate))
    monkeypatch.setattr(cubes, "_trained", lambda quick: exact)
    monkeypatch.setattr(cubes, "trained_on_planes", lambda *_: same)
    (row,) = cubes.cubes(True)
    assert row.figures["cube"] == pytest.approx(0.1, rel=1e-3)
    assert row.figures["planes"] == pytest.approx(1, rel=0.02)
    assert row.figures["components"] < 0.6
    cubes.scenes.cache_clear()
