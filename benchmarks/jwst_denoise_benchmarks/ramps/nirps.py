"""Simulated NIRPS ramps: an echelle spectrum on a band of an H4RG, reduced as in the paper, with the truth."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from jwst_denoise import simulate
from jwst_denoise.networks.hxrg.preprocess import subtract_background_levels, subtract_reference_levels
from jwst_denoise.ramps.slopes import SlopeImage, slope_noise
from jwst_denoise.simulate.bias import dark_rate
from jwst_denoise.simulate.response import couple
from jwst_denoise.simulate.spectra import echelle

__all__ = [
    "MODEL", "PEAK", "SEED", "Band", "appendix", "band", "differences", "geometry", "numbers_of", "reads_of",
]  # fmt: skip

MODEL = "ramp_denoise-nirps"
SEED = 9000
PEAK = 30.0  # e- in the brightest pixel after all reads
ROWS, FEW = 512, 160  # lines of a band
HOT = 0.05  # e-/s of dark current above which a pixel counts as bad
DARKS, FIRST = 3, 4  # frames, and reads of each, of which the differences are looked at
OFF = dict.fromkeys(("cosmic_rays", "nonlinearity"), False)


@dataclass(frozen=True, eq=False)
class Band:
    """A ramp on some rows of the detector, fitted with different numbers of its reads.

    All fluxes are in e- over the N - 1 intervals between N reads, as in the paper.

    Parameters
    ----------
    scene : ndarray
        (ny, nx) e-/s that reach the pixels.
    truth : ndarray
        (ny, nx) e-/s that a fit without noise gives.
    rates : dict
        Number of reads -> (ny, nx) float32 e-/s: slopes after all corrections, less the dark current; NaN on hot and
        reference pixels.
    readout : Readout
        Geometry.
    interval : float
        s between reads.
    """

    scene: np.ndarray
    truth: np.ndarray
    rates: dict
    readout: object
    interval: float

    @property
    def good(self):
        """Pixels that are judged, (ny, nx) bool."""
        return np.isfinite(self.rates[max(self.rates)])

    def seconds(self, number):
        """Time from the first of some reads to the last."""
        return (number - 1) * self.interval

    def flux(self, number):
        """True flux in e-, (ny, nx)."""
        return self.truth * np.float32(self.seconds(number))

    def slopes(self, number):
        """What a network gets for a number of reads."""
        detector, noise = simulate.detector("H4RG"), slope_noise(number, self.interval)
        white, walk = noise.read * detector.read_noise, noise.poisson * detector.pixel_walk**2 / self.interval
        return SlopeImage(self.rates[number], np.float32(np.hypot(white, np.sqrt(walk))), np.float32(noise.poisson))

    def fitted(self, number):
        """Flux by the fit in e-, (ny, nx)."""
        return self.rates[number] * np.float32(self.seconds(number))

    def denoised(self, number, model):
        """Flux by a network in e-, (ny, nx)."""
        return model.network.denoise(self.slopes(number), self.readout).rate * np.float32(self.seconds(number))


def reads_of(quick):
    """Reads of a ramp."""
    return 20 if quick else 100


def numbers_of(quick):
    """Numbers of reads that are looked at, the largest last."""
    return (5, 10, 20) if quick else (10, 20, 30, 50, 70, 100)


def geometry(rows):
    """Read-out of the band: whole lines of 32 outputs, with reference pixels on all sides."""
    shape = (rows, 4096)
    return replace(simulate.detector("H4RG").readout(shape, (1, 1), outputs=32), reference=(4, 4, 4, 4))


def appendix(sigma, number):
    """Noise of the fitted flux without correlations for a noise ``sigma`` of each read (appendix A, equation A19)."""
    return sigma * np.sqrt(12 * (number - 1) / (number * (number + 1)))


@lru_cache(maxsize=6)
def band(source, scene_seed, noise_seed, quick, rows=ROWS):
    """Simulate and fit a ramp.

    Parameters
    ----------
    source : {"star", "fabry_perot", "dark"}
        Scene.
    scene_seed, noise_seed : int
        Different numbers, different scenes and noise.
    quick : bool
        Few reads and `FEW` rows.
    rows : int, optional
        Lines.

    Returns
    -------
    Band
    """
    detector, readout = simulate.detector("H4RG"), geometry(FEW if quick else rows)
    interval = simulate.frame_time(readout, detector.instrument)
    scene = _scene(source, readout, PEAK / (interval * (reads_of(quick) - 1)), scene_seed)
    rng = np.random.default_rng([SEED, 1, noise_seed])
    exposure = simulate.simulate_exposure(scene, detector, readout, "UTR", reads_of(quick), 1, rng, **OFF)
    dark = dark_rate(detector, readout.shape)
    unlit = (scene == 0) & (dark < HOT) & ~readout.reference_pixels
    bad = (dark >= HOT) | readout.reference_pixels
    slopes = _slopes(exposure, numbers_of(quick), dark, unlit)
    rates = {number: np.where(bad, np.nan, slope).astype(np.float32) for number, slope in slopes.items()}
    truth = couple((scene + dark) * ~readout.reference_pixels, detector.ipc) - dark
    return Band(scene, truth, rates, readout, interval)


def _scene(source, readout, peak, seed):
    if source == "dark":
        return np.zeros(readout.shape, np.float32)
    rng = np.random.default_rng([SEED, 0, seed])
    return echelle(readout.shape, rng, peak=peak, source=source) * ~readout.reference_pixels


def _slopes(exposure, numbers, dark, unlit):
    """Slopes of the first reads in e-/s, less the dark current, corrected by reference pixels and unlit pixels.

    All corrections are linear in a read, so that the slopes of corrected reads are the corrected slopes.
    """
    gain, readout, first = np.float32(exposure.detector.gain), exposure.readout, exposure.counts[0, 0]
    totals = {number: np.zeros(unlit.shape, np.float32) for number in numbers}
    for index, read in enumerate(exposure.counts[0]):
        electrons = (read.astype(np.float32) - first) * gain
        for number in numbers:
            if index < number:
                time = (np.arange(number) - (number - 1) / 2) * exposure.frame_time
                totals[number] += np.float32(time[index] / np.sum(time**2)) * electrons
    return {number: subtract_background_levels(subtract_reference_levels(total - dark, readout), readout, unlit)
            for number, total in totals.items()}  # fmt: skip


@lru_cache(maxsize=2)
def differences(quick):
    """Differences of successive reads of whole dark frames: rms in e- of each, ``raw`` and ``corrected``.

    Whole frames, because the slowest noise, which reference pixels take away, grows with the time between reads.
    """
    readout = geometry(FEW) if quick else simulate.detector("H4RG").readout()
    scene, found = np.zeros(readout.shape, np.float32), {"raw": [], "corrected": []}
    for seed in range(1 if quick else DARKS):
        rng = np.random.default_rng([SEED, 2, seed])
        exposure = simulate.simulate_exposure(scene, "H4RG", readout, "UTR", FIRST, 1, rng, **OFF)
        raw = np.diff(exposure.counts[0] * np.float32(exposure.detector.gain), axis=0)
        for name, images in (("raw", raw), ("corrected", subtract_reference_levels(raw, readout))):
            found[name] += np.std(images[:, ~readout.reference_pixels], axis=1, dtype=float).tolist()
    return found
