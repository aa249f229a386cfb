"""Group flags of the cosmic rays in ramps from the probabilities of a network for the group differences.

A flag means that charge arrived between a group and the one before, as in the jump step: ramp fitting then begins a new
segment at the flagged group. The first group is never flagged: charge that arrived before it, even of a snowball, is in
all groups alike and does not affect the slope. A snowball in the first group does affect the later differences in the
ring around its saturated core, into which charge keeps spilling; these are flagged.
"""

import numpy as np

from jwst_denoise.cosmic_ray_mask.veto import protect_sources
from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, NON_SCIENCE, REFERENCE_PIXEL, SATURATED
from jwst_denoise.masks.operations import grow_mask

__all__ = ["SingleDifference", "mask_integration", "mask_ramps"]


class SingleDifference:
    """A network for images, applied to the only difference of two groups with the interface of networks for ramps.

    A single difference has no neighbors in time, and networks for images recognize stars better.

    Parameters
    ----------
    network : object
        Network of the family ``cosmic_ray_mask``.
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
        Same shape; existing flags are kept.
    network : object
        Network of the family ``cosmic_ray_mask-ramp``; see `jwst_denoise.networks.group_differences`.
    noise : jwst_denoise.ramps.noise.GroupNoise
        Read noise, gain and frames.
    options : jwst_denoise.cosmic_ray_mask.images.Options
        Threshold, growth and protection of sources.
    pixeldq : ndarray of int, optional
        (ny, nx) flags of the pixels.

    Returns
    -------
    ndarray of int
        New group flags.

    Raises
    ------
    ValueError
        If shapes do not match or there is a single group.

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
    """Mask the cosmic rays of one integration; parameters as for `mask_ramps`.

    Returns
    -------
    flagged : ndarray of bool
        (ngroups, ny, nx): charge arrived between the previous group and this one.
    probability : ndarray
        (ngroups, ny, nx) float32, from the network.
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
        flagged[1] = _protect_in_difference(groups, flagged[1], noise, usable[0], options.protected)
    if options.dilate:
        flagged[1:] = [grow_mask(plane, options.dilate) for plane in flagged[1:]]
        flagged[1:] &= usable
    return flagged, probability


def _protect_in_difference(groups, flagged, noise, usable, kinds):
    """Mask of a single difference, which cannot show that sources are constant in time, without stars and lines."""
    image = ((groups[1] - groups[0]) * noise.gain).astype(np.float32)
    variance = noise.difference_variance + np.maximum(image, 0)
    err = np.sqrt(variance).astype(np.float32)
    for templates in kinds:
        if flagged.any():
            flagged = protect_sources(np.where(usable, image, np.nan), flagged, err, ~usable, templates)
    return flagged
