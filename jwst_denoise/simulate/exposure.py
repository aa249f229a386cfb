"""Simulation of an exposure, with its truth: charge, response, noise, counts."""

from dataclasses import dataclass, fields

import numpy as np

from jwst_denoise.detectors import observing
from jwst_denoise.detectors.parameters import DetectorParameters
from jwst_denoise.detectors.parameters import detector as find_detector
from jwst_denoise.detectors.read_patterns import ReadPattern, read_pattern
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.readout import IRS2_INTERLEAVE, Readout
from jwst_denoise.simulate import bias
from jwst_denoise.simulate.correlated import correlated_noise
from jwst_denoise.simulate.cosmic_rays import CosmicRayParameters, SnowballRings, cosmic_rays
from jwst_denoise.simulate.response import digitize, respond
from jwst_denoise.simulate.scenes import TimeSeries

__all__ = ["Exposure", "Switches", "Truth", "simulate_exposure"]

BLOCK_TICKS = 2**24  # samples of correlated noise that are drawn as one series


@dataclass(frozen=True)
class Truth:
    """True signal and noise of a simulated exposure.

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
        (nints, ngroups, ny, nx) e- float32: the part of ``cosmic_rays`` that arrived between the averaged frames of a
        group and is missing in their mean; None for groups of one frame.
    series : TimeSeries or None
        Star and transit of a time series.
    """

    rate: np.ndarray
    correlated: np.ndarray
    cosmic_rays: np.ndarray
    drift: np.ndarray
    picture_frame: np.ndarray
    picture_frame_rate: np.ndarray
    late: np.ndarray | None = None
    series: TimeSeries | None = None

    def cosmic_ray_differences(self, integration):
        """Charge that cosmic rays add to the differences of successive groups, (ngroups - 1, ny, nx) e-.

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
        Setup of the exposure.
    frame_time : float
        Time between frames in s.
    truth : Truth
        True signal and noise.
    """

    counts: np.ndarray
    detector: DetectorParameters
    readout: Readout
    pattern: ReadPattern
    observation: observing.Observation
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


@dataclass(frozen=True)
class Switches:
    """Effects that are simulated; all by default.

    Parameters
    ----------
    poisson : bool
        Photon and dark-current noise; without it, the expected charge accumulates.
    dark, cosmic_rays : bool
        Dark current; cosmic rays.
    read_noise, correlated : bool
        White and correlated (1/f, alternating columns) read noise.
    ktc, pedestal, picture_frame, superbias : bool
        Reset noise; pedestals and their drift; picture frame; fixed pattern of the bias (its mean level always is).
    ipc, nonlinearity, saturation : bool
        Inter-pixel capacitance; nonlinearity; saturation of the response.
    """

    poisson: bool = True
    dark: bool = True
    cosmic_rays: bool = True
    read_noise: bool = True
    correlated: bool = True
    ktc: bool = True
    pedestal: bool = True
    picture_frame: bool = True
    superbias: bool = True
    ipc: bool = True
    nonlinearity: bool = True
    saturation: bool = True

    @classmethod
    def of(cls, **switches):
        """Switches by name; an unknown one is an error that lists them."""
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(switches) - set(known)):
            raise ValueError(f"no switch {', '.join(unknown)}; known: {', '.join(known)}")
        return cls(**switches)


