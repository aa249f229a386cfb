"""How often the truth is within the predicted error, and the statistics of the removed noise."""

from functools import lru_cache

import numpy as np
from scipy.special import erfinv

from jwst_denoise.quality import residual_statistics
from jwst_denoise.statistics import robust_sigma
from jwst_denoise_benchmarks.core.inputs import model_directory
from jwst_denoise_benchmarks.core.plots import COLORS, new_figure, save_figure
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.images.scenes import WHITE, Noise, label, network, simulate_scenes, unless_missing
from jwst_denoise_benchmarks.images.truth import views

__all__ = [
    "CASES", "LEVELS", "calibration", "coverage", "coverage_rows", "covered", "draw_calibration", "measure_residual",
    "measured", "pulls", "residual_rows", "residuals",
]  # fmt: skip

#: Model, ratio of exposure times, kind of error.
CASES = (
    ("astro_unet", 2.0, "aleatoric"), ("astro_unet", 5.0, "aleatoric"), ("noise2noise", 2.0, "aleatoric"),
    ("noise2noise-uncertainty", 2.0, "total"),
)  # fmt: skip
NOISES = {"white": WHITE, "correlated": Noise(correlated=True)}
#: Probability of an interval -> target of the fraction within it, and its tolerance.
INTERVALS = {0.68: (0.68, 0.02), 0.95: (0.95, 0.01)}
#: Probabilities of the calibration curve.
LEVELS = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.68, 0.8, 0.9, 0.95, 0.99])
CLASSES = {"all": "all", "blank": "background", "faint": "faint", "bright": "bright"}

RATIO = 5
CLIP = 5.0
#: Statistic of the removed noise -> name, target, and limits.
RESIDUAL = {
    "mean": ("mean", "0 ± 0.01", (-0.01, 0.01)), "width": ("width over that of the noise", "1 ± 0.05", (0.95, 1.05)),
    "local_mean": ("rms of means of boxes over that of white noise", "< 1.2", (0, 1.2)),
    "correlation": ("largest correlation up to 3 pixels", "0 ± 0.05", (-0.05, 0.05)),
    "skewness": ("skewness", "", None), "kurtosis": ("excess kurtosis", "0 ± 0.3", (-0.3, 0.3)),
}  # fmt: skip


def pulls(denoiser, scenes, ratio=2.0, uncertainty="aleatoric", noise=WHITE):
    """Errors over the predicted errors, of all pixels of several scenes, and the signal of each pixel.

    Parameters
    ----------
    denoiser : ImageDenoise
        Network.
    scenes : sequence of Scene
        Scenes.
    ratio : float, optional
        Of exposure times, for networks that depend on it.
    uncertainty : str, optional
        Kind of error.
    noise : Noise, optional
        Of the exposures.

    Returns
    -------
    pulls, signal : ndarray
        (n,) each: (result minus scene) / error; signal above the sky in units of the noise of the input.
    """
    parts, signals = [], []
    for scene in scenes:
        observed, _ = views(scene, 2, noise)
        result = denoiser.denoise(observed, ratio=ratio, uncertainty=uncertainty)
        parts.append(((result.rate - scene.rate) / result.err).ravel())
        sigma = np.sqrt(observed.read_noise**2 + scene.rate / scene.seconds)
        signals.append(((scene.rate - np.percentile(scene.rate, 5)) / sigma).ravel())
    return np.concatenate(parts), np.concatenate(signals)


def covered(pull, levels=LEVELS):
    """Fraction of errors within the central interval of each probability of a Gaussian, an array."""
    return np.array([np.mean(np.abs(pull) < np.sqrt(2) * erfinv(level)) for level in np.atleast_1d(levels)])


def calibration(pull, signal, classes=(0.3, 3.0)):
    """Coverage at 68 % and 95 % of all pixels, and of those of background, faint and bright sources.

    Returns
    -------
    dict
        ``all``, ``blank``, ``faint``, ``bright`` -> list of two.
    """
    masks = {
        "all": np.ones(len(pull), bool), "blank": signal < classes[0],
        "faint": (signal >= classes[0]) & (signal < classes[1]), "bright": signal >= classes[1],
    }  # fmt: skip
    return {name: covered(pull[mask], tuple(INTERVALS)).tolist() for name, mask in masks.items() if mask.any()}


