"""The synthetic experiment of Noise2Noise, the solar image and cubes, with known networks."""

from types import SimpleNamespace

import numpy as np
import pytest

from jwst_denoise_benchmarks.core.inputs import MissingInput
from jwst_denoise_benchmarks.papers import cubes, filaments, noise2noise, solar
from jwst_denoise_benchmarks.papers.filaments import NOISE, RING, color_noise, draw_filaments, power_spectrum


class Shrinking:
    """A network that preserves a known fraction of the noise."""

    def __init__(self, fraction):
        self.fraction = fraction

    def denoise(self, image, uncertainty):
        scene = min(SCENES, key=lambda one: np.std(image.rate - one))
        return SimpleNamespace(rate=scene + self.fraction * (image.rate - scene))


SCENES = [*filaments.scenes_for("test"), *filaments.scenes_for("validation")]


@pytest.fixture
def shrinking(monkeypatch, clear_caches):
    """The networks leave a fifth of the noise, or a little less with clean targets."""
    monkeypatch.setattr(noise2noise, "train_denoiser", lambda name, clean, quick: Shrinking(0.196 if clean else 0.2))
    monkeypatch.setattr(
        noise2noise, "error_predictor", lambda name, quick: lambda image, result: np.full(image.shape, 0.4)
    )
    monkeypatch.setattr(noise2noise, "CASES", {"white": filaments.CASES["white"]})
    clear_caches(noise2noise.denoise_case, noise2noise._calibration)


def test_filaments_have_structure_on_all_scales_and_empty_regions():
    scene, other = (draw_filaments((256, 256), np.random.default_rng(seed)) for seed in (3, 4))
    assert abs(np.corrcoef(scene.ravel(), other.ravel())[0, 1]) < 0.3
    assert scene.min() < -5 * NOISE and scene.max() > 5 * NOISE
    assert np.median(np.abs(scene)) < NOISE
    frequency, power = power_spectrum(scene)
    assert (np.diff(np.log(power[frequency < 0.4])) < 0.3).all()


def test_oversampled_scenes_are_blurred():
    scene, blurred = (draw_filaments((128, 128), np.random.default_rng(5), over) for over in (False, True))
    frequency, ratio = power_spectrum(scene)[0], power_spectrum(blurred)[1] / power_spectrum(scene)[1]
    transfer = np.exp(-((2 * np.pi * frequency * 2 / 2.3548) ** 2))
    middle = (frequency > 0.03) & (frequency < 0.2)
    np.testing.assert_allclose(ratio[middle], transfer[middle], rtol=0.3)


@pytest.mark.parametrize("band", [None, RING])
def test_noise_has_the_requested_spectrum(band):
    noise = color_noise((512, 512), np.random.default_rng(6), band)
    assert noise.std() == pytest.approx(1, abs=0.02)
    frequency, power = power_spectrum(noise)
    low, high = band or (0, 0.5)
    inside = (frequency > low + 0.02) & (frequency < high - 0.02)
    expected = 1 if band is None else 1 / (np.pi * (high**2 - low**2))
    assert power[inside].mean() == pytest.approx(expected, rel=0.03)
    if band:
        assert power[(frequency > high + 0.03) | (frequency < low - 0.03)].max() < 1e-2 * expected


def test_pairs_are_two_noisy_images_of_one_scene():
    inputs, truth, weight = filaments.training_item(filaments.CASES["white"], "validation", 52, False, 3)
    other, variance, _ = truth
    assert (variance == 1).all() and (weight == 1).all()
    assert float((inputs["signal"] - other).std()) == pytest.approx(np.sqrt(2), rel=0.06)
    _, (clean, variance, _), _ = filaments.training_item(filaments.CASES["white"], "validation", 52, True, 3)
    assert (variance == 0).all()
    assert float((inputs["signal"] - clean).std()) == pytest.approx(1, rel=0.06)


