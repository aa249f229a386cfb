"""Cosmic rays of ramps beside the jump step of the real pipeline, on the same simulated exposures."""

import numpy as np
from scipy.ndimage import binary_dilation, label, sum_labels

from jwst_denoise.cosmic_ray_mask.images import Options
from jwst_denoise.cosmic_ray_mask.ramps import SingleDifference, mask_integration
from jwst_denoise.cosmic_ray_mask.veto import star_templates
from jwst_denoise.simulate import CosmicRayParameters
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.cosmic_ray_mask.ramp_cases import JUMP_STEPS, opened
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["ramps"]

MODEL = "cosmic_ray_mask-ramp"
SINGLE = "cosmic_ray_mask-2-32"  # for two groups
FEWER, HALO, CORES = 1.3, 0.95, 1e-3  # asked
RATE = 0.005  # false-positive rate of the operating point that the step takes for ramps
LARGEST = 50  # error of a rate that larger ones count as
RING = 8  # pixels around a core in which its ring is
SHOWER, PART = 60, 0.5  # pixels of a shower, and the part of them that makes it found
CORE = 20.0  # S/N of a difference in the core of a star
PLAIN = {"snowball_rate": 0.0, "shower_rate": 0.0}
ALL = {"flux": 25.0, "snowball_rate": 0.15, "shower_rate": 0.0025}  # the proportions of flight, five times as often
SNOWBALLS = {"flux": 0.0, "snowball_rate": 1.5, "shower_rate": 0.0}
SHOWERS = {"flux": 0.0, "snowball_rate": 0.0, "shower_rate": 3.0}

#: What is measured -> (scene, read pattern, groups) and cosmic rays.
HITS = {
    "galaxies, 10 groups, tracks, snowballs and showers": ("field", "BRIGHT1", 10, ALL),
    "star cluster, 10 groups, tracks, snowballs and showers": ("cluster", "BRIGHT1", 10, ALL),
    "galaxies, 5 groups, tracks, snowballs and showers": ("field", "BRIGHT1", 5, ALL),
    "galaxies, 20 groups, tracks": ("field", "BRIGHT1", 20, PLAIN),
    "star cluster, 10 groups, tracks": ("cluster", "BRIGHT1", 10, PLAIN),
    "galaxies, 8 groups of 8 frames, tracks": ("field", "MEDIUM8", 8, PLAIN),
}


def ramps(quick):
    """Rows: hits, snowballs, rings and showers found, cores of stars, two groups, and the rates that come of it."""
    try:
        network, _ = models.load(MODEL), models.load(SINGLE)
    except MissingData as error:
        yield skipped("cosmic rays in ramps", str(error))
        return
    with opened() as make:
        maker = _Maker(make, quick)
        for number, (what, chosen) in enumerate(HITS.items()):
            yield from _hits(what, maker(*chosen, number), network, quick)
            if quick:
                break
        yield from _two_groups(maker("field", "BRIGHT1", 2, PLAIN, 20))
        yield from _snowballs([maker("field", "BRIGHT1", 8, SNOWBALLS, 30 + k) for k in range(1 if quick else 4)],
                              network, quick)  # fmt: skip
        yield from _showers([maker("field", "BRIGHT1", 10, SHOWERS, 40 + k) for k in range(1 if quick else 3)],
                            network, quick)  # fmt: skip


class _Maker:
    """Cases in a subarray of one size; a small one is read fast, so it gets more hits."""

    def __init__(self, make, quick):
        self.make, self.subarray, self.factor = make, *(("SUB160", 30.0) if quick else ("SUB640", 1.0))

    def __call__(self, scene, pattern, ngroups, hits, seed):
        more = {name: value * self.factor for name, value in ({"flux": 5.0} | hits).items()}
        return self.make(scene, self.subarray, pattern, ngroups, CosmicRayParameters(**more), seed)


