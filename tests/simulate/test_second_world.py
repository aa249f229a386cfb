"""The second world: its noise is what it says, and it shares no code with the first."""

import ast
from pathlib import Path

import numpy as np
import pytest

from jwst_denoise.simulate.fast import second_world
from jwst_denoise.simulate.fast.second_world import (
    SecondCamera,
    draw_second_camera,
    draw_second_scene,
    pink_noise,
    second_slopes,
)


def test_it_shares_no_code_with_the_first():
    tree = ast.parse(Path(second_world.__file__).read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    own = {name for name in imported if name.startswith("jwst_denoise")}
    assert own == {"jwst_denoise.ramps.slopes", "jwst_denoise.simulate.fast.injection"}


def test_noise_is_what_the_camera_says():
    rng, rate = np.random.default_rng(1), np.full((200, 200), 2.0)
    image = SecondCamera(500.0, 10.0, 1.5, (0.0, 0.0)).observe(rate, rng)
    expected = np.sqrt((10 / 500) ** 2 + 1.5 * 2 / 500)
    assert np.nanstd(image.rate) == pytest.approx(expected, rel=0.02)
    assert np.nanmedian(np.sqrt(image.variance)) == pytest.approx(expected, rel=0.02)


def test_pink_noise_has_its_spectrum_in_the_order_of_reading():
    noise = pink_noise((64, 500), 2.0, 0.5, np.random.default_rng(2))
    assert noise.std() == pytest.approx(2, rel=0.05)
    power = np.abs(np.fft.rfft(noise.ravel())) ** 2
    low, high = power[20:200].mean(), power[2000:9000].mean()
    assert 8 < low / high < 200


def test_budgets_and_scenes_are_diverse():
    rng = np.random.default_rng(3)
    cameras = [draw_second_camera(rng) for _ in range(60)]
    white = np.mean([camera.budget == (0.0, 0.0) for camera in cameras])
    assert 0.15 < white < 0.6
    scenes = [draw_second_scene((64, 64), rng, 1.0) for _ in range(40)]
    empty = [not scene.any() for scene in scenes]
    assert any(empty) and not all(empty) and max(scene.max() for scene in scenes) > 30


@pytest.mark.parametrize("outputs", [1, 4])
def test_slopes_have_the_noise_that_they_state(outputs):
    pulls = []
    for seed in range(12):
        block = second_slopes((64, 256), outputs, np.random.default_rng(seed), lambda noise: np.zeros((64, 256)))
        noise = np.sqrt(block["read_noise"] ** 2 + block["poisson"] * block["rate"])
        pulls.append(np.std((block["slope"] - block["rate"] - block["correlated"]) / noise))
    assert np.mean(pulls) == pytest.approx(1, abs=0.01)
    assert block["usable"].mean() > 0.99 and abs(block["correlated"].mean()) < 1e-3
