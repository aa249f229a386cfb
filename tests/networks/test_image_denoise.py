"""Image denoisers: units, conservation of flux, errors, tiles, missing data."""

import numpy as np
import pytest
import torch

from jwst_denoise.networks import build
from jwst_denoise.networks.image_denoise import DenoisedImage
from jwst_denoise.ramps.coadd import coadd_frames
from jwst_denoise.ramps.slopes import SlopeImage

SMALL = {
    "astro_unet": {"family": "astro_unet", "hidden": 4, "depth": 3, "lines": 31},
    "noise2noise": {"family": "noise2noise", "hidden": 4, "depth": 2, "dropout": 0.05, "error": "network"},
    "noise2noise-stack": {"family": "noise2noise-stack", "hidden": 4, "depth": 2, "lines": 31},
}


def network(family, **more):
    """An untrained network that changes what it sees."""
    torch.manual_seed(3)
    net = build(SMALL[family] | more).eval()
    torch.nn.init.normal_(net.unet.output.weight, 0, 0.5)
    return net


def image(seed=1, shape=(90, 110), poisson=0.01):
    rng = np.random.default_rng(seed)
    rate = rng.normal(1, 0.1, shape).astype(np.float32)
    rate[40:44, 50:53] += 3
    return SlopeImage(rate, np.full(shape, 0.1, np.float32), poisson)


def given(net, seed=1, **more):
    return [image(seed + k, **more) for k in range(3)] if net.takes_stack else image(seed, **more)


@pytest.mark.parametrize("family", SMALL)
def test_tiles_equal_the_whole(family):
    net = network(family)
    whole = net.denoise(given(net), tile=512)
    for options in ({"tile": 64}, {"tile": 16}):
        tiled = net.denoise(given(net), **options)
        np.testing.assert_allclose(tiled.rate, whole.rate, atol=1e-5)
        np.testing.assert_allclose(tiled.err, whole.err, atol=1e-5)


def test_tiles_of_dropout_fit_together():
    net = network("noise2noise")
    result = [net.denoise(image(), tile=tile, uncertainty="total", n_samples=4) for tile in (16, 512)]
    np.testing.assert_allclose(result[0].rate, result[1].rate, atol=1e-5)
    np.testing.assert_allclose(result[0].err, result[1].err, atol=1e-5)
    single = net.denoise(image(), uncertainty="aleatoric")
    assert (result[0].err >= single.err * 0.98).mean() > 0.99
    assert not any(layer.training for layer in net.modules()), "the network itself stays as it was"


@pytest.mark.parametrize("family", SMALL)
def test_missing_data_stay_missing_and_do_not_spread(family):
    net = network(family)
    frames = given(net)
    clean = net.denoise(frames)
    for frame in frames if net.takes_stack else [frames]:
        frame.rate[20, 30] = np.nan
        frame.read_noise[60, 70] = np.inf
    result = net.denoise(frames)
    missing = np.zeros(result.rate.shape, bool)
    missing[20, 30] = missing[60, 70] = True
    assert isinstance(result, DenoisedImage)
    np.testing.assert_array_equal(np.isnan(result.rate), missing)
    np.testing.assert_array_equal(np.isnan(result.err), missing)
    assert (result.err[~missing] > 0).all() and (result.network_weight[missing] == 0).all()
    far = np.s_[80:, :10]
    np.testing.assert_allclose(result.rate[far], clean.rate[far], atol=2e-3)


@pytest.mark.parametrize("family", SMALL)
def test_units_do_not_matter(family):
    net = network(family)
    frames = given(net)
    scale = 50.0
    larger = [SlopeImage(f.rate * scale, f.read_noise * scale, f.poisson * scale) for f in np.atleast_1d(frames)]
    result, other = net.denoise(frames), net.denoise(larger if net.takes_stack else larger[0])
    np.testing.assert_allclose(other.rate, result.rate * scale, rtol=2e-3)
    np.testing.assert_allclose(other.err, result.err * scale, rtol=5e-3)


@pytest.mark.parametrize("family", SMALL)
def test_significant_flux_is_preserved(family):
    """Sums over sources are those of the observation, even for an untrained network."""
    net = network(family, **({} if family == "astro_unet" else {"error": "head"}))
    frames = given(net, poisson=0.0)
    observed = coadd_frames(frames).image.rate if net.takes_stack else frames.rate
    result = net.denoise(frames, **({"ratio": 5.0} if net.uses_ratio else {})).rate
    around = np.s_[30:54, 40:64]
    flux = (observed[around] - np.median(observed)).sum()
    noise = 0.1 * np.sqrt(24 * 24)
    assert abs((result - observed)[around].sum()) < 0.02 * flux + noise


def test_bright_pixels_are_the_observation():
    net, one = network("noise2noise"), image()
    one.rate[10, 12] = 500.0
    result = net.denoise(one)
    assert result.rate[10, 12] == one.rate[10, 12] and result.network_weight[10, 12] == 0
    assert result.err[10, 12] == pytest.approx(np.sqrt(0.1**2 + 0.01 * 500), rel=1e-5)


def test_ratio_is_a_share_of_the_observation():
    """(1 - 1/r) scene + observation / r: with a network without r as an input, results are on one line."""
    net, one = network("astro_unet", ratio="none"), image()
    two, five = (net.denoise(one, ratio=r).rate.astype(float) for r in (2.0, 5.0))
    scene = 2 * two - one.rate
    np.testing.assert_allclose(five, 0.8 * scene + 0.2 * one.rate, atol=1e-4)
    with_ratio = network("astro_unet")
    assert np.abs(with_ratio.denoise(one, ratio=2.0).err - with_ratio.denoise(one, ratio=5.0).err).max() > 0


