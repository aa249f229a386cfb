"""The choice of a step's defaults."""

from types import SimpleNamespace

import pytest
from stdatamodels.jwst import datamodels

from jwst_denoise import parameters
from jwst_denoise.parameters import selection, shipped


def meta(instrument="NIRCAM", exp_type="NRC_IMAGE", model_type="ImageModel", detector="NRCA1", subarray="FULL"):
    return SimpleNamespace(
        instrument=SimpleNamespace(name=instrument, detector=detector),
        exposure=SimpleNamespace(type=exp_type),
        subarray=SimpleNamespace(name=subarray),
        model_type=model_type,
    )


@pytest.mark.parametrize(
    ("instrument", "exp_type", "background"),
    [
        ("NIRCAM", "NRC_IMAGE", "keep"),
        ("NIRCAM", "NRC_TSIMAGE", "keep"),
        ("NIRISS", "NIS_IMAGE", "keep"),
        ("NIRISS", "NIS_SOSS", "keep"),
        ("FGS", "FGS_ACQ1", "keep"),
        ("NIRSPEC", "NRS_IFU", "remove"),
        ("NIRSPEC", "NRS_MSASPEC", "remove"),
        ("NIRSPEC", "NRS_FIXEDSLIT", "remove"),
        ("NIRSPEC", "NRS_BRIGHTOBJ", "remove"),
        ("NIRSPEC", "NRS_TACQ", "keep"),
    ],
)
def test_background_by_mode(instrument, exp_type, background):
    chosen = parameters.select_parameters("nsclean", meta(instrument, exp_type))
    assert chosen["background"] == background
    if exp_type in ("NRS_IFU", "NRS_MSASPEC", "NRS_FIXEDSLIT", "NRS_BRIGHTOBJ"):
        assert chosen["mask_science_regions"] is True


def test_a_real_model_is_understood():
    with datamodels.IFUImageModel((4, 4)) as model:
        model.meta.instrument.name, model.meta.exposure.type = "NIRSPEC", "NRS_IFU"
        assert parameters.select_parameters("nsclean", model.meta)["background"] == "remove"


@pytest.mark.parametrize(
    "unfit", [meta("MIRI", "MIR_IMAGE"), meta(exp_type="NRC_DARK"), meta(None, None), SimpleNamespace()]
)
def test_nothing_fits(unfit):
    assert parameters.select_parameters("nsclean", unfit) == {}
    assert parameters.select_parameters("no_such_step", meta()) == {}


@pytest.mark.parametrize(
    ("model_type", "level"),
    [("RampModel", "group"), ("CubeModel", "integration"), ("ImageModel", "exposure"), (None, "exposure")],
)
def test_level(model_type, level):
    assert selection.exposure_level(meta(model_type=model_type)) == level


def test_the_choice_is_the_callers_own():
    parameters.select_parameters("nsclean", meta())["background"] = "changed"
    assert parameters.select_parameters("nsclean", meta())["background"] == "keep"


@pytest.fixture
def files(monkeypatch, clear_caches):
    """Make these selectors the shipped files of a step named ``dummy``."""

    def install(**selectors):
        trees = {
            name: {"name": "dummy", "parameters": {"from": name}, "meta": {"selector": selector}}
            for name, selector in selectors.items()
        }
        monkeypatch.setattr(shipped, "names", lambda: tuple(trees))
        monkeypatch.setattr(shipped, "tree", trees.__getitem__)
        clear_caches(selection._selectors)

    return install


def test_the_most_specific_file_wins(files):
    files(
        all={"instrument": "NIRCAM"},
        imaging={"instrument": "NIRCAM", "exp_type": ["NRC_IMAGE", "NRC_TSIMAGE"]},
        ramps={"exp_type": "NRC_IMAGE", "level": "group"},
        small={"subarray": "SUB64P"},
    )
    assert parameters.select_parameters("dummy", meta(exp_type="NRC_WFSS")) == {"from": "all"}
    assert parameters.select_parameters("dummy", meta()) == {"from": "imaging"}
    assert parameters.select_parameters("dummy", meta(model_type="RampModel")) == {"from": "ramps"}
    assert parameters.select_parameters("dummy", meta(subarray="SUB64P", model_type="RampModel")) == {"from": "small"}
    assert parameters.select_parameters("dummy", meta("NIRISS", "NIS_IMAGE")) == {}


def test_a_tie_is_an_error(files):
    files(one={"exp_type": ["NRC_IMAGE"]}, two={"exp_type": ["NRC_IMAGE", "NRC_WFSS"]})
    assert parameters.select_parameters("dummy", meta(exp_type="NRC_WFSS")) == {"from": "two"}
    with pytest.raises(ValueError, match="one, two fit .* equally well"):
        parameters.select_parameters("dummy", meta())


def test_a_misspelled_criterion_is_an_error(files):
    files(one={"exptype": ["NRC_IMAGE"]})
    with pytest.raises(ValueError, match="one: criterion 'exptype'; did you mean 'exp_type'"):
        parameters.select_parameters("dummy", meta())
