"""Simulated NIRPS ramps: an echelle spectrum on a band of an H4RG, reduced as in the paper, and their noise."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from jwst_denoise import simulate
from jwst_denoise.networks.hxrg.preprocess import subtract_background_levels, subtract_reference_levels
from jwst_denoise.ramps.slopes import SlopeImage, slope_noise
from jwst_denoise.simulate.bias import dark_rate
from jwst_denoise.simulate.response import couple
from jwst_denoise.simulate.spectra import echelle
from jwst_denoise_benchmarks.core.inputs import MissingInput, available_models, load_model, model_directory, seeded
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.ramps.errors import rms

__all__ = [
    "MODEL", "PEAK", "Band", "dark_rows", "difference_row", "exponent", "fall", "noise", "numbers_of", "read_rows",
    "reads", "reads_of", "simulate_band", "white_noise",
]  # fmt: skip

MODEL = "ramp_denoise-nirps"
PEAK = 30.0  # e- in the brightest pixel after all reads
ROWS, FEW = 512, 160  # lines of a band
HOT = 0.05  # e-/s of dark current from which on a pixel counts as bad
DARKS, FIRST = 3, 4  # dark frames, and reads of each, for the differences of reads
OFF = dict.fromkeys(("cosmic_rays", "nonlinearity"), False)
#: Darks of the paper: rms of read-to-read differences, before and after reference pixels, and noise of the fit, e-.
PAPER = {"raw": 28.0, "corrected": 17.0, "fit": 6.1}
TOLERANCE = 0.15
PLATEAU = 1.25  # noise of the fit over that of white noise, with all reads
FALL = "Error of a pixel by the number of reads, star"


@dataclass(frozen=True, eq=False)
class Band:
    """A ramp on some rows of the detector, fitted with different numbers of its reads.

    All fluxes are in e- over the N - 1 intervals between N reads, as in the paper.

    Parameters
    ----------
    scene : ndarray
        (ny, nx) e-/s that reach the pixels.
    truth : ndarray
        (ny, nx) e-/s of a noiseless fit.
    rates : dict
        Number of reads -> (ny, nx) float32 e-/s: slopes after all corrections, minus the dark current; NaN on hot and
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
        """Pixels that count, (ny, nx) bool."""
        return np.isfinite(self.rates[max(self.rates)])

    def seconds(self, number):
        """Time from the first of several reads to the last."""
        return (number - 1) * self.interval

    def flux(self, number):
        """True flux in e-, (ny, nx)."""
        return self.truth * np.float32(self.seconds(number))

    def slopes(self, number):
        """Input of a network for a number of reads."""
        detector, expected = simulate.detector("H4RG"), slope_noise(number, self.interval)
        white, walk = expected.read * detector.read_noise, expected.poisson * detector.pixel_walk**2 / self.interval
        return SlopeImage(self.rates[number], np.float32(np.hypot(white, np.sqrt(walk))), np.float32(expected.poisson))

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
    """Numbers of reads that are fitted, the largest last."""
    return (5, 10, 20) if quick else (10, 20, 30, 50, 70, 100)


def geometry(rows):
    """Read-out of the band: whole lines of 32 outputs, with reference pixels on all sides."""
    shape = (rows, 4096)
    return replace(simulate.detector("H4RG").readout(shape, (1, 1), outputs=32), reference=(4, 4, 4, 4))


def white_noise(sigma, number):
    """Noise of the fitted flux without correlations for a noise ``sigma`` of each read (appendix A, equation A19)."""
    return sigma * np.sqrt(12 * (number - 1) / (number * (number + 1)))