def test_rows_of_the_synthetic_experiment(shrinking):
    rms, factor, excess = noise2noise.targets(False)
    assert rms.metrics["rms_noisy"] == pytest.approx(0.2, rel=0.01)
    assert rms.result["noisy targets"] == pytest.approx(6, rel=0.01)
    assert factor.passed is bool(rms.metrics["rms_noisy"] <= 0.2)
    assert excess.result["noisy targets"] == pytest.approx(2.0, abs=0.1) and excess.passed
    width, _, local_mean, shape = noise2noise.residual(False)
    assert local_mean.passed and shape.passed and width.result["removed"] == pytest.approx(0.8, rel=0.01)
    assert local_mean.reference["true noise"] == pytest.approx(1, abs=0.1)
    # the predicted error is twice the true one, which the calibration with noisy pairs corrects
    within, _ = noise2noise.coverage(False)
    assert within.passed and within.result["network"] == pytest.approx(68.3, abs=2)


def test_removed_signal_fails_the_target(shrinking, monkeypatch):
    def lossy(image, uncertainty):
        scene = min(SCENES, key=lambda one: np.std(image.rate - one))
        return SimpleNamespace(rate=0.8 * scene)

    monkeypatch.setattr(noise2noise, "train_denoiser", lambda *_: SimpleNamespace(denoise=lossy))
    assert False in [row.passed for row in noise2noise.residual(False)]


