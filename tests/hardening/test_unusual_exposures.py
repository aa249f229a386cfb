"""Unusual exposures through all steps, drawn by hypothesis from the table in ``support.cases``."""

import copy

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings

from support import exposures, invariants
from support.cases import CHOICES, DEFAULTS, STEPS, Case, cases, choices
from support.trials import run_case

pytestmark = pytest.mark.filterwarnings("ignore::stdatamodels.exceptions.ValidationWarning")


def regression(step, parameters=None, **exposure):
    """Case that once violated an invariant."""
    return example(case=Case(step, DEFAULTS | exposure, parameters or {}))


def check(case):
    outcome = run_case(case)
    assert (outcome.crash, outcome.changed, outcome.violations, outcome.warnings) == ("", (), (), ())
    return outcome


allow_fixture = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@allow_fixture
@given(case=cases("nsclean"))
@regression("nsclean", shape=(0, 8))
@regression("nsclean", shape=(1, 1), kind="guider")
@regression("nsclean", values="tiny", seed=13)
@regression("nsclean", {"method": "nsclean", "n_sigma": 0.0}, values="enormous", kind="pair", seed=23)
@regression("nsclean", {"method": "median"}, variances="nan")
@regression("nsclean", errors="infinite pixels", variances="missing", kind="slit")
@regression("nsclean", {"method": "median", "save_noise": True}, values="enormous", variances="too large")
@regression("nsclean", kind="ramp", flags="missing")
def test_nsclean(case, working_directory):
    check(case)


@allow_fixture
@given(case=cases("cosmic_ray_mask"))
@regression("cosmic_ray_mask", {"inpaint": "network", "threshold": 0.01}, values="saturating", seed=63)
@regression("cosmic_ray_mask", {"inpaint": "biharmonic"}, kind="ifu", errors="infinite pixels", seed=26)
@regression("cosmic_ray_mask", {"inpaint": "biharmonic", "save_noise": True}, kind="pair", values="infinite")
@regression("cosmic_ray_mask", kind="slit", flags="other shape")
def test_cosmic_ray_mask(case, working_directory):
    check(case)


@allow_fixture
@given(case=cases("ramp_denoise"))
@regression("ramp_denoise", kind="superstripe", place="missing")
@regression("ramp_denoise", kind="ramp", detector=None)
@regression("ramp_denoise", kind="ramp", times="missing")
@regression("ramp_denoise", {"product": "ramp"}, kind="ramp", values="infinite")
@regression("ramp_denoise", kind="pair", errors="infinite pixels")
def test_ramp_denoise(case, working_directory):
    check(case)


@allow_fixture
@given(case=cases("image_denoise"))
@regression("image_denoise", {"model": "noise2noise-uncertainty"}, shape=(1, 64))
@regression("image_denoise", errors="nan")
def test_image_denoise(case, working_directory):
    check(case)


@allow_fixture
@given(case=cases("image_denoise stacks"))
@regression("image_denoise stacks", {"model": "noise2noise-stack"}, kind="pair")
@regression("image_denoise stacks", {"model": "noise2noise-stack"}, kind="pair", flags="other shape")
def test_stacks(case, working_directory):
    check(case)


@pytest.mark.parametrize("step", STEPS)
def test_ordinary_exposures_are_complete(step, working_directory):
    kind = "rateints" if step.endswith("stacks") else "rate"
    case = Case(step, DEFAULTS | {"kind": kind}, {name: values[0] for name, values in choices(step).items()})
    assert check(case).status == "COMPLETE"


@pytest.mark.parametrize("name", CHOICES["values"])
@pytest.mark.parametrize("shape", [(2, 8, 9), (1, 1), (0, 3)])
def test_values_keep_the_shape(name, shape):
    assert exposures.values(name, np.ones(shape), np.random.default_rng(1)).shape == shape


def test_violations_are_detected(exposure):
    before, after = exposure(flags="pixels", header="wcs"), exposure(flags="pixels", header="wcs")
    for model in (before, after):
        model.data[3, 3] = np.nan
        model.meta.cal_step.nsclean = "COMPLETE"
    assert invariants.violations("nsclean", before, after) == []

    def violations(change):
        changed = copy.deepcopy(after)
        change(changed)
        return " ".join(invariants.violations("nsclean", before, changed))

    bad = np.argwhere(before.dq & 1)[0]
    assert "must not" in violations(lambda m: m.data.__setitem__(tuple(bad), 7))
    assert "became NaN" in violations(lambda m: m.data.__setitem__((slice(None), 7), np.nan))
    assert "NaN changed" in violations(lambda m: m.data.__setitem__((3, 3), 0))
    assert "negative" in violations(lambda m: m.err.__imul__(-1))
    assert "removed" in violations(lambda m: m.dq.__imul__(0))
    assert "status" in violations(lambda m: setattr(m.meta.cal_step, "nsclean", None))
    assert "wcsinfo" in violations(lambda m: setattr(m.meta.wcsinfo, "crval1", 3.0))


def test_changed_inputs_are_detected(exposure):
    model = exposure(kind="pair")
    before = invariants.snapshot(model)
    assert invariants.changes(model, before) == []
    model[1].err[0, 3, 3] = np.nan
    model[0].meta.filename = "other.fits"
    assert invariants.changes(model, before) == [".meta.filename", ".err"]


def test_crashes_and_changes_are_reported(working_directory, monkeypatch):
    def step(data, **parameters):
        data.data[0, 0] = 7
        raise KeyError("nothing")

    monkeypatch.setattr("jwst_denoise.NSCleanStep.call", step)
    outcome = run_case(Case("nsclean", dict(DEFAULTS), {}))
    assert outcome.status == "crash" and "KeyError: 'nothing'" in outcome.crash
    assert outcome.changed == (".data",)
