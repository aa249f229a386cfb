"""What the networks for single images share: arrays in, arrays out, plane by plane."""

import numpy as np
import torch

from jwst_denoise.networks.blocks.statistics import level_and_noise
from jwst_denoise.networks.blocks.tiling import apply_tiled, frozen

__all__ = ["each_plane", "noise_of", "run"]


def each_plane(function, image, *others):
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


def noise_of(image, err, bad):
    """Level and noise of one plane, as `level_and_noise` has them, and the plane with NaN for bad pixels.

    Parameters
    ----------
    image : ndarray
        (ny, nx); NaN where there is no datum.
    err : ndarray or None
        (ny, nx) or scalar noise; its median over usable pixels is taken.
    bad : ndarray or None
        (ny, nx) bool: pixels that are not to be used.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    for name, array in (("err", err), ("bad", bad)):
        if array is not None and np.shape(array) not in ((), image.shape):
            raise ValueError(f"{name} has shape {np.shape(array)}, the image {image.shape}")
    data = np.array(image, dtype=np.float32)
    data[~np.isfinite(data)] = np.nan
    if bad is not None:
        data[np.asarray(bad, dtype=bool)] = np.nan
    noise = None if err is None else torch.tensor([_median(err, data)], dtype=torch.float32)
    level, noise = level_and_noise(torch.from_numpy(data)[None], noise)
    return data, level, noise


def _median(err, data):
    err = np.broadcast_to(np.asarray(err, dtype=np.float32), data.shape)
    step = max(1, int((err.size / 2**18) ** 0.5))
    sample = err[::step, ::step][np.isfinite(data[::step, ::step])]
    sample = sample[np.isfinite(sample) & (sample > 0)]
    return np.median(sample) if sample.size else np.nan


def run(unet, inputs, tile):
    """(ny, nx) output of a `UNet` on (inputs, ny, nx), on the device where it is; ``tile=None`` for one piece."""
    device = next(unet.parameters()).device
    return apply_tiled(frozen(unet), inputs.to(device), max(inputs.shape) if tile is None else tile).cpu()