def simulate_exposure(
    scene, detector, readout, pattern, ngroups, nints, rng, *, observation=None, hits=None, progress=None, **switches
):
    """Simulate the counts of an exposure.

    Parameters
    ----------
    scene : ndarray or TimeSeries
        (ny, nx) or (nints, ny, nx) e- / s detected, without dark current.
    detector : str or DetectorParameters
        The detector.
    readout : Readout or None
        Its geometry; by default that of the scene's shape at the observation's corner, with its outputs.
    pattern : str or ReadPattern
        Frames averaged into a group and dropped between groups.
    ngroups, nints : int
        Groups per integration, and integrations.
    rng : `numpy.random.Generator`
        Source of all random numbers.
    observation : Observation, optional
        Mode, filter, subarray; by default full-frame imaging, or the IFU of NIRSpec.
    hits : CosmicRayParameters, optional
        Rates and charges of cosmic rays.
    progress : callable, optional
        Called with the fraction done after every group.
    **switches
        Effects to switch off, see `Switches`, e.g. ``cosmic_rays=False``.

    Returns
    -------
    Exposure
        Counts, description and truth.

    Raises
    ------
    ValueError
        If a name is not known, or if the shapes of scene and read-out differ.

    Notes
    -----
    The first frame ends one frame time after the reset. Correlated noise is continuous through the averaged frames of
    an integration (in blocks of about 16 full frames); dropped frames and resets do not advance it. The photon noise of
    a `TimeSeries` is that of the star without transit.
    """
    detector, pattern, switches = find_detector(detector), read_pattern(pattern), Switches.of(**switches)
    series = scene if isinstance(scene, TimeSeries) else None
    scene = np.asarray(series.rate if series else scene, dtype=np.float32)
    observation = observation or _default_observation(detector, scene.shape[-2:])
    if readout is None:
        interleave = IRS2_INTERLEAVE if pattern.irs2 else None
        readout = detector.readout(scene.shape[-2:], observation.corner, observation.outputs, interleave=interleave)
    _check(scene, detector, readout, ngroups, nints)
    simulation = _Simulation(
        detector, readout, pattern, observation, ngroups, nints, switches, hits or CosmicRayParameters()
    )
    return simulation.run(scene, rng, progress or (lambda fraction: None), series)


