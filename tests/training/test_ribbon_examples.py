"""Examples for the network on ribbons, its loss, and a training from end to end."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from jwst_denoise.networks import build
from jwst_denoise.networks.hxrg.preprocess import subtract_reference_levels
from jwst_denoise.networks.hxrg.ribbons import prepare_reads, to_ribbons
from jwst_denoise.simulate.fast import h4rg_ramps
from jwst_denoise.simulate.fast.h4rg_ramps import H4RGSetup, draw_h4rg_ramp
from jwst_denoise.training import train
from jwst_denoise.training.calibration import measure_variance
from jwst_denoise.training.loop import Training
from jwst_denoise.training.losses import RibbonLoss
from jwst_denoise.training.presets import PRESETS, select_preset
from jwst_denoise.training.ramps import RibbonExamples
from jwst_denoise.training.scores import FLUX_CLASSES, flux_scores
from jwst_denoise.training.tasks import make_task

SETUP = H4RGSetup(lines=24, outputs=4, width=16, reads=6)
TINY = {
    "scenes": 2, "batch": 4, "steps": 3, "epochs": 2, "validation": 6, "calibration": 12, "lines": 24, "outputs": 4,
    "width": 16, "reads": 6, "recurrent_units": 4, "filters": 2,
}  # fmt: skip


@pytest.fixture(autouse=True)
def small_detector(monkeypatch):
    """Without the dark current of 4096² pixels, which takes a second to draw."""
    monkeypatch.setattr(h4rg_ramps, "_dark_rate", lambda shape: np.zeros(shape, np.float32))


@pytest.fixture(scope="module")
def bright():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(h4rg_ramps, "_dark_rate", lambda shape: np.zeros(shape, np.float32))
        setup = H4RGSetup(lines=96, outputs=4, width=32, reads=12)
        return draw_h4rg_ramp(setup, np.random.default_rng(1), peak=30.0)


def slopes(ramp):
    """Flux by least squares."""
    time = np.arange(len(ramp.groups)) - (len(ramp.groups) - 1) / 2
    groups = subtract_reference_levels(ramp.groups - ramp.groups[0], ramp.readout)
    return np.tensordot(time / np.sum(time**2), groups, axes=1) * (len(ramp.groups) - 1)


def test_slopes_of_a_ramp_scatter_about_the_flux(bright):
    """White noise of 10 e-, some correlated noise, signal of up to 30 e-."""
    assert bright.flux.max() == pytest.approx(30, rel=0.05)
    assert not bright.flux[bright.readout.reference_pixels].any()
    error = (slopes(bright) - bright.flux)[bright.known]
    white = 10 * np.sqrt(12 * 11 / 12 / 13)
    assert white < error.std() < 1.5 * white
    source = bright.known & (bright.flux > 5)
    assert np.sum(error.mean()) == pytest.approx(0, abs=2)
    assert (slopes(bright) - bright.flux)[source].mean() == pytest.approx(
        error.mean(), abs=5 * white / source.sum() ** 0.5
    )


def test_a_line_takes_as_long_as_on_the_whole_detector():
    whole, small = H4RGSetup().readout, SETUP.readout
    assert whole.line_ticks * whole.pixel_time == pytest.approx(small.line_ticks * small.pixel_time)
    assert (whole.shape, whole.outputs, whole.width) == ((4096, 4096), 32, 128)
    assert whole.frame_time == pytest.approx(5.57, abs=0.01)


def test_hits_and_hot_pixels_are_marked(monkeypatch):
    monkeypatch.setattr(h4rg_ramps, "_dark_rate", lambda shape: np.eye(*shape, dtype="f4") * 1e4)
    monkeypatch.setattr(h4rg_ramps, "GROUND", h4rg_ramps.CosmicRayParameters(flux=1e6))
    ramp = draw_h4rg_ramp(SETUP, np.random.default_rng(2))
    assert not ramp.usable[:, np.eye(*SETUP.readout.shape, dtype=bool)].any()
    assert ramp.usable.mean() > 0.95
    assert ramp.jump.any() and not ramp.jump[0].any()
    steps = np.diff(ramp.groups, axis=0)
    assert np.median(steps[ramp.jump[1:] & ramp.usable[1:]]) > 200
    assert not ramp.known[ramp.jump.any(axis=0)].any()


@pytest.mark.parametrize("masked", ["neighbor", "feature"])
def test_an_item_is_a_line_of_an_exposure(masked):
    examples = RibbonExamples(SETUP, 2, seed=5, masked=masked)
    assert len(examples) == 2 * 16
    ramps = [draw_h4rg_ramp(SETUP, np.random.default_rng([5, 0, number])) for number in range(2)]
    reads = [
        prepare_reads(r.groups, r.readout, usable=r.usable, jump=r.jump, masked=masked, background=r.background)
        for r in ramps
    ]
    values = [one.samples(SETUP.readout, 3)[0] for one in reads]
    flux = [to_ribbons(ramp.flux, SETUP.readout)[:, :, :4] for ramp in ramps]
    drawn = []
    for index in range(32):
        inputs, truth, weight = examples[index]
        assert set(inputs) == ({"values"} if masked == "neighbor" else {"values", "measured"})
        assert inputs["values"].shape == (16, 3, 12, 4)
        assert truth.shape == weight.shape == (16, 4)
        number, line = next((n, k) for n in range(2) for k in range(24) if np.array_equal(truth, flux[n][k]))
        np.testing.assert_allclose(inputs["values"], values[number][line], atol=0.13)  # half precision up to 256
        assert weight[0, 0] == 0  # reference pixels
        assert weight.mean() == pytest.approx(1 - 8 / 64, abs=0.05)
        drawn.append((number, line))
    assert len(set(drawn)) == 32
    assert {line for _, line in drawn} == set(range(4, 20))


def test_an_item_depends_on_seed_and_index_alone():
    first, second = (RibbonExamples(SETUP, 2, seed=5, passes=1) for _ in range(2))
    forward = [first[index][0]["values"] for index in range(40)]
    for index in (39, 3, 31):
        assert torch.equal(second[index][0]["values"], forward[index])
    assert not torch.equal(RibbonExamples(SETUP, 2, seed=6)[0][0]["values"], forward[0])


def test_passes_bring_the_same_lines_or_new_ones():
    def lines(examples, number):
        values_of_pass = (examples[32 * number + index][0]["values"] for index in range(32))
        return sorted(float(values.double().sum()) for values in values_of_pass)

    same, fresh = RibbonExamples(SETUP, 2, seed=5), RibbonExamples(SETUP, 2, seed=5, passes=1)
    assert lines(same, 0) == lines(same, 1) == lines(fresh, 0)
    assert not set(lines(fresh, 1)) & set(lines(fresh, 0))
    assert not torch.equal(same[0][1], same[32][1])  # in another order


def test_training_and_validation_share_no_exposure():
    settings = select_preset("ramp_denoise", "ribbons", **TINY)
    task = make_task("ramp_denoise", settings)
    training, validation = task.training, task.validation
    assert (len(training), len(validation)) == (12, 6)
    assert training.seed != validation.seed
    truths = [{tuple(part[i][1].ravel().tolist()) for i in range(6)} for part in (training, validation)]
    assert not truths[0] & truths[1]
    assert task.network.architecture["outputs"] == 4
    assert task.network.architecture["reference"] == 8


@pytest.mark.parametrize("power", [2, 3, 4, 5, 6])
def test_loss_is_equation_1(power):
    rng = np.random.default_rng(3)
    predicted, truth = (torch.tensor(rng.normal(0, 9, (2, 5, 4))) for _ in range(2))
    weight = torch.tensor(rng.uniform(size=(2, 5, 4)) < 0.7).double()
    errors = [abs(float(f - t)) for f, t, w in zip(predicted.ravel(), truth.ravel(), weight.ravel(), strict=True) if w]
    expected = sum((error / 6) ** power for error in errors) / len(errors)
    value = RibbonLoss(power)(lambda values: values, {"values": predicted}, truth, weight)
    assert float(value) == pytest.approx(expected)


def test_variance_is_that_of_the_errors():
    """Errors of 2 e- in the background, and of √(4 + 0.5 flux) e- in sources."""
    rng = np.random.default_rng(4)

    def items():
        truth = torch.tensor(np.where(rng.uniform(size=(400, 10)) < 0.6, 0, rng.uniform(1, 40, (400, 10))))
        predicted = truth + torch.sqrt(4 + 0.5 * truth) * torch.tensor(rng.normal(size=truth.shape))
        return {"values": predicted}, truth, torch.ones_like(truth)

    class Identity(torch.nn.Module):
        variance = torch.zeros(2)

        def forward(self, values):
            return values

    network, examples = Identity(), [items() for _ in range(5)]
    scores = measure_variance(network, examples)
    assert network.variance.tolist() == pytest.approx([4, 0.5], rel=0.06)
    assert scores["none"]["rmse"] == pytest.approx(2, rel=0.05)
    assert scores["high"]["rmse"] > scores["low"]["rmse"] > scores["none"]["rmse"]
    assert abs(scores["all"]["bias"]) < 5 * 3 / np.sqrt(20_000)


def test_scores_leave_out_classes_without_pixels():
    scores = flux_scores(np.array([1.0, -1.0]), np.array([0.0, 30.0]))
    assert set(FLUX_CLASSES) - set(scores) == {"low"}
    assert scores["all"] == {"rmse": 1.0, "bias": 0.0}


def test_training_makes_a_network_with_its_errors(tmp_path):
    output = train("ramp_denoise", "ribbons", tmp_path / "run", progress=False, **TINY)
    info = json.loads((output / "info.json").read_text())
    assert info["architecture"]["family"] == "ramp_denoise-hxrg"
    assert info["provenance"]["steps"] == 6
    assert info["thresholds"] == {}
    network = build(info["architecture"])
    with np.load(output / "weights.npz") as weights:
        network.load_state_dict({name: torch.tensor(weights[name]) for name in weights})
    assert network.variance[0] == pytest.approx(info["scores"]["none"]["rmse"] ** 2, rel=1e-5)
    ramp = draw_h4rg_ramp(SETUP, np.random.default_rng(9))
    rate, sigma = network.eval().predict(ramp.groups, group_time=ramp.group_time, readout=ramp.readout)
    assert np.isfinite(rate[ramp.known]).all()
    assert (sigma[ramp.known] > 0).all()


def test_the_loss_falls_and_gradients_reach_all_layers():
    torch.manual_seed(0)
    settings = select_preset("ramp_denoise", "ribbons", **TINY | {"recurrent_units": 12, "filters": 4})
    task = make_task("ramp_denoise", settings)
    inputs, truth, weight = default_collate([task.training[index] for index in range(16)])
    optimizer = torch.optim.Adam(task.network.parameters(), 0.01)
    loss = RibbonLoss(2)
    first = loss(task.network, inputs, truth, weight).item()
    for _ in range(40):
        optimizer.zero_grad()
        value = loss(task.network, inputs, truth, weight)
        value.backward()
        optimizer.step()
    assert value.item() < 0.5 * first
    assert all(parameter.grad.abs().max() > 0 for parameter in task.network.parameters())


def test_papers_recipe():
    paper = PRESETS["ramp_denoise", "paper"]
    assert (paper.learning_rate, paper.epochs, paper.batch, paper.dropout, paper.power) == (0.002, 50, 16, 0.05, 4)
    assert (paper.outputs, paper.width, paper.reads, paper.recurrent_units, paper.filters) == (32, 128, 100, 208, 64)
    assert paper.batch * paper.steps == pytest.approx(24_028, abs=16)
    assert paper.masked == "neighbor" and paper.activation == "relu"


def test_learning_rate_fades_by_two_percent_an_epoch():
    network = torch.nn.Linear(1, 1)
    settings = SimpleNamespace(schedule="exponential", learning_rate=0.002)
    (optimizer,), (schedule,) = Training(network, None, settings).configure_optimizers()
    rates = []
    for _ in range(3):
        optimizer.step()
        schedule.step()
        rates.append(schedule.get_last_lr()[0])
    assert rates == pytest.approx([0.002 * 0.98**n for n in (1, 2, 3)])


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"lines": 8}, "lines=8"), ({"rows": 2}, "rows=2"), ({"masked": "zero"}, "masked"), ({"power": 0}, "power=0")],
)
def test_what_cannot_be_trained(changes, word):
    with pytest.raises(ValueError, match=word):
        make_task("ramp_denoise", select_preset("ramp_denoise", "ribbons", **TINY | changes))