def measured(case, noise, quick):
    """`pulls` of one of `CASES` with one of `NOISES`, once for all rows and figures."""
    return _measured(case, noise, quick, model_directory())


@lru_cache(maxsize=8)
def _measured(case, noise, quick, _directory):
    name, ratio, kind = case
    return pulls(network(name), simulate_scenes(quick), ratio, kind, NOISES[noise])


@unless_missing("Truth within the predicted interval")
def coverage(quick):
    """Rows: how often the truth is within the intervals of 68 % and 95 %, and the calibration curve."""
    for case in CASES:
        for noise in NOISES:
            pull, signal = measured(case, noise, quick)
            curve = {"levels": LEVELS, "covered": covered(pull), "rms": float(pull.std())}
            yield from coverage_rows(f"{label(*case[:2])}, {noise} noise", calibration(pull, signal), curve, quick)


def coverage_rows(configuration, classes, curve, quick=False):
    """Rows of one model and noise, from `calibration`."""
    for index, (level, (target, tolerance)) in enumerate(INTERVALS.items()):
        fractions = {CLASSES[name]: 100 * pair[index] for name, pair in classes.items()}
        yield Row(
            f"Truth within the predicted {100 * level:.0f} % interval", configuration, fractions, {}, "%", form=".1f",
            target=f"{100 * target:.0f} ± {100 * tolerance:.0f}",
            passed=None if quick else bool(abs(classes["all"][index] - target) <= tolerance),
            metrics={"classes": classes} | curve if not index else {},
        )  # fmt: skip


def draw_calibration(path, quick):
    """Fraction of the truth within intervals against their probability."""
    figure, axes = new_figure((11, 5), 1, 2, sharey=True)
    for axis, noise in zip(axes, NOISES, strict=True):
        for case in CASES:
            pull, _ = measured(case, noise, quick)
            axis.plot(LEVELS, covered(pull), "o-", label=f"{label(*case[:2])}, {case[2]}")
        axis.plot([0, 1], [0, 1], ":", color=COLORS["theory"])
        axis.set(xlabel="probability of the interval", title=f"{noise} noise")
    axes[0].set_ylabel("fraction of the pixels within it")
    axes[0].legend()
    save_figure(figure, path)


def measure_residual(denoiser, scenes):
    """Statistics of the removed noise, in units of the noise of each pixel, where the result is the network's.

    Returns
    -------
    dict
        ``mean``, ``width`` (robust), ``local_mean`` (rms of the means of boxes, 1 for white noise), ``correlation``
        (largest at lags to 3 pixels), ``skewness`` and ``kurtosis`` (excess) within 5 sigma; ``noise_width``, the width
        of the noise.
    """
    parts = [_residual(denoiser, scene) for scene in scenes]
    return {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}


def _residual(denoiser, scene):
    observed, _ = views(scene, RATIO)
    result = denoiser.denoise(observed, ratio=float(RATIO), uncertainty="none")
    sigma = np.sqrt(observed.read_noise**2 + scene.rate * observed.poisson)
    removed, usable = (observed.rate - result.rate) / sigma, result.network_weight > 0.99
    statistics = residual_statistics(removed, usable)
    values = removed[usable & (np.abs(removed) < CLIP)].astype(float)
    centered = (values - values.mean()) / values.std()
    noise = (observed.rate - scene.rate)[usable] / sigma[usable]
    return {
        "mean": statistics.mean, "width": statistics.rms, "local_mean": statistics.local_mean,
        "correlation": statistics.correlation, "skewness": np.mean(centered**3), "kurtosis": np.mean(centered**4) - 3,
        "noise_width": robust_sigma(noise, None),
    }  # fmt: skip


@unless_missing("Removed noise, in units of the noise")
def residuals(quick):
    """Rows: statistics of the removed noise."""
    yield from residual_rows("noise2noise", measure_residual(network("noise2noise"), simulate_scenes(quick)), quick)


def residual_rows(model, metrics, quick=False):
    """Rows of one model, from `measure_residual`."""
    values = metrics | {"width": metrics["width"] / metrics["noise_width"]}
    for key, (name, target, limits) in RESIDUAL.items():
        yield Row(
            "Removed noise, in units of the noise", f"{model}, {name}", {"network": values[key]}, form="+.3f",
            target=target, passed=bool(limits[0] < values[key] < limits[1]) if limits and not quick else None,
            metrics=metrics if key == "mean" else {},
        )  # fmt: skip
