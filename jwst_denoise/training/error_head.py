"""The last layer of what tells errors, fitted by itself once a network is trained."""

import numpy as np
import torch

from jwst_denoise.networks.blocks.scaling import pixel_noise

__all__ = ["fit_error_head"]

PIXELS = 20000  # of an item
LARGEST = 25.0  # square of an error in units of the pixel's noise, beyond which it is taken for a cosmic ray's
ITERATIONS = 60


def fit_error_head(network, opened):
    """Fit the weights of the second output of a U-net, the logarithm of the variance, by the likelihood of true errors.

    Parameters
    ----------
    network : ImageDenoise
        In evaluation mode, with ``error='head'``; changed.
    opened : iterable of tuple
        (slopes, (ratio, extra), truth, use) of items with a known scene.
    """
    features, squares = [], []
    rng = np.random.default_rng(0)
    handle = network.unet.output.register_forward_pre_hook(lambda layer, given: features.append(given[0].float()))
    try:
        for slopes, more, truth, use in opened:
            with torch.no_grad():
                signal, _ = network(slopes, *more)
                estimate = network.scene(signal, slopes, more[0])
                square = ((estimate[0] - truth[2]) / pixel_noise(estimate, slopes)[0]) ** 2
            chosen = torch.from_numpy(rng.permutation(int(use.sum()))[:PIXELS])
            features[-1] = features[-1][0, :, use][:, chosen]
            squares.append(square[use][chosen].clamp(max=LARGEST))
    finally:
        handle.remove()
    weight, bias = _most_likely(torch.cat(features, dim=1), torch.cat(squares), network.unet.output)
    with torch.no_grad():
        network.unet.output.weight[1, :, 0, 0] = weight
        network.unet.output.bias[1] = bias


def _most_likely(features, square, start):
    """Weights and bias of a linear function of the features that is most likely the logarithm of the variance."""
    weight = start.weight[1, :, 0, 0].detach().clone().requires_grad_()
    bias = start.bias[1].detach().clone().requires_grad_()
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        told = (weight @ features + bias).clamp(-12, 4)
        loss = (square * torch.exp(-told) + told).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weight.detach(), bias.detach()
