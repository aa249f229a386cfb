"""Simulated ramps of an echelle spectrograph's H4RG, whole or smaller than the real one, for networks on ribbons."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise.networks.hxrg.ribbon_reads import ribbon_reads
from jwst_denoise.readout import Readout
from jwst_denoise.simulate import CosmicRayParameters, detector, simulate_exposure
from jwst_denoise.simulate.echelle import echelle

__all__ = ["RibbonExposure", "RibbonSetup", "draw_exposure"]

DETECTOR = "H4RG"
BORDER = 4  # reference pixels on every side
ORDERS = (0.8, 1.6)  # echelle orders, times those that the simulator draws by default
SEPARATION = 36  # pixels between orders, at most, of small frames, so that there are some
BRIGHTEST = (0.3, 2.0)  # peak of a scene, times the setup's
GROUND = CosmicRayParameters(flux=1 / 60, snowball_rate=0, shower_rate=0)  # muons at sea level
HIT = 15.0  # e- of a cosmic ray that a jump detection finds
UNLIT = 0.3  # e- of light in a ramp
HOT = 10.0  # e- of dark current in a ramp that make a pixel bad


@dataclass(frozen=True)
class RibbonSetup:
    """A detector with the H4RG's noise, and how it is read.

    Parameters
    ----------
    lines, outputs, width, reads : int
        Lines of a frame, amplifiers, pixels of a line that each reads, reads of a ramp.
    peak : float
        Brightest pixel of a scene in e- between the first read and the last, about.

    Notes
    -----
    A line takes as long as a line of the whole detector, whatever its width, so that the correlated noise along lines,
    and from line to line, is the same.
    """

    lines: int = 4096
    outputs: int = 32
    width: int = 128
    reads: int = 100
    peak: float = 30.0

    @property
    def readout(self):
        """Geometry."""
        full = detector(DETECTOR).readout()
        pixel_time = full.pixel_time * full.line_ticks / (self.width + full.overhead)
        shape = (self.lines, self.outputs * self.width)
        return Readout(
            shape, full.fastaxis, full.slowaxis, self.outputs, full.overhead, pixel_time, reference=(BORDER,) * 4
        )


@dataclass(frozen=True)
class RibbonExposure:
    """A simulated ramp, (reads, ny, nx) but for the scene.

    Parameters
    ----------
    groups : ndarray
        e- float32.
    usable, jump : ndarray
        Bool: reads of pixels that are not hot, and those before which a cosmic ray has come.
    flux : ndarray
        (ny, nx) e- float32: the scene between the first read and the last.
    readout : Readout
        Geometry.
    group_time : float
        s.
    """

    groups: np.ndarray
    usable: np.ndarray
    jump: np.ndarray
    flux: np.ndarray
    readout: Readout
    group_time: float

    @property
    def known(self):
        """(ny, nx) bool: light-sensitive pixels that are not hot, nor hit."""
        return (self.usable & ~self.jump).all(axis=0) & ~self.readout.reference_pixels

    @property
    def unlit(self):
        """(ny, nx) bool: light-sensitive pixels without light, which the optics of a spectrograph tell."""
        return (self.flux < UNLIT) & ~self.readout.reference_pixels

    def reads(self, masked="neighbor"):
        """`jwst_denoise.networks.hxrg.ribbon_reads.RibbonReads` of the ramp."""
        return ribbon_reads(
            self.groups, self.readout, usable=self.usable, jump=self.jump, masked=masked, unlit=self.unlit
        )


def draw_exposure(setup, rng, **scene):
    """Simulate a ramp of a random star.

    Parameters
    ----------
    setup : RibbonSetup
        What it is taken with.
    rng : `numpy.random.Generator`
        Source of all random numbers.
    **scene
        For `jwst_denoise.simulate.echelle.echelle`, e.g. ``source="fabry_perot"`` or the ``peak``, in e- between the
        first read and the last; random without.

    Returns
    -------
    RibbonExposure
    """
    readout = setup.readout
    few = max(1.0, 4096 / 28 / SEPARATION) if setup.lines < 4096 // 28 * 4 else 1.0
    drawn = {
        "peak": setup.peak * np.exp(rng.uniform(*np.log(BRIGHTEST))),
        "orders": int(28 * few * rng.uniform(*ORDERS)),
        "width": rng.uniform(1.3, 1.9),
    } | scene
    light = echelle(readout.shape, rng, **drawn) * ~readout.reference_pixels
    seconds = _frame_time(readout)
    total = np.float32(seconds * (setup.reads - 1))
    dark = _dark_rate(readout.shape)
    made = simulate_exposure(
        light / total + dark, DETECTOR, readout, "UTR", setup.reads, 1, rng, hits=GROUND, dark=False, superbias=False,
        ipc=False, nonlinearity=False,
    )  # fmt: skip
    groups = made.counts[0] * np.float32(made.detector.gain)
    usable = np.broadcast_to(dark * total < HOT, groups.shape)
    jump = made.truth.cosmic_rays[0] > HIT
    jump[0] = False
    return RibbonExposure(groups, usable, jump, light.astype(np.float32), readout, seconds)


@lru_cache(maxsize=4)
def _dark_rate(shape):
    """Dark current of the middle of the detector, e- / s."""
    parameters = detector(DETECTOR)
    return parameters.dark_rate(shape, tuple((parameters.size - n) // 2 + 1 for n in shape[::-1]))


def _frame_time(readout):
    """From one read to the next, s."""
    return (readout.lines + 1) * readout.line_ticks * readout.pixel_time
