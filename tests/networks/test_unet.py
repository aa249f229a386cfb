"""The U-net: the paper's sizes, its receptive field, and what it is built of."""

import numpy as np
import pytest
import torch
from torch import nn

from jwst_denoise.networks import FAMILIES, UNet, UNetConfig, build


def parameters_by_hand(depth, hidden, inputs):
    """Weights of the paper's network, counted layer by layer (3 × 3 convolutions with batch normalization)."""

    def double(before, after):
        return (9 * before + 1) * after + (9 * after + 1) * after + 4 * after

    channels = [hidden * 2**level for level in range(depth)]
    down = sum(double(a, b) for a, b in zip([inputs, *channels], channels, strict=False))
    steps = zip(channels, channels[1:], strict=False)
    up = sum((4 * coarse + 1) * fine + double(2 * fine, fine) for fine, coarse in steps)
    return down + up + hidden + 1


@pytest.mark.parametrize(("depth", "hidden", "inputs"), [(2, 4, 2), (2, 32, 2), (3, 32, 1), (1, 8, 3)])
def test_size_is_the_papers(depth, hidden, inputs):
    net = UNet(UNetConfig(depth, hidden, inputs))
    assert sum(p.numel() for p in net.parameters()) == parameters_by_hand(depth, hidden, inputs)
    assert net(torch.zeros(2, inputs, 16, 24)).shape == (2, 1, 16, 24)


def test_statistics_have_the_papers_momentum():
    layers = [layer for layer in UNet(UNetConfig()).modules() if isinstance(layer, nn.BatchNorm2d)]
    assert layers and all(layer.momentum == 0.005 for layer in layers)


@pytest.mark.parametrize("upsampling", ["transposed", "nearest"])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_halo_is_the_reach_of_a_pixel(depth, upsampling):
    net = UNet(UNetConfig(depth, 4, 1, normalize=False, upsampling=upsampling)).eval()
    for parameter in net.parameters():
        nn.init.uniform_(parameter, 0.1, 1.0)  # nothing is cut off by ReLU, nothing cancels
    edge = 2 * net.halo + 4 * net.multiple
    reach = 0
    for offset in range(net.multiple):
        image = torch.rand(1, 1, edge, edge, requires_grad=True)
        middle = edge // 2 + offset
        net(image)[0, 0, middle, middle].backward()
        changed = image.grad[0, 0].abs().amax(dim=0).nonzero()[:, 0]
        reach = max(reach, middle - int(changed.min()), int(changed.max()) - middle)
    assert reach <= net.halo < reach + net.multiple + 2


@pytest.mark.parametrize("family", ["cosmic_ray_mask", "inpaint"])
def test_build_and_describe(family):
    net = build({"family": family, "depth": 3, "hidden": 4})
    assert net.architecture == {"family": family, "depth": 3, "hidden": 4}
    again = build(net.architecture)
    again.load_state_dict(net.state_dict())
    assert net.halo == net.unet.halo


@pytest.mark.parametrize(
    ("architecture", "words"),
    [
        ({"family": "deep"}, ["deep", *FAMILIES]),
        ({}, ["None"]),
        ({"family": "inpaint", "width": 3}, ["width", "hidden"]),
        ({"family": "inpaint", "depth": 0}, ["depth=0"]),
        ({"family": "inpaint", "hidden": 2.5}, ["hidden=2.5"]),
    ],
)
def test_impossible_networks_are_refused(architecture, words):
    with pytest.raises(ValueError, match=words[0]) as error:
        build(architecture)
    assert all(word in str(error.value) for word in words)


def test_config_is_frozen():
    with pytest.raises(AttributeError):
        UNetConfig().depth = 3
    assert np.isfinite(UNetConfig().hidden)
