"""The recurrent denoiser of ramps: from slope images to denoised slopes with their errors."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from jwst_denoise.networks.blocks.blending import network_weight
from jwst_denoise.networks.blocks.conservation import remove_source_flux, restore_box_flux, source_weight, weighted_mean
from jwst_denoise.networks.blocks.expected_errors import KNOTS, corrected
from jwst_denoise.networks.blocks.read_streams import ReadStreams, from_streams, pooled, to_streams
from jwst_denoise.networks.blocks.slope_planes import scaled, spread
from jwst_denoise.networks.blocks.tiling import apply_tiled, frozen
from jwst_denoise.networks.blocks.unet import UNet, UNetConfig
from jwst_denoise.networks.group_noise import group_noise
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.ramps.slopes import SlopeImage, fit_slope

__all__ = ["Denoised", "RampDenoise"]

#: Standard deviations of a box's mean between which its pixels no longer tell correlated noise; and between which what
#: was taken from them is put back once more.
SPARED, KEPT = (4.0, 6.0), (8.0, 12.0)
#: Lines over which the noise has the mean 0 at every place of a line, but for slow drifts. What is left there is light,
#: however faint, that crosses the lines: traces, slits, sky.
TALL = 1025


@dataclass(frozen=True)
class Denoised:
    """Result of the denoiser, (ny, nx) float32 in DMS orientation, e- / s.

    Parameters
    ----------
    rate : ndarray
        Denoised slope; NaN where the fit has none.
    err : ndarray
        Its standard deviation.
    correlated : ndarray
        Correlated noise that was subtracted before the network smooths; 0 where the fit is kept.
    share : ndarray
        From 0, the fit unchanged, to 1, the network's estimate.
    """

    rate: np.ndarray
    err: np.ndarray
    correlated: np.ndarray
    share: np.ndarray


class RampDenoise(nn.Module):
    """Denoiser of slope images that knows in which order pixels are read.

    A small U-net tells what of a slope image is noise. In time bins of every output, a recurrent network makes of it
    the correlated noise (`ReadStreams`), which is subtracted. A second U-net estimates what white noise is left, and
    its own error. What it took from the light of a small box is put
    back (`restore_box_flux`). All is in units of the noise of the
    slopes, so that any number of groups and any time can be given.

    Parameters
    ----------
    hidden, depth : int
        Channels and levels of the second U-net; the first has half the channels.
    units : int
        Of the recurrent layers.
    mixer : {"gru", "attention"}
        What looks along a line.
    bin : int
        Pixels of a time bin.
    kernel : tuple of int
        Box (lines, pixels) in which light is conserved.
    near, wide : int
        Odd edges in pixels of the boxes by which light is told from correlated noise, see `remove_source_flux`.
    spare : int
        Odd edge in pixels of the boxes whose light, where it is significant (`source_weight`), is spared once the
        network is trained: its pixels tell nothing of correlated noise, and get more of what was taken from them; and
        what would be taken from the same pixels of a thousand lines, as from a trace and its sky, stays. 0 for none.

    References
    ----------
    Payeur et al. 2022, for the recurrent network in the order of reading and the training on simulated scenes.
    """

    family = "ramp_denoise"

    def __init__(self, hidden=16, depth=4, units=24, mixer="gru", bin=8, kernel=(5, 5), near=9, wide=255, spare=0):
        super().__init__()
        self.architecture = {
            "family": self.family, "hidden": hidden, "depth": depth, "units": units, "mixer": mixer, "bin": bin,
            "kernel": [int(n) for n in kernel], "near": near, "wide": wide, "spare": spare,
        }  # fmt: skip
        if bin < 1 or len(kernel) != 2 or not all(n >= 1 and n % 2 for n in (*kernel, near, wide or 1, spare or 1)):
            edges = f"kernel={kernel!r}, near={near!r}, wide={wide!r} and spare={spare!r}"
            raise ValueError(f"bin={bin!r} must be positive; {edges} odd")
        self.bin, self.kernel, self.near, self.wide, self.spare = bin, tuple(kernel), near, wide, spare
        self.scene = UNet(UNetConfig(depth, max(1, hidden // 2), inputs=3, outputs=2, normalize=False))
        self.streams = ReadStreams(units, mixer)
        self.noise = UNet(UNetConfig(depth, hidden, inputs=4, outputs=2, normalize=False))
        self.register_buffer("error_factor", torch.ones(len(KNOTS)))

    def forward(self, slopes, outputs, state=None):
        """Denoise scaled slopes.

        Parameters
        ----------
        slopes : ScaledSlopes
            (N, lines, pixels) with edges that are multiples of the U-nets'.
        outputs : int
            Amplifiers that read the lines.
        state : Tensor, optional
            Of the recurrent network after the lines before.

        Returns
        -------
        signal, log_variance, correlated : Tensor
            (N, lines, pixels): denoised signal, logarithm of its variance over that of the pixel, correlated noise.
        state : Tensor
        """
        correlated, first, state = self._correlated(slopes, outputs, self.scene, state)
        signal, log_variance = self._denoised(slopes, correlated, first, self.noise)
        return signal, log_variance, correlated, state

    def _correlated(self, slopes, outputs, unet, state=None):
        """Correlated noise, the noise that the first U-net sees, and the state of the recurrent network."""
        own = slopes.spread
        planes = torch.stack([torch.asinh(slopes.signal / own), torch.log(own), slopes.usable], dim=1)
        first, gate = unet(planes).unbind(1)
        weight = slopes.usable * torch.sigmoid(gate) / own**2
        with torch.autocast(weight.device.type, enabled=False):
            if self._spares:
                weight = weight * (1 - self._light(slopes.usable * (slopes.signal - own * first), own, SPARED))
            value = remove_source_flux(weight * own * first, weight, self.near, self.wide)
            streams = (to_streams(plane, outputs) for plane in (value, weight))
            noise, state = self.streams(*(pooled(stream, self.bin) for stream in streams), state)
            width = slopes.signal.shape[-1] // outputs
            noise = from_streams(noise.repeat_interleave(self.bin, dim=-1)[..., :width])
            noise = remove_source_flux(slopes.usable * noise, slopes.usable, self.near, self.wide)
            if self._spares and noise.shape[1] >= TALL:
                noise = noise - slopes.usable * weighted_mean(noise, slopes.usable, (TALL, self.near))
        return noise, first, state

    def _denoised(self, slopes, correlated, first, unet):
        observed = slopes.signal - slopes.usable * correlated
        own = slopes.spread
        planes = torch.stack([torch.asinh(observed / own), torch.log(own), slopes.usable, first], dim=1)
        noise, log_variance = unet(planes).unbind(1)
        signal = restore_box_flux(observed - own * noise, observed, slopes.usable, self.kernel)
        if self._spares:
            light = self._light(slopes.usable * signal, own, KEPT)
            signal = restore_box_flux(signal, observed, slopes.usable, self.kernel, light, passes=1)
        return signal, log_variance

    @property
    def _spares(self):
        return self.spare and not self.training

    def _light(self, scene, own, bounds):
        """Where there is light to be spared, (N, lines, pixels) from 0 to 1."""
        return source_weight(scene, own, (self.spare, self.spare), bounds)

    def deviation(self, signal, log_variance, slopes):
        """Standard deviation of the denoised signal, (N, lines, pixels) in units of ``slopes``.

        What the network expects, times `error_factor`: how far it was off on blocks of known truth.
        """
        return spread(signal, slopes) * corrected(torch.exp(0.5 * log_variance), self.error_factor)

    @torch.inference_mode()
    def denoise(self, slopes, readout, *, tile=256, progress=None):
        """Denoise a slope image.

        Parameters
        ----------
        slopes : jwst_denoise.ramps.slopes.SlopeImage
            (ny, nx) in DMS orientation.
        readout : jwst_denoise.readout.Readout
            How the pixels are read.
        tile : int, optional
            Edge of the tiles in pixels; the result does not depend on it.
        progress : callable, optional
            Called with the fraction done.

        Returns
        -------
        Denoised

        Raises
        ------
        ValueError
            If slopes and read-out geometry differ in shape.
        """
        tell = progress or (lambda fraction: None)
        slopes, usable, seen = self._seen(slopes, readout)
        correlated, first = self._around_zero(seen, readout.outputs, tile)
        tell(0.4)
        signal, log_variance = self._denoised(seen, correlated, first, _Tiled(self.noise, tile))
        tell(0.9)
        deviation = self.deviation(signal, log_variance, seen)
        found = (readout.from_detector(a[0].cpu().numpy()) for a in (signal, deviation, correlated))
        result = _handed_over(slopes, seen.level, seen.unit, usable, *found)
        tell(1.0)
        return result

    @torch.inference_mode()
    def correlated(self, slopes, readout, *, tile=256):
        """Correlated noise in a slope image, (ny, nx) float32 e- / s; parameters as for `denoise`."""
        _, usable, seen = self._seen(slopes, readout)
        found = self._around_zero(seen, readout.outputs, tile)[0][0].cpu().numpy()
        return np.where(usable, readout.from_detector(found) * seen.unit, 0).astype(np.float32)

    def _around_zero(self, seen, outputs, tile):
        """Correlated noise of a whole frame with the mean 0, as the level is the sky's; and what `_denoised` needs."""
        correlated, first, _ = self._correlated(seen, outputs, _Tiled(self.scene, tile))
        return correlated - (correlated * seen.usable).sum() / seen.usable.sum().clamp(min=1), first

    def _seen(self, slopes, readout):
        """Slopes with images for numbers, where they can be used, and how the network sees them."""
        fit = np.asarray(slopes.rate, dtype=np.float32)
        noise, poisson = (
            np.broadcast_to(np.asarray(a, np.float32), fit.shape) for a in (slopes.read_noise, slopes.poisson)
        )
        usable = np.isfinite(fit) & np.isfinite(noise) & (noise > 0) & np.isfinite(poisson)
        frames = (readout.to_detector(np.where(usable, a, 0)) for a in (fit, noise, poisson))
        seen = scaled(*frames, readout.to_detector(usable)).to(next(self.parameters()).device)
        return SlopeImage(fit, noise, poisson), usable, seen

    def group_noise(self, groups, noise, readout, **options):
        """Correlated noise of every group, (ngroups, ny, nx) e-: `jwst_denoise.networks.group_noise.group_noise`."""
        return group_noise(self, groups, noise, readout, **options)

    def predict(
        self, groups, read_noise, *, group_time, readout, gain=1.0, bad=None, saturated=None, jump=None, nframes=1,
        groupgap=0, tile=256, progress=None,
    ):  # fmt: skip
        """Denoised count rate of an integration.

        Parameters
        ----------
        groups : ndarray
            (ngroups, ny, nx) linear signal in DN; NaN where there is none.
        read_noise : float or ndarray
            White noise of one frame, e- rms.
        group_time : float
            s from group to group.
        readout : jwst_denoise.readout.Readout
            How the pixels are read.
        gain : float or ndarray, optional
            e- / DN.
        bad, saturated, jump : ndarray, optional
            Bool, (ny, nx) or (ngroups, ny, nx): what is not to be used, what is saturated, and where charge came
            between a group and the one before.
        nframes, groupgap : int, optional
            Frames averaged into a group and dropped between groups.
        tile, progress
            As for `denoise`.

        Returns
        -------
        rate, sigma : ndarray
            (ny, nx) float32 e- / s: the denoised rate and its standard deviation; NaN where there is no slope.

        Raises
        ------
        ValueError
            If the shapes do not fit or there are fewer than two groups.
        """
        groups, usable = _electrons(groups, gain, bad, saturated)
        noise = GroupNoise(read_noise, group_time, nframes=nframes, groupgap=groupgap)
        slopes = fit_slope(groups, noise, usable=usable, jump=jump)
        found = self.denoise(slopes, readout, tile=tile, progress=progress)
        return found.rate, found.err


