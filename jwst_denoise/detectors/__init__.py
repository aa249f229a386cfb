"""Facts about the near-infrared detectors of JWST: gain, noise, read patterns, subarrays and slits."""

from jwst_denoise.detectors.noise_spectrum import NoiseSpectrum
from jwst_denoise.detectors.observing import (
    ELEMENTS,
    FIXED_SLIT_ROWS,
    FIXED_SLITS,
    MODES,
    SUBARRAYS,
    FixedSlit,
    Observation,
    Subarray,
    bandpass,
    elements_of,
    frame_time,
    observation,
    slit_of_subarray,
    subarray,
)
from jwst_denoise.detectors.parameters import DETECTORS, DetectorParameters, channel_of, detector, typical_gain
from jwst_denoise.detectors.read_patterns import PATTERNS, ReadPattern, poisson_fraction, read_pattern

__all__ = [
    "DETECTORS", "ELEMENTS", "FIXED_SLITS", "FIXED_SLIT_ROWS", "MODES", "PATTERNS", "SUBARRAYS",
    "DetectorParameters", "FixedSlit", "NoiseSpectrum", "Observation", "ReadPattern", "Subarray", "bandpass",
    "channel_of", "detector", "elements_of", "frame_time", "observation", "poisson_fraction", "read_pattern",
    "slit_of_subarray", "subarray", "typical_gain",
]  # fmt: skip
