"""Science regions of NIRSpec exposures from products, WCS, traces and flags."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest

datamodels = pytest.importorskip("stdatamodels.jwst.datamodels")
science_regions = pytest.importorskip("jwst_denoise.steps.exposure.science_regions")

SHAPE = (256, 512)


@pytest.fixture(autouse=True)
def no_crds(monkeypatch):
    for name in ("CRDS_PATH", "CRDS_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)


def describe(model, exposure="NRS_MSASPEC", detector="NRS1", start=(1, 1)):
    model.meta.instrument.name, model.meta.instrument.detector = "NIRSPEC", detector
    model.meta.exposure.type = exposure
    model.meta.subarray.xstart, model.meta.subarray.ystart = start
    model.meta.subarray.fastaxis, model.meta.subarray.slowaxis = 2, 1
    model.meta.filename = f"{exposure.lower()}.fits"
    return model


@pytest.fixture
def scene(rng):
    """One trace on a striped detector."""
    image = (rng.normal(size=SHAPE) + 0.5 * rng.normal(size=(1, SHAPE[1]))).astype(np.float32)
    image[100:106] += 3
    return image


def rate(scene, **options):
    return describe(datamodels.ImageModel(data=scene, dq=np.zeros(SHAPE, np.uint32)), **options)


def test_other_exposures_have_no_known_regions(scene):
    assert not science_regions.science_regions(rate(scene, exposure="NRC_IMAGE")).any()


def test_traces_where_nothing_else_is_known(scene, caplog):
    with caplog.at_level(logging.INFO):
        science = science_regions.science_regions(rate(scene, exposure="NRS_FIXEDSLIT"))
    assert science[100:106].all()
    assert science[np.r_[:90, 120:256]].mean() < 0.05
    assert "without CRDS" in caplog.text
    assert "traces in the image" in caplog.text


def test_integrations_and_ramps(scene):
    cube = np.stack([scene, scene, scene])
    ints = describe(datamodels.CubeModel(data=cube, dq=np.zeros(cube.shape, np.uint32)), exposure="NRS_BRIGHTOBJ")
    groups = scene[None, None] * np.arange(3, dtype=np.float32)[None, :, None, None]
    ramp = describe(datamodels.RampModel(data=groups), exposure="NRS_BRIGHTOBJ")
    for model in (ints, ramp):
        science = science_regions.science_regions(model)
        assert science.shape == SHAPE
        assert science[100:106].all()


def test_failed_open_shutters_and_fixed_slits(scene):
    model = rate(scene, exposure="NRS_MSASPEC", start=(1, 801))
    model.dq[200:210, 50:60] = science_regions.MSA_FAILED_OPEN | 4
    science = science_regions.science_regions(model)
    assert science[200:210, 50:60].all()
    assert science[122:].all()  # row 922 of the full frame
    assert not science[110:122].all()


def test_product_of_an_ifu(scene, tmp_path):
    cal = np.full(SHAPE, np.nan, np.float32)
    cal[10:20] = 1
    path = tmp_path / "cal.fits"
    describe(datamodels.IFUImageModel(data=cal), exposure="NRS_IFU").save(path)
    model = rate(scene, exposure="NRS_IFU")
    science = science_regions.science_regions(model, path)
    np.testing.assert_array_equal(science, np.isfinite(cal))


def test_product_of_slits_in_a_subarray(scene):
    product = describe(datamodels.MultiSlitModel(), exposure="NRS_FIXEDSLIT", start=(1, 1))
    slit = datamodels.SlitModel(data=np.array([[np.nan, 1, 1], [1, 1, np.nan]], np.float32))
    slit.xstart, slit.ystart = 11, 31
    product.slits.append(slit)
    model = rate(scene, exposure="NRS_FIXEDSLIT", start=(1, 21))
    science = science_regions.science_regions(model, product)
    assert sorted(zip(*np.nonzero(science), strict=True)) == [(10, 11), (10, 12), (11, 10), (11, 11)]


def test_real_slit(data_directory, rng):
    path = data_directory / "jw01345062001_03101_00001_nrs2_phot.138.1345_933.fits"
    image = rng.normal(size=(2048, 2048)).astype(np.float32)
    model = describe(datamodels.ImageModel(data=image), detector="NRS2")
    science = science_regions.science_regions(model, path)
    with datamodels.open(path) as slit:
        np.testing.assert_array_equal(science[658 : 658 + 25, :341], np.isfinite(slit.data))
        assert science.sum() == np.isfinite(slit.data).sum() + 194 * 2048


def test_products_that_do_not_belong(scene, tmp_path):
    model = rate(scene, exposure="NRS_IFU")
    with pytest.raises(FileNotFoundError, match="nowhere_cal.fits"):
        science_regions.science_regions(model, tmp_path / "nowhere_cal.fits")
    other = describe(datamodels.IFUImageModel(data=scene), exposure="NRS_IFU", detector="NRS2")
    with pytest.raises(ValueError, match="NRS2, the exposure of NRS1"):
        science_regions.science_regions(model, other)
    small = describe(datamodels.IFUImageModel(data=scene[:50]), exposure="NRS_IFU")
    with pytest.raises(ValueError, match=r"\(50, 512\).*unrectified"):
        science_regions.science_regions(model, small)


class Slits:
    """A stand-in for the part of a NIRSpec slit WCS that is used."""

    def __init__(self, quadrant):
        self.bounding_box = {7: ((19.5, 29.5), (4.5, 9.5)), 8: ((500.5, 600.5), (-3.5, 0.5))}
        self.quadrant = quadrant

    def get_transform(self, source, target):
        assert (source, target) == ("gwa", "slit_frame")
        return SimpleNamespace(slit_ids=[7, 8], slits=[SimpleNamespace(quadrant=self.quadrant)])


def located(scene, exposure, wcs):
    return SimpleNamespace(
        data=scene,
        dq=np.zeros(SHAPE, np.uint32),
        shape=SHAPE,
        meta=SimpleNamespace(
            wcs=wcs,
            exposure=SimpleNamespace(type=exposure),
            subarray=SimpleNamespace(xstart=1, ystart=801),
        ),
    )


@pytest.mark.parametrize(("quadrant", "fixed"), [(3, True), (5, False)])
def test_bounding_boxes_of_slits(scene, quadrant, fixed):
    science = science_regions.science_regions(located(scene, "NRS_MSASPEC", Slits(quadrant)))
    expected = np.zeros(SHAPE, bool)
    expected[5:10, 20:30] = True
    expected[0:1, 501:512] = True
    expected[122:] |= fixed
    np.testing.assert_array_equal(science, expected)


class Slice:
    """A WCS whose wavelengths are known in a part of its bounding box."""

    bounding_box = ((-0.5, 99.5), (29.5, 39.5))

    def __call__(self, x, y):
        return x, y, np.where(x < 50, 1.0, np.nan)


def test_slices_of_the_ifu(scene, monkeypatch):
    monkeypatch.setattr(science_regions.nirspec, "nrs_ifu_wcs", lambda model: [Slice()])
    science = science_regions.science_regions(located(scene, "NRS_IFU", object()))
    expected = np.zeros(SHAPE, bool)
    expected[30:40, :50] = True
    expected[122:] = True
    np.testing.assert_array_equal(science, expected)


def test_a_wcs_without_regions_falls_back(scene, caplog):
    with caplog.at_level(logging.INFO):
        science = science_regions.science_regions(located(scene, "NRS_FIXEDSLIT", object()))
    assert science[100:106].all()
    assert "WCS gives no science regions" in caplog.text


def test_assign_wcs_that_fails_falls_back(scene, caplog, monkeypatch, tmp_path):
    monkeypatch.setenv("CRDS_PATH", str(tmp_path))

    def fail(step, model):
        raise RuntimeError("no such reference")

    monkeypatch.setattr(science_regions.AssignWcsStep, "run", fail)
    model = rate(scene, exposure="NRS_FIXEDSLIT")
    with caplog.at_level(logging.INFO):
        science = science_regions.science_regions(model)
    assert science[100:106].all()
    assert "no such reference" in caplog.text
    np.testing.assert_array_equal(model.data, scene)
