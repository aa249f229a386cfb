"""Cosmic rays of the simulated exposure: which are found without and with CosmicRayMaskStep, and what that does."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

__all__ = ["Found", "Truth", "jumps", "measure", "read_flags", "truth_of"]

CLEAR, FAINT = 5.0, 1.5  # charge in units of the noise of a group difference
TRACE = 0.3  # in the same units: a flag that is farther than a pixel from so much charge is false
BRIGHT = 20.0  # light of a pixel over its error, above which it is the core of a source
WRONG = 3.0  # errors by which a rate is wrong
NEAR = np.ones((3, 3, 3), dtype=bool)  # a pixel, and a group: charge can arrive within an averaged group


@dataclass(frozen=True)
class Truth:
    """What cosmic rays did, (ngroups - 1, ny, nx): from the second group on, of which a difference can tell.

    Parameters
    ----------
    charge : ndarray
        Charge that arrived between a group and the one before, in units of the noise of their difference.
    usable : ndarray of bool
        Groups that are neither saturated nor on reference or unusable pixels.
    """

    charge: np.ndarray
    usable: np.ndarray


@dataclass(frozen=True)
class Found:
    """Metrics of the flags of a ramp against the truth.

    Parameters
    ----------
    clear, faint : float
        Fraction of the groups that is flagged where charge of more than 5, and of 1.5 to 5 times the noise of a group
        difference arrived.
    false : float
        Fraction flagged of the groups with no such charge within a pixel and a group.
    cores : float
        The same for pixels with light of more than 20 times its error.
    wrong : float
        Fraction of the pixels with any hit whose rate is off the truth by more than three of its errors.
    hits : tuple of int
        Number of groups behind ``clear`` and ``faint``.
    """

    clear: float
    faint: float
    false: float
    cores: float
    wrong: float
    hits: tuple[int, int]


def truth_of(exposure, flags):
    """Charge of the cosmic rays in one integration, and where it could be found.

    Parameters
    ----------
    exposure : jwst_denoise.simulate.Exposure
        Of one integration.
    flags : ndarray
        (ngroups, ny, nx) GROUPDQ of the ramp.

    Returns
    -------
    Truth
    """
    from stdatamodels.jwst.datamodels import dqflags

    detector, pattern, truth = exposure.detector, exposure.pattern, exposure.truth
    unusable = (flags & (dqflags.group["DO_NOT_USE"] | dqflags.group["SATURATED"])) > 0
    unusable |= exposure.readout.reference_pixels
    noise = np.sqrt(truth.rate * exposure.group_time + 2 * detector.read_noise**2 / pattern.nframes)
    return Truth(truth.cosmic_rays[0, 1:] / noise.astype(np.float32), ~(unusable[1:] | unusable[:-1]))


def read_flags(path):
    """GROUPDQ (ngroups, ny, nx) of the first integration of a ramp file."""
    from stdatamodels.jwst import datamodels

    with datamodels.open(str(path)) as model:
        return model.groupdq[0].copy()


def measure(flags, rate, planes, truth):
    """Metrics of a run.

    Parameters
    ----------
    flags : ndarray
        (ngroups, ny, nx) GROUPDQ.
    rate : tuple of ndarray
        Rate image, its error, and unusable pixels, (ny, nx) each, from `jwst_denoise.demo.metrics.electrons`.
    planes : jwst_denoise.demo.metrics.Planes
        With the true light.
    truth : Truth
        Of the cosmic rays.

    Returns
    -------
    Found
    """
    flagged = jumps(flags)
    near = flagged | np.concatenate([flagged[1:], flagged[-1:]])  # charge within a group shows in two differences
    clear = truth.usable & (truth.charge > CLEAR)
    faint = truth.usable & (truth.charge > FAINT) & ~clear
    quiet = truth.usable & ~ndimage.binary_dilation(truth.charge > TRACE, NEAR)
    image, error, unusable = rate
    sky = np.median(planes.light[planes.dark])
    pull = (image - planes.light) / np.where(unusable, np.nan, error)
    pull -= np.nanmedian(pull[planes.dark])
    hit = (clear | faint).any(axis=0) & ~unusable
    core = quiet & (planes.light - sky > BRIGHT * planes.error_before)
    wrong = np.abs(pull[hit]) > WRONG
    fractions = map(_fraction, (near[clear], near[faint], flagged[quiet], flagged[core], wrong))
    return Found(*fractions, (int(clear.sum()), int(faint.sum())))


def jumps(flags):
    """Groups from the second on that a jump ends, bool, of GROUPDQ (ngroups, ny, nx)."""
    from stdatamodels.jwst.datamodels import dqflags

    return (flags[1:] & dqflags.group["JUMP_DET"]) > 0


def _fraction(values):
    return float(values.mean()) if values.size else float("nan")
