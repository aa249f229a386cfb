"""Pairs of the user's exposures, and the gain of a network on held-out ones."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from jwst_denoise.networks.blocks.errors import KNOTS
from jwst_denoise.training import train
from jwst_denoise.training.own_exposures.datasets import ExposurePairs
from jwst_denoise.training.own_exposures.gain import calibrate_on_exposures, gain_scores, measure_gain
from jwst_denoise.training.own_exposures.repeated import align_exposures, hold_out
from jwst_denoise.training.own_exposures.stacks import ExposureStack, frames_of_shifts

READ = 0.1
TINY = {"hidden": 2, "stamp": 32, "batch": 2, "steps": 2, "epochs": 1, "validation": 2, "line_length": 0, "flux_box": 0}


@pytest.fixture(scope="module")
def scene():
    y, x = np.mgrid[:64, :96]
    return (1 + 0.5 * np.sin(x / 6) * np.cos(y / 7)).astype(np.float32)


@pytest.fixture(scope="module")
def stack(scene):
    rng = np.random.default_rng(3)
    images = (scene + READ * rng.normal(size=(6, *scene.shape))).astype(np.float32)
    blank = np.zeros(images.shape, dtype=bool)
    names = tuple(f"exposure_{i}.fits" for i in range(6))
    return ExposureStack(
        images, np.full(images.shape, READ, np.float32), blank, blank, frames_of_shifts(np.zeros((6, 2))), names,
        setup="NIRCAM NRCB1",
    )  # fmt: skip


@pytest.fixture(scope="module")
def part(stack):
    return hold_out(align_exposures(stack))


class Perfect(torch.nn.Module):
    """A network that gives the scene with a known error on top."""

    uncertainties = ("none", "aleatoric")

    def __init__(self, scene, error, predicted):
        super().__init__()
        self.scene, self.error, self.predicted = scene, error, predicted
        self.register_buffer("error_factor", torch.ones(len(KNOTS)))
        self.register_buffer("total_factor", torch.ones(len(KNOTS)))

    def denoise(self, image, uncertainty="aleatoric"):
        number = int(1e4 * abs(float(image.rate[0, 0])))
        noise = np.random.default_rng(number).normal(size=self.scene.shape)
        err = np.full(self.scene.shape, self.predicted * float(self.error_factor[0]), np.float32)
        return SimpleNamespace(rate=self.scene + self.error * noise, err=err, network_weight=np.ones(self.scene.shape))


def test_exposures_and_pixels_are_held_out(part):
    assert part.training == (0, 1, 2, 3, 4) and part.held_out == (5,)
    pixels = np.arange(64 * 96).reshape(64, 96)
    training, held_out = pixels[part.training_area], pixels[part.held_out_area]
    assert training.shape == (64, 72) and held_out.shape == (64, 24)
    assert not set(training.ravel()) & set(held_out.ravel())


def test_input_and_target_are_of_one_scene_with_independent_noise(part, scene):
    pairs = ExposurePairs([part], 40, 1, 32)
    products, targets = [], []
    for inputs, truth, weight in (pairs[index] for index in range(40)):
        assert truth.shape == (3, 32, 32) and weight.shape == (1, 32, 32)
        unit = READ / inputs["variance"].sqrt().mean()  # what one is in the units of the scene, for single exposures
        difference = (inputs["signal"] - truth[0]) * unit
        targets.append(float((truth[1] / inputs["variance"]).mean()))
        products.append(float((difference**2).mean()))
    assert max(products) < 2.2 * READ**2  # one scene: nothing but the noise of both
    assert min(targets) > 0.15 and max(targets) < 4.1


def test_noise_of_target_and_input_is_not_shared(part, scene):
    rng = np.random.default_rng(5)
    pairs = ExposurePairs([part], 10, 1, 32)
    for _ in range(50):
        inputs, targets = pairs._divide(part, rng)
        assert not set(inputs) & set(targets)
        assert not (set(inputs) | set(targets)) & set(part.held_out)


def test_validation_has_held_out_inputs_at_held_out_pixels(part):
    pairs = ExposurePairs([part], 10, 1, 32, held_out=True)
    assert pairs.size == 24
    inputs, targets = pairs._divide(part, np.random.default_rng(1))
    assert inputs == [5] and targets == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(pairs.areas[0].rate, part.exposures.rate[:, :, 72:])


def test_items_depend_on_their_index_alone(part):
    first, again = (ExposurePairs([part], 10, 1, 32)[4] for _ in range(2))
    torch.testing.assert_close(first, again)


def test_small_images_are_refused(part):
    tiny = hold_out(part.exposures.cut(np.s_[:6, :6]))
    with pytest.raises(ValueError, match=r"exposure_0.fits: images of . pixels are too small"):
        ExposurePairs([tiny], 1, 1, 32)


@pytest.mark.parametrize("error", [0.02, 0.05])
def test_gain_is_that_over_the_truth(part, scene, error):
    """Measured against the mean of the others, which has noise, it is the gain against the truth."""
    scores = gain_scores(Perfect(scene, error, 2 * error), [part])
    for words, pixels in (("held-out pixels", 64 * 24), ("all pixels", 64 * 96)):
        gain = scores[f"NIRCAM NRCB1, {words}"]
        ratio, mean = error / READ, 1 / np.sqrt(5)  # noise of the mean of the others
        sampling = 4 * (mean**2 * np.sqrt(2 / pixels) + 2 * ratio * mean / np.sqrt(pixels))  # of a mean square
        assert gain["before"] == pytest.approx(1, abs=0.05)
        assert gain["after"] ** 2 == pytest.approx(ratio**2, abs=sampling)
        assert gain["pull"] == pytest.approx(0.5, abs=sampling / ratio**2)


def test_lost_flux_is_reported(part, scene):
    exposures = part.exposures
    compared = [
        {
            "observed": exposures.rate[5], "denoised": 0.97 * exposures.rate[5], "other": exposures.mean(range(5)).rate,
            "noise": np.full(scene.shape, 0.01), "noise_of_other": np.full(scene.shape, 0.005),
            "predicted": np.full(scene.shape, np.nan), "usable": np.ones(scene.shape, dtype=bool),
        }
    ]  # fmt: skip
    assert measure_gain(compared).flux == pytest.approx(-0.03, abs=1e-4)
    assert np.isnan(measure_gain(compared).pull)
    compared[0]["usable"][:] = False
    assert measure_gain(compared) is None


def test_errors_are_calibrated_without_truth(part, scene):
    network = Perfect(scene, 0.05, 0.1)
    calibrate_on_exposures(network, [part])
    assert network.error_factor[0] == pytest.approx(0.5, rel=0.25)


def test_training_writes_what_a_model_file_needs(tmp_path, stack):
    output = train("noise2noise", "own", tmp_path, progress=False, exposures=[stack], **TINY)
    info = json.loads((output / "info.json").read_text())
    assert info["architecture"]["family"] == "noise2noise"
    assert set(info["scores"]) == {"NIRCAM NRCB1, held-out pixels", "NIRCAM NRCB1, all pixels"}
    assert info["scores"]["NIRCAM NRCB1, all pixels"]["before"] == pytest.approx(1, abs=0.05)
    assert info["provenance"]["exposures"] == sorted(stack.names)
    with np.load(output / "weights.npz") as weights:
        assert {"error_factor", "total_factor"} <= set(weights)
