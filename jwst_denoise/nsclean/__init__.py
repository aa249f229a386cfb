"""Correlated read noise of HxRG detectors, estimated from dark pixels: arrays in, arrays out."""

from jwst_denoise.nsclean.fit import estimate_hyper, fit, fit_noise
from jwst_denoise.nsclean.hyper import Hyper
from jwst_denoise.nsclean.options import FitOptions
from jwst_denoise.nsclean.result import NoiseFit

__all__ = ["FitOptions", "Hyper", "NoiseFit", "estimate_hyper", "fit", "fit_noise"]
