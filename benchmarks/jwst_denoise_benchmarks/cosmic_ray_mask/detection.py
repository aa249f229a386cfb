"""Cosmic rays found at fixed rates of false positives, beside LACosmic and what is possible at all."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise.simulate import CosmicRayParameters
from jwst_denoise_benchmarks.cosmic_ray_mask import cases, lacosmic, models, roc
from jwst_denoise_benchmarks.rows import Row, skipped

__all__ = ["Measured", "ceilings", "detection", "measured", "operating_points", "wide"]

#: True-positive rates at `roc.RATES` in the paper, of its network and of LACosmic.
PAPER = {"galaxies": (0.885, 0.987), "cluster": (0.933, 0.995), "resolved": (0.752, 0.912)}
OBSERVERS = {"pixel": "from the pixel alone", "network": "by 2-32 with the scene taken away"}
QUICK_SCAN = {"objlim": (2.0, 5.0), "sigclip": (3.0, 7.0, 25.0)}
WIDE_SCAN = {"objlim": (5.0, 25.0)}  # of those that are best without snowballs and showers


@dataclass(frozen=True, eq=False)
class Measured:
    """Scores of the pixels of one kind of image.

    Parameters
    ----------
    cases : tuple of Case
        The images.
    networks : dict
        Name of a model -> `roc.Scores`.
    lacosmic : dict
        From `lacosmic.scan`.
    ideal : dict
        ``pixel`` and, with a model, ``network`` -> `roc.Scores` of observers who know scene and noise: the excess of
        each pixel in units of its noise, and what the network makes of these excesses.
    """

    cases: tuple
    networks: dict
    lacosmic: dict
    ideal: dict


def measured(kind, quick, hits=cases.TRACKS):
    """Measure one kind of image, once for all rows and pictures."""
    return _measured(kind, quick, hits, models.directory())


@lru_cache(maxsize=8)
def _measured(kind, quick, hits, _directory):
    number, edge = cases.size_of(quick)
    some = cases.cases(kind, number, edge, hits=hits)
    networks = {
        name: roc.Scores.of([models.score(model, case.image) for case in some], some)
        for name, model in models.available().items()
    }
    ideal = {"pixel": roc.Scores.of([_excess(case.image) for case in some], some)}
    if model := models.available().get(models.MASKS[0]):
        told = [model.predict(_excess(case.image), err=1.0, bad=case.image.bad) for case in some]
        ideal["network"] = roc.Scores.of(told, some)
    scan = QUICK_SCAN if quick else {} if hits == cases.TRACKS else WIDE_SCAN
    return Measured(some, networks, lacosmic.scan(some, **scan), ideal)


def _excess(image):
    """Data above the noiseless scene over the noise of each pixel; 0 where there is no datum."""
    return np.where(image.bad, 0, (image.data - image.rate) / image.err)


def detection(quick):
    """Rows: true-positive rates at the paper's two false-positive rates for each kind of image."""
    for kind in cases.KINDS:
        found = measured(kind, quick)
        ours = {name: roc.thresholded(scores) for name, scores in found.networks.items()}
        peer, ceiling = lacosmic.best(found.lacosmic), _ceiling(found)
        what = f"{kind}: pixels of tracks found at 0.05 % / 0.5 % false ones (dilated 3 × 3), {_describe(found)}"
        figures = {"networks": ours, "lacosmic": peer, "ceiling": ceiling, "paper": PAPER.get(kind)}
        limits = " / ".join(f"{limit:g}" for limit in peer["objlim"])
        against = f"LACosmic {_text(peer)}, objlim {limits}"
        if not ours:
            yield _skipped(what, against, figures)
            continue
        best = ours.get(models.MASKS[0], next(iter(ours.values())))
        yield Row(
            what, _each(ours), against,
            _asked(kind, ceiling), None if quick else _met(kind, best["plain"], ceiling["plain"]), figures,
        )  # fmt: skip


def wide(quick):
    """Rows: the same with snowballs and showers, whose faint outskirts are most of the pixels that are hit."""
    for kind in cases.KINDS:
        found = measured(kind, quick, CosmicRayParameters())
        ours = {name: roc.thresholded(scores) for name, scores in found.networks.items()}
        peer = lacosmic.best(found.lacosmic)
        yield Row(
            f"{kind}: the same with snowballs and showers, {_describe(found)}",
            _each(ours) or f"skipped: no model {models.MASKS[0]}", f"LACosmic {_text(peer)}",
            figures={"networks": ours, "lacosmic": peer},
        )  # fmt: skip


def _each(ours):
    return "; ".join(f"{models.short(name)} {_text(rates)}" for name, rates in ours.items())


def _skipped(what, peer, figures):
    """Row with the peer alone."""
    row = skipped(what, f"no model {models.MASKS[0]}")
    return Row(row.what, row.ours, peer, figures=figures)


def _describe(found):
    share = np.mean([case.truth.mean() for case in found.cases])
    return f"{cases.in_words(found.cases)}, {100 * share:.1f} % of the pixels hit"


def _asked(kind, ceiling):
    if kind not in PAPER:
        return "–"
    text = f"≥ {_percent(PAPER[kind])} (paper)"
    return f"{text}, or the ceiling {_percent(ceiling['plain'])}" if kind == "cluster" else text


def _met(kind, rates, ceiling):
    """Whether the rates reach the paper's; in the cluster, the ceiling where that is lower."""
    if kind not in PAPER:
        return None
    asked = np.minimum(PAPER[kind], np.round(ceiling, 3)) if kind == "cluster" else PAPER[kind]
    return bool(np.all(np.round(rates, 3) >= asked))


def _ceiling(found):
    """The best of the observers at each rate."""
    observers = [roc.thresholded(scores) for scores in found.ideal.values()]
    return {name: np.max([rates[name] for rates in observers], axis=0).tolist() for name in ("plain", "dilated")}


def ceilings(quick):
    """Rows: what observers find who know the noiseless scene and the noise of every pixel."""
    for kind in cases.KINDS:
        found = measured(kind, quick)
        rates = {name: roc.thresholded(scores) for name, scores in found.ideal.items()}
        text = "; ".join(f"{OBSERVERS[name]} {_text(each)}" for name, each in rates.items())
        what = f"{kind}: what can be found by one who knows the scene and the noise, {cases.in_words(found.cases)}"
        yield Row(what, text, figures=rates)


def operating_points(quick):
    """Rows: rates of false and true positives at the models' own thresholds."""
    for name in models.MASKS:
        what = f"{models.short(name)}: false / true positives at its own thresholds for 0.05 % and 0.5 %"
        kinds = {kind: measured(kind, quick).networks.get(name) for kind in cases.KINDS}
        if None in kinds.values():
            yield skipped(what, f"no model {name}")
            continue
        model = models.load(name)
        figures = {kind: [s.found(model.threshold(rate))[:2] for rate in roc.RATES] for kind, s in kinds.items()}
        text = [
            f"{kind} " + ", ".join(f"{100 * false:.2f} / {100 * true:.1f} %" for false, true in rates)
            for kind, rates in figures.items()
        ]
        yield Row(what, "; ".join(text), figures=figures)


def _percent(rates):
    return " / ".join(f"{100 * rate:.1f}" for rate in rates) + " %"


def _text(rates):
    return f"{_percent(rates['plain'])} ({_percent(rates['dilated'])})"
