"""Gain of a denoiser on a user's own exposures: held-out ones compared with the mean of the others, without truth."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from scipy import ndimage

from jwst_denoise.networks.blocks.errors import set_error_factors

__all__ = ["Gain", "calibrate_on_exposures", "compare_with_mean", "gain_scores", "measure_gain"]

FEWEST = 200  # pixels from which a number is measured
OUTLIER = 5.0  # standard deviations, beyond which a difference is ignored as an undetected cosmic ray
BRIGHT = 5.0  # S/N of a pixel of the mean, above which it counts in the change of flux
BOX = 9  # pixels, edge of the boxes of the local mean
WHOLE_IMAGE = np.s_[:, :]


@dataclass(frozen=True)
class Gain:
    """Differences from the mean of other exposures, whose noise is independent.

    Parameters
    ----------
    before, after : float
        Rms error of the exposure and of the denoised exposure over the noise stated by the exposure.
    variance : float
        Ratio of the mean square errors: the number of exposures whose mean would be as good.
    flux : float
        Relative change of the flux of bright pixels.
    pull : float
        Rms error over the predicted error; nan if the network predicts none.
    local : float
        Rms of the mean of the removed noise in boxes of 9 pixels, over that of independent noise.
    exposures, pixels : int
        Number of exposures and pixels.
    """

    before: float
    after: float
    variance: float
    flux: float
    pull: float
    local: float
    exposures: int
    pixels: int


def compare_with_mean(network, part, **options):
    """Denoise the held-out exposures and compare them with the mean of the others.

    Parameters
    ----------
    network : ImageDenoise
        In evaluation mode, for single images.
    part : `~jwst_denoise.training.own_exposures.repeated.DividedExposures`
        Exposures.
    **options
        Options of the network's ``denoise``.

    Returns
    -------
    list of dict
        For each held-out exposure the arrays (ny, nx) ``observed``, ``denoised``, ``other`` (the mean), ``noise``,
        ``noise_of_other``, ``predicted`` (error by the network; NaN if it predicts none) and the mask ``usable`` of the
        pixels that count.
    """
    comparisons, exposures = [], part.exposures
    uncertainty = {"uncertainty": network.uncertainties[-1]}
    for number in part.held_out:
        image = exposures.image(number)
        other = exposures.mean(n for n in range(len(exposures)) if n != number)
        result = network.denoise(image, **uncertainty | options)
        noise = np.sqrt(image.read_noise**2 + image.poisson * np.clip(np.nan_to_num(other.rate), 0, None))
        usable = exposures.clean[number] & np.isfinite(other.rate) & (result.network_weight > 0)
        usable &= np.abs(image.rate - other.rate) < OUTLIER * np.hypot(noise, np.sqrt(other.variance))
        comparisons.append(
            {
                "observed": image.rate, "denoised": result.rate, "other": other.rate, "noise": noise,
                "noise_of_other": np.sqrt(other.variance), "usable": usable,
                "predicted": np.full(noise.shape, np.nan) if result.err is None else result.err,
            }
        )  # fmt: skip
    return comparisons


def measure_gain(comparisons, area=WHOLE_IMAGE):
    """`Gain` in an area of exposures compared by `compare_with_mean`; None if too few of its pixels are usable."""
    comparisons = _cut(comparisons, area)
    flat = _flatten(comparisons)
    observed, denoised, other, noise = (flat[name] for name in ("observed", "denoised", "other", "noise"))
    if len(observed) < FEWEST:
        return None
    reference = np.mean((flat["noise_of_other"] / noise) ** 2)
    before, after = (np.mean(((a - other) / noise) ** 2) - reference for a in (observed, denoised))
    bright = other > np.median(other) + BRIGHT * noise
    flux = denoised[bright].sum() / observed[bright].sum() - 1 if bright.sum() >= FEWEST else np.nan
    pull = _root(_square_pull(flat, np.ones(len(observed), dtype=bool)))
    return Gain(
        _root(before), _root(after), float(before / max(after, 1e-6)), float(flux), pull, _local_mean(comparisons),
        len(comparisons), len(observed),
    )  # fmt: skip


def gain_scores(network, parts):
    """Scores for the card: `Gain` of each scene in the held-out area and in the whole image.

    Parameters
    ----------
    network : ImageDenoise
        In evaluation mode, with calibrated errors.
    parts : sequence of `~jwst_denoise.training.own_exposures.repeated.DividedExposures`
        Exposures.

    Returns
    -------
    dict
        Name -> metrics.
    """
    scores = {}
    for number, part in enumerate(parts):
        name = part.exposures.setup or f"scene {number}"
        comparisons = compare_with_mean(network, part)
        for words, area in (("held-out pixels", part.held_out_area), ("all pixels", WHOLE_IMAGE)):
            gain = measure_gain(comparisons, area)
            if gain is not None:
                scores[f"{name}, {words}"] = {k: v for k, v in vars(gain).items() if np.isfinite(v)}
    return scores


@torch.no_grad()
def calibrate_on_exposures(network, parts):
    """Set the error factors of a network to the errors that it makes at held-out pixels.

    Parameters
    ----------
    network : ImageDenoise
        In evaluation mode; changed.
    parts : sequence of `~jwst_denoise.training.own_exposures.repeated.DividedExposures`
        Exposures.
    """
    factors = {"aleatoric": network.error_factor, "total": network.total_factor}
    for uncertainty in network.uncertainties[1:]:
        factors[uncertainty].fill_(1)
        comparisons = []
        for part in parts:
            comparisons += _cut(compare_with_mean(network, part, uncertainty=uncertainty), part.held_out_area)
        flat = _flatten(comparisons)
        set_error_factors(factors[uncertainty], flat["predicted"] / flat["noise"], partial(_pull, flat))


def _cut(comparisons, area):
    return [{name: array[area] for name, array in one.items()} for one in comparisons]


def _flatten(comparisons):
    """Arrays (n,) of the usable pixels of all comparisons, by name."""
    return {name: np.concatenate([one[name][one["usable"]] for one in comparisons]) for name in comparisons[0]}


def _square_pull(flat, chosen):
    """Mean square error, minus that of the mean of the other exposures, over the mean square of the prediction."""
    denoised, other, noise_of_other, predicted = (
        flat[name][chosen] for name in ("denoised", "other", "noise_of_other", "predicted")
    )
    return np.mean((denoised - other) ** 2 - noise_of_other**2) / np.mean(predicted**2)


def _pull(flat, chosen):
    """Ratio of actual to predicted errors of some pixels, or of all if there are too few."""
    chosen = chosen if chosen.sum() >= FEWEST else np.ones_like(chosen)
    return _root(max(_square_pull(flat, chosen), 0.01))


def _local_mean(comparisons):
    """Rms mean of the removed noise in boxes, in units of that of independent noise."""
    means, rms = [], []
    for one in comparisons:
        removed = np.where(one["usable"], (one["observed"] - one["denoised"]) / one["noise"], 0)
        coverage = ndimage.uniform_filter(one["usable"].astype(float), BOX)
        full = coverage > 0.9
        means.append((ndimage.uniform_filter(removed, BOX)[full] / coverage[full]) * BOX)
        rms.append(removed[one["usable"]].std())
    means = np.concatenate(means)
    return float(np.sqrt(np.mean(means**2)) / np.mean(rms)) if means.size else float("nan")


def _root(square):
    return float(np.sqrt(max(square, 0))) if np.isfinite(square) else float("nan")
