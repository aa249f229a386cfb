"""Cosmic rays in ramps beside the jump step of the pipeline, on the same simulated exposures."""

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation, label, sum_labels

from jwst_denoise import crds_cache, products, simulate
from jwst_denoise.cosmic_ray_mask.images import Options
from jwst_denoise.cosmic_ray_mask.ramps import SingleDifference, mask_integration
from jwst_denoise.cosmic_ray_mask.veto import star_templates
from jwst_denoise.demo.pipeline import run_pipeline
from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, SATURATED
from jwst_denoise.simulate import CosmicRayParameters
from jwst_denoise.simulate.bias import dark_rate
from jwst_denoise.simulate.response import couple
from jwst_denoise_benchmarks.core.inputs import MissingInput, load_model, quiet, seeded
from jwst_denoise_benchmarks.core.rows import Row, skipped

__all__ = [
    "RampCase", "core_row", "detection_rows", "ramps", "rate_error_rows", "shower_rows", "snowball_rows",
    "two_group_rows",
]  # fmt: skip

DETECTOR = "NRCB1"
MODEL = "cosmic_ray_mask-ramp"
SINGLE = "cosmic_ray_mask-2-32"  # for two groups
#: Name -> parameters of the jump step.
JUMP_STEPS = {"jump step": {}, "with snowball flagging": {"expand_large_events": True}}
FEWER, HALO, CORES, SHOWERS_DETECTED = 1.3, 0.95, 1e-3, 0.9  # targets
RATE = 0.005  # false-positive rate of the operating point that the step uses for ramps
LARGEST = 50  # larger errors of a rate are clipped
RING = 8  # pixels around a core in which its ring is
SHOWER, PART = 60, 0.5  # pixels of a shower, and the flagged fraction from which on it is detected
CORE = 20.0  # S/N of a difference in the core of a star
PLAIN = {"snowball_rate": 0.0, "shower_rate": 0.0}
ALL = {"flux": 25.0, "snowball_rate": 0.15, "shower_rate": 0.0025}  # the proportions of flight, five times as often
SNOWBALLS = {"flux": 0.0, "snowball_rate": 1.5, "shower_rate": 0.0}
SHOWERS = {"flux": 0.0, "snowball_rate": 0.0, "shower_rate": 3.0}

#: Configuration -> (scene, read pattern, groups) and cosmic rays.
HITS = {
    "galaxies, 10 groups, with snowballs": ("field", "BRIGHT1", 10, ALL),
    "cluster, 10 groups, with snowballs": ("cluster", "BRIGHT1", 10, ALL),
    "galaxies, 5 groups, with snowballs": ("field", "BRIGHT1", 5, ALL),
    "galaxies, 20 groups, tracks": ("field", "BRIGHT1", 20, PLAIN),
    "cluster, 10 groups, tracks": ("cluster", "BRIGHT1", 10, PLAIN),
    "galaxies, 8 groups of 8 frames, tracks": ("field", "MEDIUM8", 8, PLAIN),
}
DETECTED = "Hits in ramps detected at the false-positive rate of the jump step"


@dataclass(frozen=True, eq=False)
class RampCase:
    """One integration whose truth is known.

    Parameters
    ----------
    exposure : jwst_denoise.simulate.Exposure
        As simulated.
    model : RampModel
        After dark subtraction.
    added : ndarray
        (ngroups - 1, ny, nx) e-: charge of cosmic rays in the differences.
    noise : ndarray
        (ny, nx) e- rms of a difference without them.
    """

    exposure: simulate.Exposure
    model: object
    added: np.ndarray
    noise: np.ndarray

    @property
    def truth(self):
        """(ngroups - 1, ny, nx): differences with more than 1.5σ of cosmic rays."""
        return self.added > 1.5 * self.noise

    @property
    def good(self):
        """(ngroups - 1, ny, nx): differences of groups that are neither bad nor saturated."""
        flags = (self.model.groupdq[0] | (self.model.pixeldq & DO_NOT_USE).astype(np.uint8)) & (DO_NOT_USE | SATURATED)
        active = ~self.exposure.readout.reference_pixels
        return (flags[1:] == 0) & (flags[:-1] == 0) & active

    @property
    def saturated_before(self):
        """(ngroups - 1, ny, nx): saturated at the start of a difference."""
        return (self.model.groupdq[0, :-1] & SATURATED) != 0

    def after_jump(self, options):
        """Ramp after the jump step of jwst."""
        from jwst.jump import JumpStep

        with quiet():
            return JumpStep.call(self.model, configure_log=False, **options)

    def with_jumps(self, flags):
        """Ramp with the flags (ngroups - 1, ny, nx) as jumps."""
        ramp = self.model.copy()
        ramp.groupdq[0, 1:][flags] |= np.array(JUMP_DET, ramp.groupdq.dtype)
        ramp.meta.cal_step.jump = "COMPLETE"
        return ramp

    def fit(self, ramp):
        """Rate of a ramp by jwst's ramp_fit in e- / s, NaN where it gives none."""
        from jwst.ramp_fitting import RampFitStep

        with quiet():
            fitted = RampFitStep.call(ramp, configure_log=False)[0]
        return np.where(fitted.dq & DO_NOT_USE, np.nan, fitted.data * self.exposure.detector.gain)


