"""Noise of simulated NIRPS ramps beside the paper's, and how it falls with the number of reads."""

from functools import lru_cache

import numpy as np

from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.ramps import nirps
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["exponent", "fall", "noise", "reads"]

#: The paper's darks: rms of read-to-read differences, before and after reference pixels, and of the fit.
PAPER = {"raw": 28.0, "corrected": 17.0, "fit": 6.1}
TOLERANCE = 0.15
PLATEAU = 1.25  # the fit's noise over that of white noise, with all reads


def rms(values):
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values, dtype=float))))


@lru_cache(maxsize=4)
def fall(source, quick, directory=None):
    """Errors in e- at each number of reads: of the fit, of the network, and by the paper's appendix.

    Parameters
    ----------
    source : str
        As of `nirps.band`.
    quick : bool
        Small case.
    directory : str, optional
        Where models are, so that results of others are not returned.

    Returns
    -------
    dict
        ``reads``, ``fit``, ``appendix``, and ``network`` where there is a model: lists.
    """
    band = nirps.band(source, 0, 0, quick)
    numbers, good = nirps.numbers_of(quick), band.good
    sigma = np.median(nirps.differences(quick)["corrected"]) / np.sqrt(2)
    result = {
        "reads": list(numbers),
        "fit": [rms((band.fitted(n) - band.flux(n))[good]) for n in numbers],
        "appendix": [float(nirps.appendix(sigma, n)) for n in numbers],
    }
    if model := models.available((nirps.MODEL,)).get(nirps.MODEL):
        result["network"] = [rms((band.denoised(n, model) - band.flux(n))[good]) for n in numbers]
    return result


def noise(quick):
    """Rows: differences of reads, noise of the fit, and its plateau."""
    found = fall("dark", quick, models.directory())
    seen = nirps.differences(quick) | {"fit": [found["fit"][-1]]}
    names = {
        "raw": "rms of read-to-read differences",
        "corrected": "the same after the correction by reference pixels",
        "fit": f"noise of the fit of {nirps.reads_of(quick)} reads",
    }
    for key, name in names.items():
        value, low, high = (float(f(seen[key])) for f in (np.median, min, max))
        spread = f", median of {len(seen[key])} from {low:.1f} to {high:.1f}" if len(seen[key]) > 1 else ""
        yield Row(
            f"NIRPS, simulated darks: {name}", f"{value:.1f} e-{spread}", peer=f"paper {PAPER[key]:g} e-",
            asked=f"the paper's to {100 * TOLERANCE:g} %",
            met=None if quick else abs(value / PAPER[key] - 1) <= TOLERANCE, figures={"values": seen[key]},
        )  # fmt: skip
    over = [fit / white for fit, white in zip(found["fit"], found["appendix"], strict=True)]
    yield Row(
        f"NIRPS, simulated darks: noise of the fit of {_listed(found['reads'])} reads",
        f"{_listed(found['fit'], '.1f')} e-: × {over[-1]:.2f} of white noise at the end",
        peer=f"white noise (appendix A) {_listed(found['appendix'], '.1f')} e-",
        asked=f"a plateau as in figure 1: ≥ {PLATEAU:g} × white noise",
        met=None if quick else over[-1] >= PLATEAU, figures=found,
    )  # fmt: skip


def reads(quick):
    """Row: error of the network's image against the number of reads."""
    what = f"NIRPS, star: error of the image with {_listed(nirps.numbers_of(quick))} reads"
    try:
        models.load(nirps.MODEL)
    except MissingData as error:
        yield skipped(what, error)
        return
    found = fall("star", quick, models.directory())
    below = all(ours < white for ours, white in zip(found["network"], found["appendix"], strict=True))
    ours, fit = (exponent(found["reads"], found[name]) for name in ("network", "fit"))
    yield Row(
        what, f"{_listed(found['network'], '.2f')} e-; error of the rate ∝ N^{ours:.2f}",
        f"fit {_listed(found['fit'], '.1f')} e-, ∝ N^{fit:.2f}; white noise {_listed(found['appendix'], '.1f')} e-",
        "below the fit of white noise at every number, rate falling faster than 1/√N",
        None if quick else bool(below and ours < -0.5), {**found, "exponents": {"network": ours, "fit": fit}},
    )  # fmt: skip


def exponent(numbers, errors):
    """Exponent of the error of the rate against the number of reads, by a straight line of the logarithms.

    Parameters
    ----------
    numbers : sequence of int
        Reads.
    errors : sequence of float
        Of the flux in the time of the reads, e-.
    """
    rate = np.log(errors) - np.log(np.asarray(numbers) - 1)
    return float(np.polyfit(np.log(numbers), rate, 1)[0])


def _listed(values, form=""):
    return ", ".join(f"{value:{form}}" for value in values)
