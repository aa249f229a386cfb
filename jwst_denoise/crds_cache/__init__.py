"""An offline CRDS cache: reference files and rules with which calwebb pipelines run without a network.

The reference files hold what `jwst_denoise.simulate` puts into its exposures, so that the pipeline takes out what the
simulator put in. They are not flight calibrations: for the calibration of real data, use the CRDS server.
"""

from jwst_denoise.crds_cache.activation import activated, environment
from jwst_denoise.crds_cache.cache import DETECTORS, INSTRUMENTS, build_cache

__all__ = ["DETECTORS", "INSTRUMENTS", "activated", "build_cache", "environment"]