def jumps_of(ramp):
    """Jumps of the only integration of a ramp, (ngroups - 1, ny, nx)."""
    return (ramp.groupdq[0, 1:] & JUMP_DET) != 0


@contextlib.contextmanager
def _simulator(quick):
    """Function (scene, pattern, number of groups, hits, seed) -> `RampCase`, with an offline CRDS cache in use.

    A small subarray is read fast, so it gets more hits.
    """
    subarray, factor = ("SUB160", 30.0) if quick else ("SUB640", 1.0)
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        crds_cache.build_cache(folder / "crds", detectors=[DETECTOR])

        def simulate_case(scene, pattern, ngroups, hits, seed):
            parameters = {name: value * factor for name, value in ({"flux": 5.0} | hits).items()}
            return _case(folder, scene, subarray, pattern, ngroups, CosmicRayParameters(**parameters), seed)

        with crds_cache.activated(folder / "crds"):
            yield simulate_case


def _case(folder, scene, subarray, pattern, ngroups, hits, seed):
    rng = seeded(20, seed)
    rate, observation = simulate.scene(scene, simulate.detector(DETECTOR), rng, subarray_name=subarray)
    exposure = simulate.simulate_exposure(
        rate, DETECTOR, None, pattern, ngroups, 1, rng, observation=observation, hits=hits
    )
    name = f"case{seed}"
    uncal = products.write_products(exposure, folder, name)["uncal"]
    steps = {"dark_current": {"save_results": True, "output_dir": str(folder)}, "jump": {"skip": True}}
    run_pipeline("calwebb_detector1", uncal, folder, folder / "log", steps=steps)
    return RampCase(exposure, _read(next(folder.glob(f"{name}_dark*.fits"))), *_truth(exposure))


def _read(path):
    from stdatamodels.jwst import datamodels

    with datamodels.RampModel(path) as model:
        return model.copy()


def _truth(exposure):
    """Charge of cosmic rays in the differences, and the noise of differences without them."""
    detector, noise = exposure.detector, exposure.noise
    added = exposure.truth.cosmic_ray_differences(0)
    dark = dark_rate(detector, exposure.readout.shape, exposure.observation.corner)
    signal = (exposure.truth.rate + dark) * exposure.group_time
    variance = noise.difference_variance + couple(signal, detector.ipc) * noise.poisson_fraction
    return np.stack([couple(plane, detector.ipc) for plane in added]), np.sqrt(variance)


def ramps(quick):
    """Rows: hits, snowballs, rings and showers, cores of stars, two groups, and the resulting rates."""
    try:
        network, single = load_model(MODEL), load_model(SINGLE)
    except MissingInput as error:
        yield skipped(DETECTED, "all exposures", error, unit="%")
        return
    with _simulator(quick) as simulate_case:
        for number, (configuration, parameters) in enumerate(HITS.items()):
            yield from _hits(configuration, simulate_case(*parameters, number), network, quick)
            if quick:
                break
        yield from _two_groups(simulate_case("field", "BRIGHT1", 2, PLAIN, 20), single)
        count = 1 if quick else 4
        cases = [simulate_case("field", "BRIGHT1", 8, SNOWBALLS, 30 + number) for number in range(count)]
        yield from _snowballs(cases, network, quick)
        count = 1 if quick else 3
        cases = [simulate_case("field", "BRIGHT1", 10, SHOWERS, 40 + number) for number in range(count)]
        yield from _showers(cases, network, quick)


def _mask(case, network, threshold=None):
    """Probabilities (ngroups - 1, ny, nx) of a case, and the mask at the threshold of the model."""
    options = Options(threshold or network.threshold(RATE), protected=(star_templates("NIRCAM_SW", "F200W"),))
    flagged, probability = mask_integration(
        case.model.data[0], case.model.groupdq[0], network, case.exposure.noise, options, case.model.pixeldq
    )
    return probability[1:], flagged[1:]


def _rates(flagged, case):
    """True-positive and false-positive rate."""
    return float(flagged[case.truth & case.good].mean()), float(flagged[~case.truth & case.good].mean())


