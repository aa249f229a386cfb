"""Table and picture of denoised images against light that is known."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import image as pictures
from rich.console import Console
from scipy.ndimage import gaussian_filter

from jwst_denoise.demo import image_picture, images, metrics, screen

SHAPE = (200, 220)
STARS = 30


@pytest.fixture(scope="module")
def planes():
    """Thirty stars far apart on a sky of 100 e- with errors of 10; half the noise after."""
    rng = np.random.default_rng(3)
    image = np.zeros(SHAPE)
    y, x = (k.ravel() for k in np.meshgrid(np.arange(20, 190, 36), np.arange(20, 210, 36), indexing="ij"))
    image[y[:STARS], x[:STARS]] = np.geomspace(300, 30000, len(y))[:STARS]
    light = 100 + gaussian_filter(image, 1.0)
    noise, error = rng.normal(0, 10, SHAPE), np.full(SHAPE, 10.0)
    lit = light > 105
    return metrics.Planes(light + noise, light + noise / 2, light, error, error / 2, light, lit, ~lit, 100.0)


def test_picture(planes, tmp_path):
    names = [name for name in images.RUNS if name != images.DEFAULT]
    runs = {name: replace(planes, after=planes.light + (planes.after - planes.light) / k) for k, name in
            enumerate(names, 1)}  # fmt: skip
    image_picture.draw(runs, "title", tmp_path / "picture.png")
    pixels = pictures.imread(tmp_path / "picture.png")
    assert pixels.shape[1] == 1600
    assert len(np.unique(np.rint(255 * pixels[..., :3]) @ (1, 256, 65536))) > 100  # colors


def test_table_has_every_run(planes):
    measured = {name: metrics.measure(planes.after, planes.error_after, planes) for name in images.RUNS}
    half = images.ImageHalf(None, {}, measured, dict.fromkeys(images.RUNS, 1.0), None)
    console = Console(width=120)
    with console.capture() as captured:
        console.print(screen.image_panel(half))
    text = captured.get()
    assert all(name in text for name in images.RUNS)
    row = next(line for line in text.splitlines() if "error, dark pixels" in line)
    assert row.split().count(f"{measured[images.DEFAULT].dark_rms:.2f}") == len(images.RUNS)
