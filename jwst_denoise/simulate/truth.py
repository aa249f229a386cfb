"""A simulated exposure and what is known about it."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.detectors.observing import Observation
from jwst_denoise.detectors.parameters import DetectorParameters
from jwst_denoise.detectors.read_patterns import ReadPattern
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.readout import Readout

__all__ = ["Exposure", "Truth"]


@dataclass(frozen=True)
class Truth:
    """What went into an exposure.

    Parameters
    ----------
    rate : ndarray
        (ny, nx) or (nints, ny, nx) e- / s from the scene, without dark current; 0 on reference pixels.
    correlated : ndarray
        (nints, ngroups, ny, nx) e- float32: 1/f and alternating-column noise of each group.
    cosmic_rays : ndarray
        (nints, ngroups, ny, nx) e- float32: charge of cosmic rays that arrived between the last frame of the group
        before (or the reset) and the last frame of this one, rings of snowballs included.
    drift : ndarray
        (nints, ngroups) e-: level common to all pixels of each group.
    picture_frame : ndarray
        (ny, nx) template of the picture frame.
    picture_frame_rate : ndarray
        (nints,) e- / s: amplitude of the template in each integration.
    late : ndarray or None
        (nints, ngroups, ny, nx) e- float32: the part of ``cosmic_rays`` that came between the averaged frames of a
        group and is missing in their mean; None where a group is one frame.
    """

    rate: np.ndarray
    correlated: np.ndarray
    cosmic_rays: np.ndarray
    drift: np.ndarray
    picture_frame: np.ndarray
    picture_frame_rate: np.ndarray
    late: np.ndarray | None = None

    def cosmic_ray_differences(self, integration):
        """What cosmic rays add to the differences of successive groups, (ngroups - 1, ny, nx) e-.

        A hit between the averaged frames of a group shows in two differences.
        """
        added = self.cosmic_rays[integration, 1:]
        if self.late is None:
            return added
        return added - np.diff(self.late[integration], axis=0)


@dataclass(frozen=True)
class Exposure:
    """A simulated exposure.

    Parameters
    ----------
    counts : ndarray
        (nints, ngroups, ny, nx) uint16 DN.
    detector, readout, pattern, observation : DetectorParameters, Readout, ReadPattern, Observation
        What it was taken with.
    frame_time : float
        Time between frames in s.
    truth : Truth
        What went into it.
    """

    counts: np.ndarray
    detector: DetectorParameters
    readout: Readout
    pattern: ReadPattern
    observation: Observation
    frame_time: float
    truth: Truth

    @property
    def group_time(self):
        """Time between groups in s."""
        return self.frame_time * self.pattern.frames_per_group

    @property
    def noise(self):
        """`~jwst_denoise.ramps.noise.GroupNoise` of the exposure, with the detector's typical read noise and gain."""
        detector, pattern = self.detector, self.pattern
        frames = {"nframes": pattern.nframes, "groupgap": pattern.groupgap}
        return GroupNoise(detector.read_noise, self.group_time, detector.gain, **frames)

    @property
    def metadata(self):
        """Flat description of the exposure by JWST keywords."""
        nints, ngroups, ny, nx = self.counts.shape
        observation = self.observation
        return {
            "INSTRUME": self.detector.instrument, "DETECTOR": self.detector.name, "EXP_TYPE": observation.exp_type,
            "FILTER": observation.filter, "PUPIL": observation.pupil, "GRATING": observation.grating,
            "SUBARRAY": observation.subarray, "SUBSTRT1": observation.corner[0], "SUBSTRT2": observation.corner[1],
            "SUBSIZE1": nx, "SUBSIZE2": ny, "FASTAXIS": self.readout.fastaxis, "SLOWAXIS": self.readout.slowaxis,
            "NOUTPUTS": self.readout.outputs, "READPATT": self.pattern.name, "NINTS": nints, "NGROUPS": ngroups,
            "NFRAMES": self.pattern.nframes, "GROUPGAP": self.pattern.groupgap,
            "TFRAME": self.frame_time, "TGROUP": self.group_time,
        }  # fmt: skip
