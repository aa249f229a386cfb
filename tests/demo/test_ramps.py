"""Metrics of denoised rates against rates that are known to be right or wrong."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import image as images

from jwst_denoise.demo import metrics, ramp_picture, ramps
from jwst_denoise.readout import Readout

SHAPE = (200, 256)


@pytest.fixture
def planes():
    """A sky of 100 e- with errors of 10, beside a source with a gradient; rates with half the error after."""
    rng = np.random.default_rng(3)
    light = np.full(SHAPE, 100.0)
    light[80:120, 60:220] += np.geomspace(1, 3000, 160)
    noise = rng.normal(0, 10, SHAPE)
    error = np.full(SHAPE, 10.0)
    lit = light > 105
    before, after = light + noise, light + noise / 2
    made = metrics.Planes(before, after, light + 1, error, error / 2, light, lit, ~lit, 100.0)
    return made


def denoised(planes, factor=0.5):
    return planes.light + factor * (planes.before - planes.light), factor * planes.error_before, np.zeros(SHAPE, bool)


def test_errors_are_counted_from_the_light(planes):
    seen = ramps.against_light(planes, denoised(planes))
    found = ramps.measure(seen, np.zeros(SHAPE))
    assert found.after.dark_rms == pytest.approx(found.before.dark_rms / 2, rel=1e-6)
    assert found.before.dark_rms == pytest.approx(10, rel=0.02)
    assert found.after.lit_rms == pytest.approx(5, rel=0.05)
    assert (found.before.pull, found.after.pull) == (pytest.approx(1, abs=0.02), pytest.approx(1, abs=0.02))


def test_bright_pixels_that_are_not_the_fits_are_counted(planes):
    image, error, bad = denoised(planes)
    bright = (planes.light - 100) > 1.1 * ramps.BRIGHT * error
    assert 1000 < bright.sum() < 5000
    seen = ramps.against_light(planes, (image, error, bad))
    found = ramps.measure(seen, bright * 1e-6)
    assert found.changed == bright.sum()
    assert found.changed <= found.bright
    assert ramps.measure(seen, np.where(bright, 0, 1)).changed <= found.bright - found.changed


def test_unusable_pixels_do_not_count(planes):
    image, error, bad = denoised(planes)
    bad[:20] = True
    image[:20] = np.nan
    seen = ramps.against_light(planes, (image, error, bad))
    assert not (seen.dark | seen.lit)[:20].any()
    assert np.isfinite(ramps.measure(seen, np.zeros(SHAPE)).after.dark_rms)


def test_errors_by_brightness(planes):
    for factor in (1, 0.5):
        brightness, error = ramp_picture.errors_by_brightness(denoised(planes, factor)[0], planes)
        assert len(brightness) > 10
        assert (brightness[1:] > brightness[:-1]).all()
        inner = np.sqrt(0.62)  # mean square of the inner 90 % of a normal distribution
        np.testing.assert_allclose(error, 10 * factor * inner, rtol=0.25)


@pytest.mark.parametrize("rows", [slice(None), slice(84, 116)])
def test_picture_of_images_and_of_strips(planes, tmp_path, rows):
    images_of = [name for name in planes.__annotations__ if name != "seconds"]
    seen = replace(planes, **{name: getattr(planes, name)[rows] for name in images_of})
    path = tmp_path / "picture.png"
    ramp_picture.draw(seen, Readout(seen.before.shape, 1, 2), "title", path)
    pixels = images.imread(path)
    assert pixels.shape[1] == 1600
    assert len(np.unique(np.rint(255 * pixels[..., :3]) @ (1, 256, 65536))) > 100  # colors
