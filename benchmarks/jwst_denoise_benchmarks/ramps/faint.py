"""Faint JWST scenes: errors of the rate beside reference methods, and errors in units of ERR."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from jwst_denoise import simulate
from jwst_denoise_benchmarks.core.inputs import model_directory, seeded
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.ramps import methods
from jwst_denoise_benchmarks.ramps.errors import pull, rms
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS, references, simulate_ramps

__all__ = ["CASES", "Case", "Measured", "error_rows", "faint", "measured", "pull_row"]

FAINT = 2.0  # e-/s: pixels above do not count
LOWER = 0.6  # target, of the best reference method
PULL = (0.95, 1.05)
EMPTY, SOURCE = 0.1, 1.0  # S/N of a pixel: below the first it is background, above the second part of a source
STAMP = 160  # pixels of the figures
GROUPS, SHOWN = (5, 10, 20), 10  # groups of the ramps, and of the figures
LINES = 512  # to which a full frame is cut


@dataclass(frozen=True)
class Case:
    """An exposure.

    Parameters
    ----------
    instrument, scene, pattern : str
        Key of `DETECTORS`, of `jwst_denoise.simulate.SCENES`, read pattern.
    sky : float
        e-/s a pixel.
    subarray : str or None
        None for full frames.
    brightness : float
        Factor for the sources of the scene.
    """

    instrument: str
    scene: str
    pattern: str
    sky: float
    subarray: str | None = None
    brightness: float = 1.0

    def __str__(self):
        """Short description."""
        return f"{self.instrument} {self.subarray or 'FULL'} {self.scene}, sky {self.sky:g} e-/s, {self.pattern}"

    def draw(self, rng):
        """Scene (ny, nx) in e-/s and observation."""
        detector = simulate.detector(DETECTORS[self.instrument])
        options = {"subarray_name": self.subarray, "brightness": self.brightness}
        if self.instrument == "NIRCam":
            return simulate.scene(self.scene, detector, rng, sky=self.sky, **options)
        signal, observation = simulate.scene(self.scene, detector, rng, **options)
        return signal + np.float32(self.sky), observation


#: Exposures that are measured; small ones with ``quick``.
CASES = (
    Case("NIRCam", "field", "SHALLOW2", 0.02),
    Case("NIRCam", "field", "BRIGHT1", 0.3),
    Case("NIRSpec", "mos", "NRSRAPIDD2", 0.02, brightness=0.3),
    Case("NIRSpec", "ifu", "NRSRAPID", 0.3, brightness=0.3),
    Case("NIRCam", "cluster", "BRIGHT1", 0.3, "SUB640"),
    Case("NIRSpec", "slit", "NRSRAPID", 0.02, "ALLSLITS", brightness=0.02),
)
QUICK = (replace(CASES[4], subarray="SUB320"),)


@dataclass(frozen=True, eq=False)
class Measured:
    """Errors measured on one ramp.

    Parameters
    ----------
    rms : dict
        Method -> rms error in e-/s of pixels below `FAINT`, minus the level of the background.
    pull : dict
        ``blank`` and ``sources`` -> method -> `errors.pull` and rms of the same errors in units of ERR, and their mean.
    levels : dict
        Method -> error of the level of the background, e-/s: a bias of all pixels, which photometry subtracts.
    stamps : dict
        ``truth`` and method -> small part of the image, for figures.
    """

    rms: dict
    pull: dict
    levels: dict
    stamps: dict


@lru_cache(maxsize=16)
def measured(case, groups, directory=None):
    """Measure one exposure with several numbers of groups.

    Parameters
    ----------
    case : Case
        Scene and read-out.
    groups : tuple of int
        Numbers of groups.
    directory : str, optional
        Directory of the model.

    Returns
    -------
    dict
        Number of groups -> `Measured`.
    """
    index = (CASES + QUICK).index(case)
    scene, observation = case.draw(seeded(3, index))
    with references():
        detector, lines = DETECTORS[case.instrument], None if case.subarray else LINES
        ramps = simulate_ramps(scene, observation, detector, case.pattern, groups, seeded(4, index), lines)
        return {number: _measure(case, ramp, number == SHOWN) for number, ramp in zip(groups, ramps, strict=True)}


def _measure(case, ramp, shown):
    rates = methods.rates_of(ramp.model)
    good = ramp.active & np.logical_and.reduce([np.isfinite(rate.data) for rate in rates.values()])
    errors = {name: rate.data - ramp.truth for name, rate in rates.items()}
    ratio = (ramp.truth - case.sky) / rates[methods.FIT].err
    empty, pulls = good & (ratio < EMPTY), {}
    levels = {name: float(np.median(error[empty])) for name, error in errors.items()}
    errors = {name: error - np.float32(levels[name]) for name, error in errors.items()}
    for kind, where in (("blank", empty), ("sources", good & (ratio > SOURCE))):
        scaled = {n: (errors[n][where] / rates[n].err[where]).astype(float) for n in rates}
        pulls[kind] = {n: {"pull": pull(s), "rms": rms(s), "mean": float(s.mean())} for n, s in scaled.items()}
    stamps = {}
    if shown:
        box = _bright_box(ramp.truth)
        stamps = {"truth": ramp.truth[box]} | {name: rate.data[box] for name, rate in rates.items()}
    faint_part = good & (ramp.truth < FAINT)
    return Measured({name: rms(error[faint_part]) for name, error in errors.items()}, pulls, levels, stamps)


def _bright_box(truth):
    """Slices of the part of an image with the most signal, in which very bright pixels count little."""
    edge = min(STAMP, *truth.shape)
    boxes = [
        np.s_[y : y + edge, x : x + edge]
        for y in range(0, truth.shape[0] - edge + 1, edge)
        for x in range(0, truth.shape[1] - edge + 1, edge)
    ]
    return max(boxes, key=lambda box: np.minimum(truth[box], FAINT).mean())


def faint(quick):
    """Rows: errors of pixels below 2 e-/s beside reference methods, and pulls of background and of sources."""
    for case in QUICK if quick else CASES:
        by_groups = measured(case, (SHOWN,) if quick else GROUPS, model_directory())
        for number, one in by_groups.items():
            configuration = f"{case}, {number} groups"
            yield from error_rows(configuration, one.rms, quick)
            for kind in ("blank", "sources"):
                yield pull_row(configuration, kind, one.pull[kind], one.levels, quick)


def error_rows(configuration, errors, quick=False):
    """Rows of one ramp: method -> rms error in e-/s."""
    quantity = f"rms error of pixels below {FAINT:g} e-/s"
    reference, options = {name: errors[name] for name in methods.REFERENCES}, {"unit": "e-/s", "form": ".4f"}
    if methods.DENOISED not in errors:
        yield skipped(quantity, configuration, methods.NO_MODEL, reference, **options)
        return
    yield Row(quantity, configuration, {methods.DENOISED: errors[methods.DENOISED]}, reference, **options)
    ratio = errors[methods.DENOISED] / min(reference.values())
    yield Row(
        "rms error over that of the best reference method", configuration, {methods.DENOISED: ratio}, form=".3f",
        target=f"≤ {LOWER:g}", passed=None if quick else ratio <= LOWER,
    )  # fmt: skip


def pull_row(configuration, kind, pulls, levels, quick=False):
    """Row of one ramp: scatter over ERR of ``kind``, ``"blank"`` or ``"sources"``."""
    quantity = f"Scatter over ERR, {'background' if kind == 'blank' else 'sources'}"
    reference = {name: pulls[name]["pull"] for name in (methods.FIT, methods.FLICKER)}
    if methods.DENOISED not in pulls:
        return skipped(quantity, configuration, methods.NO_MODEL, reference, form=".3f")
    value = pulls[methods.DENOISED]["pull"]
    return Row(
        quantity, configuration, {methods.DENOISED: value}, reference, form=".3f", target="1 ± 0.05",
        passed=None if quick else PULL[0] <= value <= PULL[1], metrics={"pull": pulls, "levels": levels},
    )  # fmt: skip
