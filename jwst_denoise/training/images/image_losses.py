"""Losses of the denoisers of images."""

import torch

from jwst_denoise.networks.blocks.scaling import PLANES, ScaledSlopes, pixel_noise

__all__ = ["ImageLoss", "LOSSES", "slopes_of"]

LOSSES = ("l1", "l1+kl", "l2", "likelihood")
LIKELIHOOD = 0.1  # weight of the likelihood of the errors beside another loss
DIVERGENCE = 1.0  # weight of the Kullback-Leibler divergence
LIMITS = (-12.0, 4.0)  # of the logarithm of the variance
BRIGHTEST = 60.0  # S/N above which the result is the observation and the network does not count
LIT = 0.5  # S/N of a pixel of the scene above which it can count more: most pixels are dark
OUTLIER = 3.0  # standard deviations from the result beyond which a single frame does not count
BINS = torch.linspace(-4.0, 12.0, 65)  # of a histogram of pixels, in units of the noise


def slopes_of(inputs):
    """`ScaledSlopes` of a batch."""
    return ScaledSlopes(**{name: inputs[name] for name in PLANES})


class ImageLoss:
    """Error of the result in units of the noise, and how well the network knows it.

    Parameters
    ----------
    kind : str
        Of `LOSSES`: ``l1`` and ``l2`` mean absolute and square error (Vojtekova et al. 2021, equations 7 and 8);
        ``l1+kl`` adds the divergence of the histograms of pixels (equation 9); ``likelihood`` is that of Díaz Baso et
        al. 2019 (equation 1), with the variance of the target beside that of the network.
    known : bool
        Whether errors are judged by the scene instead of the noisy target.
    emphasis : float
        By how much lit pixels count more.
    """

    def __init__(self, kind, known=False, emphasis=0.0):
        self.kind, self.known, self.emphasis = kind, known, emphasis

    def __call__(self, network, inputs, truth, weight):
        """Loss of a batch."""
        slopes = slopes_of(inputs)
        signal, log_variance = network(slopes, inputs.get("ratio"), inputs.get("extra"))
        target, variance, scene, *others = truth.unbind(1)
        own = pixel_noise(scene, slopes)
        emphasis = 1 + self.emphasis * (scene > LIT * own)
        weights = weight * (emphasis * (scene < BRIGHTEST * own))[:, None]
        error = (signal - target) / own
        estimate = network.scene(signal, slopes, inputs.get("ratio")).detach()
        told = None if log_variance is None else log_variance.clamp(*LIMITS)
        if self.kind == "likelihood":
            terms = _likelihood(error, told, variance / own**2)
        else:
            terms = error.abs() if self.kind.startswith("l1") else error**2
            if told is not None:
                terms = terms + LIKELIHOOD * self._told(slopes, estimate, told, target, variance, scene)
        loss = _mean(terms, weights[:, 0])
        for number, (frame, noise) in enumerate(zip(others[::2], others[1::2], strict=True), start=1):
            difference = (signal - frame) ** 2 / noise
            loss = loss + _mean(difference * noise / own**2, weights[:, number] * (difference < OUTLIER**2)) / len(
                others
            )
        if self.kind == "l1+kl":
            loss = loss + DIVERGENCE * divergence(target / own, signal / own, weights[:, 0])
        return loss

    def _told(self, slopes, signal, told, target, variance, scene):
        """Likelihood of the errors that are told, in units of those of the observation at the result's light."""
        own = pixel_noise(signal, slopes)
        if self.known:
            return _likelihood((signal - scene) / own, told, 0.0)
        return _likelihood((signal - target) / own, told, variance / own**2)


def divergence(true, found, weight):
    """Kullback-Leibler divergence of the histograms of pixels, Σ p log(p / q), with linear shares between bins."""
    p, q = (_histogram(values, weight) for values in (true, found))
    return (p * torch.log(p / q)).sum()


def _histogram(values, weight):
    bins = BINS.to(values.device)
    place = ((values.float() - bins[0]) / (bins[1] - bins[0])).clamp(0, len(bins) - 1.001)
    low = place.long()
    share = place - low
    total = values.new_full((len(bins),), 1e-3, dtype=torch.float32)
    total = total.scatter_add(0, low.flatten(), ((1 - share) * weight).flatten())
    total = total.scatter_add(0, (low + 1).flatten(), (share * weight).flatten())
    return total / total.sum()


def _likelihood(error, told, known):
    """Negative logarithm of the likelihood of an error of a told and a known variance."""
    variance = torch.exp(told) + known
    return 0.5 * (error**2 / variance + torch.log(variance))


def _mean(terms, weight):
    return (terms * weight).sum() / weight.sum().clamp(min=1)