def _probability(case, network, threshold=None):
    """Probabilities (ngroups - 1, ny, nx) of a case, and the mask at the model's own threshold."""
    options = Options(threshold or network.threshold(RATE), protected=(star_templates("NIRCAM_SW", "F200W"),))
    flagged, probability = mask_integration(
        case.model.data[0], case.model.groupdq[0], network, case.exposure.noise, options, case.model.pixeldq
    )
    return probability[1:], flagged[1:]


def rates(flagged, truth, good):
    """True-positive and false-positive rate."""
    return float(flagged[truth & good].mean()), float(flagged[~truth & good].mean())


def matched(probability, truth, good, rate):
    """Mask with a given false-positive rate."""
    return probability > np.quantile(probability[~truth & good], 1 - rate)


def _hits(what, case, network, quick):
    """Rows of one exposure."""
    truth, good = case.truth, case.good
    ramp = case.jump_step({})
    peer = (ramp.groupdq[0, 1:] & 4) != 0
    probability, ours = _probability(case, network)
    found, false = rates(peer, truth, good)
    same, _ = rates(matched(probability, truth, good, false), truth, good)
    own, own_false = rates(ours, truth, good)
    fewer = (1 - found) / max(1 - same, 1e-9)
    yield Row(
        f"ramps, {what}: hits found at the jump step's false-positive rate of {100 * false:.3f} %",
        f"{100 * same:.2f} % ({fewer:.2f} × fewer misses); own threshold {100 * own:.2f} % at {100 * own_false:.3f} %",
        f"{100 * found:.2f} %", f"≥ {FEWER} × fewer misses", None if quick else bool(fewer >= FEWER),
        {"same": same, "fewer": fewer, "own": own, "own_false": own_false, "jump": found, "false": false},
    )  # fmt: skip
    yield _cores(what, case, ours, peer, quick)
    yield _rate_errors(what, case, ours, ramp, quick)


def _cores(what, case, ours, peer, quick):
    light = case.exposure.truth.rate * case.exposure.group_time / case.noise
    cores = (light > CORE) & ~binary_dilation(case.added > 0.5 * case.noise, np.ones((3, 3, 3))) & case.good
    values = {name: float(mask[cores].mean()) if cores.any() else np.nan for name, mask in (("o", ours), ("p", peer))}
    return Row(
        f"ramps, {what}: differences with S/N > {CORE:g} flagged where nothing hit ({np.count_nonzero(cores)})",
        f"{100 * values['o']:.3f} %", f"{100 * values['p']:.3f} %", f"≤ {100 * CORES:g} %",
        None if quick or not cores.any() else bool(values["o"] <= CORES), {"ours": values["o"], "jump": values["p"]},
    )  # fmt: skip


def _rate_errors(what, case, ours, ramp, quick):
    """Errors of the real ramp_fit in pixels that were hit, with the jump step's flags, ours, and both.

    Without a limit, single bright hits that one of them misses would decide.
    """
    both = ramp.copy()
    both.groupdq[0, 1:][ours] |= np.array(4, both.groupdq.dtype)
    hit = (case.truth & case.good).any(axis=0) & ~case.exposure.readout.reference_pixels
    fitted = {"jump": case.rate(ramp), "ours": case.rate(case.flagged(ours)), "both": case.rate(both)}
    use = hit & np.logical_and.reduce([np.isfinite(rate) for rate in fitted.values()])
    scale = case.noise / (case.exposure.group_time * np.sqrt(len(case.truth)))
    light = case.exposure.truth.rate
    errors = {name: ((rate - light) / scale)[use] for name, rate in fitted.items()}
    rms = {name: float(np.sqrt(np.mean(np.clip(error, -LARGEST, LARGEST) ** 2))) for name, error in errors.items()}
    bias = {name: float(np.mean(np.clip(error, -LARGEST, LARGEST))) for name, error in errors.items()}
    text = {name: f"rms {rms[name]:.2f}, mean {bias[name]:+.2f}" for name in rms}
    return Row(
        f"ramps, {what}: error of the rate in pixels that were hit, in units of a difference's noise over √n, "
        f"at most {LARGEST}",
        f"{text['ours']}; after the jump step {text['both']}", text["jump"], "no larger after it",
        None if quick else bool(rms["both"] <= rms["jump"]), {"rms": rms, "mean": bias},
    )  # fmt: skip


