"""Loss of `RampDenoise`: errors in units of the noise, and how well the network knows them."""

import torch

from jwst_denoise.networks.blocks.scaling import PLANES, ScaledSlopes, pixel_noise

__all__ = ["SlopeLoss", "slopes_of"]

BRIGHTEST = 60.0  # S/N above which the result is the fit's and the network does not count
LIKELIHOOD = 0.1  # weight of the likelihood of the errors
LIMITS = (-12.0, 4.0)  # of the logarithm of the variance
SEGMENTS = 2  # parts of a block through which the recurrent state is carried without gradients


def slopes_of(inputs):
    """`ScaledSlopes` of a batch, and the number of outputs."""
    return ScaledSlopes(**{name: inputs[name] for name in PLANES}), int(inputs["outputs"][0])


class SlopeLoss:
    """Error of the slopes, error of the correlated noise, and likelihood of the errors that the network expects.

    The first is the mean p-th power in units of the true noise (paper, equation 1, with p = 4), the second a mean
    square.

    Parameters
    ----------
    power : int
        p.
    """

    def __init__(self, power=2):
        self.power = power

    def __call__(self, network, inputs, truth, weight):
        """Loss of a batch; the lines come in parts, each with the state that the part before has left."""
        slopes, outputs = slopes_of(inputs)
        lines = truth.shape[-2]
        step = -(-lines // SEGMENTS // 16) * 16
        total, state = 0.0, None
        for start in range(0, lines, step):
            part = slice(start, start + step)
            *found, state = network(slopes.select_lines(part), outputs, state)
            state = state.detach()
            total = total + self._part(slopes.select_lines(part), found, truth[..., part, :], weight[:, part]) * len(
                range(*part.indices(lines))
            )
        return total / lines

    def _part(self, slopes, found, truth, weight):
        signal, log_variance, correlated = found
        scene, noise = truth.unbind(1)
        own = pixel_noise(scene, slopes)
        weight = weight * (scene < BRIGHTEST * own)
        error = signal - scene
        log_variance = log_variance.clamp(*LIMITS)
        ratio = error.detach() ** 2 / (pixel_noise(signal.detach(), slopes) ** 2 * torch.exp(log_variance))
        terms = (error / own).abs() ** self.power + LIKELIHOOD * 0.5 * (ratio + log_variance)
        terms = terms + (correlated - noise) ** 2
        return (terms * weight).sum() / weight.sum().clamp(min=1)
