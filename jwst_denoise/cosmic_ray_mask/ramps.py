"""Cosmic rays of ramps: from a network's probabilities for the group differences to group flags.

A flag says that charge came between a group and the one before, as the jump step says it: ramp fitting then begins a
new segment at the flagged group. The first group is never flagged: what came before it, even a snowball, is in all
groups alike and harms no slope. What a snowball in the first group does harm are the differences after it, in the ring
around the saturated core into which charge goes on to spill; those get their flags.
"""

import numpy as np

from jwst_denoise.cosmic_ray_mask.veto import protect_sources
from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, NON_SCIENCE, REFERENCE_PIXEL, SATURATED
from jwst_denoise.masks.operations import grow_mask

__all__ = ["SingleDifference", "mask_integration", "mask_ramps"]


class SingleDifference:
    """A network for images that looks at the difference of two groups as the ramp's networks do.

    It has no neighbors in time, and a network that is made for images knows stars better.

    Parameters
    ----------
    network : object
        Of the family ``cosmic_ray_mask``.
    """

    def __init__(self, network):
        self.network = network

    def predict(self, groups, read_noise, *, gain=1.0, bad=None, saturated=None, nframes=1, groupgap=0, progress=None):
        """Probabilities (2, ny, nx); see `jwst_denoise.networks.group_differences.GroupDifferenceMask.predict`."""
        if len(groups) != 2:
            raise ValueError(f"a network for images masks ramps of two groups, not of {len(groups)}")
        unusable = np.zeros(groups.shape, bool)
        for flags in (bad, saturated):
            unusable |= False if flags is None else flags
        difference = ((groups[1] - groups[0]) * gain).astype(np.float32)
        err = np.full(difference.shape, np.sqrt(2 / nframes) * np.nanmedian(read_noise), np.float32)
        err = np.sqrt(err**2 + max(float(np.nanmedian(difference)), 0.0))
        probability = np.zeros(groups.shape, np.float32)
        probability[1] = self.network.predict(difference, err=err, bad=unusable.any(axis=0))
        return probability


def mask_ramps(data, groupdq, network, noise, options, pixeldq=None):
    """Flag the cosmic rays of all integrations.

    Parameters
    ----------
    data : ndarray
        (nints, ngroups, ny, nx) linear signal in DN.
    groupdq : ndarray of int
        Same shape; flags that are set stay.
    network : object
        Of the family ``cosmic_ray_mask-ramp``; see `jwst_denoise.networks.group_differences`.
    noise : jwst_denoise.ramps.noise.GroupNoise
        Read noise, gain and frames.
    options : jwst_denoise.cosmic_ray_mask.images.Options
        Threshold, growth and veto.
    pixeldq : ndarray of int, optional
        (ny, nx) flags of pixels that are not to be used.

    Returns
    -------
    ndarray of int
        New group flags.

    Raises
    ------
    ValueError
        If shapes do not fit or there is a single group.

    Examples
    --------
    >>> from jwst_denoise import load_model
    >>> from jwst_denoise.cosmic_ray_mask.images import Options
    >>> from jwst_denoise.ramps.noise import GroupNoise
    >>> model = load_model("cosmic_ray_mask-ramp")  # doctest: +SKIP
    >>> noise = GroupNoise(8.0, gain=2.0)
    >>> flags = mask_ramps(data, groupdq, model, noise, Options(model.threshold()))  # doctest: +SKIP
    """
    result = np.array(groupdq)
    for groups, flags in zip(data, result, strict=True):
        flagged, _ = mask_integration(groups, flags, network, noise, options, pixeldq)
        flags[flagged] |= np.array(JUMP_DET, flags.dtype)
    return result


def mask_integration(groups, groupdq, network, noise, options, pixeldq=None, progress=None):
    """Find the cosmic rays of one integration; see `mask_ramps`.

    Returns
    -------
    flagged : ndarray of bool
        (ngroups, ny, nx): charge came between the group before and this one.
    probability : ndarray
        (ngroups, ny, nx) float32, as the network gives it.
    """
    bad = (groupdq & DO_NOT_USE) != 0
    if pixeldq is not None:
        bad |= (pixeldq & (DO_NOT_USE | NON_SCIENCE | REFERENCE_PIXEL)) != 0
    saturated = (groupdq & SATURATED) != 0
    probability = network.predict(
        groups, noise.read_noise, gain=noise.gain, bad=bad, saturated=saturated,
        nframes=noise.nframes, groupgap=noise.groupgap, progress=progress,
    )  # fmt: skip
    good = ~(bad | saturated) & np.isfinite(groups) & (np.nan_to_num(np.asarray(noise.gain)) > 0)
    usable = good[1:] & good[:-1]
    flagged = np.zeros(groups.shape, dtype=bool)
    flagged[1:] = (probability[1:] >= options.threshold) & usable
    if len(groups) == 2:
        flagged[1] = _without_stars(groups, flagged[1], noise, usable[0], options.spared)
    if options.dilate:
        flagged[1:] = [grow_mask(plane, options.dilate) for plane in flagged[1:]]
        flagged[1:] &= usable
    return flagged, probability


def _without_stars(groups, flagged, noise, usable, spared):
    """Mask of the only difference without stars and lines, of which a single difference cannot tell that they stay."""
    image = ((groups[1] - groups[0]) * noise.gain).astype(np.float32)
    variance = noise.difference_variance + np.maximum(image, 0)
    err = np.sqrt(variance).astype(np.float32)
    for templates in spared:
        if flagged.any():
            flagged = protect_sources(np.where(usable, image, np.nan), flagged, err, ~usable, templates)
    return flagged
