"""Faint JWST scenes: errors of the rate beside the peers', and errors in units of ERR."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from jwst_denoise import simulate
from jwst_denoise.statistics import robust_sigma
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.ramps import methods
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS, opened, ramps_of, seeded
from jwst_denoise_benchmarks.ramps.noise import rms
from jwst_denoise_benchmarks.rows import Row

__all__ = ["CASES", "Case", "Figures", "faint", "measured", "pull"]

FAINT = 2.0  # e-/s: pixels above are not judged
LOWER = 0.6  # asked, of the best peer
PULL = (0.95, 1.05)
BLANK, LIT = 0.1, 1.0  # noise: less light above the sky than the first is none, more than the second is a source
STAMP = 160  # pixels of the pictures
GROUPS, SHOWN = (5, 10, 20), 10  # groups of the ramps, and of the pictures


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
        Factor on the scene's sources.
    """

    instrument: str
    scene: str
    pattern: str
    sky: float
    subarray: str | None = None
    brightness: float = 1.0

    def __str__(self):
        """In words."""
        where = self.subarray or f"FULL ({LINES} lines)"
        return f"{self.instrument} {where} {self.scene}, sky {self.sky:g} e-/s, {self.pattern}"

    def draw(self, rng):
        """Scene (ny, nx) in e-/s and observation."""
        detector = simulate.detector(DETECTORS[self.instrument])
        options = {"subarray_name": self.subarray, "brightness": self.brightness}
        if self.instrument == "NIRCam":
            return simulate.scene(self.scene, detector, rng, sky=self.sky, **options)
        light, observation = simulate.scene(self.scene, detector, rng, **options)
        return light + np.float32(self.sky), observation


#: What is measured; the small ones with ``quick``.
CASES = (
    Case("NIRCam", "field", "SHALLOW2", 0.02),
    Case("NIRCam", "field", "BRIGHT1", 0.3),
    Case("NIRSpec", "mos", "NRSRAPIDD2", 0.02, brightness=0.3),
    Case("NIRSpec", "ifu", "NRSRAPID", 0.3, brightness=0.3),
    Case("NIRCam", "cluster", "BRIGHT1", 0.3, "SUB640"),
    Case("NIRSpec", "slit", "NRSRAPID", 0.02, "ALLSLITS", brightness=0.02),
)
QUICK = (replace(CASES[4], subarray="SUB320"),)
LINES = 512  # of a full frame, to which it is cut


@dataclass(frozen=True, eq=False)
class Figures:
    """What was measured on one ramp.

    Parameters
    ----------
    rms : dict
        Method -> rms error in e-/s of pixels below `FAINT`, less the level of the blank sky.
    pull : dict
        ``blank`` and ``sources`` -> method -> `pull` and rms of the same errors in units of ERR, and their mean.
    levels : dict
        Method -> error of the level of the blank sky, e-/s: a bias of all pixels, which photometry subtracts.
    stamps : dict
        ``truth`` and method -> small part of the image, where it is shown.
    """

    rms: dict
    pull: dict
    levels: dict
    stamps: dict

    @property
    def best(self):
        """Name of the peer with the smallest error."""
        return min((name for name in self.rms if name != methods.OURS), key=self.rms.get)

    @property
    def ratio(self):
        """Error of this package's over the best peer's."""
        return self.rms[methods.OURS] / self.rms[self.best]


