"""Time series: a transit over the integrations of an exposure."""

import numpy as np

__all__ = ["modulate", "transit"]


def transit(time, *, middle, duration, depth, impact=0.0, limb=(0.1, 0.1)):
    """Relative flux of a star during the transit of a small planet.

    Parameters
    ----------
    time : ndarray
        Any unit.
    middle, duration : float
        Time of mid-transit, and from first to last contact.
    depth : float
        (planet radius / star radius)².
    impact : float, optional
        Smallest distance between the centers in units of the star's radius.
    limb : tuple of float, optional
        Quadratic limb darkening.

    Notes
    -----
    The planet's disc covers the brightness that the star has below its center (Mandel & Agol 2002, ApJ 580, L171, §5:
    small planets), times the area of overlap of two circles at the limb.
    """
    ratio = np.sqrt(depth)
    path = np.sqrt(max((1 + ratio) ** 2 - impact**2, 0.0))
    distance = np.hypot(impact, 2 * path * (np.asarray(time, dtype=float) - middle) / duration)
    mu = np.sqrt(np.clip(1 - np.minimum(distance, 1 - ratio / 2) ** 2, 0, 1))
    u1, u2 = limb
    brightness = (1 - u1 * (1 - mu) - u2 * (1 - mu) ** 2) / (1 - u1 / 3 - u2 / 6)
    return 1 - brightness * _overlap(distance, ratio) / np.pi


def _overlap(distance, ratio):
    """Area of overlap of circles with the radii 1 and ``ratio``."""
    area = np.where(distance <= 1 - ratio, np.pi * ratio**2, 0.0)
    partial = (distance > 1 - ratio) & (distance < 1 + ratio)
    d = distance[partial]
    star = np.arccos(np.clip((d**2 + 1 - ratio**2) / (2 * d), -1, 1))
    planet = np.arccos(np.clip((d**2 + ratio**2 - 1) / (2 * d * ratio), -1, 1))
    kite = 0.5 * np.sqrt(np.maximum((1 + ratio - d) * (d + ratio - 1) * (d - ratio + 1) * (d + ratio + 1), 0))
    area[partial] = star + ratio**2 * planet - kite
    return area


def modulate(scene, curve, constant=0.0):
    """Scene in every integration: (nints, ny, nx) from a scene (ny, nx), a light curve and what does not vary."""
    curve = np.asarray(curve, dtype=np.float32)
    return curve[:, None, None] * (scene - constant) + constant
