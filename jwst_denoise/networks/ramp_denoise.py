"""The recurrent denoiser of ramps: denoised slopes with their errors from slope images."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from jwst_denoise.networks.blocks.boxes import remove_source_flux, restore_box_flux, source_weight, weighted_mean
from jwst_denoise.networks.blocks.errors import KNOTS, apply_error_factors
from jwst_denoise.networks.blocks.read_streams import ReadStreams, from_streams, sum_bins, to_streams
from jwst_denoise.networks.blocks.scaling import (
    blend_with_observation,
    complete_slopes,
    pixel_noise,
    scale_slopes,
    to_electrons,
)
from jwst_denoise.networks.blocks.tiling import apply_tiled, fuse_normalization
from jwst_denoise.networks.blocks.unet import UNet, UNetConfig
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.ramps.slopes import SlopeImage, fit_slope

__all__ = ["DenoisedSlopes", "RampDenoise"]

#: Standard deviations of a box's mean between which its pixels cease to contribute to the estimate of the correlated
#: noise, and between which the removed flux is restored once more.
PROTECT_SIGMA, RESTORE_SIGMA = (4.0, 6.0), (8.0, 12.0)
#: Lines over which the correlated noise at any position of a line averages to zero, except for slow drifts. A mean over
#: so many lines is signal that crosses the lines, however faint: traces, slits, sky.
TALL = 1025


@dataclass(frozen=True)
class DenoisedSlopes:
    """Result of the ramp denoiser, (ny, nx) float32 in DMS orientation, e- / s.

    Parameters
    ----------
    rate : ndarray
        Denoised slope; NaN where the fit has none.
    err : ndarray
        Its standard deviation.
    correlated : ndarray
        Correlated noise that was subtracted before the network smooths; 0 where the fit is unchanged.
    network_weight : ndarray
        From 0, the fit unchanged, to 1, the network's estimate.
    """

    rate: np.ndarray
    err: np.ndarray
    correlated: np.ndarray
    network_weight: np.ndarray


class RampDenoise(nn.Module):
    """Denoiser of slope images that follows the order in which pixels are read.

    A small U-net predicts the noise of a slope image. From it, in time bins of every output, a recurrent network
    estimates the correlated noise (`ReadStreams`), which is subtracted. A second U-net predicts the remaining white
    noise and its own error. The flux in small boxes is restored (`restore_box_flux`). All of this is in units of the
    noise of the slopes, so any number of groups and any group time are possible.

    Parameters
    ----------
    hidden, depth : int
        Channels and levels of the second U-net; the first has half the channels.
    recurrent_units : int
        Size of the recurrent layers.
    bin : int
        Pixels of a time bin.
    flux_box : tuple of int
        Box (lines, pixels) in which flux is restored.
    source_box, comparison_length : int
        Odd edges in pixels of the boxes that separate source flux from correlated noise, see `remove_source_flux`.
    protection_box : int
        Odd edge in pixels of the boxes whose flux, where it is significant (`source_weight`), is protected: their
        pixels do not contribute to the estimate of the correlated noise, and more of their flux is restored. A mean of
        the correlated noise over a thousand lines, as of a trace or its sky, is not subtracted. 0 for no protection.
    correlated_error : float
        Variance that every pixel has in addition, because sums over apertures contain residual correlated noise, over
        the mean square of its estimate; calibrated on simulations.

    References
    ----------
    Payeur et al. 2022, for the recurrent network in the order of reading and the training on simulated scenes.
    """

    family = "ramp_denoise"

    def __init__(
        self, hidden=16, depth=4, recurrent_units=24, bin=8, flux_box=(5, 5), source_box=9, comparison_length=255,
        protection_box=0, correlated_error=0.0,
    ):  # fmt: skip
        super().__init__()
        boxes = {
            "flux_box": [int(n) for n in flux_box], "source_box": source_box, "comparison_length": comparison_length,
            "protection_box": protection_box,
        }  # fmt: skip
        edges = (*flux_box, source_box, comparison_length or 1, protection_box or 1)
        if bin < 1 or len(flux_box) != 2 or not all(n >= 1 and n % 2 for n in edges):
            listed = ", ".join(f"{name}={value!r}" for name, value in boxes.items())
            raise ValueError(f"bin={bin!r} must be positive; {listed} must be odd, flux_box a pair of numbers")
        self.architecture = {
            "family": self.family, "hidden": hidden, "depth": depth, "recurrent_units": recurrent_units, "bin": bin,
            **boxes, "correlated_error": correlated_error,
        }  # fmt: skip
        self.bin, self.flux_box, self.source_box = bin, tuple(flux_box), source_box
        self.comparison_length, self.protection_box = comparison_length, protection_box
        self.scene = UNet(UNetConfig(depth, max(1, hidden // 2), inputs=3, outputs=2, normalize=False))
        self.streams = ReadStreams(recurrent_units)
        self.noise = UNet(UNetConfig(depth, hidden, inputs=4, outputs=2, normalize=False))
        self.register_buffer("error_factor", torch.ones(len(KNOTS)))

    def forward(self, slopes, outputs, state=None):
        """Denoise scaled slopes.

        Parameters
        ----------
        slopes : ScaledSlopes
            (N, lines, pixels) with edges that are multiples of the U-nets'.
        outputs : int
            Amplifier outputs that read the lines.
        state : Tensor, optional
            State of the recurrent network after the preceding lines.

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
        """Correlated noise, the noise predicted by the first U-net, and the state of the recurrent network."""
        noise = slopes.noise
        planes = torch.stack([torch.asinh(slopes.signal / noise), torch.log(noise), slopes.usable], dim=1)
        first, gate = unet(planes).unbind(1)
        weight = slopes.usable * torch.sigmoid(gate) / noise**2
        boxes = self.source_box, self.comparison_length
        with torch.autocast(weight.device.type, enabled=False):
            if self._protects_sources:
                scene = slopes.usable * (slopes.signal - noise * first)
                weight = weight * (1 - self._source_weight(scene, noise, PROTECT_SIGMA))
            value = remove_source_flux(weight * noise * first, weight, *boxes)
            streams = (to_streams(plane, outputs) for plane in (value, weight))
            bins, state = self.streams(*(sum_bins(stream, self.bin) for stream in streams), state)
            width = slopes.signal.shape[-1] // outputs
            correlated = from_streams(bins.repeat_interleave(self.bin, dim=-1)[..., :width])
            correlated = remove_source_flux(slopes.usable * correlated, slopes.usable, *boxes)
            if self._protects_sources and correlated.shape[1] >= TALL:
                mean = weighted_mean(correlated, slopes.usable, (TALL, self.source_box))
                correlated = correlated - slopes.usable * mean
        return correlated, first, state

    def _denoised(self, slopes, correlated, first, unet):
        observed = slopes.signal - slopes.usable * correlated
        noise = slopes.noise
        planes = torch.stack([torch.asinh(observed / noise), torch.log(noise), slopes.usable, first], dim=1)
        white, log_variance = unet(planes).unbind(1)
        signal = restore_box_flux(observed - noise * white, observed, slopes.usable, self.flux_box)
        if self._protects_sources:
            where = self._source_weight(slopes.usable * signal, noise, RESTORE_SIGMA)
            signal = restore_box_flux(signal, observed, slopes.usable, self.flux_box, where, passes=1)
        return signal, log_variance

    @property
    def _protects_sources(self):
        return self.protection_box > 0

    def _source_weight(self, scene, noise, bounds):
        return source_weight(scene, noise, (self.protection_box, self.protection_box), bounds)

    def deviation(self, signal, log_variance, slopes, correlated):
        """Standard deviation of the denoised signal, (N, lines, pixels) in units of ``slopes``.

        It is calibrated on simulated blocks, by `error_factor` (see `apply_error_factors`) and ``correlated_error``.
        """
        own = pixel_noise(signal, slopes) * apply_error_factors(torch.exp(0.5 * log_variance), self.error_factor)
        square = (correlated**2).sum((1, 2), keepdim=True) / slopes.usable.sum((1, 2), keepdim=True).clamp(min=1)
        return torch.sqrt(own**2 + self.architecture["correlated_error"] * square)

    @torch.inference_mode()
    def denoise(self, slopes, readout, *, tile=256, progress=None):
        """Denoise a slope image.

        Parameters
        ----------
        slopes : jwst_denoise.ramps.slopes.SlopeImage
            (ny, nx) in DMS orientation.
        readout : jwst_denoise.readout.Readout
            Read-out geometry.
        tile : int, optional
            Edge of the tiles in pixels; the result does not depend on it.
        progress : callable, optional
            Called with the completed fraction.

        Returns
        -------
        DenoisedSlopes

        Raises
        ------
        ValueError
            If slopes and read-out geometry differ in shape.
        """
        report_progress = progress or (lambda fraction: None)
        slopes, usable, scaled = self._scaled(slopes, readout)
        correlated, first = self._zero_mean_correlated(scaled, readout.outputs, tile)
        report_progress(0.4)
        signal, log_variance = self._denoised(scaled, correlated, first, _Tiled(self.noise, tile))
        report_progress(0.9)
        deviation = self.deviation(signal, log_variance, scaled, correlated)
        signal, deviation, correlated = (
            readout.from_detector(a[0].cpu().numpy()) for a in (signal, deviation, correlated)
        )
        rate, err, weight = blend_with_observation(slopes, usable, scaled, signal, deviation)
        report_progress(1.0)
        return DenoisedSlopes(rate, err, (weight * correlated * scaled.unit).astype(np.float32), weight)

    @torch.inference_mode()
    def correlated(self, slopes, readout, *, tile=256):
        """Correlated noise in a slope image, (ny, nx) float32 e- / s; parameters as for `denoise`."""
        _, usable, scaled = self._scaled(slopes, readout)
        correlated = self._zero_mean_correlated(scaled, readout.outputs, tile)[0][0].cpu().numpy()
        return np.where(usable, readout.from_detector(correlated) * scaled.unit, 0).astype(np.float32)

    def _zero_mean_correlated(self, slopes, outputs, tile):
        """Correlated noise of a whole frame, with mean 0 because the level is that of the sky; input of `_denoised`."""
        correlated, first, _ = self._correlated(slopes, outputs, _Tiled(self.scene, tile))
        return correlated - (correlated * slopes.usable).sum() / slopes.usable.sum().clamp(min=1), first

    def _scaled(self, slopes, readout):
        """Slopes with complete arrays, the mask of usable pixels, and the input of the network."""
        slopes, usable = complete_slopes(slopes)
        arrays = (slopes.rate, slopes.read_noise, slopes.poisson)
        frames = (readout.to_detector(np.where(usable, a, 0)) for a in arrays)
        scaled = scale_slopes(*frames, readout.to_detector(usable)).to(next(self.parameters()).device)
        return slopes, usable, scaled

    def group_noise(self, groups, noise, readout, *, usable=None, jump=None, tile=256, progress=None):
        """Correlated noise of every group of a ramp.

        The difference of two groups is the slope of a ramp of two groups. Minus the denoised scene it is noise, of
        which the network estimates the correlated part. These estimates are summed up the ramp. A term linear in time
        then makes the slope of the sum equal to the correlated noise that the network finds in the slope of the whole
        ramp, its best estimate.

        Parameters
        ----------
        groups : ndarray
            (ngroups, ny, nx) e-; non-finite values are not used.
        noise : jwst_denoise.ramps.noise.GroupNoise
            Read noise, group time and frames.
        readout : jwst_denoise.readout.Readout
            Read-out geometry.
        usable, jump : ndarray, optional
            (ngroups, ny, nx) bool, as for `jwst_denoise.ramps.slopes.fit_slope`.
        tile : int, optional
            Edge of the tiles in pixels; the result does not depend on it.
        progress : callable, optional
            Called with the completed fraction.

        Returns
        -------
        ndarray
            (ngroups, ny, nx) float32 e-, 0 in the first group and in pixels without a slope.
        """
        report_progress = progress or (lambda fraction: None)
        ngroups, group_time = len(groups), np.float32(noise.group_time)
        whole = self.denoise(fit_slope(groups, noise, usable=usable, jump=jump), readout, tile=tile)
        correlated = np.zeros(np.shape(groups), dtype=np.float32)
        scene = np.nan_to_num(whole.rate)
        for group in range(1, ngroups):
            report_progress(group / ngroups)
            pair = slice(group - 1, group + 1)
            flags = {name: None if f is None else f[pair] for name, f in (("usable", usable), ("jump", jump))}
            step = fit_slope(groups[pair], noise, **flags)
            read_noise = np.sqrt(step.read_noise**2 + step.poisson * np.clip(scene, 0, None))
            rate = self.correlated(SlopeImage(step.rate - scene, read_noise, 0.0), readout, tile=tile)
            correlated[group] = correlated[group - 1] + rate * group_time * whole.network_weight
        time = (np.arange(ngroups) - (ngroups - 1) / 2).astype(np.float32) * group_time
        missing = whole.correlated - np.tensordot(time / np.sum(time**2), correlated, axes=1)
        correlated += (time - time[0])[:, None, None] * missing
        report_progress(1.0)
        return correlated

    def predict(
        self, groups, read_noise, *, group_time, readout, gain=1.0, bad=None, saturated=None, jump=None, nframes=1,
        groupgap=0, tile=256, progress=None,
    ):  # fmt: skip
        """Denoised count rate of an integration.

        Parameters
        ----------
        groups : ndarray
            (ngroups, ny, nx) linear signal in DN; NaN where there are no data.
        read_noise : float or ndarray
            White noise of one frame, e- rms.
        group_time : float
            s from group to group.
        readout : jwst_denoise.readout.Readout
            Read-out geometry.
        gain : float or ndarray, optional
            e- / DN.
        bad, saturated, jump : ndarray, optional
            Bool, (ny, nx) or (ngroups, ny, nx): pixels that are not to be used, saturated ones, and groups before which
            a cosmic ray arrived.
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
            If the shapes do not match or there are fewer than two groups.
        """
        groups, usable = to_electrons(groups, gain, bad, saturated)
        noise = GroupNoise(read_noise, group_time, nframes=nframes, groupgap=groupgap)
        result = self.denoise(fit_slope(groups, noise, usable=usable, jump=jump), readout, tile=tile, progress=progress)
        return result.rate, result.err


class _Tiled:
    """A U-net for inference that is applied tile by tile."""

    def __init__(self, unet, tile):
        self.unet, self.tile = fuse_normalization(unet), tile

    def __call__(self, planes):
        return apply_tiled(self.unet, planes[0], self.tile)[None]
