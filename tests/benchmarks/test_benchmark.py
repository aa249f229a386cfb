"""The benchmark command: rows, files and errors; no test of speed."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from jwst_denoise import simulate
from jwst_denoise.commands.main import main
from jwst_denoise.nsclean.frame import fit_frame
from jwst_denoise.readout import Readout
from jwst_denoise_benchmarks import machine, measure, rows, suite
from jwst_denoise_benchmarks.nsclean import defaults, peers, scenes, series, speed


def benchmark(*arguments):
    return CliRunner().invoke(main, ["benchmark", "nsclean", "--quick", *map(str, arguments)])


def test_json_holds_rows_and_machine(tmp_path):
    path = tmp_path / "figures.json"
    result = benchmark("--only", "definition", "--only", "guider", "--only", "transit", "--json", path)
    assert result.exit_code == 0, result.output
    content = json.loads(path.read_text())
    assert {"machine", "command", "rows"} == set(content)
    assert {"processor", "cores", "load", "versions"} <= set(content["machine"])
    assert [row["group"] for row in content["rows"]] == ["definition"] * 2 + ["guider"] * 3 + ["transit"] * 2
    assert all(row["met"] for row in content["rows"])
    assert all({"what", "peer", "ours", "asked", "met", "figures"} <= set(row) for row in content["rows"])
    assert content["machine"]["processor"] in result.stdout


def test_unknown_rows_are_named():
    result = benchmark("--only", "nonsense")
    assert result.exit_code == 1
    assert "nonsense" in result.stderr and "full-frame" in result.stderr


def test_missing_data_are_told(monkeypatch, tmp_path):
    monkeypatch.setenv("JWST_DENOISE_DATA", str(tmp_path))
    for group in suite.choose(["ifu", "wfc3"], suite.GROUPS):
        (row,) = group.rows(quick=True)
        assert row.ours.startswith(f"skipped: no data at {tmp_path}")
        assert row.met is None


def test_missed_target_is_an_error(monkeypatch):
    monkeypatch.setattr(suite, "run", lambda groups, quick, progress: [rows.Row("speed of light", "1 m/s", met=False)])
    result = benchmark()
    assert result.exit_code == 1
    assert "speed of light" in result.stderr


def test_series_in_a_process_of_its_own():
    row = next(series.long_series(quick=True))
    assert row.what.endswith("gp")
    assert row.figures["peak"] > row.figures["input"] > 0


def test_memory_is_that_of_the_job():
    readout = Readout.for_detector("NRS1", (256, 512))
    figures = measure.in_process(speed.our_job, *readout.shape, repeats=2)
    assert 8 * readout.ticks < figures["above"] < 100 * 8 * readout.ticks
    assert len(figures["seconds"]) == 2


def test_failure_in_a_process_is_told():
    with pytest.raises(RuntimeError, match="our_job failed"):
        measure.in_process(speed.our_job, 3, "x")


def test_peer_has_the_same_model_with_its_weights():
    rng = np.random.default_rng(4)
    readout = Readout.for_detector("NRS1", (16, 256))
    mask = rng.random(readout.shape) < 0.9
    _, data = scenes.noisy_frame(readout, rng)
    model = peers.subarray_noise(data, mask)
    noise, _ = fit_frame(data, mask, readout, speed.OPTIONS, weights=peers.subarray_weights(mask, readout))
    assert np.std(noise - model) < 1e-4 * np.std(model)


def test_noise_of_a_rate_is_as_its_errors_say():
    detector = simulate.detector("NRS1")
    rate, observation = simulate.scene("bots", detector, np.random.default_rng(0), subarray_name="SUB512")
    model = scenes.template(rate, detector, observation, "NRSRAPID", 5)
    correlated, white = scenes.rate_noise(model, detector, np.random.default_rng(7), images=4)
    expected = np.sqrt(model.var_rnoise[0, 0])
    assert white.std() == pytest.approx(expected, rel=4 / np.sqrt(2 * white.size))
    ratio = np.hypot(detector.correlated.common_rms, detector.correlated.output_rms) / detector.read_noise
    assert correlated.std() == pytest.approx(ratio * expected, rel=0.3)


def test_star_dims_with_the_curve_and_noise_is_the_same():
    flat, dip = (series.make_series(np.array(curve), np.random.default_rng(3)).data for curve in ([1, 1], [1, 0.9]))
    star = series.make_series(np.ones(1), np.random.default_rng(0), noise=False).data[0]
    np.testing.assert_array_equal(flat[0], dip[0])
    np.testing.assert_allclose(flat[1] - dip[1], 0.1 * star, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("name", ["gap-ridge", "bins", "tolerance", "few-pixels"])
def test_defaults(name):
    (group,) = suite.choose([name], suite.DEFAULTS)
    found = list(group.rows(quick=True))
    assert found
    assert all("*" in row.ours for row in found)


def test_constants_are_put_back():
    before = defaults.lines.GAP_RIDGE
    list(defaults.gap_ridge(quick=True))
    assert defaults.lines.GAP_RIDGE == before


def test_machine_in_one_sentence():
    assert "jwst 3" in machine.sentence(machine.describe())
