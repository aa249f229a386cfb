"""A training from end to end, small."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from jwst_denoise import load_model
from jwst_denoise.networks import build
from jwst_denoise.training import train
from jwst_denoise.training.calibration import operating_points
from jwst_denoise.training.loop import FreshStamps, fit
from jwst_denoise.training.presets import PRESETS, select_preset
from jwst_denoise.training.tasks import Task

TINY = {
    "hidden": 2, "scenes": 4, "stamp": 32, "batch": 2, "steps": 2, "epochs": 2, "warm": 1, "validation": 2,
    "calibration": 2,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("family", ["cosmic_ray_mask", "inpaint"])
def test_train_writes_what_a_model_file_needs(tmp_path, family):
    output = train(family, "small", tmp_path / "run", progress=False, **TINY)
    info = json.loads((output / "info.json").read_text())
    assert info["architecture"] == {"family": family, "depth": 2, "hidden": 2}
    assert info["provenance"]["steps"] == 4 and info["provenance"]["overrides"] == TINY
    assert set(info["scores"]) == {"galaxies", "cluster", "resolved", "slices"}
    if family == "cosmic_ray_mask":
        assert 0 < info["thresholds"]["0.005"] <= info["thresholds"]["0.0005"] < 1
    network = build(info["architecture"])
    with np.load(output / "weights.npz") as weights:
        network.load_state_dict({name: torch.tensor(weights[name]) for name in weights})
    assert torch.isfinite(network.unet.output.weight).all()


@pytest.mark.slow
def test_training_starts_from_a_model(tmp_path):
    start = load_model("cosmic_ray_mask-2-4", device="cpu")
    settings = TINY | {"hidden": 4, "epochs": 1, "warm": 1, "learning_rate": 1e-9}
    output = train("cosmic_ray_mask", "small", tmp_path, progress=False, start=start, **settings)
    assert start.info["sha256"] in json.loads((output / "info.json").read_text())["provenance"]["start"]
    with np.load(output / "weights.npz") as weights:
        np.testing.assert_allclose(weights["unet.output.weight"], start.network.unet.output.weight.detach(), rtol=1e-4)


def separable(length):
    """Images in which a bright pixel is a hit."""
    image = torch.randn(length, 16, 16, generator=torch.Generator().manual_seed(1))
    truth = (torch.rand(length, 1, 16, 16, generator=torch.Generator().manual_seed(2)) < 0.1).float()
    return TensorDataset(image + 20 * truth[:, 0], truth, torch.ones_like(truth))


def small_task(seed=0):
    torch.manual_seed(seed)
    network = build({"family": "cosmic_ray_mask", "depth": 2, "hidden": 4})

    def loss(network, image, truth, weight):
        return torch.nn.functional.binary_cross_entropy_with_logits(network(image), truth)

    return Task(network, Repeated(separable(64)), separable(16), loss)


class Repeated(torch.utils.data.Dataset):
    """A set whose indices go on for ever."""

    def __init__(self, dataset):
        self.dataset, self.seen = dataset, []

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        self.seen.append(index)
        return self.dataset[index % len(self.dataset)]


SETTINGS = select_preset("cosmic_ray_mask", "small", batch=16, steps=4, epochs=6, warm=3, learning_rate=0.02)


def test_the_loss_falls_and_no_stamp_comes_twice(tmp_path):
    task = small_task()
    result = fit(task, SETTINGS, tmp_path, progress=False)
    assert result["steps"] == 24 and result["validation_loss"] < 0.45
    assert task.training.seen == list(range(6 * 64))


def test_statistics_are_frozen_after_the_first_phase(tmp_path):
    def tracked(epochs):
        task = small_task()
        fit(task, replace(SETTINGS, epochs=epochs, schedule="plateau"), tmp_path / str(epochs), progress=False)
        state = torch.load(tmp_path / str(epochs) / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        return {name: value for name, value in state.items() if "running" in name or "tracked" in name}

    after_warm, later = tracked(3), tracked(6)
    assert all(torch.equal(after_warm[name], later[name]) for name in after_warm)
    assert all(value == 12 for name, value in later.items() if "tracked" in name)


def test_resume_goes_on(tmp_path):
    short = replace(SETTINGS, schedule="plateau")
    fit(small_task(), replace(short, epochs=2), tmp_path / "cut", progress=False)
    task = small_task(seed=9)  # whatever it starts from, the checkpoint counts
    result = fit(task, short, tmp_path / "cut", resume=True, progress=False)
    assert result["steps"] == 24 and min(task.training.seen) == 2 * 64
    whole = small_task()
    fit(whole, short, tmp_path / "whole", progress=False)
    for name, value in whole.network.state_dict().items():
        torch.testing.assert_close(task.network.state_dict()[name], value, rtol=2e-2, atol=2e-2)


def test_sampler_counts_on():
    sampler = FreshStamps(3)
    sampler.set_epoch(2)
    assert list(sampler) == [6, 7, 8] and len(sampler) == 3


def test_operating_points_are_quantiles_of_the_others():
    rng = np.random.default_rng(0)
    truth = rng.uniform(size=100_000) < 0.05
    probability = np.where(truth, rng.uniform(0.5, 1, truth.size), rng.uniform(0, 1, truth.size))
    for rate, threshold in operating_points(probability, truth).items():
        flagged = (probability[~truth] > threshold).mean()
        assert flagged == pytest.approx(rate, rel=0.1)
        assert threshold == pytest.approx(1 - rate, abs=5 * np.sqrt(rate / truth.size))


@pytest.mark.parametrize(
    ("family", "name", "changes", "word"),
    [
        ("mask", "small", {}, "cosmic_ray_mask"),
        ("inpaint", "huge", {}, "small"),
        ("inpaint", "small", {"witdh": 3}, "witdh"),
        ("inpaint", "small", {"steps": 0}, "steps=0"),
        ("inpaint", "small", {"schedule": "steps"}, "cosine"),
        ("inpaint", "small", {"seed": -1}, "seed=-1"),
    ],
)
def test_what_cannot_be_trained(tmp_path, family, name, changes, word):
    with pytest.raises(ValueError, match=word):
        train(family, name, tmp_path / "run", **changes)
    assert not (tmp_path / "run").exists()


def test_paper_preset_has_the_papers_recipe():
    mask, fill = PRESETS["cosmic_ray_mask", "paper"], PRESETS["inpaint", "paper"]
    assert (mask.learning_rate, mask.warm, mask.stamp, mask.schedule) == (0.005, 20, 256, "plateau")
    assert (fill.learning_rate, fill.warm, mask.patience) == (0.01, 40, 4)
