"""Blocks of slopes: their noise is that of whole simulated ramps, fitted."""

import numpy as np
import pytest
import torch

from jwst_denoise.networks import build
from jwst_denoise.ramps.slopes import fit_slope, slope_noise
from jwst_denoise.readout import Readout
from jwst_denoise.simulate import detector, simulate_exposure
from jwst_denoise.simulate.fast.scenes import EchelleScenes, LineScenes
from jwst_denoise.simulate.fast.slopes import (
    SlopeSetup,
    _draw_correlated_noise,
    draw_jwst_setup,
    draw_nirps_setup,
    simulate_slopes,
)
from jwst_denoise.training.calibration import calibrate_errors
from jwst_denoise.training.losses import SlopeLoss
from jwst_denoise.training.ramps import SlopeBlocks
from jwst_denoise.training.scores import CLASSES, denoiser_scores


def setup_of(det, lines, width, ngroups, time):
    noise = slope_noise(ngroups, time)
    return SlopeSetup(
        lines, 1, width, 12, noise.read, noise.poisson, ngroups * time, det.read_noise, 0.0, det.correlated
    )


def test_noise_is_that_of_whole_ramps():
    """Variance and correlation along the line against `simulate_exposure` and `fit_slope`."""
    det, shape, ngroups = detector("NRCA1"), (64, 512), 6
    readout = Readout(shape, fastaxis=1, slowaxis=2)
    off = dict.fromkeys(
        ("dark", "cosmic_rays", "ktc", "pedestal", "picture_frame", "superbias", "ipc", "nonlinearity"), False
    )
    rng = np.random.default_rng(1)
    scene = np.full(shape, 5.0)
    exposure = simulate_exposure(scene, det, readout, "RAPID", ngroups, 8, rng, **off)
    ramps = (exposure.counts.astype(float) - det.bias) * det.gain
    slopes = np.array([fit_slope(ramp, exposure.noise).rate for ramp in ramps]) - 5.0
    setup = setup_of(det, *shape, ngroups, exposure.group_time)
    direct = []
    for _ in range(8):
        block = simulate_slopes(scene, setup, rng)
        good = block["usable"] & (block["read_noise"] < 1.5 * np.median(block["read_noise"]))
        direct.append(np.where(good, block["slope"] - 5.0, np.nan))
    direct = np.array(direct)
    clipped = np.clip(direct, *np.nanpercentile(direct, (0.1, 99.9)))
    assert np.nanstd(clipped) == pytest.approx(np.std(slopes), rel=0.05)
    expected = np.array([fit_slope(c, exposure.noise).rate for c in exposure.truth.correlated])
    alike = np.array([_draw_correlated_noise(setup, rng) for _ in range(8)])
    lags = (1, 8, 64)
    for lag in lags:
        structure = [np.mean((a[..., lag:] - a[..., :-lag]) ** 2) / setup.read**2 for a in (expected, alike)]
        assert structure[1] == pytest.approx(structure[0], rel=0.1)


@pytest.mark.parametrize(("draw", "outputs"), [(draw_jwst_setup, {1, 4}), (draw_nirps_setup, {32})])
def test_setups_are_possible(draw, outputs):
    setups = [draw(64, np.random.default_rng([1, index])) for index in range(40)]
    assert {setup.outputs for setup in setups} == outputs
    assert all(setup.read > 0 and setup.poisson > 0 for setup in setups)


@pytest.fixture(scope="module")
def blocks():
    return SlopeBlocks(LineScenes.draw(3, 5), draw_jwst_setup, 4, 7, 32 * 2048)


def test_blocks_depend_on_seed_and_index_alone(blocks):
    again = SlopeBlocks(blocks.scenes, draw_jwst_setup, 4, 7, 32 * 2048)
    for (inputs, truth, weight), (others, same, _) in ((blocks[1], again[1]), (blocks[3], again[3])):
        assert torch.equal(inputs["signal"], others["signal"]) and torch.equal(truth, same)
        assert truth.shape == (2, *weight.shape) and set(weight.unique().tolist()) <= {0, 1}
        assert all(n % 8 == 0 for n in weight.shape)


def test_signal_is_scene_and_noise(blocks):
    """In units of the noise of the sky; most of it is white."""
    inputs, truth, weight = blocks[0]
    faint = (weight > 0) & (truth[0] < 1)
    error = (inputs["signal"] - truth[0])[faint]
    assert 0.7 < float(error.clamp(-4, 4).std()) < 1.6


@pytest.mark.parametrize("lines", [64, 32])
def test_background_pixels_give_levels_to_echelle_blocks(lines):
    """Also to blocks with fewer lines than the boxes in which levels are measured."""
    inputs, truth, weight = SlopeBlocks(EchelleScenes(), draw_nirps_setup, 1, 3, lines * 4096)[0]
    background = (truth[0] < 0.02) & (weight > 0)
    error = torch.where(background, inputs["signal"] - truth[0], 0.0)
    means = error.sum(dim=1) / background.sum(dim=1).clamp(min=1)
    assert float(means[background.sum(dim=1) > 2000].abs().max()) < 0.25


def test_loss_falls_and_scores_are_finite(blocks):
    torch.manual_seed(0)
    network = build({"family": "ramp_denoise", "hidden": 4, "depth": 2, "recurrent_units": 4})
    batch = torch.utils.data.default_collate([blocks[2]])
    loss = SlopeLoss(2)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    values = []
    for _ in range(8):
        optimizer.zero_grad()
        value = loss(network, *batch)
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] < values[0]
    network.eval()
    calibrate_errors(network, [blocks[0], blocks[1]])
    assert (network.error_factor > 0).all() and (network.error_factor != 1).any()
    scores = denoiser_scores(network, [blocks[2]])
    assert set(scores) <= {*CLASSES, "aperture_errors"} and np.isfinite(scores["faint"]["rms"])


def test_scenes_are_cut_along_and_across_their_long_edge():
    scenes = LineScenes.draw(4, 2)
    assert {rate.shape for rate in scenes.rates} <= {(256, 2048), (2048, 256)}
    for shape in ((128, 2048), (256, 256), (64, 512)):
        assert scenes.block(shape, np.random.default_rng(3)).shape == shape
