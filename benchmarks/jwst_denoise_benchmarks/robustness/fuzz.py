"""Rows: awkward exposures through every step."""

import tempfile
from collections import Counter

import numpy as np

from jwst_denoise_benchmarks.robustness.choices import STEPS, draw
from jwst_denoise_benchmarks.robustness.trials import quiet, try_case
from jwst_denoise_benchmarks.rows import Row

__all__ = ["fuzz", "measure"]

CASES, FEW = 500, 8  # of each step
SEED = 20261
SHOWN = 5


def measure(step, count, seed=SEED):
    """Cases of one step.

    Parameters
    ----------
    step : str
        One of `STEPS`.
    count : int
        Cases.
    seed : int, optional
        Of the random numbers.

    Returns
    -------
    dict
        ``tried``, how often each ``status`` came, ``crashes``, ``changed`` inputs, ``wrong`` results, numpy's
        ``warnings``, and ``worst``: some cases that went wrong, in words.
    """
    rng = np.random.default_rng([seed, STEPS.index(step)])
    counts, status, worst = Counter(), Counter(), []
    with tempfile.TemporaryDirectory() as directory, quiet(directory):
        for _ in range(count):
            case = draw(rng, step)
            found = try_case(case)
            status[found.status] += 1
            kinds = {"crashes": found.crash, "changed": found.changed, "wrong": found.wrong, "warnings": found.warned}
            counts.update({kind: bool(value) for kind, value in kinds.items()})
            if not found.good and len(worst) < SHOWN:
                worst.append(f"{case}: {[value for value in kinds.values() if value]}")
    return {"tried": count, "status": dict(status), **counts, "worst": worst}


def fuzz(quick):
    """Rows: every step, and all together."""
    count, total = FEW if quick else CASES, Counter()
    for step in STEPS:
        found = measure(step, count)
        total.update({name: value for name, value in found.items() if isinstance(value, int)})
        yield Row(
            f"{step}: awkward exposures", _said(found), asked="0 crashes, 0 changes", met=_good(found), figures=found
        )
    yield Row(
        "all steps: awkward exposures", _said(total), asked="≥ 2000 tried, 0 crashes, 0 changes",
        met=None if quick else _good(total) and total["tried"] >= 2000, figures=dict(total),
    )  # fmt: skip


def _good(found):
    return not (found["crashes"] or found["changed"] or found["wrong"])


def _said(found):
    complete = f", {found['status'].get('COMPLETE', 0)} of them COMPLETE" if "status" in found else ""
    return (
        f"{found['tried']} tried{complete}; {found['crashes']} crashes; {found['changed']} inputs changed; "
        f"{found['wrong']} results with other violations; {found['warnings']} with warnings of numpy"
    )
