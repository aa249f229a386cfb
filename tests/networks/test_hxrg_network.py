"""The network on ribbons: its layers, its size, and whole frames."""

import numpy as np
import pytest
import torch

from jwst_denoise.networks.hxrg.network import FLUX, GRU, INPUT, HxRGDenoise
from jwst_denoise.networks.hxrg.ribbons import prepare_reads, to_ribbons
from jwst_denoise.readout import Readout

READOUT = Readout((24, 64), 1, 2, 4, reference=(4, 4, 4, 4))
SMALL = {"outputs": 4, "reference": 8, "reads": 7, "recurrent_units": 6, "filters": 3}
SECONDS = 2.0


@pytest.fixture
def network():
    torch.manual_seed(1)
    network = HxRGDenoise(**SMALL).eval()
    network.variance.copy_(torch.tensor([4.0, 0.5]))
    return network


@pytest.fixture
def groups():
    rng = np.random.default_rng(3)
    flux = 5 * ~READOUT.reference_pixels
    return np.cumsum(rng.normal(flux, 9, (7, 24, 64)), axis=0).astype("f4")


def slow_gru(layer, x):
    """The equations, gate by gate and sample by sample."""
    weights = {name: value.detach().double() for name, value in layer.cell.named_parameters()}
    units = layer.cell.hidden_size
    w, u = (weights[name].split(units) for name in ("weight_ih_l0", "weight_hh_l0"))
    b, c = (weights[name].split(units) for name in ("bias_ih_l0", "bias_hh_l0"))
    f = {"tanh": torch.tanh, "relu": torch.relu}[layer.activation]
    result = torch.zeros(*x.shape[:2], units, dtype=torch.double)
    for sample in range(len(x)):
        h = torch.zeros(units, dtype=torch.double)
        steps = range(x.shape[1])
        for t in reversed(steps) if layer.backward_in_time else steps:
            now = x[sample, t].double()
            reset = torch.sigmoid(w[0] @ now + b[0] + u[0] @ h + c[0])
            update = torch.sigmoid(w[1] @ now + b[1] + u[1] @ h + c[1])
            candidate = f(w[2] @ now + b[2] + reset * (u[2] @ h + c[2]))
            h = (1 - update) * candidate + update * h
            result[sample, t] = h
    return result


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_recurrent_layer_is_its_equations(activation, backward, training):
    """With dropout off in evaluation; torch's fast way and the loop give the same."""
    torch.manual_seed(2)
    layer = GRU(5, 4, activation, backward, dropout=0.0 if training else 0.3).train(training)
    for value in layer.parameters():
        torch.nn.init.normal_(value, 0, 0.7)
    x = torch.randn(3, 9, 5)
    expected = slow_gru(layer, x)
    torch.testing.assert_close(layer(x).double(), expected, rtol=1e-5, atol=1e-5)
    loop = layer._run(x.flip(1) if backward else x, None)
    torch.testing.assert_close((loop.flip(1) if backward else loop).double(), expected, rtol=1e-5, atol=1e-5)


def test_a_state_goes_on():
    torch.manual_seed(3)
    for activation in ("tanh", "relu"):
        layer, x = GRU(3, 4, activation), torch.randn(2, 8, 3)
        whole = layer(x)
        torch.testing.assert_close(layer(x[:, 5:], whole[:, 4]), whole[:, 5:])


def test_dropout_is_the_same_at_all_times_and_vanishes_on_average():
    torch.manual_seed(4)
    layer = GRU(200, 3, dropout=0.25).train()
    kept = layer._dropout_mask(torch.ones(50, 1, 200))
    assert set(np.unique(kept.numpy().round(4))) == {0, np.float32(1.3333)}
    assert kept.mean() == pytest.approx(1, abs=5 * np.sqrt(0.25 / 0.75 / 10_000))
    x = torch.randn(1, 1, 200).expand(1, 6, 200)
    with torch.no_grad():
        layer.cell.weight_hh_l0.zero_()  # without memory, equal inputs drop equally at all times
        layer.cell.bias_ih_l0[3:6] = -100
        result = layer(x)
        torch.testing.assert_close(result, result[:, :1].expand_as(result))
        assert not torch.equal(layer(x), result)
        assert torch.equal(layer.eval()(x), layer(x))


def count_by_hand(outputs, reference, rows, reads, recurrent_units, filters):
    """Weights of the layers of Table 1, each with its biases (two for a GRU)."""
    features = rows * (outputs + reference) * (reads - 2)
    layers = ((features, recurrent_units), (features, recurrent_units), (2 * recurrent_units, outputs))
    gru = [3 * ((n + h) * h + 2 * h) for n, h in layers]
    convolutions = [25 * before * after + after for before, after in ((1, filters), (filters, filters), (filters, 1))]
    return sum(gru) + sum(convolutions)


def test_number_of_parameters():
    sizes = {"outputs": 4, "reference": 8, "rows": 5, "reads": 20, "recurrent_units": 7, "filters": 3}
    paper = {"outputs": 32, "reference": 8, "rows": 3, "reads": 100, "recurrent_units": 208, "filters": 64}
    for given in (sizes, paper):
        with torch.device("meta"):
            network = HxRGDenoise(**given)
        assert sum(value.numel() for value in network.parameters()) == count_by_hand(**given)
    assert count_by_hand(**given) == 15_087_489  # the paper's
    with torch.device("meta"):
        assert {k: v for k, v in HxRGDenoise().architecture.items() if k in given} == given


