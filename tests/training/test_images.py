"""Simulated noisy images: their noise is what they say, targets are independent, losses are their definitions."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from jwst_denoise.networks import build
from jwst_denoise.networks.blocks.errors import KNOTS
from jwst_denoise.networks.blocks.scaling import pixel_noise
from jwst_denoise.simulate.fast.images import Camera
from jwst_denoise.simulate.fast.scenes import ScenePool
from jwst_denoise.training import train
from jwst_denoise.training.calibration import calibrate_errors, fit_error_head
from jwst_denoise.training.images import LongerExposures, NoisyPairs, NoisyStacks
from jwst_denoise.training.losses import SOURCE_SNR, ImageLoss, divergence, slopes_of
from jwst_denoise.training.presets import PRESETS, select_preset
from jwst_denoise.training.scores import denoiser_scores, open_item, select_apertures

TINY = {
    "hidden": 2, "depth": 2, "scenes": 4, "stamp": 32, "batch": 2, "steps": 2, "epochs": 2, "validation": 2,
    "calibration": 4, "line_length": 31,
}  # fmt: skip
SIZE = 64


@pytest.fixture(scope="module")
def pool():
    return ScenePool.draw(4, 77, ["galaxies", "cluster", "resolved", "nebula"])


def sets(pool, clean=False):
    common = (pool, 12, 5, SIZE)
    return {
        "longer": LongerExposures(*common, range(2, 6), clean),
        "pairs": NoisyPairs(*common, clean),
        "stacks": NoisyStacks(*common, 6, clean),
    }


@pytest.mark.parametrize("seconds", [100.0, 1000.0])
def test_noise_is_what_the_camera_says(seconds):
    rng, rate = np.random.default_rng(1), np.full((300, 300), 2.0)
    camera = Camera(seconds, 10.0, poisson=1.1)
    image = camera.observe(rate, rng)
    error = image.rate - rate
    core = error[np.abs(error) < 6 * np.sqrt(image.variance)]
    expected = np.sqrt(10.0**2 / seconds**2 + 1.1 * 2.0 / seconds)
    assert core.std() == pytest.approx(expected, rel=0.01)
    assert np.nanmedian(np.sqrt(image.variance)) == pytest.approx(expected, rel=0.02)
    assert abs(core.mean()) < 5 * expected / np.sqrt(core.size)


def test_lines_have_levels():
    rng = np.random.default_rng(2)
    for axis in (0, 1):
        image = Camera(100.0, 10.0, stripes=0.5, axis=axis).observe(np.zeros((200, 220)), rng)
        inner = image.rate[12:, 4:-4]
        levels, other = np.nanmedian(inner, axis=axis), np.nanmedian(inner, axis=1 - axis)
        assert levels.std() == pytest.approx(0.05, rel=0.25) and other.std() < 0.02


def test_resampled_images_are_those_of_the_scene():
    rng, rate = np.random.default_rng(3), np.zeros((40, 40))
    rate[20, 20] = 1e5
    camera = Camera(1000.0, 1.0, shift=(0.0, 0.5))
    truth = camera.truth(rate)
    assert truth[20, 20] == pytest.approx(5e4, rel=1e-3) == truth[20, 21]
    image = camera.observe(rate, rng)
    assert np.nanmax(np.abs(image.rate - truth)[18:23, 18:23]) < 200


@pytest.mark.parametrize("kind", ["longer", "pairs", "stacks"])
def test_items_depend_on_seed_and_index_alone(pool, kind):
    first, again = sets(pool)[kind][3], sets(pool)[kind][3]
    for name in first[0]:
        torch.testing.assert_close(first[0][name], again[0][name])
    torch.testing.assert_close(first[1], again[1])
    assert first[0]["signal"].shape == (SIZE, SIZE) and len(first[2]) == (3 if kind == "stacks" else 1)
    assert len(first[1]) == (7 if kind == "stacks" else 3)
    assert not torch.equal(first[0]["signal"], sets(pool)[kind][11][0]["signal"])


@pytest.mark.parametrize("kind", ["longer", "pairs", "stacks"])
def test_errors_of_inputs_and_targets_are_as_stated(pool, kind):
    """Pulls of most are 1; those of pairs and stacks are independent, a longer exposure holds the image."""
    result = []
    for inputs, truth, weight in (sets(pool)[kind][5 * k] for k in range(12)):
        slopes = slopes_of({name: torch.as_tensor(value)[None] for name, value in inputs.items()})
        target, variance, scene = truth[:3]
        use = weight[0] > 0
        own = pixel_noise(scene[None], slopes)[0]
        pulls = ((slopes.signal[0] - scene) / own)[use], ((target - scene) / torch.sqrt(variance))[use]
        image, target = (np.clip(pull.numpy(), -5, 5) for pull in pulls)
        result.append([image.std(), target.std(), np.corrcoef(image, target)[0, 1]])
    image, target, correlation = np.median(result, axis=0)
    assert image == pytest.approx(1, abs=0.15) and target == pytest.approx(1, abs=0.15)
    assert correlation > 0.3 if kind == "longer" else abs(correlation) < 0.03


def test_every_crop_comes_with_every_ratio(pool):
    items = [sets(pool)["longer"][k] for k in range(8)]
    assert [int(inputs["ratio"]) for inputs, *_ in items] == [2, 3, 4, 5] * 2
    np.testing.assert_array_equal(items[0][0]["signal"], items[3][0]["signal"])
    noise = [float((truth[0] - truth[2])[weight[0] > 0].std()) for _, truth, weight in items[:4]]
    assert noise[0] > noise[1] > noise[3]


def test_clean_targets_are_the_scene(pool):
    _, truth, _ = sets(pool, clean=True)["pairs"][0]
    torch.testing.assert_close(truth[0], truth[2])


@pytest.mark.parametrize("kind", ["l1", "l2", "likelihood", "l1+kl"])
def test_losses_are_their_definitions(pool, kind):
    inputs, truth, weight = sets(pool)["pairs"][1]
    batch = [{name: torch.as_tensor(value)[None] for name, value in inputs.items()}, truth[None], weight[None]]
    net = build({"family": "noise2noise", "hidden": 2, "depth": 2, "error": "none" if kind != "likelihood" else "head"})
    result = float(ImageLoss(kind, emphasis=8.0)(net, *batch).detach())
    slopes = slopes_of(batch[0])
    signal, log_variance = net(slopes)
    own = pixel_noise(truth[2:3], slopes)[0]
    use = (weight[0] > 0) & (truth[2] < 60 * own)
    error = ((signal[0] - truth[0]) / own)[use].detach().numpy()
    counts = np.where((truth[2] > SOURCE_SNR * own)[use], 9, 1)

    def mean(values):
        return np.average(values, weights=counts)

    expected = {"l1": mean(np.abs(error)), "l2": mean(error**2)}
    if kind == "likelihood":
        variance = (torch.exp(log_variance[0]) + truth[1] / own**2)[use].detach().numpy()
        expected[kind] = mean(error**2 / (2 * variance) + np.log(variance) / 2)
    if kind == "l1+kl":
        weights = torch.zeros(use.shape)
        weights[use] = torch.from_numpy(counts).float()
        images = (truth[:1] / own, signal / own, weights[None])
        expected[kind] = expected["l1"] + float(divergence(*images).detach())
    assert result == pytest.approx(expected[kind], rel=1e-4)


def test_divergence():
    rng = np.random.default_rng(4)
    one, weight = torch.from_numpy(rng.normal(0, 1, (1, 200, 200))), torch.ones(1, 200, 200)
    assert float(divergence(one, one, weight)) == pytest.approx(0, abs=1e-6)
    wide = float(divergence(2 * one, one, weight))
    assert wide == pytest.approx(np.log(0.5) + 4 / 2 - 0.5, rel=0.1), "of two normal distributions"


class Biased(torch.nn.Module):
    """Predicts half of its error."""

    uncertainties = ("none", "aleatoric")

    def __init__(self):
        super().__init__()
        self.unet = SimpleNamespace(config=SimpleNamespace(outputs=1))
        self.error_factor = torch.ones(len(KNOTS))

    def scene(self, signal, slopes, ratio=None):
        return signal

    def forward(self, slopes, ratio, extra):
        return slopes.signal, torch.full_like(slopes.signal, 2 * np.log(0.5))

    def deviation(self, signal, log_variance, slopes, ratio=None, total=False):
        from jwst_denoise.networks.blocks.errors import apply_error_factors

        return pixel_noise(signal, slopes) * apply_error_factors(torch.exp(0.5 * log_variance), self.error_factor)


def test_errors_are_calibrated(pool):
    items, net = [sets(pool)["pairs"][k] for k in range(12)], Biased()
    calibrate_errors(net, items)
    assert float(net.error_factor[2]) == pytest.approx(2, rel=0.15), "the knot at 0.4 is the nearest"
    scores = denoiser_scores(net, items)["faint"]
    assert scores["rms"] == pytest.approx(scores["rms_input"])
    assert scores["within_1"] == pytest.approx(0.68, abs=0.06)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "name"), [("astro_unet", "network1"), ("noise2noise", "uncertainty"), ("noise2noise", "stack")]
)
def test_train(tmp_path, family, name):
    output = train(family, name, tmp_path, progress=False, **TINY)
    info = json.loads((output / "info.json").read_text())
    assert info["architecture"]["family"] == ("noise2noise-stack" if name == "stack" else family)
    assert {"rms", "rms_input", "bias", "pixel_error", "within_1", "within_2"} <= set(info["scores"]["faint"])
    network = build(info["architecture"])
    with np.load(output / "weights.npz") as weights:
        network.load_state_dict({key: torch.tensor(weights[key]) for key in weights})
    factors = network.total_factor if name == "uncertainty" else network.error_factor
    assert (factors != 1).any()


def test_presets_of_the_papers():
    astro, n2n = PRESETS["astro_unet", "paper"], PRESETS["noise2noise", "paper"]
    assert (astro.hidden, astro.depth, astro.stamp, astro.epochs, astro.learning_rate) == (32, 5, 256, 5000, 1e-5)
    assert (n2n.hidden, n2n.depth, n2n.stamp, n2n.batch, n2n.epochs, n2n.batch * n2n.steps) == (
        32,
        3,
        52,
        10,
        20,
        10000,
    )
    for name, words in (("loss", "loss='l4'"), ("data", "data='l4'")):
        with pytest.raises(ValueError, match=words):
            select_preset("astro_unet", "small", **{name: "l4"})
    with pytest.raises(ValueError, match="lowest=4 and highest=3"):
        select_preset("astro_unet", "small", lowest=4, highest=3)


def test_the_last_layer_of_errors_is_the_most_likely(pool):
    """With one feature that is constant the predicted variance is the mean square error of sums over their pixels."""
    items = [sets(pool)["pairs"][k] for k in range(8)]
    net = build({"family": "noise2noise", "hidden": 2, "depth": 2}).eval()
    for parameter in net.unet.decoder.parameters():
        torch.nn.init.constant_(parameter, 0.05)
    torch.nn.init.zeros_(net.unet.decoder[-1][2].weight)
    fit_error_head(net, items)
    squares = []
    with torch.inference_mode():
        for slopes, more, scene, use in map(open_item, items):
            signal, log_variance = net(slopes, *more)
            total_of = select_apertures(use, 2.5)[1]
            variance = total_of(pixel_noise(signal, slopes) ** 2)
            squares.append((total_of(signal - scene) ** 2 / variance).clamp(max=25))
    assert float(log_variance.mean()) == pytest.approx(np.log(float(torch.cat(squares).mean())), abs=0.1)
