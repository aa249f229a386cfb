"""Simulated exposures of H2RG and H4RG detectors, with the truth.

Arrays in and arrays out, with numpy and scipy only; every function takes a `numpy.random.Generator`.
"""

from jwst_denoise.detectors import (
    DETECTORS,
    MODES,
    PATTERNS,
    SUBARRAYS,
    DetectorParameters,
    NoiseSpectrum,
    Observation,
    ReadPattern,
    detector,
    frame_time,
    observation,
    read_pattern,
    subarray,
)
from jwst_denoise.simulate.correlated import correlated_noise, stationary_noise
from jwst_denoise.simulate.cosmic_rays import CosmicRayParameters, cosmic_rays
from jwst_denoise.simulate.exposure import Exposure, Switches, Truth, simulate_exposure
from jwst_denoise.simulate.images import Image, simulate_image
from jwst_denoise.simulate.psf import PSF, point_spread_function
from jwst_denoise.simulate.scenes import SCENES, TimeSeries, modulate, scene, time_series, transit

__all__ = [
    "DETECTORS", "MODES", "PATTERNS", "PSF", "SCENES", "SUBARRAYS", "CosmicRayParameters", "DetectorParameters",
    "Exposure", "Image", "NoiseSpectrum", "Observation", "ReadPattern", "Switches", "TimeSeries", "Truth",
    "correlated_noise", "cosmic_rays", "detector", "frame_time", "modulate", "observation", "point_spread_function",
    "read_pattern", "scene", "simulate_exposure", "simulate_image", "stationary_noise", "subarray", "time_series",
    "transit",
]  # fmt: skip
