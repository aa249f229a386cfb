"""The worked example of the page on one's own networks: a family of another package, from training to the step."""

import importlib
import tomllib

import numpy as np
import pytest
from astropy.io import fits

from jwst_denoise import ImageDenoiseStep, model_files, products, simulate
from jwst_denoise.networks import build, family_class

from .pages import ROOT

PACKAGE = ROOT / "docs" / "guide" / "my_network"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The example's package, as if pip had installed it."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    folder = tmp_path / "site" / "my_network-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))]
    (folder / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.syspath_prepend(PACKAGE)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STPIPE_DISABLE_CRDS_STEPPARS", "true")


@pytest.fixture
def rateints(tmp_path):
    """Five integrations of a deep field of NIRCam."""
    rng, detector = np.random.default_rng(1), simulate.detector("NRCB1")
    scene, observation = simulate.scene("field", detector, rng, subarray_name="SUB64P")
    exposure = simulate.simulate_exposure(
        scene, detector, None, "RAPID", 6, 5, rng, observation=observation, cosmic_rays=False
    )
    return products.write_products(exposure, tmp_path, "exposure", products=["rateints"])["rateints"]


def test_unknown_without_the_package():
    with pytest.raises(ValueError, match="no network family 'learned_filter'; known: astro_unet"):
        family_class("learned_filter")


def test_from_training_to_the_step(installed, rateints, tmp_path):
    path = importlib.import_module("make_model").main(str(rateints), "my_filter.asdf")
    assert model_files.verify(path) == []
    network = model_files.load(path)
    assert network.info["family"] == "learned_filter" == build({"family": "learned_filter"}).architecture["family"]
    scores = network.info["scores"]["held-out integration"]
    assert scores["after"] < 0.8 * scores["before"]

    ImageDenoiseStep.call(str(rateints), model=str(path), save_results=True, output_dir=str(tmp_path))
    with fits.open(tmp_path / "exposure_ints_imagedenoisestep.fits") as after, fits.open(rateints) as before:
        assert (after[0].header["S_IMGDN"], after[0].header["IMD_MODL"]) == ("COMPLETE", "my_filter")
        scatter = [np.nanstd(np.diff(file["SCI"].data, axis=0)[:, 4:-4, 4:-4]) for file in (after, before)]
        assert scatter[0] < 0.8 * scatter[1]