def _mask_at(probability, case, rate):
    """Mask with a given false-positive rate."""
    return probability > np.quantile(probability[~case.truth & case.good], 1 - rate)


def _hits(configuration, case, network, quick):
    """Rows of one exposure."""
    ramp = case.after_jump({})
    jump = jumps_of(ramp)
    probability, mask = _mask(case, network)
    detected, false = _rates(jump, case)
    same, _ = _rates(_mask_at(probability, case, false), case)
    at_threshold, threshold_false = _rates(mask, case)
    metrics = {
        "same": same, "fewer": (1 - detected) / max(1 - same, 1e-9), "own": at_threshold,
        "own_false": threshold_false, "jump": detected, "false": false,
    }  # fmt: skip
    yield from detection_rows(configuration, metrics, quick)
    yield core_row(configuration, *_core_fractions(case, mask, jump), quick)
    yield from rate_error_rows(configuration, *_rate_errors(case, mask, ramp), quick)


def detection_rows(configuration, metrics, quick=False):
    """Rows of one exposure: rates at the false-positive rate of the jump step and at the threshold of the model."""
    percent = {"unit": "%", "form": ".2f"}
    yield Row(
        DETECTED, configuration, {"network": 100 * metrics["same"]}, {"jump step": 100 * metrics["jump"]},
        metrics=metrics, **percent,
    )  # fmt: skip
    yield Row(
        "Misses of the jump step over those of the network at that rate", configuration, {"ratio": metrics["fewer"]},
        target=f"≥ {FEWER}", passed=None if quick else bool(metrics["fewer"] >= FEWER),
    )  # fmt: skip
    yield Row(
        "Hits in ramps detected at the threshold of the model", configuration,
        {"network": 100 * metrics["own"]}, {"jump step": 100 * metrics["jump"]}, **percent,
    )  # fmt: skip
    yield Row(
        "False positives in ramps", configuration, {"network": 100 * metrics["own_false"]},
        {"jump step": 100 * metrics["false"]}, "%", form=".3f",
    )  # fmt: skip


def _core_fractions(case, mask, jump):
    """Fractions of unaffected differences in cores of stars that are flagged, and their number."""
    ratio = case.exposure.truth.rate * case.exposure.group_time / case.noise
    cores = (ratio > CORE) & ~binary_dilation(case.added > 0.5 * case.noise, np.ones((3, 3, 3))) & case.good
    return *(float(m[cores].mean()) if cores.any() else np.nan for m in (mask, jump)), int(np.count_nonzero(cores))


def core_row(configuration, network, jump, number, quick=False):
    """Row of one exposure, from the fractions that are flagged and the number of differences."""
    return Row(
        f"Differences with S/N > {CORE:g} flagged without a hit", f"{configuration}: {number} differences",
        {"network": 100 * network}, {"jump step": 100 * jump}, "%", form=".3f", target=f"≤ {100 * CORES:g}",
        passed=None if quick or not number else bool(network <= CORES),
    )  # fmt: skip


def _rate_errors(case, mask, ramp):
    """Errors, rms and mean, of jwst's ramp_fit in hit pixels, with the jump step's flags, the network's, and both.

    The errors are clipped, since otherwise a few bright hits would dominate.
    """
    both = ramp.copy()
    both.groupdq[0, 1:][mask] |= np.array(JUMP_DET, both.groupdq.dtype)
    hit = (case.truth & case.good).any(axis=0) & ~case.exposure.readout.reference_pixels
    fitted = {"jump": case.fit(ramp), "network": case.fit(case.with_jumps(mask)), "both": case.fit(both)}
    use = hit & np.logical_and.reduce([np.isfinite(rate) for rate in fitted.values()])
    scale = case.noise / (case.exposure.group_time * np.sqrt(len(case.truth)))
    truth = case.exposure.truth.rate
    errors = {name: np.clip(((rate - truth) / scale)[use], -LARGEST, LARGEST) for name, rate in fitted.items()}
    rms = {name: float(np.sqrt(np.mean(error**2))) for name, error in errors.items()}
    return rms, {name: float(np.mean(error)) for name, error in errors.items()}


def rate_error_rows(configuration, rms, mean, quick=False):
    """Rows of one exposure: ``both``, ``network`` and ``jump`` -> error in units of the noise of a difference / √n."""
    passed = None if quick else bool(rms["both"] <= rms["jump"])
    for name, errors, form in (("rms", rms, ".2f"), ("Mean", mean, "+.2f")):
        yield Row(
            f"{name} error of the rate in hit pixels, in units of the noise of a difference over √n", configuration,
            {"network after jump step": errors["both"], "network": errors["network"]}, {"jump step": errors["jump"]},
            form=form, target="≤ reference" if name == "rms" else "", passed=passed if name == "rms" else None,
        )  # fmt: skip


