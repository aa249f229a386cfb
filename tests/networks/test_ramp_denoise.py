"""The recurrent denoiser on images and ramps, untrained: geometry, units, gaps, blending."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from jwst_denoise.networks import build, ramp_denoise
from jwst_denoise.networks.blocks.boxes import weighted_mean
from jwst_denoise.networks.blocks.errors import KNOTS
from jwst_denoise.networks.blocks.scaling import BLEND_SNR, ScaledSlopes, pixel_noise, scale_slopes
from jwst_denoise.networks.ramp_denoise import RampDenoise
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.ramps.slopes import SlopeImage, fit_slope
from jwst_denoise.readout import Readout


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    return RampDenoise(hidden=4, depth=2, recurrent_units=8).eval()


@pytest.fixture
def slopes():
    rng = np.random.default_rng(1)
    rate = (0.5 + 0.02 * rng.standard_normal((48, 64))).astype(np.float32)
    rate[10:14, 20:24] = np.nan
    return SlopeImage(rate, np.full(rate.shape, 0.02, np.float32), 0.001)


READOUT = Readout((48, 64), fastaxis=1, slowaxis=2, outputs=4)


def test_architecture_makes_the_same_network(network):
    again = build(network.architecture)
    again.load_state_dict(network.state_dict())
    assert again.architecture == network.architecture


@pytest.mark.parametrize(
    "wrong", [{"flux_box": (4, 5)}, {"flux_box": (5,)}, {"bin": 0}, {"source_box": 4}, {"protection_box": 2}]
)
def test_impossible_architectures_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RampDenoise(**wrong)


def test_scaled_slopes_have_unit_noise_and_no_level(slopes):
    usable = np.isfinite(slopes.rate)
    scaled = scale_slopes(slopes.rate, slopes.read_noise, slopes.poisson, usable)
    inside = scaled.signal[scaled.usable > 0]
    assert float(inside.std()) == pytest.approx(0.02 / np.hypot(0.02, np.sqrt(0.5 * 0.001)), rel=0.05)
    assert abs(float(inside.median())) < 1e-3 and scaled.level == pytest.approx(0.5, abs=0.01)
    brighter = (0.5 + 0.3 - scaled.level) / scaled.unit
    expected = np.sqrt(0.02**2 + 0.8 * 0.001) / scaled.unit
    assert float(pixel_noise(torch.tensor(brighter), scaled)[0, 0, 0]) == pytest.approx(expected, rel=1e-4)


def test_no_slope_stays_no_slope_and_does_not_spread(network, slopes):
    result = network.denoise(slopes, READOUT)
    np.testing.assert_array_equal(np.isnan(result.rate), np.isnan(slopes.rate))
    np.testing.assert_array_equal(np.isnan(result.err), np.isnan(slopes.rate))
    assert (result.network_weight[np.isnan(slopes.rate)] == 0).all()
    filled = np.where(np.isnan(slopes.rate), 1e9, slopes.rate)
    noise = np.where(np.isnan(slopes.rate), np.nan, slopes.read_noise)
    other = network.denoise(SlopeImage(filled, noise, slopes.poisson), READOUT)
    np.testing.assert_allclose(other.rate, result.rate)


def test_input_is_not_changed(network, slopes):
    before = slopes.rate.copy()
    network.denoise(slopes, READOUT)
    np.testing.assert_array_equal(slopes.rate, before)


def test_bright_pixels_are_the_fit_bit_by_bit(network, slopes):
    slopes.rate[30, 40] = 0.5 + 2 * BLEND_SNR[1] * np.sqrt(0.02**2 + 2.5 * 0.001)
    result = network.denoise(slopes, READOUT)
    assert result.rate[30, 40] == slopes.rate[30, 40] and result.network_weight[30, 40] == 0
    assert result.err[30, 40] == pytest.approx(np.sqrt(slopes.variance[30, 40]), rel=1e-5)
    assert result.correlated[30, 40] == 0 and result.network_weight[5, 5] == 1


def test_result_scales_with_the_unit(network, slopes):
    """The same photons in other units: a time ten times as long."""
    result = network.denoise(slopes, READOUT)
    longer = SlopeImage(slopes.rate / 10, slopes.read_noise / 10, slopes.poisson / 10)
    np.testing.assert_allclose(10 * network.denoise(longer, READOUT).rate, result.rate, rtol=1e-4)


def test_result_does_not_depend_on_tiles(network, slopes):
    np.testing.assert_allclose(
        network.denoise(slopes, READOUT, tile=16).rate, network.denoise(slopes, READOUT).rate, atol=1e-6
    )


@pytest.mark.parametrize(("fast", "slow"), [(-1, 2), (2, -1), (-2, -1)])
def test_orientation_is_that_of_the_readout(network, slopes, fast, slow):
    """A frame in another orientation gives the same in that orientation."""
    shape = (48, 64) if abs(fast) == 1 else (64, 48)
    turned = Readout(shape, fastaxis=fast, slowaxis=slow, outputs=4)
    image = SlopeImage(turned.from_detector(slopes.rate), 0.02, 0.001)
    result = network.denoise(image, turned)
    np.testing.assert_allclose(turned.to_detector(result.rate), network.denoise(slopes, READOUT).rate, rtol=1e-6)


def test_empty_and_one_output_frames(network):
    rate = np.full((16, 20), np.nan, np.float32)
    readout = Readout((16, 20), fastaxis=1, slowaxis=2)
    assert np.isnan(network.denoise(SlopeImage(rate, 1.0, 0.1), readout).rate).all()
    rate[:] = 1
    assert np.isfinite(network.denoise(SlopeImage(rate, 1.0, 0.1), readout).rate).all()


def ramp(ngroups=5):
    rng = np.random.default_rng(4)
    rate = np.full((48, 64), 3.0)
    groups = rate * 10 * np.arange(1, ngroups + 1)[:, None, None]
    return (groups + rng.normal(0, 8, groups.shape)).astype(np.float32)


def test_predict_takes_counts_and_gives_rates(network):
    groups = ramp()
    options = {"group_time": 10.0, "readout": READOUT}
    rate, sigma = network.predict(groups, 8.0, **options)
    assert rate.shape == sigma.shape == (48, 64)
    assert np.median(rate) == pytest.approx(3.0, abs=0.1)
    np.testing.assert_allclose(network.predict(groups / 2, 8.0, gain=2.0, **options)[0], rate, rtol=1e-5)
    bad = np.zeros((48, 64), bool)
    bad[3, 3] = True
    assert np.argwhere(np.isnan(network.predict(groups, 8.0, bad=bad, **options)[0])).tolist() == [[3, 3]]
    with pytest.raises(ValueError, match="saturated has shape"):
        network.predict(groups, 8.0, saturated=bad[:5], **options)
    with pytest.raises(ValueError, match="gain"):
        network.predict(groups, 8.0, gain=np.ones(3), **options)


def test_noise_of_groups_has_the_slope_of_the_noise_of_the_whole(network):
    groups = ramp()
    group_noise = GroupNoise(8.0, 10.0)
    noise = network.group_noise(groups, group_noise, READOUT)
    assert noise.shape == groups.shape and (noise[0] == 0).all() and np.abs(noise[1:]).max() > 0
    slopes = fit_slope(groups, group_noise)
    expected = network.denoise(slopes, READOUT).correlated
    np.testing.assert_allclose(fit_slope(noise, group_noise).rate, expected, atol=1e-4)


def test_correlated_noise_is_on_the_same_frame(network, slopes):
    """What is subtracted has no level: that of the sky stays."""
    assert abs(np.mean(network.correlated(slopes, READOUT)[np.isfinite(slopes.rate)])) < 1e-6


def half_is_noise(planes):
    return torch.stack([0.5 * torch.sinh(planes[:, 0]), torch.zeros_like(planes[:, 0])], dim=1)


@pytest.mark.parametrize("box", [0, 5])
def test_protected_sources_do_not_change_the_correlated_noise(slopes, box):
    torch.manual_seed(3)
    network = RampDenoise(hidden=4, depth=2, recurrent_units=8, protection_box=box).eval()
    usable = np.isfinite(slopes.rate)
    scaled = scale_slopes(np.where(usable, slopes.rate, 0), slopes.read_noise, slopes.poisson, usable)
    star = torch.zeros_like(scaled.signal)
    star[0, 30:33, 40:43] = 500.0

    with torch.no_grad():
        exposures = [replace(scaled, signal=scaled.signal + number * star) for number in (1, 2)]
        result = [network._correlated(exposure, 4, half_is_noise)[0] for exposure in exposures]
    same = torch.allclose(*result, atol=1e-6)
    assert same if box else not same


@pytest.mark.parametrize("lines", [47, 49])
def test_means_over_many_lines_are_signal(slopes, lines, monkeypatch):
    monkeypatch.setattr(ramp_denoise, "TALL", lines)  # the frame has 48
    torch.manual_seed(3)
    network = RampDenoise(hidden=4, depth=2, recurrent_units=8, protection_box=5).eval()
    usable = np.isfinite(slopes.rate)
    trace = 0.02 * (np.abs(np.arange(64) - 30) < 4)  # one standard deviation of a pixel
    scaled = scale_slopes(np.where(usable, slopes.rate + trace, 0), slopes.read_noise, slopes.poisson, usable)
    with torch.no_grad():
        result = network._correlated(scaled, 4, half_is_noise)[0]
    left = weighted_mean(scaled.usable * result, scaled.usable, (47, network.source_box))[0, 24]
    assert (left.abs().max() < 0.1 * result.std()) == (lines < 48)


def test_predicted_errors_are_multiplied_by_their_factors(network):
    """At the knots exactly, half way between them in between, beyond them like at the last."""
    network = copy.deepcopy(network)
    network.error_factor[:] = torch.tensor([1.0, 2.0, 3.0, 4.0])
    expected = torch.tensor([[[0.01, KNOTS[0], (KNOTS[0] * KNOTS[1]) ** 0.5, KNOTS[1], KNOTS[3], 2.0]]])
    ones = torch.ones_like(expected)
    slopes = ScaledSlopes(ones, ones, 0 * ones, ones)
    result = network.deviation(ones, 2 * torch.log(expected), slopes, 0 * ones)
    torch.testing.assert_close(result / expected, torch.tensor([[[1, 1, 1.5, 2, 4, 4]]]), atol=1e-4, rtol=0)


def test_errors_grow_with_the_correlated_noise_that_was_found(network):
    network = copy.deepcopy(network)
    network.architecture["correlated_error"] = 5.0
    ones = torch.ones(1, 4, 8)
    slopes = ScaledSlopes(ones, ones, 0 * ones, ones)
    small, large = (network.deviation(ones, 0 * ones - 2, slopes, noise * ones) for noise in (0.0, 0.4))
    torch.testing.assert_close(large**2 - small**2, 5 * 0.16 * ones)
