"""Fixed patterns of a detector."""

import numpy as np
import pytest

from jwst_denoise.detectors import detector
from jwst_denoise.simulate.bias import dark_rate, superbias


def test_bias_is_fixed_and_subarrays_are_cut_from_the_frame():
    parameters = detector("NRCB1")
    full = superbias(parameters)
    np.testing.assert_array_equal(superbias(parameters, (64, 80), (101, 201)), full[200:264, 100:180])
    stripes = np.split(full, 4, axis=1)
    scatter = parameters.bias_scatter / np.sqrt(stripes[0].size)
    for stripe in stripes:
        assert stripe.std() == pytest.approx(parameters.bias_scatter, rel=0.01)
        halves = stripe[:1024].mean() - stripe[1024:].mean()
        assert abs(halves) < 5 * scatter * 2
    assert np.std([stripe.mean() for stripe in stripes]) > 10 * scatter


def test_dark_current_has_hot_pixels_and_is_zero_on_reference_pixels():
    parameters = detector("NRS2")
    dark = dark_rate(parameters)
    assert np.median(dark) == np.float32(parameters.dark_current)
    assert not dark[parameters.readout().reference_pixels].any()
    hot = (dark > parameters.dark_current).sum()
    assert hot == pytest.approx(parameters.hot_fraction * dark.size, rel=0.1)