def _two_groups(case):
    truth, good = case.truth, case.good
    network = models.load(SINGLE)
    probability, ours = _probability(case, SingleDifference(network), network.threshold())
    found, false = rates(ours, truth, good)
    looser, _ = rates(matched(probability, truth, good, 0.005), truth, good)
    yield Row(
        "ramps, two groups: hits found in the only difference",
        f"{100 * found:.2f} % at {100 * false:.3f} % false; {100 * looser:.2f} % at 0.5 %",
        "does not run", figures={"own": found, "own_false": false, "looser": looser},
    )  # fmt: skip
    yield _cores("two groups", case, ours, np.zeros_like(ours), True)


def _masks(cases, network):
    """Name -> masks of the cases."""
    masks = {name: [case.jumps(options) for case in cases] for name, options in JUMP_STEPS.items()}
    return {"ours": [_probability(case, network)[1] for case in cases]} | masks


def _parts(cases):
    """Kind of snowball damage -> where it is in each case."""
    around = np.ones((1, 2 * RING + 1, 2 * RING + 1), dtype=bool)
    result = {"halos": [], "rings": [], "rings from the first group on": []}
    for case in cases:
        ring = binary_dilation(case.saturated_before, around)
        early = binary_dilation(case.saturated_before[:1] & np.ones((len(ring), 1, 1), dtype=bool), around)
        damage = case.truth & case.good
        result["halos"].append(damage & ~ring)
        result["rings"].append(damage & ring & ~early)
        result["rings from the first group on"].append(damage & early)
    return result


def _snowballs(cases, network, quick):
    masks = _masks(cases, network)
    false = {
        name: np.mean([rates(mask, case.truth, case.good)[1] for mask, case in zip(found, cases, strict=True)])
        for name, found in masks.items()
    }
    for kind, places in _parts(cases).items():
        area = sum(np.count_nonzero(place) for place in places)
        part = {
            name: sum(np.count_nonzero(m & p) for m, p in zip(found, places, strict=True)) / max(area, 1)
            for name, found in masks.items()
        }
        text = {name: f"{100 * part[name]:.1f} % at {100 * false[name]:.2f} % false" for name in masks}
        yield Row(
            f"ramps, snowballs: {kind}, area above 1.5 σ that is flagged ({area} pixels)", text["ours"],
            "; ".join(f"{name} {text[name]}" for name in JUMP_STEPS), f"≥ {100 * HALO:g} %" if kind == "halos" else "–",
            None if quick or kind != "halos" else bool(part["ours"] >= HALO),
            {"part": part, "false": {name: float(value) for name, value in false.items()}, "area": area},
        )  # fmt: skip


def _showers(cases, network, quick):
    masks = _masks(cases, network)
    number, found = 0, dict.fromkeys(masks, 0)
    area, covered = 0, dict.fromkeys(masks, 0)
    for index, case in enumerate(cases):
        for k, plane in enumerate(case.truth & case.good):
            regions, count = label(plane, np.ones((3, 3)))
            sizes = sum_labels(plane, regions, np.arange(1, count + 1))
            large = 1 + np.flatnonzero(sizes >= SHOWER)
            number, area = number + len(large), area + sizes[large - 1].sum()
            for name, mask in masks.items():
                inside = sum_labels(mask[index][k], regions, large)
                found[name] += int(np.count_nonzero(inside >= PART * sizes[large - 1]))
                covered[name] += inside.sum()
    text = {n: f"{found[n]} of {number}, {100 * covered[n] / max(area, 1):.1f} % of the area" for n in masks}
    yield Row(
        f"ramps, showers: found by {100 * PART:g} % of their area above 1.5 σ", text["ours"],
        "; ".join(f"{name} {text[name]}" for name in JUMP_STEPS), "found",
        None if quick or not number else bool(found["ours"] >= 0.9 * number),
        {"number": number, "found": found, "area": float(area)},
    )  # fmt: skip