def _two_groups(case, network):
    probability, mask = _mask(case, SingleDifference(network), network.threshold())
    detected, false = _rates(mask, case)
    looser, _ = _rates(_mask_at(probability, case, RATE), case)
    yield from two_group_rows({"own": detected, "own_false": false, "looser": looser})
    yield core_row("two groups", *_core_fractions(case, mask, np.zeros_like(mask)), quick=True)


def two_group_rows(metrics):
    """Row on an exposure of two groups, on which the jump step does not run."""
    columns = {"at the threshold": "own", "false positives": "own_false", f"at {100 * RATE:g} % false": "looser"}
    result = {name: 100 * metrics[key] for name, key in columns.items()}
    yield Row("Hits in the only difference of two groups detected", "galaxies, tracks", result, unit="%", form=".2f")


def _masks(cases, network):
    """Name -> masks of the cases."""
    masks = {name: [jumps_of(case.after_jump(options)) for case in cases] for name, options in JUMP_STEPS.items()}
    return {"network": [_mask(case, network)[1] for case in cases]} | masks


def _parts(cases):
    """Part of a snowball -> its location in each case."""
    around = np.ones((1, 2 * RING + 1, 2 * RING + 1), dtype=bool)
    parts = {"halos": [], "rings": [], "rings from the first group on": []}
    for case in cases:
        ring = binary_dilation(case.saturated_before, around)
        early = binary_dilation(case.saturated_before[:1] & np.ones((len(ring), 1, 1), dtype=bool), around)
        damage = case.truth & case.good
        parts["halos"].append(damage & ~ring)
        parts["rings"].append(damage & ring & ~early)
        parts["rings from the first group on"].append(damage & early)
    return parts


def _snowballs(cases, network, quick):
    masks = _masks(cases, network)
    false = {
        name: float(np.mean([_rates(mask, case)[1] for mask, case in zip(method, cases, strict=True)]))
        for name, method in masks.items()
    }
    for part, places in _parts(cases).items():
        area = sum(np.count_nonzero(place) for place in places)
        flagged = {
            name: sum(np.count_nonzero(m & p) for m, p in zip(method, places, strict=True)) / max(area, 1)
            for name, method in masks.items()
        }
        yield from snowball_rows(part, area, flagged, false, quick)


def snowball_rows(part, area, flagged, false, quick=False):
    """Rows of one part of the snowballs: method -> fraction of the area that is flagged, and of false positives."""
    tested = part == "halos"
    yield Row(
        "Area of snowballs above 1.5 σ that is flagged", f"{part}, {area} pixels", *_percent(flagged), "%", form=".1f",
        target=f"≥ {100 * HALO:g}" if tested else "",
        passed=bool(flagged["network"] >= HALO) if tested and not quick else None,
    )  # fmt: skip
    if tested:
        yield Row("False positives beside snowballs", "all snowballs", *_percent(false), "%", form=".2f")


def _percent(fractions):
    """Result and reference of a row, in percent."""
    values = {name: 100 * value for name, value in fractions.items()}
    return {"network": values.pop("network")}, values


def _showers(cases, network, quick):
    masks = _masks(cases, network)
    number, detected = 0, dict.fromkeys(masks, 0)
    area, covered = 0, dict.fromkeys(masks, 0)
    for index, case in enumerate(cases):
        for k, plane in enumerate(case.truth & case.good):
            regions, count = label(plane, np.ones((3, 3)))
            sizes = sum_labels(plane, regions, np.arange(1, count + 1))
            large = 1 + np.flatnonzero(sizes >= SHOWER)
            number, area = number + len(large), area + sizes[large - 1].sum()
            for name, mask in masks.items():
                inside = sum_labels(mask[index][k], regions, large)
                detected[name] += int(np.count_nonzero(inside >= PART * sizes[large - 1]))
                covered[name] += inside.sum()
    yield from shower_rows(number, detected, {name: float(c / max(area, 1)) for name, c in covered.items()}, quick)


def shower_rows(number, detected, covered, quick=False):
    """Rows on ``number`` showers: method -> number that is detected, and fraction of the area that is flagged."""
    configuration = f"{number} showers"
    yield Row(
        f"Showers detected: {100 * PART:g} % of their area above 1.5 σ flagged", configuration,
        {"network": detected["network"]}, {name: detected[name] for name in JUMP_STEPS},
        target=f"≥ {SHOWERS_DETECTED * number:.0f}",
        passed=None if quick or not number else bool(detected["network"] >= SHOWERS_DETECTED * number),
    )  # fmt: skip
    yield Row("Area of showers that is flagged", configuration, *_percent(covered), "%", form=".1f")
