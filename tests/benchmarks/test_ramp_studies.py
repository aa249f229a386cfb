"""The study of losses: its errors against loops, and its rows with known networks."""

from types import SimpleNamespace

import numpy as np
import pytest

from jwst_denoise.networks.hxrg.preprocess import subtract_background_levels, subtract_reference_levels
from jwst_denoise.simulate.fast import h4rg_ramps
from jwst_denoise.simulate.fast.h4rg_ramps import H4RGSetup, draw_h4rg_ramp
from jwst_denoise_benchmarks.papers import studies


@pytest.fixture(scope="module")
def ramps():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(h4rg_ramps, "_dark_rate", lambda shape: np.zeros(shape, np.float32))
        setup = H4RGSetup(lines=96, outputs=4, width=32, reads=8)
        return [draw_h4rg_ramp(setup, np.random.default_rng([3, number])) for number in range(2)]


def test_fit_is_that_of_corrected_reads(ramps):
    ramp = ramps[0]
    reads = subtract_background_levels(
        subtract_reference_levels(ramp.groups - ramp.groups[0], ramp.readout), ramp.readout, ramp.background
    )  # fmt: skip
    time = np.arange(8) - 3.5
    expected = np.tensordot(time / np.sum(time**2), reads, axes=1) * 7
    np.testing.assert_allclose(studies.fit_flux(ramp)[ramp.known], expected[ramp.known], rtol=1e-3, atol=2e-3)


def test_figures_of_known_errors(ramps):
    """Every pixel too bright by a tenth and by ±1 in turn along the columns."""
    signs = (-1.0) ** np.arange(96)[:, None]
    images = [1.1 * ramp.flux + signs for ramp in ramps]
    measured = studies.measure_errors(images, ramps)
    errors = np.concatenate([(0.1 * ramp.flux + signs)[ramp.known] for ramp in ramps])
    assert measured.pixels == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert measured.bias == pytest.approx(0.1, abs=0.02)  # an odd number of rows leaves ±1 of about 80 e-
    assert studies.measure_errors([ramp.flux for ramp in ramps], ramps) == studies.RampErrors(0.0, 0.0, 0.0, 0.0)


def test_absorption_lines_are_what_is_well_below_its_surroundings():
    spectrum = np.full((1, 60), 100.0)
    spectrum[0, 20:23] = 70, 40, 70
    spectrum[0, 40] = 95
    assert np.argwhere(studies._sharp(spectrum))[:, 1].tolist() == [20, 21, 22]


def test_rows_compare_every_loss_with_the_fit(monkeypatch, ramps):
    """Networks whose result is the truth with a bias that increases with the power."""
    monkeypatch.setattr(h4rg_ramps, "draw_h4rg_ramp", lambda setup, rng: ramps[int(rng.integers(2))])
    truth = {ramp.groups.tobytes(): ramp.flux / (7 * ramp.group_time) for ramp in ramps}

    def train_network(preset, quick, power):
        def predict(groups, **arguments):
            assert {"group_time", "readout", "bad", "jump", "background"} == set(arguments)
            return truth[groups.tobytes()] * (1 + 0.01 * power), None

        return SimpleNamespace(predict=predict)

    monkeypatch.setattr(studies, "train_network", train_network)
    rows = list(studies.losses(True))
    errors, bias = rows[::2], rows[1::2]
    assert [row.configuration for row in errors] == ["fit", *(f"loss L{power}" for power in range(2, 7))]
    assert [row.result["bias"] for row in bias[1:]] == pytest.approx([2, 3, 4, 5, 6], rel=1e-3)
    assert errors[0].result["pixel"] > 5