def test_forward_is_the_layers_of_the_paper(network):
    torch.manual_seed(5)
    values = torch.randn(2, 16, 3, 12, 5) * INPUT
    x = values.reshape(2, 16, -1) / INPUT
    both = torch.cat([slow_gru(network.forth, x), slow_gru(network.back, x)], dim=2).float()
    plane = both[:, None]
    for layer in network.plane[::2]:
        plane = torch.nn.functional.conv2d(plane, layer.weight, layer.bias, padding=2)
        plane = torch.where(plane > 0, plane, 0.1 * plane)
    expected = FLUX * slow_gru(network.flux, plane[:, 0])
    result = network(values)
    assert result.shape == (2, 16, 4)
    assert (result >= 0).all()
    assert result.max() > 0
    torch.testing.assert_close(result.double(), expected, rtol=1e-4, atol=1e-4)


def test_prediction_is_the_network_on_every_line(network, groups):
    done = []
    rate, sigma = network.predict(groups, group_time=SECONDS, readout=READOUT, tile=5, progress=done.append)
    values, _ = prepare_reads(groups, READOUT).samples(READOUT, 3)
    with torch.inference_mode():
        flux = network(torch.from_numpy(np.ascontiguousarray(values)))
    rate_of = to_ribbons(rate, READOUT)[:, :, :4]
    inside = np.isfinite(rate_of)
    np.testing.assert_array_equal(np.isfinite(rate), ~READOUT.reference_pixels)
    np.testing.assert_allclose(rate_of[inside] * 6 * SECONDS, flux.numpy()[inside], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose((sigma * 6 * SECONDS) ** 2, 4 + 0.5 * rate * 6 * SECONDS, rtol=1e-4)
    assert done == [5 / 24, 10 / 24, 15 / 24, 20 / 24, 1]
    np.testing.assert_allclose(
        network.predict(groups, group_time=SECONDS, readout=READOUT)[0], rate, rtol=1e-4, atol=1e-6
    )
    assert rate.dtype == sigma.dtype == np.float32
    again = network.train().predict(groups, group_time=SECONDS, readout=READOUT, tile=5)[0]  # without dropout
    np.testing.assert_array_equal(again, rate)
    assert network.training


@pytest.mark.parametrize(("fast", "slow"), [(-1, -2), (2, 1), (-2, -1)])
def test_every_orientation_is_the_same_detector(network, groups, fast, slow):
    """What is read in the same order gives the same, wherever it is on the sky."""
    turned = Readout((24, 64) if abs(fast) == 1 else (64, 24), fast, slow, 4, reference=(4, 4, 4, 4))
    image = np.ascontiguousarray(turned.from_detector(READOUT.to_detector(groups)))
    expected = network.predict(groups, group_time=SECONDS, readout=READOUT, background=~READOUT.reference_pixels)[0]
    rate = network.predict(image, group_time=SECONDS, readout=turned, background=~turned.reference_pixels)[0]
    np.testing.assert_allclose(turned.to_detector(rate), READOUT.to_detector(expected), rtol=1e-4, atol=1e-5)


def test_units_follow_the_gain(network, groups):
    expected = network.predict(groups, group_time=SECONDS, readout=READOUT)[0]
    rate = network.predict(groups / 2, group_time=SECONDS, readout=READOUT, gain=2.0)[0]
    np.testing.assert_allclose(rate, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("masked", ["neighbor", "feature"])
def test_missing_reads_do_not_spread(groups, masked):
    torch.manual_seed(6)
    network = HxRGDenoise(**SMALL, masked=masked).eval()
    bad = np.zeros(groups.shape, bool)
    bad[:, 9, 20] = True
    bad[3:, 12, 30] = True
    groups[bad] = np.nan
    groups[4:, 16, 40] += 4000
    jump = np.zeros(groups.shape, bool)
    jump[4, 16, 40] = True
    before = groups.copy()
    rate, sigma = network.predict(groups, group_time=SECONDS, readout=READOUT, bad=bad, jump=jump)
    np.testing.assert_array_equal(groups, before)
    assert np.argwhere(~np.isfinite(rate) & ~READOUT.reference_pixels).tolist() == [[9, 20]]
    assert np.isnan(sigma).all()  # nobody measured it
    if masked == "feature":
        reads = prepare_reads(groups, READOUT, usable=~bad, jump=jump, masked=masked)
        values, measured = (torch.from_numpy(np.ascontiguousarray(a)) for a in reads.samples(READOUT, 3, [12]))
        with torch.inference_mode():
            assert not torch.equal(network(values, measured), network(values, torch.ones_like(measured)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": np.zeros((6, 24, 64))}, "7 reads, .* not of 6 reads"),
        ({"readout": Readout((24, 64), 1, 2, 2, reference=(4, 4, 4, 4))}, "2 outputs"),
        ({"readout": Readout((24, 64), 1, 2, 4)}, "0 reference pixels"),
        ({"gain": np.ones((3, 3))}, "gain"),
        ({"jump": np.zeros((3, 3), bool)}, "jump has shape"),
    ],
)
def test_ramps_that_are_not_the_networks_are_refused(network, arguments, message):
    given = {"groups": np.zeros((7, 24, 64)), "group_time": 1.0, "readout": READOUT, **arguments}
    with pytest.raises(ValueError, match=message):
        network.predict(**given)


@pytest.mark.parametrize(
    "wrong",
    [{"rows": 2}, {"reads": 2}, {"recurrent_units": 0}, {"reference": -1}, {"masked": "no"}, {"activation": "elu"},
     {"dropout": 1.0}, {"filters": 2.5}],
)  # fmt: skip
def test_sizes_without_meaning_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        HxRGDenoise(**{**SMALL, **wrong})
