"""Correlated read noise in the order of reading: a recurrent network along lines and from line to line."""

import torch
from torch import nn
from torch.nn.functional import pad

__all__ = ["ReadStreams", "from_streams", "sum_bins", "to_streams"]

FEATURES = 6
SEQUENCES, LINES = 1024, 256  # processed together, which bounds the memory


def to_streams(frame, outputs):
    """(N, lines, pixels) of a frame as (N, outputs, lines, width), every output in its order of reading."""
    streams = frame.unflatten(2, (outputs, -1)).transpose(1, 2)
    return torch.cat([_in_read_order(streams, output) for output in range(outputs)], dim=1)


def from_streams(streams):
    """Inverse of `to_streams`."""
    frame = torch.cat([_in_read_order(streams, output) for output in range(streams.shape[1])], dim=1)
    return frame.transpose(1, 2).flatten(2)


def _in_read_order(streams, output):
    """One output; odd ones are read backward."""
    stream = streams[:, output : output + 1]
    return stream.flip(-1) if output % 2 else stream


def sum_bins(streams, size):
    """Sums over ``size`` successive pixels, (…, width) -> (…, bins); the last bin may have fewer."""
    return pad(streams, (0, -streams.shape[-1] % size)).unflatten(-1, (-1, size)).sum(-1)


class ReadStreams(nn.Module):
    """Estimate of the correlated noise in time bins of every output from noisy measurements of it.

    All outputs share the same weights, and each sees the mean of all outputs, so that any number of outputs is
    possible. A bidirectional recurrent layer runs along each line. Its final states, with the means of the line, are
    the input of a second one that runs from line to line. Its forward state is passed on, so that every line read
    before can contribute (truncated back-propagation through time; section 5 of the paper).

    Parameters
    ----------
    hidden : int
        Size of each recurrent layer in each direction.

    References
    ----------
    Payeur et al. 2022 (HxRG recurrent denoiser), sections 3.3 and 5.
    """

    def __init__(self, hidden=24):
        super().__init__()
        self.hidden = hidden
        self.along = nn.GRU(FEATURES, hidden, batch_first=True, bidirectional=True)
        self.down = nn.GRU(2 * hidden + FEATURES, hidden, batch_first=True)
        self.up = nn.GRU(2 * hidden + FEATURES, hidden, batch_first=True)
        self.output = nn.Sequential(nn.Linear(4 * hidden + FEATURES, hidden), nn.ReLU(), nn.Linear(hidden, 3))

    def forward(self, value, weight, state=None):
        """Noise of the bins.

        Parameters
        ----------
        value, weight : Tensor
            (N, outputs, lines, bins): sums of weight times noise, and of weights (inverse variances).
        state : Tensor, optional
            State after the preceding lines.

        Returns
        -------
        noise : Tensor
            (N, outputs, lines, bins).
        state : Tensor
            State after the last line.
        """
        batch, outputs, lines, bins = value.shape
        features = self._features(value, weight)
        inner = torch.cat([self.along(part)[0] for part in features.flatten(0, 2).split(SEQUENCES)])
        inner = inner.view(batch, outputs, lines, bins, 2 * self.hidden)
        ends = torch.cat([inner[..., -1, : self.hidden], inner[..., 0, self.hidden :]], dim=-1)
        sequence = torch.cat([ends, features.mean(dim=-2)], dim=-1).flatten(0, 1)
        down, state = self.down(sequence, state)
        up = self.up(sequence.flip(1))[0].flip(1)
        outer = torch.cat([down, up], dim=-1).view(batch, outputs, lines, 1, -1).expand(-1, -1, -1, bins, -1)
        parts = zip(*(tensor.split(LINES, dim=2) for tensor in (inner, outer, features)), strict=True)
        return torch.cat([self._noise(*part) for part in parts], dim=2), state

    def _noise(self, inner, outer, features):
        """Noise of the bins of some lines."""
        free, own, common = self.output(torch.cat([inner, outer, features], dim=-1)).unbind(-1)
        return free + torch.sigmoid(own) * features[..., 0] + torch.sigmoid(common) * features[..., 1]

    @staticmethod
    def _features(value, weight):
        """(N, outputs, lines, bins, FEATURES): means of the bin, of all outputs and of the line; their weights."""
        everyone = value.sum(1, keepdim=True).expand_as(value), weight.sum(1, keepdim=True).expand_as(weight)
        line = value.sum(-1, keepdim=True).expand_as(value), weight.sum(-1, keepdim=True).expand_as(weight)
        means = [total / (count + 1) for total, count in ((value, weight), everyone, line)]
        return torch.stack([*means, *(torch.log1p(count) / 3 for count in (weight, everyone[1], line[1]))], dim=-1)
