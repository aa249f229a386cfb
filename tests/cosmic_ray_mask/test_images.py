"""From probabilities to a mask."""

from types import SimpleNamespace

import numpy as np
import pytest

from jwst_denoise.cosmic_ray_mask import veto
from jwst_denoise.cosmic_ray_mask.images import Options, flag_pixels, mask_image


def test_threshold_growth_and_bad_pixels():
    image = np.zeros((9, 9), "f4")
    probability = np.zeros((9, 9), "f4")
    probability[4, 4], probability[0, 0], probability[7, 7] = 0.5, 0.49, 0.9
    image[4, 3] = np.nan
    bad = np.zeros((9, 9), bool)
    bad[7, 7] = True
    expected = np.zeros((9, 9), bool)
    expected[4, 4] = True
    np.testing.assert_array_equal(flag_pixels(image, probability, Options(0.5), bad=bad), expected)
    expected[3:6, 3:6] = True
    expected[4, 3] = False
    np.testing.assert_array_equal(flag_pixels(image, probability, Options(0.5, dilate=1), bad=bad), expected)


def test_veto_comes_before_growth(skies):
    sky = skies["F070W"]
    probability = np.where(sky.hit | sky.core, 0.9, 0.0)
    protected = (veto.star_templates("NIRCAM_SW", "F070W"),)
    network = SimpleNamespace(predict=lambda image, err, bad: probability)
    plain, returned = mask_image(sky.data, network, Options(0.5), sky.err)
    assert returned is probability
    np.testing.assert_array_equal(plain, (probability > 0.5) & np.isfinite(sky.data))
    saved, _ = mask_image(sky.data, network, Options(0.5, protected=protected), sky.err)
    assert saved[sky.core].mean() < 0.3 < 1 == plain[sky.core].mean()
    grown, _ = mask_image(sky.data, network, Options(0.5, 1, protected), sky.err)
    assert grown.sum() > 1.5 * saved.sum()
    assert grown[sky.core].mean() < 1


@pytest.mark.parametrize(("name", "value"), [("threshold", 0), ("threshold", 1), ("threshold", float("nan"))])
def test_impossible_values_are_named(name, value):
    with pytest.raises(ValueError, match=f"{name}={value}"):
        Options(**{name: value})
    with pytest.raises(ValueError, match="dilate=-1"):
        Options(0.5, dilate=-1)
