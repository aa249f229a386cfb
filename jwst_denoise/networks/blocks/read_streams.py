"""Correlated read noise in the order of reading: a recurrent network along lines and from line to line."""

import torch
from torch import nn
from torch.nn.functional import pad

__all__ = ["MIXERS", "ReadStreams", "from_streams", "pooled", "to_streams"]

MIXERS = ("gru", "attention")
HEADS = 4
FEATURES = 6
SEQUENCES, LINES = 1024, 256  # that are worked on together: bounds the memory


def to_streams(frame, outputs):
    """(N, lines, pixels) of a frame as (N, outputs, lines, width), every output in its order of reading."""
    streams = frame.unflatten(2, (outputs, -1)).transpose(1, 2)
    return torch.cat([_one(streams, output) for output in range(outputs)], dim=1)


def from_streams(streams):
    """Inverse of `to_streams`."""
    frame = torch.cat([_one(streams, output) for output in range(streams.shape[1])], dim=1)
    return frame.transpose(1, 2).flatten(2)


def _one(streams, output):
    """One output; those with odd numbers run backward."""
    stream = streams[:, output : output + 1]
    return stream.flip(-1) if output % 2 else stream


def pooled(streams, size):
    """Sums over ``size`` successive pixels, (…, width) -> (…, bins); the last bin may have fewer."""
    return pad(streams, (0, -streams.shape[-1] % size)).unflatten(-1, (-1, size)).sum(-1)


class ReadStreams(nn.Module):
    """Estimate of the noise in time bins of every output from what is seen of it.

    All outputs are treated alike and each knows what the outputs have in common, so that their number is free. A
    bidirectional recurrent layer runs along each line; its ends, with the means of the line, go into a second one that
    runs from line to line. The state of the forward one is carried on, so that all of a frame that was read before can
    count (truncated back-propagation through time; section 5 of the paper).

    Parameters
    ----------
    units : int
        Of each recurrent layer in each direction.
    mixer : {"gru", "attention"}
        What looks along a line: the recurrent layer, or a transformer's encoder.

    References
    ----------
    Payeur et al. 2022 (HxRG recurrent denoiser), sections 3.3 and 5; Vaswani et al. 2017 for the attention.
    """

    def __init__(self, units=24, mixer="gru"):
        super().__init__()
        if mixer not in MIXERS:
            raise ValueError(f"mixer={mixer!r} must be one of {', '.join(MIXERS)}")
        self.units, self.mixer = units, mixer
        if mixer == "gru":
            self.along = nn.GRU(FEATURES, units, batch_first=True, bidirectional=True)
        else:
            self.enter = nn.Linear(FEATURES, 2 * units)
            self.along = nn.TransformerEncoderLayer(
                2 * units, HEADS, 4 * units, dropout=0.0, batch_first=True, norm_first=True
            )
        self.down = nn.GRU(2 * units + FEATURES, units, batch_first=True)
        self.up = nn.GRU(2 * units + FEATURES, units, batch_first=True)
        self.output = nn.Sequential(nn.Linear(4 * units + FEATURES, units), nn.ReLU(), nn.Linear(units, 3))

    def forward(self, value, weight, state=None):
        """Noise of the bins.

        Parameters
        ----------
        value, weight : Tensor
            (N, outputs, lines, bins): sums of weight times noise, and of weights (inverse variances).
        state : Tensor, optional
            Of the lines before.

        Returns
        -------
        noise : Tensor
            (N, outputs, lines, bins).
        state : Tensor
            After the last line.
        """
        batch, outputs, lines, bins = value.shape
        seen = self._features(value, weight)
        inner = torch.cat([self._along(part) for part in seen.flatten(0, 2).split(SEQUENCES)])
        inner = inner.view(batch, outputs, lines, bins, 2 * self.units)
        ends = torch.cat([inner[..., -1, : self.units], inner[..., 0, self.units :]], dim=-1)
        if self.mixer == "attention":
            ends = inner.mean(dim=-2)
        sequence = torch.cat([ends, seen.mean(dim=-2)], dim=-1).flatten(0, 1)
        down, state = self.down(sequence, state)
        up = self.up(sequence.flip(1))[0].flip(1)
        outer = torch.cat([down, up], dim=-1).view(batch, outputs, lines, 1, -1).expand(-1, -1, -1, bins, -1)
        parts = zip(*(tensor.split(LINES, dim=2) for tensor in (inner, outer, seen)), strict=True)
        return torch.cat([self._noise(*part) for part in parts], dim=2), state

    def _noise(self, inner, outer, seen):
        """Noise of the bins of some lines, from what is known of them."""
        free, own, common = self.output(torch.cat([inner, outer, seen], dim=-1)).unbind(-1)
        return free + torch.sigmoid(own) * seen[..., 0] + torch.sigmoid(common) * seen[..., 1]

    @staticmethod
    def _features(value, weight):
        """(N, outputs, lines, bins, FEATURES): own and common mean of the bin, and of the line, and their weights."""
        everyone = value.sum(1, keepdim=True).expand_as(value), weight.sum(1, keepdim=True).expand_as(weight)
        line = value.sum(-1, keepdim=True).expand_as(value), weight.sum(-1, keepdim=True).expand_as(weight)
        means = [total / (count + 1) for total, count in ((value, weight), everyone, line)]
        return torch.stack([*means, *(torch.log1p(count) / 3 for count in (weight, everyone[1], line[1]))], dim=-1)

    def _along(self, seen):
        if self.mixer == "gru":
            return self.along(seen)[0]
        return self.along(self.enter(seen) + _positions(seen.shape[1], 2 * self.units, seen.device))


def _positions(length, width, device):
    """(length, width) sines and cosines of the time (Vaswani et al. 2017)."""
    time = torch.arange(length, device=device, dtype=torch.float32)[:, None]
    angle = time / 10000 ** (torch.arange(0, width, 2, device=device) / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)
