"""Detectors, their subarrays, slits and read patterns."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from jwst_denoise import readout
from jwst_denoise.detectors import (
    DETECTORS,
    MODES,
    PATTERNS,
    SUBARRAYS,
    channel_of,
    detector,
    frame_time,
    observation,
    read_pattern,
    slit_of_subarray,
    subarray,
    typical_gain,
)


def test_every_near_infrared_detector_is_there():
    assert set(readout.DETECTORS) <= set(DETECTORS)
    for name, (instrument, fast, slow) in readout.DETECTORS.items():
        parameters = detector(name.lower())
        assert (parameters.instrument, parameters.fastaxis, parameters.slowaxis) == (instrument, fast, slow)


def test_parameters_are_frozen_and_validated():
    parameters = detector("NRS1")
    with pytest.raises(FrozenInstanceError):
        parameters.gain = 2
    for bad in ({"gain": 0}, {"saturation": 70000}, {"nonlinearity": (1.0, 1.0)}, {"ipc": ((1.0,),)}):
        with pytest.raises(ValueError, match=f"NRS1.*{next(iter(bad))}"):
            replace(parameters, **bad)


@pytest.mark.parametrize(("find", "name"), [(detector, "MIRIMAGE"), (read_pattern, "FASTR1")])
def test_unknown_names_are_refused_with_what_is_known(find, name):
    with pytest.raises(ValueError, match=f"{name}.*known: "):
        find(name)


def test_reference_pixels_of_subarrays_follow_from_their_place():
    parameters = detector("NRS1")
    assert parameters.readout((32, 2048), (1, 946)).reference == (0, 0, 4, 4)
    assert parameters.readout((32, 512), (1025, 946)).reference == (0, 0, 0, 0)
    assert parameters.readout((64, 64), (1, 1)).reference == (4, 0, 4, 0)
    assert parameters.readout().reference == (4, 4, 4, 4)
    with pytest.raises(ValueError, match="not on the detector"):
        parameters.readout((32, 512), (2000, 1))


@pytest.mark.parametrize(("name", "shape", "corner", "seconds"), [
    ("NRCB1", (2048, 2048), (1, 1), 10.73676), ("NRCB1", (64, 64), (1851, 1817), 0.05016),
    ("NRCA1", (160, 160), (1889, 1889), 0.27864), ("NRS1", (32, 2048), (1, 946), 0.90156),
    ("NRS1", (32, 512), (1025, 946), 0.22572), ("NRS1", (256, 2048), (1, 897), 5.49132),
    ("GUIDER2", (128, 128), (887, 1022), 0.182),
])  # fmt: skip
def test_frame_times_are_the_documented_ones(name, shape, corner, seconds):
    parameters = detector(name)
    assert frame_time(parameters.readout(shape, corner), parameters.instrument) == pytest.approx(seconds, abs=1e-9)


def test_irs2_frame_time():
    parameters = detector("NRS1")
    assert frame_time(parameters.readout(interleave=(16, 4)), "NIRSPEC") == pytest.approx(14.58888, abs=1e-5)


def test_subarrays_lie_on_their_detectors():
    for (name, label), part in SUBARRAYS.items():
        geometry = detector(name).readout(part.shape, part.corner, part.outputs)
        assert geometry.shape == subarray(name, label).shape
    with pytest.raises(ValueError, match=r"NRS1.*SUB64P.*known: FULL, ALLSLITS"):
        subarray("NRS1", "SUB64P")


def test_observations_take_the_corner_of_their_subarray():
    bots = observation(detector("NRS1"), "NRS_BRIGHTOBJ")
    assert (bots.subarray, bots.corner, bots.time_series) == ("SUB2048", (1, 946), True)
    assert observation(detector("NRCBLONG")).filter == "F356W"
    assert {mode.exp_type for mode in MODES.values()} == set(MODES)
    with pytest.raises(ValueError, match="no observing mode 'NRS_LAMP'; known"):
        observation(detector("NRS1"), "NRS_LAMP")


def test_read_patterns():
    deep8 = read_pattern("deep8")
    assert (deep8.nframes, deep8.groupgap, deep8.frames_per_group) == (8, 12, 20)
    assert read_pattern("NRSIRS2RAPID").irs2
    assert {pattern.instrument for pattern in PATTERNS.values()} >= {"NIRCAM", "NIRSPEC", "NIRISS", "FGS"}


def test_channels():
    assert detector("NRCB1").channel == "NIRCAM_SW"
    assert detector("NRCA5") is detector("NRCALONG")
    assert detector("NRCALONG").channel == channel_of("NIRCAM", "NRCA5") == "NIRCAM_LW"
    assert channel_of("NIRISS", "NIS") == "NIRISS"


def test_typical_gain_of_a_mosaic():
    assert typical_gain("NIRCAM", "NRCA5") == detector("NRCALONG").gain
    long = [detector(name).gain for name in ("NRCALONG", "NRCBLONG")]
    assert typical_gain("NIRCAM", "MULTIPLE", "long") == pytest.approx(np.mean(long))
    short = [one.gain for one in DETECTORS.values() if one.channel == "NIRCAM_SW"]
    assert typical_gain("NIRCAM", None, "SHORT") == pytest.approx(np.mean(short))
    with pytest.raises(ValueError, match="no gain is known for MIRI MIRIMAGE"):
        typical_gain("MIRI", "MIRIMAGE")


@pytest.mark.parametrize(("name", "slit"), [
    ("SUBS200A1", "S200A1"), ("SUBS400A1", "S400A1"), ("SUB2048", "S1600A1"), ("SUB512S", "S200A1"), ("ALLSLITS", None)
])  # fmt: skip
def test_slit_of_a_subarray(name, slit):
    assert slit_of_subarray(name) == slit