def test_mosaic_is_the_mean_of_crops():
    from jwst_denoise.networks.blocks.tiling import _apply, apply_mosaic

    net = network("astro_unet")
    planes = torch.randn(net.unet.config.inputs, 48, 64)
    context = torch.full((1, 1), 2.0)
    total, count = np.zeros((2, 48, 64)), np.zeros((48, 64))
    for y in (0, 8, 16):
        for x in (0, 8, 16, 24, 32):
            crop = _apply(net.unet, planes[None, :, y : y + 32, x : x + 32], context)[0].numpy()
            total[:, y : y + 32, x : x + 32] += crop
            count[y : y + 32, x : x + 32] += 1
    np.testing.assert_allclose(apply_mosaic(net.unet, planes, context, 32, 8).numpy(), total / count, atol=1e-5)
    assert np.isfinite(net.denoise(image(), mosaic=True).rate).all()


def test_smaller_tiles_when_memory_runs_out(monkeypatch, caplog):
    from jwst_denoise.networks.blocks import tiling

    net, one = network("noise2noise"), image(shape=(200, 220))
    expected = net.denoise(one).rate
    apply = tiling._apply

    def little_memory(unet, part, context):
        if part.shape[-1] > 140:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return apply(unet, part, context)

    monkeypatch.setattr(tiling, "_apply", little_memory)
    np.testing.assert_allclose(net.denoise(one).rate, expected, atol=1e-5)
    assert "smaller" not in caplog.text and "tiles of 110 pixels" in caplog.text
    monkeypatch.setattr(tiling, "_apply", lambda *_: (_ for _ in ()).throw(RuntimeError("something else")))
    with pytest.raises(RuntimeError, match="something else"):
        net.denoise(one)


def test_stack_of_any_number_and_its_mean():
    net = network("noise2noise-stack")
    for number in (1, 2, 16):
        frames = [image(k) for k in range(number)]
        result = net.denoise(frames)
        np.testing.assert_array_equal(result.observed.rate, coadd_frames(frames).image.rate)
        assert result.rate.shape == (90, 110)
    order = [frames[k] for k in np.random.default_rng(1).permutation(16)]
    np.testing.assert_allclose(net.denoise(order).rate, result.rate, atol=1e-4)


def test_predict():
    net, one = network("noise2noise"), image()
    rate, sigma = net.predict(one.rate, read_noise=0.1, poisson=0.01)
    np.testing.assert_allclose(rate, net.denoise(one).rate, atol=1e-5)
    cube, errors = net.predict(np.stack([one.rate, one.rate]), err=np.full((2, 90, 110), 0.1))
    assert cube.shape == errors.shape == (2, 90, 110)
    plain, none = net.predict(one.rate, uncertainty="none")
    assert plain.shape == (90, 110) and none is None
    stack = network("noise2noise-stack")
    assert stack.predict(np.stack([one.rate, one.rate]), 0.1)[0].shape == (90, 110)
    with pytest.raises(ValueError, match="frames, ny, nx"):
        stack.predict(one.rate)


def test_plain_networks_of_the_papers():
    """Sizes of figure 4 of Astro U-net and table B.1 of Noise2Noise, and images mapped as they are."""
    unscaled = {"input_scaling": "rate", "source_box": 0, "flux_box": 0}
    astro = build({"family": "astro_unet", "hidden": 32, "depth": 5} | unscaled)
    assert sum(p.numel() for p in astro.unet.parameters()) == 7760545
    assert astro.uncertainties == ("none",)
    plain = unscaled | {"error": "none"}
    net = build({"family": "noise2noise", "hidden": 4, "depth": 3} | plain).eval()
    one = image()
    result = net.denoise(one, uncertainty="none")
    with torch.inference_mode():
        padded = torch.nn.functional.pad(torch.from_numpy(one.rate)[None, None], (0, 2, 0, 2))
        expected = net.unet(padded)[0, 0, :90, :110].numpy()
    faint = result.network_weight == 1
    np.testing.assert_allclose(result.rate[faint], expected[faint], atol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ratio": 1.0}, "ratio=1.0"),
        ({"ratio": 5.5}, "ratio=5.5"),
        ({"uncertainty": "total"}, "offers none, aleatoric"),
        ({"n_samples": 1}, "n_samples=1"),
    ],
)
def test_impossible_requests_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        network("astro_unet").denoise(image(), **options)


@pytest.mark.parametrize(
    ("family", "options", "words"),
    [
        ("astro_unet", {"activation": "tanh"}, "activation='tanh'"),
        ("astro_unet", {"ratio": "multiply"}, "ratio='multiply'"),
        ("astro_unet", {"source_box": 4}, "source_box=4"),
        ("noise2noise", {"input_scaling": "rate"}, "source_box=5, flux_box=31"),
        ("noise2noise", {"input_scaling": "mJy"}, "input_scaling='mJy'"),
        ("noise2noise", {"dropout": 1.0}, "dropout=1.0"),
        ("noise2noise", {"error": "some"}, "error='some'"),
    ],
)
def test_impossible_networks_are_refused(family, options, words):
    with pytest.raises(ValueError, match=words):
        build({"family": family} | options)
