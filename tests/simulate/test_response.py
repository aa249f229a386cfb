"""From charge to counts and back."""

import numpy as np
import pytest
from scipy.ndimage import convolve

from jwst_denoise.simulate import DETECTORS, detector
from jwst_denoise.simulate.response import couple, delinearize, digitize, linearize, respond


@pytest.mark.parametrize("name", DETECTORS)
def test_correction_undoes_the_nonlinearity_exactly(name):
    parameters = detector(name)
    counts = np.linspace(0, parameters.ceiling, 10_001)
    linear = linearize(counts, parameters.nonlinearity)
    assert np.all(np.diff(linear) > 0)
    np.testing.assert_allclose(delinearize(linear, parameters.nonlinearity), counts, rtol=0, atol=1e-6)


def test_float32_is_good_to_a_hundredth_of_a_count():
    parameters = detector("NRCB1")
    linear = np.linspace(0, parameters.ceiling, 10_001, dtype=np.float32)
    back = linearize(delinearize(linear, parameters.nonlinearity), parameters.nonlinearity)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, linear, rtol=0, atol=0.02)


def test_linearize_is_the_polynomial():
    x = np.array([0.0, 10.0, 1000.0])
    np.testing.assert_allclose(linearize(x, (0, 1, 2e-3, 3e-6)), x + 2e-3 * x**2 + 3e-6 * x**3)


def test_coupling_is_a_convolution_and_points_the_right_way():
    kernel = np.array([[0.0, 0.01, 0.0], [0.02, 0.9, 0.04], [0.0, 0.03, 0.0]])
    image = np.random.default_rng(1).uniform(size=(20, 30))
    np.testing.assert_allclose(couple(image, kernel), convolve(image, kernel, mode="constant"), rtol=1e-12)
    impulse = np.zeros((5, 5))
    impulse[2, 2] = 1
    np.testing.assert_allclose(couple(impulse, kernel)[1:4, 1:4], kernel)


def test_response_ends():
    parameters = detector("NRS1")
    charge = np.full((3, 3), 1e6, dtype=np.float32)
    assert respond(charge, parameters)[1, 1] == pytest.approx(parameters.ceiling, rel=1e-6)
    assert respond(charge, parameters, saturation=False, nonlinearity=False, ipc=False).max() > parameters.ceiling


def test_counts_are_rounded_and_clipped():
    np.testing.assert_array_equal(digitize(np.array([-5.0, 0.4, 0.6, 7e4])), [0, 0, 1, 65535])
