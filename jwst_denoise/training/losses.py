"""Losses of all families, each a callable of (network, inputs, truth, weight)."""

from dataclasses import replace

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from jwst_denoise.networks.blocks.scaling import PLANES, ScaledSlopes, level_and_noise, pixel_noise
from jwst_denoise.networks.hxrg.network import FLUX
from jwst_denoise.simulate.fast.injection import tile_edges

__all__ = [
    "BRIGHTEST",
    "POWERS",
    "ImageLoss",
    "ResponseLoss",
    "RibbonLoss",
    "SlopeLoss",
    "inpainting_loss",
    "mask_loss",
    "slopes_of",
]

#: Powers of the error that Payeur et al. compare.
POWERS = (2, 3, 4, 5, 6)
BRIGHTEST = 60.0  # S/N above which the result is the observation, so that the network does not matter
LIKELIHOOD = 0.1  # weight of the likelihood of the predicted errors relative to the main term
LIMITS = (-12.0, 4.0)  # of the logarithm of the variance
DIVERGENCE = 1.0  # weight of the Kullback-Leibler divergence
SOURCE_SNR = 0.5  # S/N of a pixel of the scene above which it belongs to a source
OUTLIER = 3.0  # standard deviations from the result beyond which a pixel of a single frame is ignored
BINS = torch.linspace(-4.0, 12.0, 65)  # of a histogram of pixels, in units of the noise
LEAST_SNR = 3.0  # of injected sources whose response counts in full
SEGMENTS = 2  # parts of a block through which the recurrent state is passed on without gradients
RIBBON_UNIT = FLUX / 10  # e-, unit of the loss, whose scale does not matter to Adam unless it is tiny


def mask_loss(network, inputs, truth, weight):
    """Binary cross-entropy where the weight is 1 (Zhang & Bloom 2020, equation 1)."""
    loss = binary_cross_entropy_with_logits(network(**inputs), truth, weight, reduction="sum")
    return loss / weight.sum().clamp(min=1)


def inpainting_loss(network, inputs, truth, weight):
    """Mean square error in holes (Zhang & Bloom 2020, equation 2), on the scale asinh(signal / noise).

    On a linear scale the brightest star of a batch would dominate. On this one, errors of faint signal count in units
    of the noise, those of bright signal as fractions.
    """
    image = inputs["image"].masked_fill(inputs["hole"], torch.nan)
    level, noise = (value[:, None, None, None] for value in level_and_noise(image, inputs["noise"], inputs["level"]))
    residual = (torch.asinh(network(**inputs)) - torch.asinh((truth - level) / noise)) ** 2
    return _weighted_mean(residual, weight)


class RibbonLoss:
    """Mean p-th power of the error of the flux (Payeur et al. 2022, equation 1), in units of 6 e-.

    Parameters
    ----------
    power : int
        p; 4 in the paper, after trials with `POWERS`.
    """

    def __init__(self, power=4):
        self.power = power

    def __call__(self, network, inputs, truth, weight):
        """Loss of a batch."""
        error = (network(**inputs) - truth).abs() / RIBBON_UNIT
        return _weighted_mean(error**self.power, weight)


def slopes_of(inputs):
    """`ScaledSlopes` of a batch for a denoiser."""
    return ScaledSlopes(**{name: inputs[name] for name in PLANES})


