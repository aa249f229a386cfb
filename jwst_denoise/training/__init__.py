"""Training of the networks.

This layer uses torch, lightning, numpy, scipy, `jwst_denoise.networks` and the array layers of the package. It never
imports jwst, stpipe, stdatamodels, asdf or astropy, so that it runs on training machines that have none of them.
"""

__all__ = ["train"]


def __getattr__(name):
    if name == "train":
        from jwst_denoise.training.run import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
