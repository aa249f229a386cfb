"""Simulate an exposure: charge, response, noise, counts."""

from dataclasses import dataclass, fields

import numpy as np

from jwst_denoise.detectors import observing
from jwst_denoise.detectors.parameters import detector as find_detector
from jwst_denoise.detectors.read_patterns import read_pattern
from jwst_denoise.simulate import reset
from jwst_denoise.simulate.correlated import correlated_noise
from jwst_denoise.simulate.cosmic_rays import CosmicRayParameters, cosmic_rays
from jwst_denoise.simulate.response import digitize, respond
from jwst_denoise.simulate.spill import Spill
from jwst_denoise.simulate.truth import Exposure, Truth

__all__ = ["Switches", "simulate_exposure"]

IRS2_INTERLEAVE = (16, 4)  # normal and reference pixels in turn
BLOCK_TICKS = 2**24  # samples of correlated noise that are made as one series


@dataclass(frozen=True)
class Switches:
    """Which effects an exposure has; all by default.

    Parameters
    ----------
    poisson : bool
        Photon and dark-current noise; without it, the expectation accumulates.
    dark, cosmic_rays : bool
        Dark current; cosmic rays.
    read_noise, correlated : bool
        White and correlated (1/f, alternating columns) read noise.
    ktc, pedestal, picture_frame, superbias : bool
        Reset noise; pedestals and their drift; picture frame; fixed pattern of the bias (its mean level always is).
    ipc, nonlinearity, saturation : bool
        Inter-pixel capacitance; nonlinearity; end of the response.
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
    scene : ndarray
        (ny, nx) or (nints, ny, nx) e- / s detected, without dark current.
    detector : str or DetectorParameters
        The detector.
    readout : Readout or None
        Its geometry; by default what the observation's corner and the scene's shape make it.
    pattern : str or ReadPattern
        Frames averaged and dropped.
    ngroups, nints : int
        Groups an integration, integrations.
    rng : `numpy.random.Generator`
        Source of all random numbers.
    observation : Observation, optional
        Mode, filter, subarray; by default full-frame imaging, or the IFU of NIRSpec.
    hits : CosmicRayParameters, optional
        Cosmic rays.
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
    The first frame ends one frame time after the reset. Correlated noise runs on from frame to frame through the kept
    frames of an integration (in blocks of about 16 full frames); dropped frames and resets advance it by nothing.
    """
    detector, pattern, switches = find_detector(detector), read_pattern(pattern), Switches.of(**switches)
    scene = np.asarray(scene, dtype=np.float32)
    observation = observation or _default_observation(detector, scene.shape[-2:])
    if readout is None:
        interleave = IRS2_INTERLEAVE if pattern.irs2 else None
        readout = detector.readout(scene.shape[-2:], observation.corner, interleave=interleave)
    _check(scene, detector, readout, ngroups, nints)
    simulation = _Simulation(
        detector, readout, pattern, observation, ngroups, nints, switches, hits or CosmicRayParameters()
    )
    return simulation.run(scene, rng, progress or (lambda fraction: None))


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
        self.light = ~self.readout.reference_pixels
        self.frame_time = observing.frame_time(self.readout, self.detector.instrument)
        self.dark = self.detector.dark_rate(shape, corner) if self.on.dark else np.float32(0)
        self.bias = self.detector.superbias(shape, corner) if self.on.superbias else np.float32(self.detector.bias)
        self.frame = reset.picture_frame(shape, corner, self.detector.size)
        self.spill = Spill(shape, self.hits)
        noise = self.detector.read_noise, self.detector.reference_read_noise
        self.white = np.where(self.light, *noise).astype(np.float32) / np.sqrt(np.float32(self.pattern.nframes))

    def run(self, scene, rng, progress):
        shape = (self.nints, self.ngroups, *self.readout.shape)
        counts = np.empty(shape, dtype=np.uint16)
        truth = Truth(
            scene * self.light,
            np.zeros(shape, dtype=np.float32),
            np.zeros(shape, dtype=np.float32),
            np.zeros(shape[:2]),
            self.frame,
            rng.normal(0, self.detector.picture_frame, self.nints) * self.on.picture_frame,
            np.zeros(shape, dtype=np.float32) if self.pattern.nframes > 1 else None,
        )
        for integration in range(self.nints):
            rate = truth.rate[integration] if scene.ndim == 3 else truth.rate
            self._integration(counts, truth, rate + self.dark, integration, rng, progress)
        return Exposure(counts, self.detector, self.readout, self.pattern, self.observation, self.frame_time, truth)

    def _integration(self, counts, truth, rate, integration, rng, progress):
        if self.on.correlated:
            self._correlated(truth.correlated[integration], rng)
        if self.on.pedestal:
            drift = reset.frame_drift(self.detector, self.ngroups * self.pattern.frames_per_group, rng)
            drift = drift.reshape(self.ngroups, -1)[:, : self.pattern.nframes].mean(axis=1)
            truth.drift[integration] = drift
        level = self._level(rng)
        step = self.light * np.float32(self.detector.pixel_walk * np.sqrt(self.pattern.frames_per_group))
        charge = np.zeros(self.readout.shape, dtype=np.float32)
        for group in range(self.ngroups):
            rays = truth.cosmic_rays[integration, group]
            late = None if truth.late is None else truth.late[integration, group]
            signal = self._group(charge, rate, rays, late, group == 0, rng) + self.bias
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
        """What the reset left, in e-, the same in all groups."""
        level = np.zeros(self.readout.shape, dtype=np.float32)
        if self.on.ktc:
            level += reset.ktc_noise(self.detector, self.readout, rng)
        if self.on.pedestal:
            level += reset.output_pedestals(self.detector, self.readout, rng)
        return level

    def _correlated(self, groups, rng):
        """Fill (ngroups, ny, nx) with the mean correlated noise of each group's frames."""
        nframes = self.pattern.nframes
        block = max(1, BLOCK_TICKS // (self.readout.ticks * nframes))
        for start in range(0, self.ngroups, block):
            stop = min(start + block, self.ngroups)
            frames = correlated_noise(self.readout, self.detector, rng, (stop - start) * nframes)
            groups[start:stop] = frames.reshape(stop - start, nframes, *self.readout.shape).mean(axis=1)

    def _group(self, charge, rate, rays, late, first, rng):
        """Accumulate the frames of one group into ``charge`` and its cosmic rays into ``rays``; mean response in DN."""
        total = np.zeros_like(charge)
        effects = {name: getattr(self.on, name) for name in ("ipc", "nonlinearity", "saturation")}
        for frame in range(self.pattern.nframes):
            dropped = self.pattern.groupgap if frame == 0 and not first else 0
            new = self._expose(charge, rate, rays, (dropped + 1) * self.frame_time, rng)
            if late is not None:
                late += new * np.float32(frame / self.pattern.nframes)
            total += respond(charge, self.detector, **effects)
        total *= self.light / np.float32(self.pattern.nframes)
        return total

    def _expose(self, charge, rate, rays, seconds, rng):
        expected = rate * np.float32(seconds)
        charge += rng.poisson(expected) if self.on.poisson else expected
        if not self.on.cosmic_rays:
            return np.float32(0)
        new = cosmic_rays(self.readout.shape, seconds, self.hits, rng) * self.light
        ring = self.spill.run(seconds) * self.light
        self.spill.start(new, rng)
        charge += new + (rng.poisson(ring) if self.on.poisson and ring.any() else ring)
        new += ring
        rays += new
        return new