def _default_observation(detector, shape):
    name = "FULL" if shape == (detector.size, detector.size) else "GENERIC"
    corner = (1, 1) if name == "FULL" else tuple((detector.size - n) // 2 + 1 for n in shape[::-1])
    return observing.observation(detector, subarray=name, corner=corner)


def _check(scene, detector, readout, ngroups, nints):
    if scene.shape[-2:] != tuple(readout.shape):
        raise ValueError(f"the scene has shape {scene.shape[-2:]}, the read-out {tuple(readout.shape)}")
    if scene.ndim == 3 and len(scene) != nints or scene.ndim not in (2, 3):
        raise ValueError(f"the scene must be (ny, nx) or (nints={nints}, ny, nx), not {scene.shape}")
    if not np.isfinite(scene).all() or (scene < 0).any():
        raise ValueError("the scene must be finite and not negative, in e- / s")
    if readout.interleave and readout.outputs == 1:
        raise ValueError(f"IRS² reads full frames, not a scene of shape {scene.shape[-2:]}")
    if ngroups < 1 or nints < 1:
        raise ValueError(f"ngroups={ngroups} and nints={nints} must be at least 1")


@dataclass
class _Simulation:
    detector: object
    readout: object
    pattern: object
    observation: object
    ngroups: int
    nints: int
    on: Switches
    hits: CosmicRayParameters

    def __post_init__(self):
        shape, corner = self.readout.shape, self.observation.corner
        self.sensitive = ~self.readout.reference_pixels
        self.frame_time = observing.frame_time(self.readout, self.detector.instrument)
        self.dark = bias.dark_rate(self.detector, shape, corner) if self.on.dark else np.float32(0)
        self.bias = np.float32(self.detector.bias)
        if self.on.superbias:
            self.bias = bias.superbias(self.detector, shape, corner)
        self.frame = bias.picture_frame(shape, corner, self.detector.size)
        self.rings = SnowballRings(shape, self.hits)
        noise = self.detector.read_noise, self.detector.reference_read_noise
        self.white = np.where(self.sensitive, *noise).astype(np.float32) / np.sqrt(np.float32(self.pattern.nframes))

    def run(self, scene, rng, progress, series=None):
        shape = (self.nints, self.ngroups, *self.readout.shape)
        counts = np.empty(shape, dtype=np.uint16)
        truth = Truth(
            scene * self.sensitive,
            np.zeros(shape, dtype=np.float32),
            np.zeros(shape, dtype=np.float32),
            np.zeros(shape[:2]),
            self.frame,
            rng.normal(0, self.detector.picture_frame, self.nints) * self.on.picture_frame,
            np.zeros(shape, dtype=np.float32) if self.pattern.nframes > 1 else None,
            series,
        )
        for integration in range(self.nints):
            rate, lost = truth.rate[integration] if scene.ndim == 3 else truth.rate, np.float32(0)
            if series:
                rate, lost = series.constant[integration], series.constant[integration] - rate
            self._integrate(counts, truth, (rate + self.dark, lost), integration, rng, progress)
        return Exposure(counts, self.detector, self.readout, self.pattern, self.observation, self.frame_time, truth)

    def _integrate(self, counts, truth, rate, integration, rng, progress):
        if self.on.correlated:
            self._draw_correlated(truth.correlated[integration], rng)
        if self.on.pedestal:
            drift = bias.frame_drift(self.detector, self.ngroups * self.pattern.frames_per_group, rng)
            drift = drift.reshape(self.ngroups, -1)[:, : self.pattern.nframes].mean(axis=1)
            truth.drift[integration] = drift
        level = self._level(rng)
        step = self.sensitive * np.float32(self.detector.pixel_walk * np.sqrt(self.pattern.frames_per_group))
        charge = np.zeros(self.readout.shape, dtype=np.float32)
        for group in range(self.ngroups):
            rays = truth.cosmic_rays[integration, group]
            late = None if truth.late is None else truth.late[integration, group]
            signal = self._accumulate_group(charge, rate, rays, late, group == 0, rng) + self.bias
            electrons = level + truth.correlated[integration, group] + np.float32(truth.drift[integration, group])
            electrons += self.frame * np.float32(truth.picture_frame_rate[integration] * self._time(group))
            if self.on.read_noise:
                if self.detector.pixel_walk:
                    level += step * rng.standard_normal(self.readout.shape, dtype=np.float32)
                electrons += self.white * rng.standard_normal(self.readout.shape, dtype=np.float32)
            counts[integration, group] = digitize(signal + electrons / np.float32(self.detector.gain))
            progress((integration * self.ngroups + group + 1) / (self.nints * self.ngroups))

    def _time(self, group):
        """Mean time of the frames of a group after the reset, s."""
        return self.frame_time * (group * self.pattern.frames_per_group + (self.pattern.nframes + 1) / 2)

    def _level(self, rng):
        """Level in e- after the reset, the same in all groups."""
        level = np.zeros(self.readout.shape, dtype=np.float32)
        if self.on.ktc:
            level += bias.ktc_noise(self.detector, self.readout, rng)
        if self.on.pedestal:
            level += bias.output_pedestals(self.detector, self.readout, rng)
        return level

    def _draw_correlated(self, groups, rng):
        """Fill (ngroups, ny, nx) with the mean correlated noise of each group's frames."""
        nframes = self.pattern.nframes
        block = max(1, BLOCK_TICKS // (self.readout.ticks * nframes))
        for start in range(0, self.ngroups, block):
            stop = min(start + block, self.ngroups)
            frames = correlated_noise(self.readout, self.detector, rng, (stop - start) * nframes)
            groups[start:stop] = frames.reshape(stop - start, nframes, *self.readout.shape).mean(axis=1)

    def _accumulate_group(self, charge, rate, rays, late, first, rng):
        """Accumulate the frames of a group into ``charge``, its cosmic rays into ``rays``; mean response in DN."""
        total = np.zeros_like(charge)
        effects = {name: getattr(self.on, name) for name in ("ipc", "nonlinearity", "saturation")}
        for frame in range(self.pattern.nframes):
            dropped = self.pattern.groupgap if frame == 0 and not first else 0
            new = self._expose(charge, rate, rays, (dropped + 1) * self.frame_time, rng)
            if late is not None:
                late += new * np.float32(frame / self.pattern.nframes)
            total += respond(charge, self.detector, **effects)
        total *= self.sensitive / np.float32(self.pattern.nframes)
        return total

    def _expose(self, charge, rate, rays, seconds, rng):
        rate, lost = rate
        expected = rate * np.float32(seconds)
        charge += rng.poisson(expected) if self.on.poisson else expected
        charge -= lost * np.float32(seconds)
        if not self.on.cosmic_rays:
            return np.float32(0)
        new = cosmic_rays(self.readout.shape, seconds, self.hits, rng) * self.sensitive
        ring = self.rings.advance(seconds) * self.sensitive
        self.rings.start(new, rng)
        charge += new + (rng.poisson(ring) if self.on.poisson and ring.any() else ring)
        new += ring
        rays += new
        return new
