"""Ramps of an echelle spectrograph's H4RG, of its full size or smaller, for the network of Payeur et al. (2022)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise.readout import Readout
from jwst_denoise.simulate import CosmicRayParameters, detector, simulate_exposure
from jwst_denoise.simulate.bias import dark_rate
from jwst_denoise.simulate.spectra import echelle

__all__ = ["BORDER", "H4RGRamp", "H4RGSetup", "draw_h4rg_ramp"]

DETECTOR = "H4RG"
BORDER = 4  # reference pixels on every side
ORDERS = (0.8, 1.6)  # number of echelle orders relative to the simulator's default
SEPARATION = 36  # pixels, largest distance between orders in small frames, so that they hold several
PEAK = (0.3, 2.0)  # peak of a scene relative to the setup's
GROUND = CosmicRayParameters(flux=1 / 60, snowball_rate=0, shower_rate=0)  # muons at sea level
HIT = 15.0  # e-, smallest charge of a cosmic ray that a jump detection finds
BACKGROUND = 0.3  # e- of signal in a ramp, below which a pixel is background
HOT = 10.0  # e- of dark current in a ramp, from which a pixel is bad


@dataclass(frozen=True)
class H4RGSetup:
    """A detector with the H4RG's noise, and its read-out.

    Parameters
    ----------
    lines, outputs, width, reads : int
        Lines of a frame, amplifier outputs, pixels of a line that each output reads, reads of a ramp.
    peak : float
        Typical signal of the brightest pixel of a scene between the first and the last read, e-.

    Notes
    -----
    A line takes as long as a line of the whole detector, whatever its width, so that the correlated noise along lines
    and from line to line is the same.
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
class H4RGRamp:
    """A simulated ramp.

    Parameters
    ----------
    groups : ndarray
        (reads, ny, nx) e- float32.
    usable, jump : ndarray
        (reads, ny, nx) bool: pixels that are not hot; reads that a cosmic ray precedes.
    flux : ndarray
        (ny, nx) e- float32: signal of the scene between the first and the last read.
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
        """(ny, nx) bool: science pixels that are neither hot nor hit."""
        return (self.usable & ~self.jump).all(axis=0) & ~self.readout.reference_pixels

    @property
    def background(self):
        """(ny, nx) bool: science pixels between the orders, which the optics of a spectrograph determine."""
        return (self.flux < BACKGROUND) & ~self.readout.reference_pixels


def draw_h4rg_ramp(setup, rng, **scene):
    """Simulate a ramp of a random star.

    Parameters
    ----------
    setup : H4RGSetup
        Detector and read-out.
    rng : `numpy.random.Generator`
        Source of all random numbers.
    **scene
        Parameters of `jwst_denoise.simulate.spectra.echelle`, e.g. ``source="fabry_perot"`` or the ``peak`` in e-
        between the first and the last read; drawn at random by default.

    Returns
    -------
    H4RGRamp
    """
    readout = setup.readout
    crowding = max(1.0, 4096 / 28 / SEPARATION) if setup.lines < 4096 // 28 * 4 else 1.0
    parameters = {
        "peak": setup.peak * np.exp(rng.uniform(*np.log(PEAK))),
        "orders": int(28 * crowding * rng.uniform(*ORDERS)),
        "width": rng.uniform(1.3, 1.9),
    } | scene
    flux = echelle(readout.shape, rng, **parameters) * ~readout.reference_pixels
    frame_time = (readout.lines + 1) * readout.line_ticks * readout.pixel_time
    total = np.float32(frame_time * (setup.reads - 1))
    dark = _dark_rate(readout.shape)
    exposure = simulate_exposure(
        flux / total + dark, DETECTOR, readout, "UTR", setup.reads, 1, rng, hits=GROUND, dark=False, superbias=False,
        ipc=False, nonlinearity=False,
    )  # fmt: skip
    groups = exposure.counts[0] * np.float32(exposure.detector.gain)
    usable = np.broadcast_to(dark * total < HOT, groups.shape)
    jump = exposure.truth.cosmic_rays[0] > HIT
    jump[0] = False
    return H4RGRamp(groups, usable, jump, flux.astype(np.float32), readout, frame_time)


@lru_cache(maxsize=4)
def _dark_rate(shape):
    """Dark current of the middle of the detector, e- / s."""
    parameters = detector(DETECTOR)
    return dark_rate(parameters, shape, tuple((parameters.size - n) // 2 + 1 for n in shape[::-1]))