class ResponseLoss:
    """Squared deviation of the mean response to injected sources from 1.

    The response of an area is the change of the result over the injected flux, both in apertures of 2.5 pixels above
    rings, summed over its sources, which have one kind, width and S/N. The product of its deviations for two halves of
    the sources is an unbiased estimate of the square of the mean deviation: noise does not add to it, so that only a
    systematic loss of flux is penalized. Below a S/N of 3 an area counts less, as the square of the S/N.

    Parameters
    ----------
    weight : float
        Of this term relative to the others; 0 for none.
    """

    def __init__(self, weight):
        self.weight = weight

    def __call__(self, change, sources, usable):
        """Loss of (N, ny, nx) change of the result by ``sources`` (N, 4, ny, nx), see `inject_sources`."""
        one, two, snr = self.responses(change, sources, usable)
        return self.weight * ((one - 1) * (two - 1) * (snr / LEAST_SNR).clamp(max=1) ** 2).mean()

    @staticmethod
    def responses(change, sources, usable):
        """Responses of the two halves of the sources in every area, 1 for none, and their S/N."""
        injected, one, two, snr = sources.unbind(1)
        result = []
        for half in (one * usable, two * usable):
            flux = _tile_sums(injected * half)
            none = flux.abs() < 1e-3
            result.append(torch.where(none, 1.0, _tile_sums(change * half) / flux.masked_fill(none, 1.0)))
        return *result, _tile_sums(snr) / _tile_sums(torch.ones_like(snr))


