"""Power spectra: definitions and refusals."""

import numpy as np
import pytest
from scipy.integrate import quad

from jwst_denoise.simulate import NoiseSpectrum


@pytest.mark.parametrize("slope", [0.8, 1.0, 1.3])
def test_rms_is_the_integral_of_the_density(slope):
    spectrum = NoiseSpectrum(common_rms=2.5, common_slope=slope)
    variance, _ = quad(lambda u: spectrum.common_psd(np.exp(u)) * np.exp(u), *np.log(spectrum.band))
    assert np.sqrt(variance) == pytest.approx(2.5, rel=1e-6)


def test_alternating_columns_have_their_variance_below_nyquist():
    spectrum = NoiseSpectrum(output_rms=0, alternating_rms=0.7, alternating_width=10.0)
    frequency = np.linspace(0, 5e4, 2_000_001)
    variance = np.trapezoid(spectrum.output_psd(frequency), frequency)
    assert np.sqrt(variance) == pytest.approx(0.7, rel=1e-3)  # the tail to 0 Hz holds 1e-4 of it


def test_density_is_flat_below_the_floor():
    spectrum = NoiseSpectrum(floor=0.01)
    assert spectrum.common_psd(0.0) == spectrum.common_psd(0.01) > spectrum.common_psd(0.02)


@pytest.mark.parametrize("bad", [{"common_rms": -1}, {"floor": 1.0}, {"floor": 0}, {"alternating_width": 0}])
def test_meaningless_values_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        NoiseSpectrum(**bad)
