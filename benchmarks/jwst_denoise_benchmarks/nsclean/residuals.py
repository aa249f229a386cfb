"""Correlated noise that is left under real IFU masks, and whether the posterior's variance tells it."""

import numpy as np

from jwst_denoise.nsclean import fit
from jwst_denoise_benchmarks.nsclean import peers, scenes
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["ifu", "one_frame"]

TARGETS = {"15 %": 0.88, "36 %": 0.86}
PEERS = ("median", "median by output", "fft")


def ifu(quick):
    """Rows: residual of ``gp`` beside the best of jwst's methods for each mask, on several seeds."""
    masks = [name for name in scenes.MASKS if not quick or name == "NRS1 36 %"]
    for name in masks:
        try:
            yield from _rows(name, 1.0, range(300, 301 if quick else 305))
        except MissingData as error:
            yield skipped(f"correlated noise under the mask {name}", error)
            return
    if not quick:
        for name in ("NRS1 15 %", "NRS2 36 %"):
            yield from _rows(name, 1.4, range(400, 402))


def one_frame(name, slope, seed, true=True):
    """Noise, mask, noise models of jwst and of this package for one simulated frame under a real mask.

    Returns
    -------
    noise : ndarray
        (ny, nx) correlated noise, e-.
    mask : ndarray of bool
        Dark pixels, reference pixels left out.
    models : dict
        Name -> (ny, nx) what the method removes. ``"gp"`` and ``"gp, true statistics"`` are this package's.
    variance : ndarray
        Of ``gp``.
    """
    readout, mask = scenes.ifu_mask(name)
    mask &= ~readout.reference_pixels
    noise, data = scenes.noisy_frame(readout, np.random.default_rng(seed), slope)
    result = fit(data, mask, readout)
    models = {
        "median": peers.median_noise(data, mask, readout),
        "median by output": peers.median_noise(data, mask, readout, by_output=True),
        "fft": peers.fft_noise(data, mask, scenes.MASKS[name][0]),
        "gp": result.noise,
    }
    if true:
        hyper = scenes.hyper_of(scenes.rate_spectrum(slope))
        models["gp, true statistics"] = fit(data, mask, readout, hyper=hyper).noise
    return noise, mask, models, result.variance


def _figures(name, slope, seed):
    """Residual rms of every method on all, dark and science pixels; expectation and pull of ``gp``."""
    noise, mask, models, variance = one_frame(name, slope, seed)
    light = ~scenes.ifu_mask(name)[0].reference_pixels
    regions = {"all": light, "dark": mask, "science": light & ~mask}
    figures = {"seed": seed, "before": {key: _rms(noise[region]) for key, region in regions.items()}}
    for method, model in models.items():
        figures[method] = {key: _rms((noise - model)[region]) for key, region in regions.items()}
    figures["ratio"] = {key: figures["gp"][key] / min(figures[peer][key] for peer in PEERS) for key in regions}
    pull = (noise - models["gp"]) / np.sqrt(variance)
    figures["pull"] = {key: _rms(pull[region]) for key, region in regions.items()}
    figures["expected"] = {key: float(np.sqrt(variance[region].mean())) for key, region in regions.items()}
    return figures


def _rms(values):
    return float(values.std(dtype=np.float64))


def _rows(name, slope, seeds):
    runs = [_figures(name, slope, seed) for seed in seeds]
    target = TARGETS[name[-4:]]
    mean = {method: np.mean([run[method]["all"] for run in runs]) for method in ("before", *PEERS, "gp")}
    worst = {key: max(run["ratio"][key] for run in runs) for key in ("all", "science", "dark")}
    what = f"1/f noise of slope {slope:g} under the IFU mask {name}"
    judged = slope == 1
    yield Row(
        f"{what}: residual of {mean['before']:.2f} e- rms, {len(runs)} seeds",
        f"gp {mean['gp']:.3f}; of the best at most {worst['all']:.3f}, science pixels {worst['science']:.3f}, "
        f"dark pixels {worst['dark']:.3f}",
        "jwst " + ", ".join(f"{peer} {mean[peer]:.3f}" for peer in PEERS),
        f"≤ {target} of the best on every seed, science pixels too" if judged else "–",
        max(worst.values()) <= target if judged else None, {"seeds": runs},
    )  # fmt: skip
    ratios = [run["gp"]["all"] / run["expected"]["all"] for run in runs]
    limit = [run["gp"]["all"] / run["gp, true statistics"]["all"] for run in runs]
    yield Row(
        f"{what}: residual over what the posterior expects",
        f"{min(ratios):.3f} – {max(ratios):.3f}; over the fit with the true statistics {max(limit):.4f}",
        asked="0.97 – 1.03" if judged else "–",
        met=max(abs(r - 1) for r in ratios) <= 0.03 and max(limit) <= 1.03 if judged else None,
        figures={"ratios": ratios, "limit": limit},
    )  # fmt: skip
    pulls = {key: [run["pull"][key] for run in runs] for key in ("all", "dark", "science")}
    yield Row(
        f"{what}: pull of the posterior",
        "; ".join(f"{key} {min(v):.3f} – {max(v):.3f}" for key, v in pulls.items()),
        asked="0.95 – 1.05", met=all(0.95 <= v <= 1.05 for values in pulls.values() for v in values), figures=pulls,
    )  # fmt: skip
