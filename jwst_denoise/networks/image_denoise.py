"""What the denoisers of images share: units, light that stays, errors, tiles, bright pixels."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from jwst_denoise.networks.blocks.blending import network_weight
from jwst_denoise.networks.blocks.conservation import restore_box_flux, source_weight
from jwst_denoise.networks.blocks.error_network import ErrorNetwork
from jwst_denoise.networks.blocks.expected_errors import KNOTS, corrected
from jwst_denoise.networks.blocks.line_noise import line_levels
from jwst_denoise.networks.blocks.monte_carlo import Dropped, mean_and_deviation
from jwst_denoise.networks.blocks.planes import each_plane, noise_of
from jwst_denoise.networks.blocks.slope_planes import scaled, spread
from jwst_denoise.networks.blocks.tiling import apply_mosaic, apply_tiled, frozen
from jwst_denoise.networks.blocks.unet import UNet
from jwst_denoise.ramps.slopes import SlopeImage

__all__ = ["PLANES", "DenoisedImage", "ImageDenoise"]

PLANES = 3  # of an input in units of its noise: signal, its noise, usable pixels; and two with levels of lines
COARSE = 3  # kernels, the edge of the box in which light of extended sources is conserved
LINE_SCALE = 4.0  # to which levels of lines, a fraction of the noise, are brought
CEILINGS = {"noise": 1.0, "rate": -12.0}  # largest logarithm of a variance, by units
RATIOS = (1.0, 5.0)  # of exposure times: more than the first, at most the second


@dataclass(frozen=True)
class DenoisedImage:
    """Result of a denoiser, (ny, nx) float32, in the units of the input.

    Parameters
    ----------
    rate : ndarray
        Denoised image; NaN where the input has no datum.
    err : ndarray or None
        Its standard deviation, None if none was asked for.
    share : ndarray
        From 0, the observation unchanged, to 1, the network's estimate.
    observed : SlopeImage
        What was denoised; of a stack its clipped mean.
    """

    rate: np.ndarray
    err: np.ndarray | None
    share: np.ndarray
    observed: SlopeImage


class ImageDenoise(nn.Module):
    """A U-net that tells the noise of an image in units of its standard deviation, and the error that is left.

    Flux that it takes from a wide box is restored (`restore_box_flux`), and from boxes of one and three kernels
    where they hold significant light: sources above S/N 10 or so have the sum of the observation. Bright pixels stay as
    they are. With ``units='rate'`` it is the plain network of the papers instead, which maps the image as it is to the
    result.

    Parameters
    ----------
    unet : UNetConfig
        Of the U-net; `inputs_of` says how many planes it is given.
    units : {"noise", "rate"}
        Of what the U-net sees.
    error : {"head", "network", "none"}
        What tells the error: a second output of the U-net, a small network of its own, or nothing.
    kernel, wide : int
        Odd edges in pixels of the boxes in which significant light, and all light, is conserved; 0 for none.
    lines : int
        Odd number of pixels over which levels of rows and columns are measured, of which the U-net is told; 0 for none.
    """

    uses_ratio = False
    takes_stack = False

    def __init__(self, unet, *, units, error, kernel, wide, lines):
        super().__init__()
        _check(units, error, kernel=kernel, wide=wide, lines=lines)
        self.units, self.kernel, self.wide, self.lines = units, kernel, wide, lines
        self.unet = UNet(unet)
        self.error = (
            ErrorNetwork(unet.inputs, max(4, unet.hidden // 2), CEILINGS[units]) if error == "network" else None
        )
        for name in ("error_factor", "total_factor"):
            self.register_buffer(name, torch.ones(len(KNOTS)))

    @property
    def uncertainties(self):
        """What `denoise` can tell of the error."""
        if self.error is None and self.unet.config.outputs < 2:
            return ("none",)
        return ("none", "aleatoric", "total") if self.unet.config.dropout else ("none", "aleatoric")

    def forward(self, slopes, ratio=None, extra=None):
        """Denoise scaled images.

        Parameters
        ----------
        slopes : ScaledSlopes
            (N, ny, nx) with edges that are multiples of the U-net's.
        ratio : Tensor, optional
            (N,) ratio of the exposure time that is asked for to that of the image.
        extra : Tensor, optional
            (N, n, ny, nx) further planes.

        Returns
        -------
        signal, log_variance : Tensor
            (N, ny, nx): denoised image; logarithm of the variance of the estimate of the scene in it over that of the
            pixel, None without.
        """
        planes = self._planes(slopes, extra)
        output = self.unet(planes, *self._context(ratio))
        told = None if self.error is None else self.error(planes)[:, 0]
        return self._result(slopes, output, ratio), _log_variance(output, told)

    def scene(self, signal, slopes, ratio=None):
        """Estimate of the scene that a denoised signal holds, (N, ny, nx); here the signal itself."""
        return signal

    def deviation(self, signal, log_variance, slopes, ratio=None, total=False):
        """Standard deviation of the denoised signal, (N, ny, nx) in units of ``slopes``.

        What the network expects, times how far it was off on blocks of known truth.
        """
        expected = torch.exp(0.5 * log_variance)
        if self.units == "rate":
            return expected
        return spread(signal, slopes) * corrected(expected, self.total_factor if total else self.error_factor)

    @torch.inference_mode()
    def denoise(
        self, image, *, ratio=2.0, uncertainty="aleatoric", n_samples=16, seed=0, tile=1024, mosaic=False, progress=None
    ):
        """Denoise an image.

        Parameters
        ----------
        image : jwst_denoise.ramps.slopes.SlopeImage
            The observation with its noise; for networks that take a stack, a sequence of them.
        ratio : float, optional
            Ratio of exposure times, 1 < r <= 5: the result estimates the exposure that is r times as long and of which
            the image is the first part. Without effect where the network does not know it (`uses_ratio`).
        uncertainty : {"none", "aleatoric", "total"}, optional
            What ``err`` holds; ``total`` adds what Monte-Carlo dropout tells of the network itself.
        n_samples, seed : int, optional
            Passes with dropout and seed of the channels that are dropped.
        tile : int, optional
            Edge of the tiles in pixels; the result does not depend on it.
        mosaic : bool, optional
            Mean of overlapping crops, as in the paper, instead of tiles.
        progress : callable, optional
            Called with the fraction done.

        Returns
        -------
        DenoisedImage

        Raises
        ------
        ValueError
            If a parameter is impossible, or the network cannot tell that uncertainty.
        """
        self._check_request(ratio, uncertainty, n_samples)
        device = next(self.parameters()).device
        observed, extra = self._observed(image)
        observed, usable = _usable(observed)
        level, unit = (None, None) if self.units == "noise" else (0.0, 1.0)
        arrays = (np.where(usable, getattr(observed, n), 0) for n in ("rate", "read_noise", "poisson"))
        seen = scaled(*arrays, usable, level, unit).to(device)
        known = torch.full((1,), float(ratio), device=device)
        planes = self._planes(seen, None if extra is None else extra.to(device))
        run = _Runner(planes[0], self._context(known), tile, mosaic)
        signal, variance = self._signal(seen, run, known, uncertainty, n_samples, seed, progress)
        found = [None if a is None else a[0].float().cpu().numpy() for a in (signal, variance)]
        return _handed_over(observed, usable, seen, *found)

    def predict(self, image, err=None, *, read_noise=None, poisson=0.0, bad=None, **options):
        """Denoise an image in any units.

        Parameters
        ----------
        image : ndarray
            (ny, nx), or (n, ny, nx): planes that are denoised one by one, or the frames of a stack where the network
            takes one. NaN where there is no datum.
        err : ndarray or float, optional
            Its noise, light included; by default measured in the image.
        read_noise : ndarray or float, optional
            Instead of ``err``: the noise without the light.
        poisson : ndarray or float, optional
            With ``read_noise``: variance by light over signal, 1 / (gain × exposure time) in rates.
        bad : ndarray, optional
            Bool: pixels that are not to be used.
        **options
            As for `denoise`.

        Returns
        -------
        image, sigma : ndarray
            float32: denoised image and its standard deviation (None for ``uncertainty='none'``); NaN where there is
            no datum.

        Raises
        ------
        ValueError
            If the shapes do not fit or an option is impossible.
        """
        if self.takes_stack:
            if np.ndim(image) != 3:
                raise ValueError(f"a stack (frames, ny, nx) is needed, not an array of shape {np.shape(image)}")
            noise = [np.broadcast_to(a, np.shape(image)) if a is not None else [None] * len(image)
                     for a in (err, read_noise, bad)]  # fmt: skip
            frames = [_slope_image(*plane, poisson) for plane in zip(image, *noise, strict=True)]
            found = self.denoise(frames, **options)
            return found.rate, found.err
        planes = []

        def one(*plane):
            found = self.denoise(_slope_image(*plane, poisson), **options)
            planes.append(found.err)
            return found.rate

        rate = each_plane(one, image, err, read_noise, bad)
        return rate, None if planes[0] is None else np.stack(planes).reshape(rate.shape)

    def _observed(self, image):
        """Image that is denoised, and further planes for the U-net."""
        return image, None

    def _context(self, ratio):
        return () if not self.unet.config.context else (ratio[:, None],)

    def _planes(self, slopes, extra):
        """What the U-net is given."""
        if self.units == "rate":
            return slopes.signal[:, None]
        own, levels = slopes.spread, []
        if self.lines:
            levels = line_levels(slopes.signal, own, slopes.usable, self.lines)
            levels = [LINE_SCALE * level / own for level in levels]
        planes = torch.stack([torch.asinh(slopes.signal / own), torch.log(own), slopes.usable, *levels], dim=1)
        return planes if extra is None else torch.cat([planes, extra], dim=1)

    def _result(self, slopes, output, ratio):
        """Denoised image of the U-net's output."""
        if self.units == "rate":
            return output[:, 0]
        observed = slopes.signal
        scene = observed - slopes.spread * output[:, 0]
        if self.wide:
            scene = restore_box_flux(scene, observed, slopes.usable, (self.wide, self.wide))
        for size in (COARSE * self.kernel, self.kernel) if self.kernel else ():
            where = source_weight(scene, slopes.spread, (size, size))
            scene = restore_box_flux(scene, observed, slopes.usable, (size, size), where)
        return scene

    def _signal(self, seen, run, ratio, uncertainty, n_samples, seed, progress):
        """Denoised signal and its standard deviation, in units of ``seen``."""
        tell = progress or (lambda fraction: None)
        unet = frozen(self.unet)
        output = run(unet)
        signal = self._result(seen, output, ratio)
        if uncertainty == "none":
            return signal, None
        told = None if self.error is None else run(self.error)[:, 0]
        log_variance = _log_variance(output, told)
        if uncertainty == "aleatoric":
            return signal, self.deviation(signal, log_variance, seen, ratio)

        def samples():
            for number in range(n_samples):
                yield self._result(seen, run(Dropped(unet, seed + number)), ratio)
                tell((number + 1) / n_samples)

        signal, model = mean_and_deviation(samples())
        own = spread(signal, seen) if self.units == "noise" else torch.ones_like(signal)
        log_variance = torch.log(torch.exp(log_variance) + (model / own) ** 2)
        return signal, self.deviation(signal, log_variance, seen, ratio, total=True)

    def _check_request(self, ratio, uncertainty, n_samples):
        if self.uses_ratio and not RATIOS[0] < ratio <= RATIOS[1]:
            raise ValueError(f"ratio={ratio!r} must be more than {RATIOS[0]:g} and at most {RATIOS[1]:g}")
        if uncertainty not in self.uncertainties:
            raise ValueError(f"uncertainty={uncertainty!r}: this network offers {', '.join(self.uncertainties)}")
        if n_samples < 2:
            raise ValueError(f"n_samples={n_samples!r} must be 2 or more")