def _tile_sums(plane):
    """Sums over the areas of `inject_sources`, (N, rows, columns)."""
    (ny, nx), (y, x) = plane.shape[1:], tile_edges(plane.shape[1:])
    return plane.reshape(len(plane), ny // y, y, nx // x, x).sum((2, 4))


class SlopeLoss:
    """Loss of `RampDenoise`: error of the slopes, error of the correlated noise, likelihood of the predicted errors.

    The first is the mean p-th power in units of the true noise (paper, equation 1, with p = 4), the second a mean
    square.

    Parameters
    ----------
    power : int
        p.
    response : float
        Weight of `ResponseLoss`.
    """

    def __init__(self, power=2, response=0.0):
        self.power, self.response = power, ResponseLoss(response)

    def __call__(self, network, inputs, truth, weight):
        """Loss of a batch; its lines are processed in segments, with the recurrent state passed on."""
        sources = inputs.get("sources")
        slopes, outputs = slopes_of(inputs), int(inputs["outputs"][0])
        lines = truth.shape[-2]
        step = -(-lines // SEGMENTS // 16) * 16
        total, state, changed, changes = 0.0, None, None, []
        for start in range(0, lines, step):
            part = slice(start, start + step)
            *output, state = network(slopes.select_lines(part), outputs, state)
            state = state.detach()
            loss = self._segment(slopes.select_lines(part), output, truth[..., part, :], weight[:, part])
            total = total + loss * len(range(*part.indices(lines)))
            if sources is not None:
                brighter = replace(slopes, signal=slopes.signal + sources[:, 0]).select_lines(part)
                after, *_, changed = network(brighter, outputs, changed)
                changed = changed.detach()
                changes.append(after - output[0])
        total = total / lines
        return total if sources is None else total + self.response(torch.cat(changes, dim=1), sources, weight)

    def _segment(self, slopes, output, truth, weight):
        signal, log_variance, correlated = output
        scene, true_correlated = truth.unbind(1)
        noise = pixel_noise(scene, slopes)
        error = signal - scene
        terms = (error / noise).abs() ** self.power + (correlated - true_correlated) ** 2
        pull = error.detach() / pixel_noise(signal.detach(), slopes)
        terms = terms + LIKELIHOOD * _negative_log_likelihood(pull, log_variance.clamp(*LIMITS))
        return _weighted_mean(terms, weight * (scene < BRIGHTEST * noise))


class ImageLoss:
    """Loss of image denoisers: error of the result in units of the noise, and likelihood of the predicted errors.

    Parameters
    ----------
    kind : str
        ``l1`` and ``l2`` are mean absolute and square error (Vojtekova et al. 2021, equations 7 and 8);
        ``l1+kl`` adds the divergence of the histograms of pixels (equation 9); ``likelihood`` is that of Díaz Baso et
        al. 2019 (equation 1), with the variance of the target added to that of the network.
    known_scene : bool
        Compare predicted errors with the error relative to the scene instead of the noisy target.
    emphasis : float
        Additional weight of pixels of sources.
    response : float
        Weight of `ResponseLoss`, for inputs with ``sources``.
    """

    def __init__(self, kind, known_scene=False, emphasis=0.0, response=0.0):
        self.kind, self.known_scene, self.emphasis = kind, known_scene, emphasis
        self.response = ResponseLoss(response)

    def __call__(self, network, inputs, truth, weight):
        """Loss of a batch."""
        slopes, more, state = slopes_of(inputs), (inputs.get("ratio"), inputs.get("extra")), torch.get_rng_state()
        signal, log_variance = network(slopes, *more)
        target, variance, scene, *others = truth.unbind(1)
        noise = pixel_noise(scene, slopes)
        emphasis = 1 + self.emphasis * (scene > SOURCE_SNR * noise)
        weights = weight * (emphasis * (scene < BRIGHTEST * noise))[:, None]
        error = (signal - target) / noise
        log_variance = None if log_variance is None else log_variance.clamp(*LIMITS)
        if self.kind == "likelihood":
            terms = _negative_log_likelihood(error, log_variance, variance / noise**2)
        else:
            terms = error.abs() if self.kind.startswith("l1") else error**2
            if log_variance is not None:
                estimate = network.scene(signal, slopes, inputs.get("ratio")).detach()
                likelihood = self._error_likelihood(slopes, estimate, log_variance, target, variance, scene)
                terms = terms + LIKELIHOOD * likelihood
        loss = _weighted_mean(terms, weights[:, 0])
        for number, (frame, frame_variance) in enumerate(zip(others[::2], others[1::2], strict=True), start=1):
            square = (signal - frame) ** 2 / frame_variance
            usable = weights[:, number] * (square < OUTLIER**2)
            loss = loss + _weighted_mean(square * frame_variance / noise**2, usable) / len(others)
        if self.kind == "l1+kl":
            loss = loss + DIVERGENCE * divergence(target / noise, signal / noise, weights[:, 0])
        if "sources" in inputs:
            torch.set_rng_state(state)  # the same channels are dropped
            brighter = replace(slopes, signal=slopes.signal + inputs["sources"][:, 0])
            loss = loss + self.response(network(brighter, *more)[0] - signal, inputs["sources"], weight[:, 0])
        return loss

    def _error_likelihood(self, slopes, estimate, log_variance, target, variance, scene):
        """Likelihood of the predicted errors, in units of the noise at the estimated signal."""
        noise = pixel_noise(estimate, slopes)
        if self.known_scene:
            return _negative_log_likelihood((estimate - scene) / noise, log_variance)
        return _negative_log_likelihood((estimate - target) / noise, log_variance, variance / noise**2)


def divergence(true, predicted, weight):
    """Kullback-Leibler divergence of the histograms of pixels, Σ p log(p / q), with linear sharing between bins."""
    p, q = (_histogram(values, weight) for values in (true, predicted))
    return (p * torch.log(p / q)).sum()


def _histogram(values, weight):
    bins = BINS.to(values.device)
    place = ((values.float() - bins[0]) / (bins[1] - bins[0])).clamp(0, len(bins) - 1.001)
    low = place.long()
    fraction = place - low
    total = values.new_full((len(bins),), 1e-3, dtype=torch.float32)
    total = total.scatter_add(0, low.flatten(), ((1 - fraction) * weight).flatten())
    total = total.scatter_add(0, (low + 1).flatten(), (fraction * weight).flatten())
    return total / total.sum()


def _negative_log_likelihood(error, log_variance, known_variance=0.0):
    """Negative logarithm of the Gaussian likelihood of an error with a predicted and a known variance."""
    variance = torch.exp(log_variance) + known_variance
    return 0.5 * (error**2 / variance + torch.log(variance))


def _weighted_mean(terms, weight):
    return (terms * weight).sum() / weight.sum().clamp(min=1)
