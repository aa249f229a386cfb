"""Correlated read noise of HxRG detectors, estimated from dark pixels; functions on arrays."""

from jwst_denoise.nsclean.fit import estimate_hyper, fit, fit_noise
from jwst_denoise.nsclean.options import FitOptions, Hyper, NoiseFit, SourceLoss
from jwst_denoise.nsclean.time_series import fit_time_series

__all__ = ["FitOptions", "Hyper", "NoiseFit", "SourceLoss", "estimate_hyper", "fit", "fit_noise", "fit_time_series"]
