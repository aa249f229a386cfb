"""How much a denoiser gains on a user's own exposures: held-out ones against the mean of the others, without truth."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage

from jwst_denoise.networks.blocks.errors import KNOTS

__all__ = ["Gain", "calibrate_errors", "compare", "gain_scores", "measure"]

FEWEST = 200  # pixels that give a figure
OUTLIER = 5.0  # of the expected noise, beyond which a difference does not count: cosmic rays that were not found
EVERYWHERE = np.s_[:, :]
BRIGHT = 5.0  # S/N of a pixel of the mean, above which it tells of light that got lost


@dataclass(frozen=True)
class Gain:
    """Differences to the mean of other exposures, which has noise of its own but none in common.

    Parameters
    ----------
    before, after : float
        Rms error of the exposure and of the denoised exposure over the noise that the exposure says it has.
    variance : float
        Ratio of the mean square errors: of how many exposures the mean would be as good.
    light : float
        Sum of bright pixels, denoised over observed, less 1.
    pull : float
        Rms error over the error that the network tells; nan if it tells none.
    local : float
        Rms of the mean of what was taken, in boxes of 9 pixels, over what noise would have there.
    exposures, pixels : int
        How many were compared.
    """

    before: float
    after: float
    variance: float
    light: float
    pull: float
    local: float
    exposures: int
    pixels: int


def compare(network, part, **options):
    """Denoise the held-out exposures and compare them with the mean of the others.

    Parameters
    ----------
    network : ImageDenoise
        In evaluation mode, for single images.
    part : `~jwst_denoise.training.own_exposures.exposure_pairs.Divided`
        Exposures.
    **options
        Of the network's ``denoise``.

    Returns
    -------
    list of dict
        For each held-out exposure the arrays (ny, nx) ``observed``, ``denoised``, ``other`` (the mean), ``noise`` and
        ``noise_of_other``, ``told`` (error by the network; NaN if it tells none) and the mask ``judged``.
    """
    found, exposures = [], part.exposures
    uncertainty = {"uncertainty": network.uncertainties[-1]}
    for number in part.held_out:
        image = exposures.image(number)
        other = exposures.mean(n for n in range(len(exposures)) if n != number)
        result = network.denoise(image, **uncertainty | options)
        light = np.clip(np.nan_to_num(other.rate), 0, None)
        noise = np.sqrt(image.read_noise**2 + image.poisson * light)
        judged = exposures.clean[number] & np.isfinite(other.rate) & (result.network_weight > 0)
        judged &= np.abs(image.rate - other.rate) < OUTLIER * np.hypot(noise, np.sqrt(other.variance))
        arrays = {
            "observed": image.rate, "denoised": result.rate, "other": other.rate, "noise": noise,
            "noise_of_other": np.sqrt(other.variance), "judged": judged,
            "told": np.full(noise.shape, np.nan) if result.err is None else result.err,
        }  # fmt: skip
        found.append(arrays)
    return found


def measure(compared, where=EVERYWHERE):
    """`Gain` of exposures as `compare` gives them, at some of their pixels; None if too few of these can be judged."""
    compared = [{name: array[where] for name, array in one.items()} for one in compared]
    use = np.concatenate([one["judged"].ravel() for one in compared])
    if use.sum() < FEWEST:
        return None
    flat = {name: np.concatenate([one[name].ravel() for one in compared])[use] for name in compared[0]}
    observed, denoised, other, noise = (flat[name] for name in ("observed", "denoised", "other", "noise"))
    reference = np.mean((flat["noise_of_other"] / noise) ** 2)
    before, after = (np.mean(((a - other) / noise) ** 2) - reference for a in (observed, denoised))
    bright = other > np.median(other) + BRIGHT * noise
    light = denoised[bright].sum() / observed[bright].sum() - 1 if bright.sum() >= FEWEST else np.nan
    told = np.mean((denoised - other) ** 2 - flat["noise_of_other"] ** 2) / np.mean(flat["told"] ** 2)
    return Gain(
        _root(before), _root(after), float(before / max(after, 1e-6)), float(light), _root(told), _local(compared),
        len(compared), int(use.sum()),
    )  # fmt: skip


def gain_scores(network, parts):
    """Scores for the card: `Gain` at pixels that nothing was trained with, and at all, of each scene.

    Parameters
    ----------
    network : ImageDenoise
        In evaluation mode; its errors are calibrated.
    parts : sequence of `~jwst_denoise.training.own_exposures.exposure_pairs.Divided`
        Exposures.

    Returns
    -------
    dict
        Name -> metrics.
    """
    scores = {}
    for number, part in enumerate(parts):
        name = part.exposures.setup or f"scene {number}"
        compared = compare(network, part)
        for words, where in (("held-out pixels", part.unseen), ("all pixels", EVERYWHERE)):
            found = measure(compared, where)
            if found is not None:
                scores[f"{name}, {words}"] = {k: v for k, v in vars(found).items() if np.isfinite(v)}
    return scores


@torch.no_grad()
def calibrate_errors(network, parts):
    """Bring the errors that a network tells to those that it makes at held-out pixels.

    Parameters
    ----------
    network : ImageDenoise
        In evaluation mode; changed.
    parts : sequence of `~jwst_denoise.training.own_exposures.exposure_pairs.Divided`
        Exposures.
    """
    factors = {"aleatoric": network.error_factor, "total": network.total_factor}
    for uncertainty in network.uncertainties[1:]:
        factors[uncertainty].fill_(1)
        compared = [
            {name: array[part.unseen] for name, array in one.items()}
            for part in parts
            for one in compare(network, part, uncertainty=uncertainty)
        ]
        flat = [np.concatenate([one[name][one["judged"]] for one in compared]) for name in _ERRORS]
        denoised, other, noise, noise_of_other, told = flat
        nearest = np.abs(np.log(told / noise)[:, None] - np.log(KNOTS)).argmin(axis=1)
        for index in range(len(KNOTS)):
            here = nearest == index
            if here.sum() < FEWEST:
                here = np.full(here.shape, True)
            square = np.mean((denoised - other)[here] ** 2 - noise_of_other[here] ** 2) / np.mean(told[here] ** 2)
            factors[uncertainty][index] = _root(max(square, 0.01))


_ERRORS = ("denoised", "other", "noise", "noise_of_other", "told")


def _local(compared, size=9):
    """Rms mean of what was taken in boxes, in units of what independent noise would have there."""
    means, weights = [], []
    for one in compared:
        use = one["judged"].astype(float)
        taken = np.where(one["judged"], (one["observed"] - one["denoised"]) / one["noise"], 0)
        share = ndimage.uniform_filter(use, size)
        full = share > 0.9
        means.append((ndimage.uniform_filter(taken, size)[full] / share[full]) * size)
        weights.append(taken[one["judged"]].std())
    means = np.concatenate(means)
    return float(np.sqrt(np.mean(means**2)) / np.mean(weights)) if means.size else float("nan")


def _root(square):
    return float(np.sqrt(max(square, 0))) if np.isfinite(square) else float("nan")
