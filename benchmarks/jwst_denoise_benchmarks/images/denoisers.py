"""The networks that are measured, as functions of an image with its noise and a ratio of exposure times."""

from functools import lru_cache

from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.rows import MissingData, skipped

__all__ = ["MODELS", "method", "network", "unless_missing"]

#: Names of the models.
MODELS = ("astro_unet", "astro_unet-r2", "noise2noise", "noise2noise-uncertainty", "noise2noise-stack")


def network(name):
    """Network of a model.

    Raises
    ------
    MissingData
        If there is no model of this name.
    """
    return _network(name, models.directory())


@lru_cache(maxsize=8)
def _network(name, _directory):
    return models.load(name).network


def method(name):
    """Function that gives the denoised image (ny, nx) in e-/s."""
    made = network(name)
    return lambda image, ratio: made.denoise(image, ratio=float(ratio), uncertainty="none").rate


def unless_missing(what):
    """Decorator of a generator of rows: one that says so where a model is missing."""

    def decorate(rows):
        def guarded(quick):
            try:
                yield from rows(quick)
            except MissingData as error:
                yield skipped(what, error)

        guarded.__doc__ = rows.__doc__
        return guarded

    return decorate