class _Tiled:
    """A U-net for inference, called like it but tile by tile."""

    def __init__(self, unet, tile):
        self.unet, self.tile = frozen(unet), tile

    def __call__(self, planes):
        return apply_tiled(self.unet, planes[0], self.tile)[None]


def _electrons(groups, gain, bad, saturated):
    """Groups in e- and which of them can be used."""
    groups = np.asarray(groups, dtype=np.float32)
    gain = np.asarray(gain, dtype=np.float32)
    if groups.ndim != 3 or gain.shape not in ((), groups.shape[1:]):
        raise ValueError(f"groups {groups.shape} must be (ngroups, ny, nx) and gain {gain.shape} a number or (ny, nx)")
    usable = np.isfinite(groups) & (gain > 0)
    for name, flags in (("bad", bad), ("saturated", saturated)):
        if flags is not None:
            if np.shape(flags) not in (groups.shape, groups.shape[1:]):
                raise ValueError(f"{name} has shape {np.shape(flags)}, the groups {groups.shape}")
            usable &= ~np.asarray(flags, dtype=bool)
    return groups * np.where(gain > 0, gain, 1), usable


def _handed_over(slopes, level, unit, usable, signal, deviation, correlated):
    """Result that goes over from the network's estimate to the fit where the signal is far above the noise."""
    own, share = np.sqrt(slopes.variance), network_weight(slopes, level, usable)
    rate = np.where(share > 0, share * (signal * unit + level) + (1 - share) * slopes.rate, slopes.rate)
    err = np.where(share > 0, share * deviation * unit + (1 - share) * own, own)
    return Denoised(
        np.where(usable, rate, np.nan).astype(np.float32),
        np.where(usable, err, np.nan).astype(np.float32),
        (share * correlated * unit).astype(np.float32),
        share,
    )
