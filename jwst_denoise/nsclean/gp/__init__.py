"""Method ``gp``: Gaussian-process estimate of the correlated noise in read-out time."""

from jwst_denoise.nsclean.gp.gaussian_process import GaussianProcess

__all__ = ["GaussianProcess"]
