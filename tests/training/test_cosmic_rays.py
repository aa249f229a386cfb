"""Training stamps: fresh, repeatable, and with the truth that they claim."""

import numpy as np
import pytest
import torch

from jwst_denoise.simulate import simulate_image
from jwst_denoise.simulate.fast.cosmic_ray_images import augment_sky, draw_holes, move_to_peaks
from jwst_denoise.simulate.fast.scenes import KINDS, ScenePool, gaussian_psf
from jwst_denoise.training.cosmic_rays import InpaintStamps, MaskStamps
from jwst_denoise.training.losses import inpainting_loss, mask_loss
from jwst_denoise.training.tasks import SEEDS


@pytest.fixture(scope="module")
def pool():
    return ScenePool.draw(6, 11, list(KINDS))


def same(one, other):
    return all(torch.equal(torch.nan_to_num(one[0][name]), torch.nan_to_num(other[0][name])) for name in one[0])


@pytest.mark.parametrize("stamps", [MaskStamps, InpaintStamps])
def test_stamps_are_repeatable_and_never_the_same(pool, stamps):
    items = [stamps(pool, 8, 1, 64)[index] for index in (0, 1, 8)]
    assert same(items[0], stamps(pool, 99, 1, 64)[0])
    assert not any(same(items[0], other) for other in (*items[1:], stamps(pool, 8, 2, 64)[0]))


def test_scenes_depend_on_seed_and_number_alone(pool):
    again = ScenePool.draw(2, 11, list(KINDS))
    np.testing.assert_array_equal(again.rates, pool.rates[:2])
    assert pool.kinds == tuple(KINDS)
    assert len(set(SEEDS.values())) == len(SEEDS)
    assert sum(KINDS.values()) == pytest.approx(1)
    assert np.isfinite(pool.rates).all() and (pool.rates >= 0).all()


def test_masks_truth_is_charge_above_the_noise(pool):
    for index in range(12):
        inputs, truth, weight = MaskStamps(pool, 12, 3, 64)[index]
        assert inputs["image"].shape == (64, 64) and truth.shape == weight.shape == (1, 64, 64)
        assert torch.equal(weight[0] > 0, torch.isfinite(inputs["image"]))
        usable = weight > 0
        image = torch.nan_to_num(inputs["image"])[None]
        if truth[usable].sum() > 5:
            assert image[usable & (truth > 0)].mean() > image[usable & (truth == 0)].median()


def test_inpainting_is_trained_in_holes_of_other_exposures(pool):
    dataset = InpaintStamps(pool, 12, 3, 64)
    for index in range(12):
        rng, image, _ = dataset.draw(index)
        inputs, truth, weight = dataset[index]
        own = torch.from_numpy(image.cosmic_rays > 1.5 * image.err)
        assert (inputs["hole"] | ~own).all()  # its own hits are holes
        assert not (weight[0] > 0)[own].any()  # where the truth is not used
        assert (inputs["hole"] | (weight[0] == 0)).all()
        np.testing.assert_array_equal(truth[0], image.rate)


def test_holes_have_many_densities():
    shares = [draw_holes(128, np.random.default_rng(seed)).mean() for seed in range(40)]
    assert max(shares) > 4 * min(shares) > 0


@pytest.mark.parametrize("alpha", [-0.9, 0.0, 3.0])
def test_sky_augmentation(alpha):
    rng = np.random.default_rng(4)
    sky = np.full((256, 256), 2.0, dtype=np.float32)
    image = simulate_image(sky, 100.0, rng, stripes=0, hits=None, hit_rng=np.random.default_rng(1))
    clean = ~image.truth(0.1)
    data, err = augment_sky(image.data, image.err, np.float32(2.0), np.float32(alpha), rng)
    added = (data - image.data)[clean]
    assert added.mean() == pytest.approx(alpha * 2.0, abs=5 * float(err.mean()) / 256)
    variance = max(alpha, 0) * np.median(image.err) ** 2
    assert added.var() == pytest.approx(variance, rel=0.03, abs=1e-8)
    np.testing.assert_allclose(err**2, image.err**2 + variance, rtol=1e-5)


def test_round_point_spread_function():
    psf = gaussian_psf(2.0)
    for offset in (0.0, 0.3):
        assert psf.stamp(offset, 0.0).sum() == pytest.approx(1, abs=1e-3)


class Constant(torch.nn.Module):
    """A network that answers the same everywhere."""

    def __init__(self, value):
        super().__init__()
        self.value = torch.nn.Parameter(value)

    def forward(self, **inputs):
        return self.value


def test_mask_loss_is_cross_entropy_of_used_pixels():
    logits = torch.tensor([[[[0.3, -2.0, 5.0]]]])
    truth, weight = torch.tensor([[[[1.0, 0.0, 0.0]]]]), torch.tensor([[[[1.0, 1.0, 0.0]]]])
    net = Constant(logits)
    loss = mask_loss(net, {}, truth, weight)
    p = 1 / (1 + np.exp(-np.array([0.3, -2.0])))
    assert loss.item() == pytest.approx(-(np.log(p[0]) + np.log(1 - p[1])) / 2, rel=1e-5)
    loss.backward()
    assert net.value.grad[0, 0, 0, 2] == 0


def test_inpainting_loss_is_mean_square_in_holes():
    image = torch.full((1, 4, 4), 7.0)
    hole = torch.zeros(1, 4, 4, dtype=torch.bool)
    hole[0, 1, 1] = hole[0, 2, 2] = True
    inputs = {"image": image, "hole": hole, "noise": torch.tensor([2.0]), "level": torch.tensor([5.0])}
    truth = torch.full((1, 1, 4, 4), 9.0)  # 2 noises above the level
    weight = hole[None].float()
    weight[0, 0, 2, 2] = 0
    loss = inpainting_loss(Constant(torch.full((1, 1, 4, 4), 3.0)), inputs, truth, weight)
    assert loss.item() == pytest.approx((np.arcsinh(3) - np.arcsinh(2)) ** 2)


def test_holes_moved_to_peaks_keep_their_shapes():
    rate = np.full((64, 64), 0.5, dtype=np.float32)
    rate[10::20, 10::20] = 50.0
    hole = np.zeros((64, 64), dtype=bool)
    hole[3, 3:6] = True
    result = move_to_peaks(hole, rate, np.random.default_rng(1), fraction=1.0)
    assert result[rate > 1].all()
    assert result.sum() == 3 * (rate > 1).sum()
    assert not move_to_peaks(np.zeros_like(hole), rate, np.random.default_rng(1)).any()
    assert not move_to_peaks(hole, np.ones_like(rate), np.random.default_rng(1)).any()
