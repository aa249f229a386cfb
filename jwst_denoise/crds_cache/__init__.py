"""An offline CRDS cache: reference files and rules with which calwebb pipelines run without a network.

The reference files describe the detectors of `jwst_denoise.simulate`, so that the pipeline removes the effects that the
simulator has added. They are not flight calibrations: to calibrate flight data, use the CRDS server.
"""

from jwst_denoise.crds_cache.activation import activated, environment
from jwst_denoise.crds_cache.cache import DETECTORS, INSTRUMENTS, build_cache

__all__ = ["DETECTORS", "INSTRUMENTS", "activated", "build_cache", "environment"]
