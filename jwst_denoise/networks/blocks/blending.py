"""Where the observation needs no network: bright pixels."""

import numpy as np

__all__ = ["network_weight"]

HAND_OVER = (30.0, 60.0)  # S/N of a pixel between which a result goes over to the observation


def network_weight(slopes, level, usable):
    """Share of the network in the result, (ny, nx) float32: 1 for faint pixels, 0 for bright and unusable ones.

    Parameters
    ----------
    slopes : jwst_denoise.ramps.slopes.SlopeImage
        The observation.
    level : float
        Of its sky, e- / s.
    usable : ndarray
        (ny, nx) bool.
    """
    own = np.sqrt(slopes.variance)
    ratio = np.where(usable, (slopes.rate - level) / np.where(own > 0, own, 1), 0)
    low, high = HAND_OVER
    place = np.clip((ratio - low) / (high - low), 0, 1)
    return np.where(usable, 1 - place**2 * (3 - 2 * place), 0).astype(np.float32)