class _Runner:
    """Applies networks to one input, in tiles or as a mosaic."""

    def __init__(self, planes, context, tile, mosaic):
        self.planes, self.context, self.tile, self.mosaic = planes, context, tile, mosaic

    def __call__(self, network):
        """(1, outputs, ny, nx) output of a network."""
        context = () if isinstance(network, ErrorNetwork) else self.context
        if self.mosaic and not isinstance(network, ErrorNetwork):
            output = apply_mosaic(network, self.planes, *context)
        else:
            output = apply_tiled(network, self.planes, self.tile, *context)
        return output[None] if output.ndim == 3 else output[None, None]


def _log_variance(output, told):
    if told is not None:
        return told
    return output[:, 1] if output.shape[1] > 1 else None


def _check(units, error, **lengths):
    if units not in CEILINGS:
        raise ValueError(f"units={units!r} must be one of {', '.join(CEILINGS)}")
    if error not in ("head", "network", "none"):
        raise ValueError(f"error={error!r} must be 'head', 'network' or 'none'")
    for name, value in lengths.items():
        if value < 0 or value and not value % 2:
            raise ValueError(f"{name}={value!r} must be odd, or 0 for none")
    if units == "rate" and any(lengths.values()):
        raise ValueError(f"{', '.join(f'{k}={v}' for k, v in lengths.items())} must be 0 for units='rate'")


