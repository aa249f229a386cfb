"""Box means: the flux of the observation is restored, and sources are separated from noise."""

import numpy as np
import pytest
import torch
from scipy.ndimage import uniform_filter

from jwst_denoise.networks.blocks.boxes import box_mean, remove_source_flux, restore_box_flux, source_weight

RNG = np.random.default_rng(1)


def noise(*shape):
    return torch.from_numpy(RNG.standard_normal((1, *shape)).astype(np.float32))


@pytest.mark.parametrize("size", [(5, 5), (3, 9), (1, 1), (33, 41)])
def test_box_mean_is_the_plain_mean(size):
    plane = noise(90, 100)
    inside = (slice(size[0], -size[0]), slice(size[1], -size[1]))
    np.testing.assert_allclose(box_mean(plane, size)[0].numpy()[inside], uniform_filter(plane[0].numpy(), size)[inside],
                               atol=1e-5)  # fmt: skip
    torch.testing.assert_close(box_mean(torch.ones(1, 6, 7), size), torch.ones(1, 6, 7))


def test_flux_of_a_source_is_that_of_the_observation_for_any_network():
    observed = torch.zeros(1, 40, 40)
    observed[0, 18:23, 17:22] = 3.0
    everything = torch.ones_like(observed)
    for denoised in (torch.zeros_like(observed), 0.7 * observed, observed.flip(-1) * 0.1):
        result = restore_box_flux(denoised, observed, everything, (5, 5))
        assert float(result.sum()) == pytest.approx(float(observed.sum()), rel=1e-5)
    erased = restore_box_flux(torch.zeros_like(observed), observed, everything, (5, 5))
    assert float(erased[0, 12:29, 11:28].sum()) == pytest.approx(float(observed.sum()), rel=1e-5)


def test_flux_is_significant_where_a_box_holds_more_than_noise():
    noise = torch.ones(1, 60, 60)
    scene = torch.zeros(1, 60, 60)
    scene[0, 15, 15], scene[0, 45, 45] = 45.0, 20.0  # 9 and 4 standard deviations of the mean of 25 pixels
    result = source_weight(scene, noise, (5, 5))
    assert result[0, 15, 15] == 1 and result[0, 15, 21] == 1
    assert (result[0, 30:] == 0).all()
    assert (source_weight(scene, noise, (5, 5), (3.0, 4.0))[0, 40:51, 40:51] == 1).all()
    observed = scene + torch.from_numpy(RNG.standard_normal((1, 60, 60)).astype(np.float32))
    kept = restore_box_flux(0.5 * scene, observed, noise, (5, 5), result)
    removed = (observed - 0.5 * scene) * result
    assert float((kept - 0.5 * scene).sum()) == pytest.approx(float(removed.sum()), rel=0.1)


def test_missing_pixels_hold_no_flux():
    observed, usable = torch.full((1, 12, 12), 2.0), torch.ones(1, 12, 12)
    observed[0, 6, 6], usable[0, 6, 6] = 1e6, 0
    torch.testing.assert_close(
        restore_box_flux(torch.zeros_like(observed), observed, usable, (3, 3)), torch.full((1, 12, 12), 2.0)
    )


def test_sources_do_not_count_as_noise_and_stripes_do():
    weight = torch.ones(1, 45, 500)
    source = torch.zeros_like(weight)
    source[0, 20:25, 240:245] = 1.0
    left = remove_source_flux(source, weight, 9, 255)
    assert abs(float(left[0, 14:31, 234:251].sum())) < 0.08 * float(source.sum())
    stripes = noise(45, 1).expand(1, 45, 500).contiguous()
    torch.testing.assert_close(remove_source_flux(stripes, weight, 9, 255), stripes, atol=1e-4, rtol=0)


def test_without_a_comparison_the_mean_of_the_source_box_is_subtracted():
    value = noise(30, 30)
    result = remove_source_flux(value, torch.ones_like(value), 9, 0)
    torch.testing.assert_close(result, _twice(value))


def _twice(value):
    for _ in range(2):
        value = value - box_mean(value, (9, 9))
    return value


def test_width_of_smooth_sources_is_preserved():
    """Three passes have no second moment: a parabola comes back as it was, even if the network took all of it."""
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij")
    observed = (1 + (y - 20) ** 2 / 100 + (x - 18) ** 2 / 50)[None]
    result = restore_box_flux(torch.zeros_like(observed), observed, torch.ones_like(observed), (5, 7))
    inside = (0, slice(10, -10), slice(10, -10))
    torch.testing.assert_close(result[inside], observed[inside], atol=1e-4, rtol=0)
