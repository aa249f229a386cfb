"""The reference files describe the simulated detectors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from stdatamodels.jwst import datamodels
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise import simulate
from jwst_denoise.simulate.bias import dark_rate, superbias

CASES = [("NRS1", "nirspec"), ("NRCB1", "nircam")]


@pytest.fixture(params=CASES, ids=[name for name, _ in CASES])
def opened(request, cache):
    """(detector parameters, function that opens one of its references)."""
    name, instrument = request.param

    def open_one(model, type_, subarray=""):
        stem = "_".join(filter(None, ["jwst", instrument, type_, name.lower(), subarray.lower()]))
        return model(cache / "references" / "jwst" / instrument / f"{stem}.fits")

    return simulate.detector(name), open_one


def test_gain_and_noise(opened):
    detector, reference = opened
    border = detector.readout().reference_pixels
    with reference(datamodels.GainModel, "gain") as gain, reference(datamodels.ReadnoiseModel, "readnoise") as noise:
        assert_allclose(gain.data, detector.gain, rtol=1e-6)
        read_noise = noise.data * gain.data / np.sqrt(2)
        assert_allclose(read_noise[~border], detector.read_noise, rtol=1e-6)
        assert_allclose(read_noise[border], detector.reference_read_noise, rtol=1e-6)
        assert gain.meta.instrument.detector == detector.name


def test_mask_flags_reference_pixels(opened):
    detector, reference = opened
    with reference(datamodels.MaskModel, "mask") as mask:
        flagged = (mask.dq & dqflags.pixel["REFERENCE_PIXEL"]) > 0
        assert (flagged == detector.readout().reference_pixels).all()
        assert not (mask.dq & dqflags.pixel["DO_NOT_USE"]).any()


def test_superbias(opened):
    detector, reference = opened
    with reference(datamodels.SuperBiasModel, "superbias") as model:
        assert abs(model.data - superbias(detector)).max() <= 1 / 32


def test_saturation(opened):
    detector, reference = opened
    with reference(datamodels.SaturationModel, "saturation") as model:
        assert_allclose(model.data, detector.saturation)
        unchecked = (model.dq & dqflags.pixel["NO_SAT_CHECK"]) > 0
        assert (unchecked == detector.readout().reference_pixels).all()


def test_linearity(opened):
    detector, reference = opened
    with reference(datamodels.LinearityModel, "linearity") as model:
        assert model.coeffs.shape == (len(detector.nonlinearity), 2048, 2048)
        assert_allclose(model.coeffs[:, 17, 1000], detector.nonlinearity, rtol=1e-6)
        assert (model.coeffs == model.coeffs[:, :1, :1]).all()


def test_dark_accumulates_at_the_frame_time(opened):
    detector, reference = opened
    subarray = "SUB512" if detector.instrument == "NIRSPEC" else "SUB64P"
    window = simulate.subarray(detector.name, subarray)
    readout = detector.readout(window.shape, window.corner, window.outputs)
    seconds = simulate.frame_time(readout, detector.instrument)
    model_class = datamodels.DarkNirspecModel if detector.instrument == "NIRSPEC" else datamodels.DarkModel
    with reference(model_class, "dark", subarray) as model:
        assert model.data.shape[1:] == window.shape
        rate = np.diff(model.data, axis=0)[0] * detector.gain / seconds
        assert_allclose(rate, dark_rate(detector, window.shape, window.corner), rtol=1e-5, atol=1e-6)
        assert (model.meta.subarray.xstart, model.meta.subarray.ystart) == window.corner


def test_files_are_small(cache):
    sizes = [path.stat().st_size for path in cache.rglob("*.fits")]
    assert sum(sizes) < 4 * 12e6
    assert max(sizes) < 9e6
