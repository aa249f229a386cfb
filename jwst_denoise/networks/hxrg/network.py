"""The recurrent network of Payeur et al. 2022: the flux of a line from the reads of the lines around it."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from jwst_denoise.networks.blocks.scaling import to_electrons
from jwst_denoise.networks.hxrg.ribbons import MASKED, UNUSED_READS, from_ribbons, prepare_reads, ribbon_size

__all__ = ["ACTIVATIONS", "FLUX", "GRU", "HxRGDenoise"]

#: Name -> activation of the candidate state.
ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}
INPUT, FLUX = 90.0, 60.0  # e- for which the network's input and output are 1
KERNEL, LEAK = 5, 0.1
MEMORY = 2**28  # bytes of the input and the largest layer that are processed at a time


class HxRGDenoise(nn.Module):
    """Network on ribbons: GRU in both directions, three convolutions over (time, features), GRU that predicts flux.

    A sample is a line with its neighbors: at each pixel time, the reads of the ribbons of all its rows. The number of
    outputs, reference pixels and reads is part of the network; the width of an output is not.

    Parameters
    ----------
    outputs, reference : int
        Pixels of a ribbon: amplifier outputs, and reference pixels at both ends of a line.
    rows : int
        Lines of a sample, odd.
    reads : int
        Reads of a ramp; two fewer are the network's input.
    recurrent_units : int
        Size of the first recurrent layer in each direction.
    filters : int
        Channels of the first two convolutions.
    masked : {"neighbor", "feature"}
        Pixels with unusable reads are replaced by a neighbor, as in the paper, or the mask of these reads is a second
        set of features.
    activation : {"relu", "tanh"}
        Of the candidate state of the last layer. ``relu`` is that of the paper's Table 1, and excludes negative flux;
        the code published with it has ``tanh``, which saturates at ±60 e-.
    dropout : float
        Rate in all recurrent cells during training.

    Attributes
    ----------
    variance : torch.Tensor
        (2,) e-²: mean square error of background pixels, and its increase for every e- of flux; 0 where it has not been
        measured.

    References
    ----------
    Payeur et al. 2022, AJ, "Correlated Read Noise Reduction in Infrared Arrays Using Deep Learning", section 3.3.
    """

    family = "ramp_denoise-hxrg"

    def __init__(
        self, outputs=32, reference=8, rows=3, reads=100, recurrent_units=208, filters=64, masked="neighbor",
        activation="relu", dropout=0.05,
    ):  # fmt: skip
        super().__init__()
        self.architecture = {
            "family": self.family, "outputs": outputs, "reference": reference, "rows": rows, "reads": reads,
            "recurrent_units": recurrent_units, "filters": filters, "masked": masked, "activation": activation,
            "dropout": float(dropout),
        }  # fmt: skip
        _check(**self.architecture)
        features = rows * (outputs + reference) * (reads - UNUSED_READS) * (1 if masked == "neighbor" else 2)
        self.forth = GRU(features, recurrent_units, dropout=dropout)
        self.back = GRU(features, recurrent_units, backward=True, dropout=dropout)
        channels = (1, filters, filters, 1)
        self.plane = nn.Sequential(*(layer for sizes in pairwise(channels) for layer in _convolution(*sizes)))
        self.flux = GRU(2 * recurrent_units, outputs, activation, dropout=dropout)
        self.register_buffer("variance", torch.zeros(2))

    def forward(self, values, measured=None):
        """Flux of the middle lines.

        Parameters
        ----------
        values : Tensor
            (N, width, rows, pixels of a ribbon, reads - 2) e-.
        measured : Tensor, optional
            Bool, same shape; required by networks with ``masked='feature'``.

        Returns
        -------
        Tensor
            (N, width, outputs) e- in the time from the first to the last read.
        """
        x = (values / INPUT).flatten(2)
        if self.architecture["masked"] == "feature":
            x = torch.cat([x, (~measured).to(x.dtype).flatten(2)], dim=2)
        with torch.autocast(x.device.type, enabled=False):
            features = torch.cat([self.forth(x), self.back(x)], dim=2)
        plane = self.plane(features[:, None])[:, 0]
        with torch.autocast(x.device.type, enabled=False):
            return FLUX * self.flux(plane.float())

    @torch.inference_mode()
    def predict(
        self, groups, read_noise=None, *, group_time, readout, gain=1.0, bad=None, saturated=None, jump=None, nframes=1,
        groupgap=0, tile=256, progress=None, background=None,
    ):  # fmt: skip
        """Count rate of an integration, line by line.

        Parameters
        ----------
        groups : ndarray
            (ngroups, ny, nx) linear signal in DN; NaN where there are no data.
        read_noise, nframes, groupgap : optional
            Not used: the noise is that of the training.
        group_time : float
            s from group to group.
        readout : jwst_denoise.readout.Readout
            Read-out geometry.
        gain : float or ndarray, optional
            e- / DN.
        bad, saturated, jump : ndarray, optional
            Bool, (ny, nx) or (ngroups, ny, nx): pixels that are not to be used, saturated ones, and groups before which
            a cosmic ray arrived.
        tile : int, optional
            Largest number of lines that are processed at a time; the result does not depend on it.
        progress : callable, optional
            Called with the completed fraction.
        background : ndarray, optional
            (ny, nx) bool: science pixels without signal, whose levels are subtracted from the reads; by default found
            in the slopes.

        Returns
        -------
        rate, sigma : ndarray
            (ny, nx) float32 e- / s: the rate and its standard deviation. NaN in reference pixels and where no read is
            usable; ``sigma`` is NaN everywhere if the network's ``variance`` has not been measured. Replaced pixels
            have the flux of the neighbor that replaces them.

        Raises
        ------
        ValueError
            If the shapes do not match, or the network is not for such ramps.
        """
        groups, usable = to_electrons(groups, gain, bad, saturated)
        if jump is not None:
            if np.shape(jump) not in (groups.shape, groups.shape[1:]):
                raise ValueError(f"jump has shape {np.shape(jump)}, the groups {groups.shape}")
            jump = np.broadcast_to(np.asarray(jump, dtype=bool), groups.shape)
        self._check_ramps(groups, readout)
        reads = prepare_reads(
            groups, readout, usable=usable, jump=jump, masked=self.architecture["masked"], background=background
        )
        known = usable[1:].any(axis=0) & ~readout.reference_pixels
        del groups, usable, jump
        training = self.training
        self.eval()
        ribbons = np.concatenate(list(self._predict_lines(reads, readout, tile, progress or (lambda fraction: None))))
        self.train(training)
        flux = np.where(known, from_ribbons(ribbons, readout), np.nan).astype(np.float32)
        seconds = np.float32((self.architecture["reads"] - 1) * group_time)
        return flux / seconds, self.error(flux) / seconds

    def error(self, flux):
        """Standard deviation of a flux, e-, according to ``variance``; NaN if it has not been measured."""
        least, slope = self.variance.tolist()
        variance = np.float32(least) + np.float32(slope) * np.maximum(flux, 0)
        return np.sqrt(np.where(variance > 0, variance, np.nan))

    def _predict_lines(self, reads, readout, tile, report_progress):
        """Flux (lines, width, outputs) of successive blocks of lines."""
        device = self.variance.device
        rows, hidden, filters = (self.architecture[name] for name in ("rows", "recurrent_units", "filters"))
        line = 4 * readout.width * (rows * ribbon_size(readout) * len(reads.values) + 2 * hidden * filters)
        step = max(1, min(tile, MEMORY // line))
        for start in range(0, readout.lines, step):
            lines = np.arange(start, min(start + step, readout.lines))
            samples = reads.samples(readout, rows, lines)
            yield self(*(torch.from_numpy(np.ascontiguousarray(part)).to(device) for part in samples)).cpu().numpy()
            report_progress((lines[-1] + 1) / readout.lines)

    def _check_ramps(self, groups, readout):
        """Refuse ramps with another read-out."""
        expected = tuple(self.architecture[name] for name in ("reads", "outputs", "reference"))
        given = (len(groups), readout.outputs, ribbon_size(readout) - readout.outputs)
        if expected != given:
            text = "{} reads, {} outputs and {} reference pixels in a line"
            raise ValueError(f"the network is for ramps of {text.format(*expected)}, not of {text.format(*given)}")


class GRU(nn.Module):
    """Recurrent layer, (N, time, inputs) -> (N, time, hidden), with a choice of activation and dropout in its cell.

    Update gate z, reset gate r and candidate n of the state h, for an activation f:
    r = σ(W_r x + U_r h), z = σ(W_z x + U_z h), n = f(W_n x + b + r ∘ (U_n h + c)), h ← (1 - z) ∘ n + z ∘ h, all with
    biases. For f = tanh this is `torch.nn.GRU`, and Keras' layer.

    Parameters
    ----------
    inputs, hidden : int
        Sizes of input and state.
    activation : {"tanh", "relu"}
        f.
    backward : bool
        Run from the end to the beginning.
    dropout : float
        Rate at which inputs, and components of the state where it enters the gates, are dropped in training, each for a
        whole sequence, like Keras' ``dropout`` and ``recurrent_dropout``.

    References
    ----------
    Cho et al. 2014; Gal & Ghahramani 2016, for dropout.
    """

    def __init__(self, inputs, hidden, activation="tanh", backward=False, dropout=0.0):
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation={activation!r} must be one of {', '.join(ACTIVATIONS)}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout={dropout} must be at least 0 and less than 1")
        self.activation, self.backward_in_time, self.dropout = activation, backward, dropout
        self.cell = nn.GRU(inputs, hidden, batch_first=True)
        for name, values in self.cell.named_parameters():
            _initialize(name, values)

    def forward(self, x, state=None):
        """States after each step, in the order of the input; ``state`` (N, hidden) is that before the first."""
        x = x.flip(1) if self.backward_in_time else x
        if self.activation == "tanh" and not (self.training and self.dropout):
            result = self.cell(x, None if state is None else state[None])[0]
        else:
            result = self._run(x, state)
        return result.flip(1) if self.backward_in_time else result

    def _run(self, x, state):
        cell, activation = self.cell, ACTIVATIONS[self.activation]
        state = x.new_zeros(len(x), cell.hidden_size) if state is None else state
        entering = nn.functional.linear(x * self._dropout_mask(x[:, :1]), cell.weight_ih_l0, cell.bias_ih_l0)
        mask, weight, states = self._dropout_mask(state), cell.weight_hh_l0.t(), []
        for step in entering.unbind(1):
            of_input = step.chunk(3, dim=1)
            of_state = torch.addmm(cell.bias_hh_l0, state * mask, weight).chunk(3, dim=1)
            reset, update = (torch.sigmoid(a + b) for a, b in zip(of_input[:2], of_state[:2], strict=True))
            candidate = activation(torch.addcmul(of_input[2], reset, of_state[2]))
            state = torch.lerp(candidate, state, update)
            states.append(state)
        return torch.stack(states, dim=1)

    def _dropout_mask(self, like):
        """Random factors of dropout; 1 outside training."""
        return nn.functional.dropout(torch.ones_like(like), self.dropout, self.training)


def _initialize(name, values):
    """Initialize as Keras does: uniform over (inputs + outputs), orthogonal for the states, no bias."""
    if name.startswith("bias"):
        nn.init.zeros_(values)
    elif name.startswith("weight_ih"):
        nn.init.xavier_uniform_(values)
    else:
        nn.init.orthogonal_(values)


def _check(masked, activation, rows, reads, reference, **sizes):
    """Refuse impossible parameters."""
    sizes = {name: value for name, value in sizes.items() if name not in ("family", "dropout")}
    for name, value in (sizes | {"rows": rows, "reads": reads}).items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name}={value!r} must be a positive integer")
    if not isinstance(reference, int) or reference < 0:
        raise ValueError(f"reference={reference!r} must be a number of pixels")
    if rows % 2 == 0 or reads <= UNUSED_READS:
        raise ValueError(f"rows={rows} must be odd and reads={reads} at least {UNUSED_READS + 1}")
    for name, value, known in (("masked", masked, MASKED), ("activation", activation, tuple(ACTIVATIONS))):
        if value not in known:
            raise ValueError(f"{name}={value!r} must be one of {', '.join(known)}")


def _convolution(before, after):
    layer = nn.Conv2d(before, after, KERNEL, padding=KERNEL // 2)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer, nn.LeakyReLU(LEAK)
