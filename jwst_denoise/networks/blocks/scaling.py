"""Data in physical units, in the units in which networks work, and back."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from jwst_denoise.ramps.slopes import SlopeImage

__all__ = [
    "PLANES", "ScaledSlopes", "blend_with_observation", "complete_slopes", "compress_image", "level_and_noise",
    "map_planes", "network_weight", "pixel_noise", "prepare_plane", "scale_slopes", "to_electrons",
]  # fmt: skip

#: Planes of `ScaledSlopes`.
PLANES = ("signal", "variance", "poisson", "usable")
IMAGE_SAMPLE, SLOPE_SAMPLE = 2**18, 2**20  # pixels from which medians of images and of slopes are measured
QUARTILE = 0.31864  # |x| below which a quarter of a standard normal distribution lies
SMALLEST = 1e-30
BLEND_SNR = (30.0, 60.0)  # S/N of a pixel between which the result blends into the observation


def level_and_noise(image, noise=None, level=None):
    """Sky level and noise (N,) of images (N, ny, nx) with NaN for missing data, where they are not known."""
    ny, nx = image.shape[-2:]
    step = max(1, int((ny * nx / IMAGE_SAMPLE) ** 0.5))
    sample = image[:, ::step, ::step]
    median = torch.nanmedian(sample.flatten(1), dim=1).values
    level = median if level is None else torch.where(torch.isfinite(level), level, median)
    difference = (image[:, 1::step, 1::step] - image[:, :-1:step, :-1:step]).abs().flatten(1)
    quartile = torch.nanquantile(difference, 0.25, dim=1) if difference.shape[1] else torch.full_like(level, torch.nan)
    estimate = quartile / (QUARTILE * 2**0.5)
    noise = estimate if noise is None else torch.where(torch.isfinite(noise) & (noise > 0), noise, estimate)
    noise = torch.where(noise > SMALLEST, noise, torch.ones_like(noise))
    return torch.nan_to_num(level), noise


def compress_image(image, level, noise):
    """Signal-to-noise ratio on a compressed scale: asinh((image - level) / noise), 0 where data are missing."""
    good = torch.isfinite(image)
    values = torch.asinh((image - level[:, None, None]) / noise[:, None, None])
    return torch.where(good, values, torch.zeros_like(values)), good.to(image.dtype)


def map_planes(function, image, *others):
    """Apply a function of (ny, nx) arrays to an image, or to every plane of a cube; the others may be None or 2-D."""
    image = np.asarray(image)
    if image.ndim == 2:
        return function(image, *others)
    if image.ndim != 3:
        raise ValueError(f"an image (ny, nx) or a cube (n, ny, nx) is needed, not an array of shape {image.shape}")
    cubes = [other if other is None or np.ndim(other) == 3 else [other] * len(image) for other in others]
    return np.stack(
        [
            function(plane, *(None if cube is None else cube[index] for cube in cubes))
            for index, plane in enumerate(image)
        ]
    )


def prepare_plane(image, err, bad):
    """Plane with NaN for bad pixels, and its `level_and_noise`."""
    for name, array in (("err", err), ("bad", bad)):
        if array is not None and np.shape(array) not in ((), image.shape):
            raise ValueError(f"{name} has shape {np.shape(array)}, the image {image.shape}")
    data = np.array(image, dtype=np.float32)
    data[~np.isfinite(data)] = np.nan
    if bad is not None:
        data[np.asarray(bad, dtype=bool)] = np.nan
    noise = None if err is None else torch.tensor([_median_error(err, data)], dtype=torch.float32)
    level, noise = level_and_noise(torch.from_numpy(data)[None], noise)
    return data, level, noise


def _median_error(err, data):
    err = np.broadcast_to(np.asarray(err, dtype=np.float32), data.shape)
    step = max(1, int((err.size / IMAGE_SAMPLE) ** 0.5))
    sample = err[::step, ::step][np.isfinite(data[::step, ::step])]
    sample = sample[np.isfinite(sample) & (sample > 0)]
    return np.median(sample) if sample.size else np.nan


@dataclass(frozen=True)
class ScaledSlopes:
    """Slopes above their sky level in units of the sky noise; tensors (N, lines, pixels) in the read direction.

    Parameters
    ----------
    signal : Tensor
        (slope - level) / unit; 0 where there is no slope.
    variance : Tensor
        Variance due to read noise and to the photons of the sky level, over unit².
    poisson : Tensor
        Poisson variance of the signal above the level over ``signal``.
    usable : Tensor
        1 where there is a slope, otherwise 0.
    level, unit : float
        e- / s.
    """

    signal: torch.Tensor
    variance: torch.Tensor
    poisson: torch.Tensor
    usable: torch.Tensor
    level: float = 0.0
    unit: float = 1.0

    @property
    def noise(self):
        """Standard deviation of every pixel at its measured signal, in units of ``unit``."""
        return pixel_noise(self.signal, self)

    def select_lines(self, lines):
        """Slopes of a slice of the lines."""
        return self._map(lambda plane: plane[:, lines])

    def to(self, device):
        """Copy on a device."""
        return self._map(lambda plane: plane.to(device))

    def _map(self, function):
        return replace(self, **{name: function(getattr(self, name)) for name in PLANES})


def pixel_noise(signal, slopes):
    """Standard deviation of the pixels of ``slopes`` if their true signal is ``signal``."""
    return torch.sqrt(slopes.variance + slopes.poisson * signal.clamp(min=0))


def scale_slopes(rate, read_noise, poisson, usable, level=None, unit=None):
    """Slopes (lines, pixels) from e- / s to units of the noise of their sky; ``poisson``: variance over rate, 1 / s."""
    step = max(1, int((rate.size / SLOPE_SAMPLE) ** 0.5))
    sample = (slice(None, None, step), slice(None, None, step))
    good = usable[sample] if usable[sample].any() else usable
    if level is None:
        level = float(np.median(rate[sample][good])) if good.any() else 0.0
    variance = np.where(usable, read_noise, 0).astype(np.float32) ** 2 + np.float32(max(level, 0)) * poisson
    if unit is None:
        unit = float(np.sqrt(np.median(variance[sample][good]))) if good.any() else 1.0
    scaled_poisson = np.broadcast_to(np.asarray(poisson / unit, np.float32), rate.shape)
    planes = {
        "signal": np.where(usable, (rate - level) / unit, 0),
        "variance": np.where(usable, variance / unit**2, 1),
        "poisson": np.where(np.isfinite(scaled_poisson), scaled_poisson, 0),
        "usable": usable,
    }
    tensors = {name: torch.from_numpy(np.ascontiguousarray(a, dtype=np.float32))[None] for name, a in planes.items()}
    return ScaledSlopes(**tensors, level=level, unit=unit)


def complete_slopes(slopes):
    """Slope image whose noise is given for every pixel, and the mask of its usable pixels."""
    rate = np.asarray(slopes.rate, np.float32)
    noise, poisson = (
        np.broadcast_to(np.asarray(a, np.float32), rate.shape) for a in (slopes.read_noise, slopes.poisson)
    )
    usable = np.isfinite(rate) & np.isfinite(noise) & (noise > 0) & np.isfinite(poisson)
    return SlopeImage(rate, noise, poisson), usable


def network_weight(observed, level, usable):
    """Weight of the network in the result, (ny, nx) float32: 1 at low S/N, 0 for bright and unusable pixels."""
    noise = np.sqrt(observed.variance)
    ratio = np.where(usable, (observed.rate - level) / np.where(noise > 0, noise, 1), 0)
    low, high = BLEND_SNR
    x = np.clip((ratio - low) / (high - low), 0, 1)
    return np.where(usable, 1 - x**2 * (3 - 2 * x), 0).astype(np.float32)


def blend_with_observation(observed, usable, scaled, signal, deviation=None):
    """Rate, error and network weight, (ny, nx): the result, blended into the observation far above the noise."""
    weight, err = network_weight(observed, scaled.level, usable), None
    rate = weight * (signal * scaled.unit + scaled.level) + (1 - weight) * observed.rate
    rate = np.where(usable, np.where(weight > 0, rate, observed.rate), np.nan).astype(np.float32)
    if deviation is not None:
        noise = np.sqrt(observed.variance)
        err = np.where(weight > 0, weight * deviation * scaled.unit + (1 - weight) * noise, noise)
        err = np.where(usable, err, np.nan).astype(np.float32)
    return rate, err, weight


def to_electrons(groups, gain, bad=None, saturated=None):
    """Groups (ngroups, ny, nx) from DN to e-, and the mask of usable ones; pixels without a positive gain are not."""
    groups, gain = np.asarray(groups, dtype=np.float32), np.asarray(gain, dtype=np.float32)
    if groups.ndim != 3 or gain.shape not in ((), groups.shape[1:]):
        raise ValueError(f"groups {groups.shape} must be (ngroups, ny, nx) and gain {gain.shape} a number or (ny, nx)")
    usable = np.isfinite(groups) & (gain > 0)
    for name, flags in (("bad", bad), ("saturated", saturated)):
        if flags is not None:
            if np.shape(flags) not in (groups.shape, groups.shape[1:]):
                raise ValueError(f"{name} has shape {np.shape(flags)}, the groups {groups.shape}")
            usable &= ~np.asarray(flags, dtype=bool)
    return groups * np.where(gain > 0, gain, 1), usable
