"""Ramps of the simulated exposure: what calwebb_denoise1 makes of them, against the true light."""

from dataclasses import dataclass, replace

import numpy as np

from jwst_denoise.demo import metrics

__all__ = ["Denoised", "against_light", "measure"]

BRIGHT = 70.0  # light of a pixel over its error, above which rates are the fit's


@dataclass(frozen=True)
class Denoised:
    """Metrics of the rates with all steps, and of those without.

    Parameters
    ----------
    before, after : jwst_denoise.demo.metrics.Metrics
        Against the true light: all errors count, not only correlated noise.
    bright, changed : int
        Bright pixels, and those of them that the network has changed.
    """

    before: metrics.Metrics
    after: metrics.Metrics
    bright: int
    changed: int


def against_light(planes, rate):
    """Planes with a denoised rate image, whose errors are counted from the true light.

    Parameters
    ----------
    planes : jwst_denoise.demo.metrics.Planes
        Of the exposure.
    rate : tuple of ndarray
        Rate image, its error, and unusable pixels, from `jwst_denoise.demo.metrics.electrons`.

    Returns
    -------
    jwst_denoise.demo.metrics.Planes
    """
    image, error, unusable = rate
    usable = {name: getattr(planes, name) & ~unusable for name in ("lit", "dark")}
    return replace(planes, after=image, error_after=error, perfect=planes.light, **usable)


def measure(planes, removed):
    """Metrics of a run.

    Parameters
    ----------
    planes : jwst_denoise.demo.metrics.Planes
        From `against_light`.
    removed : ndarray
        (ny, nx) rate by ``ramp_fit`` of the same ramp less the denoised rate.

    Returns
    -------
    Denoised
    """
    sky = np.median(planes.after[planes.dark])
    bright = (planes.lit | planes.dark) & (planes.after - sky > BRIGHT * planes.error_after)
    pairs = ((planes.before, planes.error_before), (planes.after, planes.error_after))
    before, after = (metrics.measure(*pair, planes) for pair in pairs)
    return Denoised(before, after, int(bright.sum()), int((bright & (removed != 0)).sum()))