@lru_cache(maxsize=6)
def simulate_band(source, scene_seed, noise_seed, quick, rows=ROWS):
    """Simulate and fit a ramp.

    Parameters
    ----------
    source : {"star", "fabry_perot", "dark"}
        Scene.
    scene_seed, noise_seed : int
        Seeds of the scene and of the noise.
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
    rng = seeded(1, noise_seed)
    exposure = simulate.simulate_exposure(scene, detector, readout, "UTR", reads_of(quick), 1, rng, **OFF)
    dark = dark_rate(detector, readout.shape)
    background = (scene == 0) & (dark < HOT) & ~readout.reference_pixels
    bad = (dark >= HOT) | readout.reference_pixels
    slopes = _slopes(exposure, numbers_of(quick), dark, background)
    rates = {number: np.where(bad, np.nan, slope).astype(np.float32) for number, slope in slopes.items()}
    truth = couple((scene + dark) * ~readout.reference_pixels, detector.ipc) - dark
    return Band(scene, truth, rates, readout, interval)


def _scene(source, readout, peak, seed):
    if source == "dark":
        return np.zeros(readout.shape, np.float32)
    return echelle(readout.shape, seeded(0, seed), peak=peak, source=source) * ~readout.reference_pixels


def _slopes(exposure, numbers, dark, background):
    """Slopes of the first reads in e-/s, minus the dark current, corrected by reference and background pixels.

    All corrections are linear in a read, so that the slopes of corrected reads are the corrected slopes.
    """
    gain, readout, first = np.float32(exposure.detector.gain), exposure.readout, exposure.counts[0, 0]
    totals = {number: np.zeros(background.shape, np.float32) for number in numbers}
    for index, read in enumerate(exposure.counts[0]):
        electrons = (read.astype(np.float32) - first) * gain
        for number in numbers:
            if index < number:
                time = (np.arange(number) - (number - 1) / 2) * exposure.frame_time
                totals[number] += np.float32(time[index] / np.sum(time**2)) * electrons
    return {number: subtract_background_levels(subtract_reference_levels(total - dark, readout), readout, background)
            for number, total in totals.items()}  # fmt: skip


@lru_cache(maxsize=2)
def read_differences(quick):
    """Differences of successive reads of whole dark frames: rms in e- of each, ``raw`` and ``corrected``.

    Whole frames, because the slowest noise, which reference pixels remove, grows with the time between reads.
    """
    readout = geometry(FEW) if quick else simulate.detector("H4RG").readout()
    scene, values = np.zeros(readout.shape, np.float32), {"raw": [], "corrected": []}
    for seed in range(1 if quick else DARKS):
        exposure = simulate.simulate_exposure(scene, "H4RG", readout, "UTR", FIRST, 1, seeded(2, seed), **OFF)
        raw = np.diff(exposure.counts[0] * np.float32(exposure.detector.gain), axis=0)
        for name, images in (("raw", raw), ("corrected", subtract_reference_levels(raw, readout))):
            values[name] += np.std(images[:, ~readout.reference_pixels], axis=1, dtype=float).tolist()
    return values


@lru_cache(maxsize=4)
def fall(source, quick, directory=None):
    """Errors in e- at each number of reads: of the fit, of the network, and by the paper's appendix.

    Parameters
    ----------
    source : str
        As of `simulate_band`.
    quick : bool
        Small case.
    directory : str, optional
        Directory of the models.

    Returns
    -------
    dict
        ``reads``, ``fit``, ``appendix``, and ``network`` if there is a model: lists.
    """
    band = simulate_band(source, 0, 0, quick)
    numbers, good = numbers_of(quick), band.good
    sigma = np.median(read_differences(quick)["corrected"]) / np.sqrt(2)
    result = {
        "reads": list(numbers),
        "fit": [rms((band.fitted(n) - band.flux(n))[good]) for n in numbers],
        "appendix": [float(white_noise(sigma, n)) for n in numbers],
    }
    if model := available_models([MODEL]).get(MODEL):
        result["network"] = [rms((band.denoised(n, model) - band.flux(n))[good]) for n in numbers]
    return result


def noise(quick):
    """Rows: differences of reads, noise of the fit, and its plateau."""
    dark = fall("dark", quick, model_directory())
    for key, values in (read_differences(quick) | {"fit": [dark["fit"][-1]]}).items():
        yield difference_row(key, values, quick)
    yield from dark_rows(dark, quick)


def difference_row(key, values, quick=False):
    """Row on one kind of noise of darks, a key of `PAPER`, from the values of several differences or fits."""
    names = {
        "raw": "difference of successive reads",
        "corrected": "the same after correction by reference pixels",
        "fit": "fit of all reads",
    }
    value, paper = float(np.median(values)), PAPER[key]
    return Row(
        "Noise of simulated darks, median", names[key], {"simulated": value}, {"paper": paper}, "e-", form=".1f",
        target=f"{paper:g} ± {TOLERANCE * paper:.1f}",
        passed=None if quick else abs(value / paper - 1) <= TOLERANCE, metrics={"values": values},
    )  # fmt: skip


def dark_rows(dark, quick=False):
    """Rows on the noise of the fit of darks, from `fall`; it reaches a plateau as in figure 1 of the paper."""
    for index, number in enumerate(dark["reads"]):
        last, white = index == len(dark["reads"]) - 1, dark["appendix"][index]
        yield Row(
            "Noise of the fit of darks by the number of reads", f"{number} reads", {"fit": dark["fit"][index]},
            {"white noise": white}, "e-", form=".1f", target=f"≥ {PLATEAU * white:.1f}" if last else "",
            passed=dark["fit"][index] >= PLATEAU * white if last and not quick else None,
            metrics=dark if last else {},
        )  # fmt: skip


def reads(quick):
    """Rows: error of the network's image against the number of reads."""
    try:
        load_model(MODEL)
    except MissingInput as error:
        yield skipped(FALL, "all numbers", error, unit="e-")
        return
    yield from read_rows(fall("star", quick, model_directory()), quick)


def read_rows(star, quick=False):
    """Rows from `fall` of a star."""
    for number, network, fit, white in zip(*(star[k] for k in ("reads", "network", "fit", "appendix")), strict=True):
        yield Row(
            FALL, f"{number} reads", {"ramp_denoise": network}, {"fit": fit, "fit of white noise": white}, "e-",
            form=".2f", target="< reference", passed=None if quick else network < white,
        )  # fmt: skip
    exponents = {name: exponent(star["reads"], star[name]) for name in ("network", "fit")}
    yield Row(
        "Exponent of the error of the rate against the number of reads", "star",
        {"ramp_denoise": exponents["network"]}, {"fit": exponents["fit"]}, form=".2f", target="< -0.5",
        passed=None if quick else exponents["network"] < -0.5, metrics=star | {"exponents": exponents},
    )  # fmt: skip


def exponent(numbers, errors):
    """Exponent of the error of the rate against the number of reads, by a straight line through the logarithms.

    Parameters
    ----------
    numbers : sequence of int
        Reads.
    errors : sequence of float
        Of the flux in the time of the reads, e-.
    """
    rate = np.log(errors) - np.log(np.asarray(numbers) - 1)
    return float(np.polyfit(np.log(numbers), rate, 1)[0])
