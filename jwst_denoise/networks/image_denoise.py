"""Base of the image denoisers: units, flux conservation, errors, tiles, and blending of bright pixels."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from jwst_denoise.networks.blocks.boxes import line_levels, restore_box_flux, source_weight
from jwst_denoise.networks.blocks.errors import (
    KNOTS,
    ErrorNetwork,
    FixedDropout,
    apply_error_factors,
    mean_and_deviation,
)
from jwst_denoise.networks.blocks.scaling import (
    blend_with_observation,
    complete_slopes,
    map_planes,
    pixel_noise,
    prepare_plane,
    scale_slopes,
)
from jwst_denoise.networks.blocks.tiling import apply_mosaic, apply_tiled, fuse_normalization
from jwst_denoise.networks.blocks.unet import UNet
from jwst_denoise.ramps.slopes import SlopeImage

__all__ = ["DenoisedImage", "ImageDenoise", "input_planes"]

COARSE = 3  # source boxes, edge of the box in which the flux of extended sources is restored
LINE_SCALE = 4.0  # factor of the levels of lines, which are small compared with the noise
CEILINGS = {"noise": 1.0, "rate": -12.0}  # largest logarithm of a variance, by input scaling
RATIOS = (1.0, 5.0)  # range of exposure-time ratios; the lower limit is excluded


@dataclass(frozen=True)
class DenoisedImage:
    """Result of an image denoiser, (ny, nx) float32, in the units of the input.

    Parameters
    ----------
    rate : ndarray
        Denoised image; NaN where the input has no data.
    err : ndarray or None
        Its standard deviation; None if none was requested.
    network_weight : ndarray
        From 0, the observation unchanged, to 1, the network's estimate.
    observed : SlopeImage
        The image before denoising; for a stack its clipped mean.
    """

    rate: np.ndarray
    err: np.ndarray | None
    network_weight: np.ndarray
    observed: SlopeImage


def input_planes(line_length):
    """Number of input planes: signal, noise, usable pixels, and levels of rows and columns if they are measured."""
    return 3 + 2 * bool(line_length)


class ImageDenoise(nn.Module):
    """A U-net that predicts the noise of an image in units of its standard deviation, and the remaining error.

    The flux of the observation is restored (`restore_box_flux`) in wide boxes everywhere, and in two sizes of smaller
    boxes where there are significant sources: sources above a S/N of about 10 keep the flux of the observation. Bright
    pixels are unchanged. With ``input_scaling='rate'`` it is the plain network of the papers instead, which maps the
    unscaled image to the result.

    Parameters
    ----------
    unet : UNetConfig
        Of the U-net, with `input_planes` input planes.
    input_scaling : {"noise", "rate"}
        Unit of the U-net's input: the noise of the sky, or that of the image.
    error : {"head", "network", "none"}
        Source of the predicted error: a second output of the U-net, a separate small network, or none.
    source_box, flux_box : int
        Odd edges in pixels of the boxes in which the flux of significant sources, and all flux, is restored; 0 for
        none.
    line_length : int
        Odd number of pixels over which the levels of rows and columns are measured, which are inputs of the U-net; 0
        for none.
    """

    uses_ratio = False
    takes_stack = False

    def __init__(self, unet, *, input_scaling, error, source_box, flux_box, line_length):
        super().__init__()
        _check(input_scaling, error, source_box=source_box, flux_box=flux_box, line_length=line_length)
        self.input_scaling, self.source_box = input_scaling, source_box
        self.flux_box, self.line_length = flux_box, line_length
        self.unet = UNet(unet)
        self.error = (
            ErrorNetwork(unet.inputs, max(4, unet.hidden // 2), CEILINGS[input_scaling]) if error == "network" else None
        )
        for name in ("error_factor", "total_factor"):
            self.register_buffer(name, torch.ones(len(KNOTS)))

    @property
    def uncertainties(self):
        """Values of ``uncertainty`` that `denoise` accepts."""
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
            (N,) ratio of the requested exposure time to that of the image.
        extra : Tensor, optional
            (N, n, ny, nx) additional planes.

        Returns
        -------
        signal, log_variance : Tensor
            (N, ny, nx): denoised image; logarithm of the variance of its estimate of the scene over the variance of
            the pixel, None if the network predicts no error.
        """
        planes = self._planes(slopes, extra)
        output = self.unet(planes, *self._context(ratio))
        log_variance = None if self.error is None else self.error(planes)[:, 0]
        return self._result(slopes, output, ratio), _log_variance(output, log_variance)

    def scene(self, signal, slopes, ratio=None):
        """Estimate of the scene in a denoised signal, (N, ny, nx); here the signal."""
        return signal

    def deviation(self, signal, log_variance, slopes, ratio=None, total=False):
        """Standard deviation of the denoised signal, (N, ny, nx) in units of ``slopes``, calibrated on simulations."""
        predicted = torch.exp(0.5 * log_variance)
        if self.input_scaling == "rate":
            return predicted
        factors = self.total_factor if total else self.error_factor
        return pixel_noise(signal, slopes) * apply_error_factors(predicted, factors)

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
            Ratio of exposure times, 1 < r <= 5: the result estimates an exposure r times as long, of which the image is
            the first part. It has no effect on networks that do not use it (`uses_ratio`).
        uncertainty : {"none", "aleatoric", "total"}, optional
            Content of ``err``; ``total`` adds the uncertainty of the network from Monte-Carlo dropout.
        n_samples, seed : int, optional
            Number of passes with dropout, and the seed of the channels that are dropped.
        tile : int, optional
            Edge of the tiles in pixels; the result does not depend on it.
        mosaic : bool, optional
            Average overlapping crops, as in the paper, instead of tiles.
        progress : callable, optional
            Called with the completed fraction.

        Returns
        -------
        DenoisedImage

        Raises
        ------
        ValueError
            If a parameter is impossible, or the network does not predict that uncertainty.
        """
        self._check_request(ratio, uncertainty, n_samples)
        device = next(self.parameters()).device
        observed, extra = self._observed(image)
        observed, usable = complete_slopes(observed)
        level, unit = (None, None) if self.input_scaling == "noise" else (0.0, 1.0)
        arrays = (np.where(usable, getattr(observed, n), 0) for n in ("rate", "read_noise", "poisson"))
        scaled = scale_slopes(*arrays, usable, level, unit).to(device)
        ratio = torch.full((1,), float(ratio), device=device)
        planes = self._planes(scaled, None if extra is None else extra.to(device))
        run = _Runner(planes[0], self._context(ratio), tile, mosaic)
        output = self._signal(scaled, run, ratio, uncertainty, n_samples, seed, progress)
        arrays = (None if a is None else a[0].float().cpu().numpy() for a in output)
        return DenoisedImage(*blend_with_observation(observed, usable, scaled, *arrays), observed)

    def predict(self, image, err=None, *, read_noise=None, poisson=0.0, bad=None, **options):
        """Denoise an image in any units.

        Parameters
        ----------
        image : ndarray
            (ny, nx), or (n, ny, nx): planes that are denoised independently, or the frames of a stack if the network
            takes one. NaN where there are no data.
        err : ndarray or float, optional
            Its noise, including Poisson noise; by default measured in the image.
        read_noise : ndarray or float, optional
            Instead of ``err``: the noise without Poisson noise.
        poisson : ndarray or float, optional
            With ``read_noise``: Poisson variance over signal, 1 / (gain × exposure time) in rates.
        bad : ndarray, optional
            Bool: pixels that are not to be used.
        **options
            As for `denoise`.

        Returns
        -------
        image, sigma : ndarray
            float32: denoised image and its standard deviation (None for ``uncertainty='none'``); NaN where there are
            no data.

        Raises
        ------
        ValueError
            If the shapes do not match or an option is impossible.
        """
        if self.takes_stack:
            if np.ndim(image) != 3:
                raise ValueError(f"a stack (frames, ny, nx) is needed, not an array of shape {np.shape(image)}")
            others = [[None] * len(image) if a is None else np.broadcast_to(a, np.shape(image))
                      for a in (err, read_noise, bad)]  # fmt: skip
            frames = [_slope_image(*plane, poisson) for plane in zip(image, *others, strict=True)]
            result = self.denoise(frames, **options)
            return result.rate, result.err
        errors = []

        def denoise_plane(*plane):
            result = self.denoise(_slope_image(*plane, poisson), **options)
            errors.append(result.err)
            return result.rate

        rate = map_planes(denoise_plane, image, err, read_noise, bad)
        return rate, None if errors[0] is None else np.stack(errors).reshape(rate.shape)

    def _observed(self, image):
        """Image to denoise, and additional planes for the U-net."""
        return image, None

    def _context(self, ratio):
        return () if not self.unet.config.context else (ratio[:, None],)

    def _planes(self, slopes, extra):
        """Input of the U-net."""
        if self.input_scaling == "rate":
            return slopes.signal[:, None]
        noise, levels = slopes.noise, []
        if self.line_length:
            levels = line_levels(slopes.signal, noise, slopes.usable, self.line_length)
            levels = [LINE_SCALE * level / noise for level in levels]
        planes = torch.stack([torch.asinh(slopes.signal / noise), torch.log(noise), slopes.usable, *levels], dim=1)
        return planes if extra is None else torch.cat([planes, extra], dim=1)

    def _result(self, slopes, output, ratio):
        """Denoised image from the output of the U-net."""
        if self.input_scaling == "rate":
            return output[:, 0]
        observed = slopes.signal
        scene = observed - slopes.noise * output[:, 0]
        if self.flux_box:
            scene = restore_box_flux(scene, observed, slopes.usable, (self.flux_box, self.flux_box))
        for size in (COARSE * self.source_box, self.source_box) if self.source_box else ():
            where = source_weight(scene, slopes.noise, (size, size))
            scene = restore_box_flux(scene, observed, slopes.usable, (size, size), where)
        return scene

    def _signal(self, slopes, run, ratio, uncertainty, n_samples, seed, progress):
        """Denoised signal and its standard deviation, in units of ``slopes``."""
        report_progress = progress or (lambda fraction: None)
        unet = fuse_normalization(self.unet)
        output = run(unet)
        signal = self._result(slopes, output, ratio)
        if uncertainty == "none":
            return signal, None
        log_variance = _log_variance(output, None if self.error is None else run(self.error)[:, 0])
        if uncertainty == "aleatoric":
            return signal, self.deviation(signal, log_variance, slopes, ratio)

        def samples():
            for number in range(n_samples):
                yield self._result(slopes, run(FixedDropout(unet, seed + number)), ratio)
                report_progress((number + 1) / n_samples)

        signal, model = mean_and_deviation(samples())
        noise = pixel_noise(signal, slopes) if self.input_scaling == "noise" else torch.ones_like(signal)
        log_variance = torch.log(torch.exp(log_variance) + (model / noise) ** 2)
        return signal, self.deviation(signal, log_variance, slopes, ratio, total=True)

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


def _log_variance(output, from_error_network):
    """Logarithm of the variance, from the error network or the second output of the U-net."""
    if from_error_network is not None:
        return from_error_network
    return output[:, 1] if output.shape[1] > 1 else None


def _check(input_scaling, error, **lengths):
    if input_scaling not in CEILINGS:
        raise ValueError(f"input_scaling={input_scaling!r} must be one of {', '.join(CEILINGS)}")
    if error not in ("head", "network", "none"):
        raise ValueError(f"error={error!r} must be 'head', 'network' or 'none'")
    for name, value in lengths.items():
        if value < 0 or value and not value % 2:
            raise ValueError(f"{name}={value!r} must be odd, or 0 for none")
    if input_scaling == "rate" and any(lengths.values()):
        raise ValueError(f"{', '.join(f'{k}={v}' for k, v in lengths.items())} must be 0 for input_scaling='rate'")


def _slope_image(image, err, read_noise, bad, poisson):
    """An image in unknown units with its noise."""
    noise = err if read_noise is None else read_noise
    data, _, measured = prepare_plane(image, noise, bad)
    noise = float(measured) if noise is None else np.asarray(noise, np.float32)
    return SlopeImage(data, np.broadcast_to(noise, data.shape), poisson if read_noise is not None else 0.0)
