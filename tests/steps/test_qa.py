"""The picture: what it measures, and that it can be drawn for every kind of plane."""

import numpy as np
import pytest

from jwst_denoise.readout import DETECTORS, Readout
from jwst_denoise.steps.common.result import Preview
from jwst_denoise.steps.qa import correction


@pytest.mark.parametrize("detector", ["NRS1", "NRS2", "NRCA1", "NRCA2"])
def test_profiles_against_a_loop(rng, detector):
    readout = Readout((6, 8), *DETECTORS[detector][1:])
    image, mask = rng.normal(size=(6, 8)), rng.random((6, 8)) < 0.7
    image[2, 3] = np.nan
    across, along = correction.profiles(image, mask, readout)
    frame, dark = readout.to_detector(image), readout.to_detector(mask & np.isfinite(image))
    for line in range(readout.lines):
        expected = np.mean(frame[line][dark[line]]) if dark[line].any() else np.nan
        np.testing.assert_allclose(across[line], expected)
    np.testing.assert_allclose(along[0], np.mean(frame[:, 0][dark[:, 0]]))


def test_white_noise_has_a_flat_spectrum_at_its_level(rng):
    """One-sided: σ² spread over half the sampling frequency."""
    readout = Readout((256, 256), 1, 2, pixel_time=1e-5)
    mask = rng.random((256, 256)) < 0.5
    frequency, power = correction.power_spectrum(3 * rng.normal(size=(256, 256)), mask, readout)
    high = frequency > 1e3
    np.testing.assert_allclose(power[high], 9 * 2e-5, rtol=0.25)
    assert frequency[-1] <= 5e4


def test_a_wave_shows_at_its_frequency(rng):
    readout = Readout((64, 64), 1, 2, overhead=0, pixel_time=1e-5)
    time = np.arange(64 * 64) * 1e-5
    wave = readout.from_streams(np.sin(2 * np.pi * 5000 * time).reshape(1, 64, 64))
    frequency, power = correction.power_spectrum(wave, np.ones((64, 64), bool), readout)
    assert frequency[power.argmax()] == pytest.approx(5000, rel=0.1)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(64, 64), (16, 256)])
@pytest.mark.parametrize("case", ["usual", "nothing dark", "all NaN"])
def test_drawn_for_every_plane(rng, shape, case, tmp_path):
    before = rng.normal(size=shape).astype("f4")
    mask = np.full(shape, case != "nothing dark")
    if case == "all NaN":
        before[:] = np.nan
    preview = Preview(before, before - 0.1, mask, Readout(shape, 1, 2), "a plane")
    correction.write(tmp_path / "qa.png", preview, "title")
    assert (tmp_path / "qa.png").stat().st_size > 10_000
