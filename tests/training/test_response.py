"""The response to injected sources: what is injected, and the loss and the score that measure it."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import ndimage

from jwst_denoise.networks import build
from jwst_denoise.networks.blocks.errors import KNOTS
from jwst_denoise.networks.blocks.scaling import PLANES
from jwst_denoise.simulate.fast.injection import APERTURE, KINDS, aperture_kernel, draw_profile, inject_sources
from jwst_denoise.training.calibration import calibrate_errors
from jwst_denoise.training.losses import ImageLoss, ResponseLoss, SlopeLoss
from jwst_denoise.training.presets import select_preset
from jwst_denoise.training.scores import KEPT_SNR, denoiser_scores, flux_kept
from jwst_denoise.training.tasks import noisy_images, slope_blocks

SHAPE = (128, 256)


@pytest.fixture(scope="module")
def sources():
    return torch.from_numpy(inject_sources(np.ones(SHAPE), np.random.default_rng(1), snr=5.0, kind="star"))[None]


@pytest.mark.parametrize("kind", KINDS)
def test_profiles_have_unit_flux_at_any_subpixel_position(kind):
    profiles = [draw_profile(kind, np.random.default_rng(seed), 1.5) for seed in range(8)]
    centers = np.array([ndimage.center_of_mass(profile) for profile in profiles]) - 20
    assert all(profile.sum() == pytest.approx(1) for profile in profiles)
    assert np.abs(centers).max() < 1 and centers.std() > 0.1


def test_injected_sources_have_their_signal_to_noise_ratio(sources):
    injected, one, two, snr = sources[0].numpy()
    y, x = np.mgrid[-2:3, -2:3]
    aperture = np.hypot(y, x) < APERTURE
    peaks = np.argwhere((injected == ndimage.maximum_filter(injected, 9)) & (injected > 0.5))
    sums = [injected[y - 2 : y + 3, x - 2 : x + 3][aperture].sum() / np.sqrt(aperture.sum()) for y, x in peaks]
    assert len(peaks) > 30 and np.median(sums) == pytest.approx(5, rel=0.05) and (snr == 5).all()
    assert np.abs(aperture_kernel().sum()) < 1e-9, "a constant level has no flux above the ring"


def test_sources_of_all_signs_and_levels_are_drawn():
    drawn = [inject_sources(np.ones((128, 128)), np.random.default_rng(seed)) for seed in range(40)]
    signs = [np.sign(plane[0][np.abs(plane[0]).argmax() // 128, np.abs(plane[0]).argmax() % 128]) for plane in drawn]
    levels = [plane[3].max() for plane in drawn]
    assert 0.1 < np.mean(np.array(signs) < 0) < 0.45 and min(levels) < 3 and max(levels) > 50


def test_response_loss_is_the_square_of_the_mean_deviation(sources):
    loss, usable = ResponseLoss(2.0), torch.ones(1, *SHAPE)
    assert float(loss(sources[:, 0], sources, usable)) == pytest.approx(0, abs=1e-9)
    assert float(loss(0.7 * sources[:, 0], sources, usable)) == pytest.approx(2 * 0.3**2, rel=1e-3)


def test_noise_of_the_response_is_not_penalized(sources):
    rng, loss = np.random.default_rng(2), ResponseLoss(1.0)
    noise = torch.from_numpy(rng.normal(0, 1, (60, *SHAPE)).astype(np.float32))
    values = [float(loss(0.8 * sources[:, 0] + one, sources, torch.ones(1, *SHAPE))) for one in noise]
    error = np.std(values) / np.sqrt(len(values))
    assert np.mean(values) == pytest.approx(0.04, abs=3 * error) and error < 0.01
    single = torch.cat(loss.responses(sources[:, 0] + noise[:1], sources, torch.ones(1, *SHAPE))[:2])
    assert float(single.std()) > 0.02, "of a realization there is noise"


def test_unused_pixels_do_not_count(sources):
    usable = torch.ones(1, *SHAPE)
    usable[..., 40:90] = 0
    change = torch.where(usable > 0, sources[:, 0], 1e3)
    assert float(ResponseLoss(1.0)(change, sources, usable)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("family", ["noise2noise", "ramp_denoise"])
def test_training_with_the_term_restores_flux(family):
    """A few steps on one batch, from a network that does nothing."""
    torch.manual_seed(1)
    if family == "ramp_denoise":
        items = slope_blocks(select_preset(family, "jwst", scenes=1, pixels=64 * 256, second_world=1.0), "training", 1)
        network, loss = build({"family": family, "hidden": 4, "depth": 2, "recurrent_units": 4}), SlopeLoss(2, 20.0)
        batch = torch.utils.data.default_collate([items[0]])
    else:
        settings = select_preset(family, "general", scenes=1, stamp=128)
        items = noisy_images(settings, "training", 2)
        network, loss = (
            build({"family": family, "hidden": 4, "depth": 2, "flux_box": 0, "source_box": 0}),
            ImageLoss("l2", response=20.0),
        )
        batch = torch.utils.data.default_collate([items[0], items[1]])
    assert {*PLANES, "sources"} <= set(batch[0])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)
    values = []
    for _ in range(6):
        optimizer.zero_grad()
        value = loss(network, *batch)
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] < values[0]


class Smooth(torch.nn.Module):
    """Mean of 3 × 3 pixels, with errors that are those of pixels."""

    uncertainties = ("none", "aleatoric")

    def __init__(self):
        super().__init__()
        self.unet = SimpleNamespace(config=SimpleNamespace(outputs=1))
        self.error_factor = torch.ones(len(KNOTS))

    def scene(self, signal, slopes, ratio=None):
        return signal

    def forward(self, slopes, ratio=None, extra=None):
        smooth = torch.nn.functional.avg_pool2d(slopes.signal[:, None], 3, 1, 1)[:, 0]
        return smooth, torch.full_like(smooth, 2 * np.log(1 / 3))

    def deviation(self, signal, log_variance, slopes, ratio=None, total=False):
        return torch.exp(0.5 * log_variance) * float(self.error_factor[2])


def blank(seed):
    noise = torch.from_numpy(np.random.default_rng(seed).normal(0, 1, (128, 128)).astype(np.float32))
    ones = torch.ones(128, 128)
    inputs = {"signal": noise, "variance": ones, "poisson": 0 * ones, "usable": ones}
    return inputs, torch.stack([noise, ones, 0 * ones]), ones[None]


def test_errors_add_up_in_apertures():
    """White noise smoothed over 3 × 3 pixels: errors of pixels are 1/3, those of sums nearly as of the noise."""
    items, network = [blank(seed) for seed in range(4)], Smooth()
    calibrate_errors(network, items)
    ratios = denoiser_scores(network, items)["aperture_errors"]
    assert ratios["r2_5"] == pytest.approx(1, abs=0.05)
    assert ratios["pixel"] == pytest.approx(1 / float(network.error_factor[2]), rel=0.05)
    assert ratios["pixel"] < ratios["r1_5"] < 1 < ratios["r4"] < ratios["r8"]


def test_score_of_flux_kept():
    kept = flux_kept(Smooth(), [blank(9)])
    assert set(kept) == {f"flux kept, {kind}" for kind in KINDS}
    assert {f"snr_{level}" for level in KEPT_SNR} <= set(kept["flux kept, star"])
    assert 0.4 < kept["flux kept, star"]["snr_10"] < 1 and kept["flux kept, star"]["error_10"] < 0.05


def test_errors_of_sky_are_right_where_most_images_are_otherwise():
    """Levels of lines in half of the images enlarge the errors of all; the median of the others decides."""
    items, network = [blank(seed) for seed in range(4)], Smooth()
    striped = [blank(seed) for seed in range(4, 8)]
    for inputs, *_ in striped:
        inputs["signal"] += torch.randn(128, 1, generator=torch.Generator().manual_seed(1))
    calibrate_errors(network, striped + items, items)
    assert denoiser_scores(network, items)["aperture_errors"]["r2_5"] == pytest.approx(1, abs=0.05)
