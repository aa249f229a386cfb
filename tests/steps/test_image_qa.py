"""Picture that tells whether to trust a denoised image."""

import os

import numpy as np
import pytest

from jwst_denoise import quality
from jwst_denoise.steps.common.result import ImagePreview
from jwst_denoise.steps.qa import image_denoise


def preview(before, after, noise):
    return ImagePreview(before, after, noise, quality.assess_quality(before, after, noise), "image 1 of 2")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(200, 160), (20, 300)])
@pytest.mark.parametrize("case", ["stars", "flat", "all NaN"])
def test_picture(rng, shape, case):
    light = np.full(shape, 1.0)
    if case == "stars":
        light[5:-5:12, 5:-5:12] += 100
    before = light + (0 if case == "flat" else rng.normal(size=shape))
    if case == "all NaN":
        before[:] = np.nan
    image_denoise.write("qa.png", preview(before, (before + light) / 2, np.ones(shape)), "title")
    assert os.path.getsize("qa.png") > 20_000


def test_figures_beyond_their_bounds_are_red(rng):
    before = 5 + rng.normal(size=(120, 120))
    figure = image_denoise.draw(preview(before, before - 0.5, np.ones(before.shape)))
    texts = {text.get_text(): text.get_color() for axis in figure.axes + figure.subfigs[1].axes for text in axis.texts}
    assert texts["residual mean"] == image_denoise.DOUBT
    assert texts["vanished"] == "black"
    assert "0.5" in texts