def _usable(image):
    """Image of whole arrays, and where it can be used."""
    rate = np.asarray(image.rate, np.float32)
    noise, poisson = (np.broadcast_to(np.asarray(a, np.float32), rate.shape) for a in (image.read_noise, image.poisson))
    usable = np.isfinite(rate) & np.isfinite(noise) & (noise > 0) & np.isfinite(poisson)
    return SlopeImage(rate, noise, poisson), usable


def _slope_image(image, err, read_noise, bad, poisson):
    """An image of unknown units with its noise."""
    known = err if read_noise is None else read_noise
    data, _, noise = noise_of(image, known, bad)
    known = float(noise) if known is None else np.asarray(known, np.float32)
    return SlopeImage(data, np.broadcast_to(known, data.shape), poisson if read_noise is not None else 0.0)


def _handed_over(observed, usable, seen, signal, deviation):
    """Result that goes over from the network's estimate to the observation where the signal is far above the noise."""
    share = network_weight(observed, seen.level, usable)
    rate = np.where(share > 0, share * (signal * seen.unit + seen.level) + (1 - share) * observed.rate, observed.rate)
    err = None
    if deviation is not None:
        own = np.sqrt(observed.variance)
        err = np.where(share > 0, share * deviation * seen.unit + (1 - share) * own, own)
        err = np.where(usable, err, np.nan).astype(np.float32)
    return DenoisedImage(np.where(usable, rate, np.nan).astype(np.float32), err, share, observed)