@pytest.mark.slow
def test_figures(monkeypatch, clear_caches, tmp_path):
    monkeypatch.setattr(noise2noise, "train_denoiser", lambda name, clean, quick: Shrinking(0.2))
    predict = lambda image, result: np.full(image.shape, 0.4)  # noqa: E731
    monkeypatch.setattr(noise2noise, "error_predictor", lambda name, quick: predict)
    clear_caches(noise2noise.denoise_case)
    monkeypatch.setenv("JWST_DENOISE_DATA", str(tmp_path))
    noise2noise.draw_experiment(tmp_path / "0.png", True)
    noise2noise.draw_spectra(tmp_path / "1.png", True)
    with pytest.raises(MissingInput, match="sst_stokes"):
        solar.draw_solar(tmp_path / "2.png", True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.png", "1.png"]


def test_frequency_of_half_the_power():
    frequency = np.array([0.1, 0.2, 0.3])
    assert noise2noise.half_power(frequency, np.array([1.0, 0.4, 0.9])) == 0.2
    assert noise2noise.half_power(frequency, np.ones(3)) == 0.3


@pytest.fixture(scope="module")
def uneven():
    """Ring-like noise, twice as strong on the right as on the left, and a smooth scene."""
    y, x = np.mgrid[:320, :480]
    noise = color_noise(y.shape, np.random.default_rng(7), (0.1, 0.3)) * (1 + (x >= 240))
    return 20 * np.sin(x / 60) * np.cos(y / 50), noise


def test_local_noise_has_width_and_spectrum_of_the_place(uneven):
    scene, noise = uneven
    model = solar.LocalNoise(scene + noise)
    assert model.sigma[:, :120].mean() == pytest.approx(1, rel=0.06)
    assert model.sigma[:, -120:].mean() == pytest.approx(2, rel=0.06)
    drawn = model.draw(np.random.default_rng(8))
    for part in (np.s_[:, :160], np.s_[:, -160:]):
        drawn_power, expected = (power_spectrum(array[part], 10)[1] for array in (drawn, noise))
        np.testing.assert_allclose(drawn_power[2:6], expected[2:6], rtol=0.25)


def test_pairs_from_one_image_have_independent_noise(uneven):
    scene, noise = uneven
    image = scene + noise
    one, other = solar.LocalNoise(image).pair(image, 0.7, np.random.default_rng(9))
    product = np.mean((one - scene) * (other - scene)) / noise.var()
    assert abs(product) < 0.1
    np.testing.assert_allclose(0.7 * other + one / 0.7, (0.7 + 1 / 0.7) * image, atol=1e-3)


@pytest.mark.parametrize("number", range(8))
def test_rotations_are_reversed(number):
    array = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(solar._rotate_back(solar._rotate(array, number), number), array)


def test_solar_image_is_compared_with_the_published_output(data_directory, monkeypatch):
    monkeypatch.setenv("JWST_DENOISE_DATA", str(data_directory))
    monkeypatch.setattr(solar, "denoise_image", lambda quick: solar.read_images()[1])
    rows = list(solar.solar(False))
    assert len(rows) == len(solar.METRICS) and all(row.passed is not False for row in rows)  # it equals itself
    assert rows[0].reference["published"] == pytest.approx(0.70, abs=0.02)
    assert rows[1].reference["published"] < 0.01


def test_missing_solar_image_is_reported(tmp_path, monkeypatch):
    monkeypatch.setenv("JWST_DENOISE_DATA", str(tmp_path))
    (row,) = solar.solar(False)
    assert "sst_stokes" in row.metrics["skipped"]


def test_profiles_of_the_cube_are_antisymmetric_about_their_center():
    cube = cubes.spectral_cube((64, 64), np.random.default_rng(1))
    assert cube.shape == (21, 64, 64)
    strong = np.abs(cube).max(axis=0) > 0.3 * np.abs(cube).max()
    assert strong.any()
    assert (np.abs(cube.sum(axis=0)) < 0.3 * np.abs(cube).sum(axis=0))[strong].all()


def test_row_of_cubes(monkeypatch, clear_caches):
    monkeypatch.setattr(cubes, "EDGE", 48)
    clear_caches(cubes.scenes_for)
    exact = SimpleNamespace(predict=lambda image, err: (cubes.scenes_for("test")[0] + 0.1, None))
    same = SimpleNamespace(denoise=lambda image, uncertainty: SimpleNamespace(rate=image.rate))
    monkeypatch.setattr(cubes, "_train", lambda quick: exact)
    monkeypatch.setattr(cubes, "train_denoiser", lambda *_: same)
    (row,) = cubes.cubes(True)
    assert row.metrics["cube"] == pytest.approx(0.1, rel=1e-3)
    assert row.metrics["planes"] == pytest.approx(1, rel=0.02)
    assert row.metrics["components"] < 0.6


@pytest.fixture
def truth():
    rng = np.random.default_rng(1)
    profiles = np.stack([np.sin(np.arange(15.0)), np.cos(0.5 * np.arange(15.0))])
    return np.einsum("kn,kyx->nyx", profiles, rng.normal(size=(2, 40, 50))) + 3


@pytest.fixture
def cube(truth):
    return truth + 0.2 * np.random.default_rng(2).normal(size=truth.shape)


def test_as_many_components_as_the_scene_has(truth, cube):
    result = cubes.reconstruct(cube)
    np.testing.assert_allclose(result, cubes.reconstruct(cube, 2), atol=1e-6)
    expected = 0.2 * np.sqrt(2 / 15)  # two of fifteen directions keep their noise
    assert (result - truth).std() == pytest.approx(expected, rel=0.05)


def test_it_is_the_projection(cube):
    profiles = cube.reshape(15, -1)
    mean = profiles.mean(axis=1, keepdims=True)
    u, s, v = np.linalg.svd(profiles - mean, full_matrices=False)
    slow = (mean + (u[:, :3] * s[:3]) @ v[:3]).reshape(cube.shape)
    np.testing.assert_allclose(cubes.reconstruct(cube, 3), slow, atol=1e-4)


def test_all_components_are_the_cube_and_none_the_mean_profile(cube):
    np.testing.assert_allclose(cubes.reconstruct(cube, 15), cube, atol=1e-4)
    mean = cube.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(cubes.reconstruct(cube, 0), np.broadcast_to(mean, cube.shape), atol=1e-4)


def test_noise_alone_has_no_components():
    noise = np.random.default_rng(3).normal(size=(10, 60, 60))
    assert cubes.reconstruct(noise, noise=1.0).std(axis=(1, 2)).max() < 1e-3


def test_missing_pixels_are_unchanged(cube):
    cube[4, 3, 3] = np.nan
    before = cube.copy()
    result = cubes.reconstruct(cube)
    np.testing.assert_array_equal(cube, before)
    assert np.isnan(result[4, 3, 3])
    np.testing.assert_allclose(result[5, 3, 3], cube[5, 3, 3], rtol=1e-6)
    assert np.isfinite(result).sum() == cube.size - 1
    nothing = np.full((3, 4, 4), np.nan)
    np.testing.assert_array_equal(cubes.reconstruct(nothing), nothing)


@pytest.mark.parametrize(("cube", "components", "message"), [
    (np.zeros((4, 4)), None, r"shape \(4, 4\)"), (np.zeros((3, 4, 4)), 4, "components=4 must be from 0 to .* 3"),
])  # fmt: skip
def test_invalid_cubes(cube, components, message):
    with pytest.raises(ValueError, match=message):
        cubes.reconstruct(cube, components)
