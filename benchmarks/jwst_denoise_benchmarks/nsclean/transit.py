"""A transit of 100 ppm in a BOTS series: depth and scatter of the white light curve."""

import numpy as np

from jwst_denoise import NSCleanStep, simulate
from jwst_denoise_benchmarks.nsclean import peers
from jwst_denoise_benchmarks.nsclean.series import make_series
from jwst_denoise_benchmarks.rows import Row

__all__ = ["transit"]

DEPTH = 1e-4
APERTURE = 5  # rows on either side of the trace


def transit(quick):
    """Rows: change of the fitted depth by the cleaning, and scatter of the light curve."""
    count = 60 if quick else 500
    flat = np.ones(count)
    dip = simulate.transit(np.arange(count), middle=(count - 1) / 2, duration=count / 3, depth=DEPTH)
    biases, scatters, depths = [], [], []
    for seed in range(11, 12 if quick else 15):
        curves = {name: _light_curves(curve, seed) for name, curve in (("with", dip), ("without", flat))}
        depth = {key: {when: _depth(c[when], dip) for when in c} for key, c in curves.items()}
        biases.append((depth["with"]["after"] - depth["without"]["after"] - 1) * DEPTH)
        depths.append({when: depth["with"][when] * DEPTH for when in ("before", "after")})
        scatters.append({when: _scatter(curves["with"][when], dip) for when in ("before", "after")})
    bias = max(abs(b) for b in biases) * 1e6
    before, after = (np.mean([s[when] for s in scatters]) * 1e6 for when in ("before", "after"))
    yield Row(
        f"transit of 100 ppm, {count} integrations of 32 × 512, {len(biases)} noise realizations: bias of the depth "
        "(with minus without transit)",
        f"at most {bias:.2f} ppm", asked="< 10 ppm", met=bias < 10,
        figures={"bias": biases, "depths": depths, "scatter": scatters},
    )  # fmt: skip
    change = max(s["after"] / s["before"] for s in scatters)
    yield Row(
        "the same: scatter of the white light curve", f"cleaned {after:.1f} ppm, at most {change:.3f} of the uncleaned",
        peer=f"uncleaned {before:.1f} ppm", asked="not worse", met=change <= 1, figures={"scatter": scatters},
    )  # fmt: skip


def _light_curves(curve, seed):
    """Box extraction of all columns, before and after the step."""
    model = make_series(curve, np.random.default_rng(seed))
    truth = make_series(np.ones(1), np.random.default_rng(0), noise=False).data[0]
    row = np.argmax(truth, axis=0)
    box = np.abs(np.arange(len(truth))[:, None] - row) <= APERTURE
    with peers.quiet():
        cleaned = NSCleanStep.call(model, configure_log=False)
    extracted = ((when, m.data[:, box].sum(axis=1, dtype=float)) for when, m in (("before", model), ("after", cleaned)))
    return {when: flux / truth[box].sum(dtype=float) for when, flux in extracted}


def _fit(flux, dip):
    """Level, trend and depth in units of the injected one, and the model."""
    time = np.linspace(-1, 1, len(flux))
    design = np.stack([np.ones_like(time), time, dip - 1], axis=1)
    solution = np.linalg.lstsq(design, flux, rcond=None)[0]
    return solution, design @ solution


def _depth(flux, dip):
    return float(_fit(flux, dip)[0][2])


def _scatter(flux, dip):
    return float(np.std(flux - _fit(flux, dip)[1]))
