"""The recurrent network of Payeur et al. 2022: from the reads of a few lines to the flux of the middle one."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from jwst_denoise.networks.hxrg.gru import ACTIVATIONS, GRU
from jwst_denoise.networks.hxrg.ribbon_reads import MASKED, SPARE, ribbon_reads
from jwst_denoise.networks.hxrg.ribbons import from_ribbons, ribbon_size

__all__ = ["HxRGDenoise"]

INPUT, FLUX = 90.0, 60.0  # e- for which the network's input and output are 1
KERNEL, LEAK = 5, 0.1
MEMORY = 2**28  # bytes of input and of one layer's output that are worked on at a time


class HxRGDenoise(nn.Module):
    """Network on ribbons: GRU in both directions, three convolutions over (time, features), GRU that ends in flux.

    A sample is a line between its neighbors (`jwst_denoise.networks.hxrg.ribbons`): at each pixel time, the reads of
    the ribbons of all its rows (`jwst_denoise.networks.hxrg.ribbon_reads`). The number of outputs, reference pixels and
    reads is part of the network; the width of an output is not.

    Parameters
    ----------
    outputs, reference : int
        Pixels of a ribbon: amplifiers, and reference pixels at both ends of a line.
    rows : int
        Lines of a sample, odd.
    reads : int
        Reads of a ramp; two fewer are the network's input.
    units : int
        Of the first recurrent layer, in each direction.
    filters : int
        Of the first two convolutions.
    masked : {"neighbor", "feature"}
        Whether pixels some of whose reads cannot be used are replaced by a neighbor, as in the paper, or which reads
        these are is a second set of features.
    activation : {"relu", "tanh"}
        Of the candidate state of the last layer. ``relu``, so that no flux is negative, is that of the paper's Table 1;
        the code published with it has ``tanh``, which ends at ±60 e-.
    dropout : float
        Rate in all recurrent cells during training.

    Attributes
    ----------
    variance : torch.Tensor
        (2,) e-²: mean square error of pixels without light, and its increase for every e- of flux; 0 where nobody has
        measured it.

    References
    ----------
    Payeur et al. 2022, AJ, "Correlated Read Noise Reduction in Infrared Arrays Using Deep Learning", section 3.3.
    """

    family = "ramp_denoise-hxrg"

    def __init__(
        self, outputs=32, reference=8, rows=3, reads=100, units=208, filters=64, masked="neighbor", activation="relu",
        dropout=0.05,
    ):  # fmt: skip
        super().__init__()
        self.architecture = {
            "family": self.family, "outputs": outputs, "reference": reference, "rows": rows, "reads": reads,
            "units": units, "filters": filters, "masked": masked, "activation": activation, "dropout": float(dropout),
        }  # fmt: skip
        _check(**self.architecture)
        features = rows * (outputs + reference) * (reads - SPARE) * (1 if masked == "neighbor" else 2)
        self.forth = GRU(features, units, dropout=dropout)
        self.back = GRU(features, units, backward=True, dropout=dropout)
        channels = (1, filters, filters, 1)
        self.plane = nn.Sequential(*(layer for sizes in pairwise(channels) for layer in _convolution(*sizes)))
        self.flux = GRU(2 * units, outputs, activation, dropout=dropout)
        self.register_buffer("variance", torch.zeros(2))

    def forward(self, values, measured=None):
        """Flux of the middle lines.

        Parameters
        ----------
        values : Tensor
            (N, width, rows, pixels of a ribbon, reads - 2) e-.
        measured : Tensor, optional
            Bool, same shape; needed by networks to which it is a feature.

        Returns
        -------
        Tensor
            (N, width, outputs) e- in the time from the first read to the last.
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
        groupgap=0, tile=256, progress=None, unlit=None,
    ):  # fmt: skip
        """Count rate of an integration, line by line.

        Parameters
        ----------
        groups : ndarray
            (ngroups, ny, nx) linear signal in DN; NaN where there is none.
        read_noise, nframes, groupgap : optional
            Not used: the network knows the noise that it was trained with.
        group_time : float
            s from group to group.
        readout : jwst_denoise.readout.Readout
            How the pixels are read.
        gain : float or ndarray, optional
            e- / DN.
        bad, saturated, jump : ndarray, optional
            Bool, (ny, nx) or (ngroups, ny, nx): what is not to be used, what is saturated, and where charge came
            between a group and the one before.
        tile : int, optional
            Lines that are worked on at a time, at most; the result does not depend on it.
        progress : callable, optional
            Called with the fraction done.
        unlit : ndarray, optional
            (ny, nx) bool: light-sensitive pixels without light, whose levels are taken out of the reads; by default
            found in the slopes.

        Returns
        -------
        rate, sigma : ndarray
            (ny, nx) float32 e- / s: the rate and its standard deviation. NaN in reference pixels and where no read can
            be used; ``sigma`` is NaN everywhere if the network's ``variance`` was not measured. Pixels that were
            replaced by a neighbor have the flux that the network finds for it.

        Raises
        ------
        ValueError
            If the shapes do not fit, or the ramps are not those that the network is for.
        """
        groups, usable, jump = _electrons(groups, gain, bad, saturated, jump)
        self._check_ramps(groups, readout)
        reads = ribbon_reads(
            groups, readout, usable=usable, jump=jump, masked=self.architecture["masked"], unlit=unlit
        )  # fmt: skip
        known = usable[1:].any(axis=0) & ~readout.reference_pixels
        del groups, usable, jump
        training = self.training
        self.eval()
        ribbons = np.concatenate(list(self._ribbons(reads, readout, tile, progress or (lambda fraction: None))))
        self.train(training)
        flux = np.where(known, from_ribbons(ribbons, readout), np.nan).astype(np.float32)
        seconds = np.float32((self.architecture["reads"] - 1) * group_time)
        return flux / seconds, self.error(flux) / seconds

    def error(self, flux):
        """Standard deviation of a flux, e-, after the errors that were measured; NaN without."""
        least, share = self.variance.tolist()
        variance = np.float32(least) + np.float32(share) * np.maximum(flux, 0)
        return np.sqrt(np.where(variance > 0, variance, np.nan))

    def _ribbons(self, reads, readout, tile, tell):
        """Flux (lines, width, outputs) of some lines after the other."""
        device = self.variance.device
        rows, units, filters = (self.architecture[name] for name in ("rows", "units", "filters"))
        line = 4 * readout.width * (rows * ribbon_size(readout) * len(reads.values) + 2 * units * filters)
        step = max(1, min(tile, MEMORY // line))
        for start in range(0, readout.lines, step):
            lines = np.arange(start, min(start + step, readout.lines))
            samples = reads.samples(readout, rows, lines)
            yield self(*(torch.from_numpy(np.ascontiguousarray(part)).to(device) for part in samples)).cpu().numpy()
            tell((lines[-1] + 1) / readout.lines)

    def _check_ramps(self, groups, readout):
        """Refuse ramps of another read-out."""
        wanted = {name: self.architecture[name] for name in ("reads", "outputs", "reference")}
        found = (len(groups), readout.outputs, ribbon_size(readout) - readout.outputs)
        if tuple(wanted.values()) != found:
            asked, given = (
                "{} reads, {} outputs and {} reference pixels a line".format(*numbers)
                for numbers in (wanted.values(), found)
            )
            raise ValueError(f"the network is for ramps of {asked}, not of {given}")


def _check(masked, activation, rows, reads, reference, **sizes):
    """Refuse parameters without meaning."""
    sizes = {name: value for name, value in sizes.items() if name not in ("family", "dropout")}
    for name, value in (sizes | {"rows": rows, "reads": reads}).items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name}={value!r} must be a positive integer")
    if not isinstance(reference, int) or reference < 0:
        raise ValueError(f"reference={reference!r} must be a number of pixels")
    if rows % 2 == 0 or reads <= SPARE:
        raise ValueError(f"rows={rows} must be odd and reads={reads} at least {SPARE + 1}")
    for name, value, known in (("masked", masked, MASKED), ("activation", activation, tuple(ACTIVATIONS))):
        if value not in known:
            raise ValueError(f"{name}={value!r} must be one of {', '.join(known)}")


def _convolution(before, after):
    layer = nn.Conv2d(before, after, KERNEL, padding=KERNEL // 2)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer, nn.LeakyReLU(LEAK)


def _electrons(groups, gain, bad, saturated, jump):
    """Groups in e-, which of them can be used, and which follow a jump."""
    groups, gain = np.asarray(groups, dtype=np.float32), np.asarray(gain, dtype=np.float32)
    if groups.ndim != 3 or gain.shape not in ((), groups.shape[1:]):
        raise ValueError(f"groups {groups.shape} must be (ngroups, ny, nx) and gain {gain.shape} a number or (ny, nx)")
    flags = {"bad": bad, "saturated": saturated, "jump": jump}
    for name, value in flags.items():
        if value is not None and np.shape(value) not in (groups.shape, groups.shape[1:]):
            raise ValueError(f"{name} has shape {np.shape(value)}, the groups {groups.shape}")
        flags[name] = False if value is None else np.asarray(value, dtype=bool)
    usable = np.isfinite(groups) & (gain > 0) & ~(flags["bad"] | flags["saturated"])
    jumps = np.broadcast_to(flags["jump"], groups.shape) if jump is not None else None
    return groups * np.where(gain > 0, gain, 1), usable, jumps
