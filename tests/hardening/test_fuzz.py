"""Awkward exposures through all steps, drawn by hypothesis from the table of the benchmark."""

import copy

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jwst_denoise_benchmarks.robustness import choices, fuzz, invariants, patterns, trials
from jwst_denoise_benchmarks.robustness.choices import CHOICES, STEPS, Case

pytestmark = pytest.mark.filterwarnings("ignore::stdatamodels.exceptions.ValidationWarning")

USUAL = {name: values[0] for name, values in CHOICES.items()}
AWKWARD = sorted(set(CHOICES) - {"seed"})


@st.composite
def cases(draw, step):
    """Cases of one step: a few properties are awkward, so that most exposures come to the step's work."""
    names = draw(st.lists(st.sampled_from(AWKWARD), max_size=4, unique=True))
    chosen = {name: draw(st.sampled_from(CHOICES[name])) for name in [*names, "seed"]}
    parameters = {name: draw(st.sampled_from(values)) for name, values in choices.choices(step).items()}
    return Case(step, USUAL | chosen, parameters)


def found_before(step, parameters=None, **exposure):
    """Case that once went wrong."""
    return example(case=Case(step, USUAL | exposure, parameters or {}))


def check(case):
    found = trials.try_case(case)
    assert (found.crash, found.changed, found.wrong, found.warned) == ("", (), (), ())
    return found


fixture_is_fine = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@fixture_is_fine
@given(case=cases("nsclean"))
@found_before("nsclean", shape=(0, 8))
@found_before("nsclean", shape=(1, 1), kind="guider")
@found_before("nsclean", values="tiny", seed=13)
@found_before("nsclean", {"method": "nsclean", "n_sigma": 0.0}, values="enormous", kind="pair", seed=23)
@found_before("nsclean", {"method": "median"}, variances="nan")
@found_before("nsclean", errors="infinite pixels", variances="missing", kind="slit")
@found_before("nsclean", {"method": "median", "save_noise": True}, values="enormous", variances="too large")
@found_before("nsclean", kind="ramp", flags="missing")
def test_nsclean(case, workplace):
    check(case)


@fixture_is_fine
@given(case=cases("cosmic_ray_mask"))
@found_before("cosmic_ray_mask", {"inpaint": "network", "threshold": 0.01}, values="saturating", seed=63)
@found_before("cosmic_ray_mask", {"inpaint": "biharmonic"}, kind="ifu", errors="infinite pixels", seed=26)
@found_before("cosmic_ray_mask", {"inpaint": "biharmonic", "save_noise": True}, kind="pair", values="infinite")
@found_before("cosmic_ray_mask", kind="slit", flags="other shape")
def test_cosmic_ray_mask(case, workplace):
    check(case)


@fixture_is_fine
@given(case=cases("ramp_denoise"))
@found_before("ramp_denoise", kind="superstripe", place="missing")
@found_before("ramp_denoise", kind="ramp", detector=None)
@found_before("ramp_denoise", kind="ramp", times="missing")
@found_before("ramp_denoise", {"product": "ramp"}, kind="ramp", values="infinite")
@found_before("ramp_denoise", kind="pair", errors="infinite pixels")
def test_ramp_denoise(case, workplace):
    check(case)


@fixture_is_fine
@given(case=cases("image_denoise"))
@found_before("image_denoise", {"model": "noise2noise-uncertainty"}, shape=(1, 64))
@found_before("image_denoise", errors="nan")
def test_image_denoise(case, workplace):
    check(case)


@fixture_is_fine
@given(case=cases("image_denoise stacks"))
@found_before("image_denoise stacks", {"model": "noise2noise-stack"}, kind="pair")
@found_before("image_denoise stacks", {"model": "noise2noise-stack"}, kind="pair", flags="other shape")
def test_stacks(case, workplace):
    check(case)


@pytest.mark.parametrize("step", STEPS)
def test_usual_exposures_are_complete(step, workplace):
    kind = "rateints" if step.endswith("stacks") else "rate"
    case = Case(step, USUAL | {"kind": kind}, {name: values[0] for name, values in choices.choices(step).items()})
    assert check(case).status == "COMPLETE"


def test_draws_are_repeated_and_varied():
    rngs = (np.random.default_rng(3) for _ in range(2))
    some = [[str(choices.draw(rng, "nsclean")) for _ in range(20)] for rng in rngs]
    assert some[0] == some[1]
    assert len(set(some[0])) == 20


@pytest.mark.parametrize("name", CHOICES["values"])
@pytest.mark.parametrize("shape", [(2, 8, 9), (1, 1), (0, 3)])
def test_values_keep_the_shape(name, shape):
    assert patterns.values(name, np.ones(shape), np.random.default_rng(1)).shape == shape


def test_faults_are_found(exposure):
    given, made = exposure(flags="pixels", header="wcs"), exposure(flags="pixels", header="wcs")
    for model in (given, made):
        model.data[3, 3] = np.nan
        model.meta.cal_step.nsclean = "COMPLETE"
    assert invariants.violations("nsclean", given, made) == []

    def faults(change):
        spoilt = copy.deepcopy(made)
        change(spoilt)
        return " ".join(invariants.violations("nsclean", given, spoilt))

    bad = np.argwhere(given.dq & 1)[0]
    assert "must not" in faults(lambda m: m.data.__setitem__(tuple(bad), 7))
    assert "became NaN" in faults(lambda m: m.data.__setitem__((slice(None), 7), np.nan))
    assert "NaN changed" in faults(lambda m: m.data.__setitem__((3, 3), 0))
    assert "negative" in faults(lambda m: m.err.__imul__(-1))
    assert "taken away" in faults(lambda m: m.dq.__imul__(0))
    assert "status" in faults(lambda m: setattr(m.meta.cal_step, "nsclean", None))
    assert "wcsinfo" in faults(lambda m: setattr(m.meta.wcsinfo, "crval1", 3.0))


def test_changed_inputs_are_found(exposure):
    model = exposure(kind="pair")
    before = invariants.snapshot(model)
    assert invariants.changes(model, before) == []
    model[1].err[0, 3, 3] = np.nan
    model[0].meta.filename = "other.fits"
    assert invariants.changes(model, before) == [".meta.filename", ".err"]


def test_rows(monkeypatch):
    monkeypatch.setattr(fuzz, "FEW", 2)
    *rows, total = fuzz.fuzz(True)
    assert [row.met for row in rows] == [True] * len(STEPS)
    assert total.metrics["tried"] == 2 * len(STEPS)
    monkeypatch.setattr(fuzz, "try_case", lambda case: trials.Outcome("crash", "KeyError: nothing"))
    assert fuzz.measure("nsclean", 3)["crashes"] == 3
