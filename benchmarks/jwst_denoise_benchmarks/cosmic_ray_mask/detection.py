"""Cosmic rays detected at fixed false-positive rates, beside LACosmic and the theoretical limit."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise.simulate import CosmicRayParameters
from jwst_denoise_benchmarks.core.inputs import MissingInput, load_model, model_directory
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.cosmic_ray_mask import cases, scores
from jwst_denoise_benchmarks.cosmic_ray_mask.cases import MASK_MODELS, mask_models, probability, short_name

__all__ = [
    "Measured", "ceiling_rows", "ceilings", "detection", "detection_rows", "measured", "operating_points",
    "threshold_rows", "with_snowballs",
]  # fmt: skip

#: True-positive rates of the paper's network at `scores.FALSE_RATES`.
PAPER = {"galaxies": (0.885, 0.987), "cluster": (0.933, 0.995), "resolved": (0.752, 0.912)}
QUICK_SCAN = {"objlim": (2.0, 5.0), "sigclip": (3.0, 7.0, 25.0)}
SNOWBALL_SCAN = {"objlim": (5.0, 25.0)}  # the best ones without snowballs and showers
TITLES = {
    "plain": "Pixels of cosmic rays detected, by the rate of false positives",
    "dilated": "The same with masks dilated by 3 × 3 pixels",
}
OPERATING_POINTS = "Rates at the thresholds of the models"


@dataclass(frozen=True, eq=False)
class Measured:
    """Scores of the pixels of one kind of image.

    Parameters
    ----------
    cases : tuple of Case
        The images.
    networks : dict
        Name of a model -> `scores.Scores`.
    lacosmic : dict
        From `scores.scan_lacosmic`.
    ideal : dict
        ``pixel`` and, with a model, ``network`` -> `scores.Scores` of observers who know scene and noise: the excess of
        each pixel in units of its noise, and the output of the network for these excesses.
    """

    cases: tuple
    networks: dict
    lacosmic: dict
    ideal: dict


def measured(kind, quick, hits=cases.TRACKS):
    """Measure one kind of image, once for all rows and figures."""
    return _measured(kind, quick, hits, model_directory())


@lru_cache(maxsize=8)
def _measured(kind, quick, hits, _directory):
    number, edge = cases.size_of(quick)
    images = cases.cases(kind, number, edge, hits=hits)
    networks = {
        name: scores.Scores.of([probability(model, case.image) for case in images], images)
        for name, model in mask_models().items()
    }
    ideal = {"pixel": scores.Scores.of([excess(case.image) for case in images], images)}
    if model := mask_models().get(MASK_MODELS[0]):
        maps = [model.predict(excess(case.image), err=1.0, bad=case.image.bad) for case in images]
        ideal["network"] = scores.Scores.of(maps, images)
    scan = QUICK_SCAN if quick else {} if hits == cases.TRACKS else SNOWBALL_SCAN
    return Measured(images, networks, scores.scan_lacosmic(images, **scan), ideal)


def excess(image):
    """Data minus the noiseless scene, over the noise of each pixel; 0 in bad pixels."""
    return np.where(image.bad, 0, (image.data - image.rate) / image.err)


def detection(quick):
    """Rows: true-positive rates at the paper's two false-positive rates for each kind of image."""
    for kind in cases.KINDS:
        one = measured(kind, quick)
        networks = {name: scores.true_rates(score) for name, score in one.networks.items()}
        yield from detection_rows(kind, networks, scores.best_lacosmic(one.lacosmic), _ceiling(one), quick)


def with_snowballs(quick):
    """Rows: the same with snowballs and showers, whose faint outskirts are most of the affected pixels."""
    for kind in cases.KINDS:
        one = measured(kind, quick, CosmicRayParameters())
        networks = {name: scores.true_rates(score) for name, score in one.networks.items()}
        yield from detection_rows(kind, networks, scores.best_lacosmic(one.lacosmic), None, quick)


def detection_rows(kind, networks, lacosmic, ceiling, quick=False):
    """Rows of one kind: model -> `scores.true_rates`, and those of LACosmic and of the `ceilings`.

    The target is the paper's rate; in the cluster, the ceiling where this is lower. No target without ceiling.
    """
    metrics = {"networks": networks, "lacosmic": lacosmic, "ceiling": ceiling, "paper": PAPER.get(kind)}
    for form, title in TITLES.items():
        for index, rate in enumerate(scores.FALSE_RATES):
            configuration = f"{kind}, {100 * rate:g} % false"
            result = {short_name(name): 100 * rates[form][index] for name, rates in networks.items()}
            reference = {"LACosmic": 100 * lacosmic[form][index]}
            options = {"unit": "%", "form": ".1f"}
            if not networks:
                yield skipped(title, configuration, f"no model {MASK_MODELS[0]}", reference, **options)
                continue
            target = passed = None
            if form == "plain" and ceiling and kind in PAPER:
                target = min(PAPER[kind][index], round(ceiling[form][index], 3) if kind == "cluster" else 1)
                best = networks.get(MASK_MODELS[0], next(iter(networks.values())))
                passed = None if quick else bool(round(best[form][index], 3) >= target)
            yield Row(
                title, configuration, result, reference, target=f"≥ {100 * target:.1f}" if target else "",
                passed=passed, metrics=metrics if form == "plain" and not index else {}, **options,
            )  # fmt: skip


def _ceiling(one):
    """The best of the observers at each rate."""
    observers = [scores.true_rates(score) for score in one.ideal.values()]
    return {name: np.max([rates[name] for rates in observers], axis=0).tolist() for name in ("plain", "dilated")}


def ceilings(quick):
    """Rows: detections by observers who know the noiseless scene and the noise of every pixel."""
    for kind in cases.KINDS:
        yield from ceiling_rows(kind, {n: scores.true_rates(score) for n, score in measured(kind, quick).ideal.items()})


def ceiling_rows(kind, observers):
    """Rows of one kind: ``pixel`` and ``network`` -> `scores.true_rates`."""
    names = {"pixel": "from the pixel", "network": "by 2-32"}
    for index, rate in enumerate(scores.FALSE_RATES):
        result = {
            f"{names[name]}{', dilated' * (form == 'dilated')}": 100 * rates[form][index]
            for form in ("plain", "dilated")
            for name, rates in observers.items()
        }
        yield Row(
            "Pixels of cosmic rays detected with known scene and noise", f"{kind}, {100 * rate:g} % false", result,
            unit="%", form=".1f", metrics={} if index else observers,
        )  # fmt: skip


def operating_points(quick):
    """Rows: rates of false and true positives at the thresholds of the models."""
    for name in MASK_MODELS:
        try:
            model = load_model(name)
        except MissingInput as error:
            yield skipped(OPERATING_POINTS, short_name(name), error)
            continue
        kinds = {kind: measured(kind, quick).networks[name] for kind in cases.KINDS}
        rates = {kind: [s.rates(model.threshold(r))[:2] for r in scores.FALSE_RATES] for kind, s in kinds.items()}
        yield from threshold_rows(name, rates)


def threshold_rows(name, rates):
    """Rows of one model: kind -> pairs (false, true positives) at the thresholds for `scores.FALSE_RATES`."""
    for kind, pairs in rates.items():
        for nominal, (false, true) in zip(scores.FALSE_RATES, pairs, strict=True):
            yield Row(
                OPERATING_POINTS, f"{short_name(name)}, {kind}, nominal {100 * nominal:g} %",
                {"false positives": 100 * float(false), "true positives": 100 * float(true)}, unit="%",
            )  # fmt: skip
