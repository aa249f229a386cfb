"""Networks whose weights are random but which do something."""

import pytest
import torch

from jwst_denoise.networks import build


@pytest.fixture
def network():
    """Function that makes a network with running statistics that are not the initial ones."""

    def make(family, depth=2, hidden=4):
        torch.manual_seed(3)
        net = build({"family": family, "depth": depth, "hidden": hidden})
        for layer in net.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                torch.nn.init.normal_(layer.running_mean, 0, 0.3)
                torch.nn.init.uniform_(layer.running_var, 0.5, 2)
                torch.nn.init.uniform_(layer.weight, 0.5, 2)
        return net.eval()

    return make
