"""The recurrent network in the order of reading."""

import numpy as np
import pytest
import torch

from jwst_denoise.networks.blocks.read_streams import ReadStreams, from_streams, sum_bins, to_streams
from jwst_denoise.readout import Readout


@pytest.mark.parametrize("outputs", [1, 4, 32])
def test_streams_are_those_of_the_readout_and_come_back(outputs):
    readout = Readout((6, 64), fastaxis=1, slowaxis=2, outputs=outputs, overhead=0)
    frame = np.arange(6 * 64, dtype=np.float32).reshape(6, 64)
    streams = to_streams(torch.from_numpy(frame)[None], outputs)
    np.testing.assert_array_equal(streams[0].numpy(), readout.to_streams(frame))
    np.testing.assert_array_equal(from_streams(streams)[0].numpy(), frame)


def test_sum_bins_is_a_sum_over_bins_with_a_short_last_one():
    values = torch.arange(10.0)
    assert sum_bins(values, 4).tolist() == [0 + 1 + 2 + 3, 4 + 5 + 6 + 7, 8 + 9]


@pytest.fixture
def streams():
    torch.manual_seed(1)
    return ReadStreams(8).eval()


def test_nothing_seen_where_nothing_is_weighted(streams):
    """Values of pixels without weight are not looked at; outputs that see the same get the same."""
    value, weight = torch.zeros(1, 3, 5, 6), torch.zeros(1, 3, 5, 6)
    noise, _ = streams(value, weight)
    torch.testing.assert_close(noise[:, 0], noise[:, 2])


def test_state_is_carried_from_block_to_block(streams):
    """The forward direction of a frame in two parts is that of the frame at once."""
    generator = torch.Generator().manual_seed(2)
    value, weight = (torch.rand(1, 2, 8, 6, generator=generator) for _ in range(2))
    _, whole = streams(value, weight)
    _, half = streams(value[:, :, :4], weight[:, :, :4])
    _, second = streams(value[:, :, 4:], weight[:, :, 4:], half)
    torch.testing.assert_close(second, whole)
    assert not torch.allclose(streams(value[:, :, 4:], weight[:, :, 4:])[1], whole)


def test_everything_before_and_after_counts(streams):
    """An impulse in one bin of one output reaches all outputs, lines and bins."""
    value = torch.zeros(1, 2, 4, 5)
    weight = torch.ones_like(value)
    base = streams(value, weight)[0]
    value[0, 1, 2, 3] = 5
    assert ((streams(value, weight)[0] - base).abs() > 0).all()