def pull(errors):
    """Scatter about 0 in units of ERR, from the median: without the outliers that cosmic rays leave."""
    return robust_sigma(errors, None, center=0)


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
        Where the model is from.

    Returns
    -------
    dict
        Number of groups -> `Figures`.
    """
    index = (CASES + QUICK).index(case)
    scene, observation = case.draw(seeded(3, index))
    with opened():
        detector, lines = DETECTORS[case.instrument], None if case.subarray else LINES
        ramps = ramps_of(scene, observation, detector, case.pattern, groups, seeded(4, index), lines)
        return {number: _figures(case, ramp, number == SHOWN) for number, ramp in zip(groups, ramps, strict=True)}


def _figures(case, ramp, shown):
    rates = methods.measure(ramp.model)
    good = ramp.light & np.logical_and.reduce([np.isfinite(rate.data) for rate in rates.values()])
    errors = {name: rate.data - ramp.truth for name, rate in rates.items()}
    above = (ramp.truth - case.sky) / rates[methods.FIT].err
    blank, pulls = good & (above < BLANK), {}
    levels = {name: float(np.median(error[blank])) for name, error in errors.items()}
    errors = {name: error - np.float32(levels[name]) for name, error in errors.items()}
    for kind, where in (("blank", blank), ("sources", good & (above > LIT))):
        scaled = {n: (errors[n][where] / rates[n].err[where]).astype(float) for n in rates}
        pulls[kind] = {n: {"pull": pull(s), "rms": rms(s), "mean": float(s.mean())} for n, s in scaled.items()}
    stamps = {}
    if shown:
        box = _busiest(ramp.truth)
        stamps = {"truth": ramp.truth[box]} | {name: rate.data[box] for name, rate in rates.items()}
    faint = good & (ramp.truth < FAINT)
    return Figures({name: rms(error[faint]) for name, error in errors.items()}, pulls, levels, stamps)


def _busiest(truth):
    """Part of an image with light everywhere, none of it very bright."""
    edge = min(STAMP, *truth.shape)
    boxes = [
        np.s_[y : y + edge, x : x + edge]
        for y in range(0, truth.shape[0] - edge + 1, edge)
        for x in range(0, truth.shape[1] - edge + 1, edge)
    ]
    return max(boxes, key=lambda box: np.minimum(truth[box], FAINT).mean())


def faint(quick):
    """Rows: errors of pixels below 2 e-/s beside the peers', and pulls of blank sky and of sources."""
    for case in QUICK if quick else CASES:
        found = measured(case, (SHOWN,) if quick else GROUPS, models.directory())
        for number, figures in found.items():
            yield _error_row(f"JWST, {case}, {number} groups", figures, quick)
        for kind in ("blank", "sources"):
            yield _pull_row(case, kind, found, quick)


def _error_row(what, figures, quick):
    others = "; ".join(f"{name} {figures.rms[name]:.4f}" for name in methods.PEERS)
    what = f"{what}: rms error of pixels below {FAINT:g} e-/s"
    if methods.OURS not in figures.rms:
        return Row(what, f"skipped: no model {methods.MODEL}", others, figures={"rms": figures.rms})
    return Row(
        what, f"{figures.rms[methods.OURS]:.4f} e-/s: {figures.ratio:.3f} of the best", others,
        f"≤ {LOWER:g} of the best", None if quick else figures.ratio <= LOWER, {"rms": figures.rms},
    )  # fmt: skip


def _pull_row(case, kind, found, quick):
    what = f"JWST, {case}: rate/ERR on {'blank sky' if kind == 'blank' else 'sources'}, {_listed(found)} groups"
    values = {name: [f.pull[kind][name]["pull"] for f in found.values() if name in f.rms] for name in _names()}
    peer = "; ".join(f"{name} {_listed(values[name], '.3f')}" for name in (methods.FIT, methods.FLICKER))
    ours = values[methods.OURS]
    return Row(
        what, _listed(ours, ".3f") if ours else f"skipped: no model {methods.MODEL}", peer,
        f"{PULL[0]:g} – {PULL[1]:g}", None if quick or not ours else all(PULL[0] <= v <= PULL[1] for v in ours),
        {number: {"pull": figures.pull[kind], "levels": figures.levels} for number, figures in found.items()},
    )  # fmt: skip


def _names():
    return (*methods.PEERS, methods.OURS)


def _listed(values, form=""):
    return ", ".join(f"{value:{form}}" for value in values)
