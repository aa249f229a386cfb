"""Networks on images of any size: tiles with the context that an output pixel depends on."""

import copy
import logging

import torch
from torch import nn
from torch.nn.functional import pad
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ["apply_mosaic", "apply_tiled", "fuse_normalization", "run_tiled"]

log = logging.getLogger("stpipe.jwst_denoise.networks")

SMALLEST = 64  # pixels, edge of the smallest tile
MOSAIC, STEP = 256, 32  # pixels: edge of the crops of a mosaic, and their spacing


def apply_tiled(unet, inputs, tile=256, context=None):
    """Apply a `UNet` tile by tile; the result is that of the whole image up to rounding.

    If memory runs out, smaller tiles are tried.

    Parameters
    ----------
    unet : UNet
        In evaluation mode.
    inputs : Tensor
        (inputs, ny, nx).
    tile : int
        Edge of the tiles in pixels, without the pixels around them that the network also needs.
    context : Tensor, optional
        (1, n): numbers that the network takes in addition to images.

    Returns
    -------
    Tensor
        (ny, nx), or (outputs, ny, nx) if there are several.
    """
    if tile < 1:
        raise ValueError(f"tile={tile} must be a positive number of pixels")
    while True:
        try:
            return _tiled(unet, inputs, tile, context)
        except (RuntimeError, MemoryError) as error:
            if tile // 2 < SMALLEST or not _out_of_memory(error):
                raise
            tile = min(tile, max(inputs.shape[-2:])) // 2
            log.warning("Out of memory; trying again with tiles of %d pixels", tile)


def apply_mosaic(unet, inputs, context=None, size=MOSAIC, step=STEP):
    """Apply a `UNet` to overlapping crops and average them, as the Astro U-net paper does.

    Parameters
    ----------
    unet, inputs, context
        As for `apply_tiled`.
    size, step : int
        Edge and spacing of the crops, pixels.

    Returns
    -------
    Tensor
        As `apply_tiled`.
    """
    multiple = unet.multiple
    ny, nx = inputs.shape[-2:]
    padded = _padded(inputs, multiple)
    total, count = 0.0, padded.new_zeros(padded.shape[-2:])
    for y in _starts(padded.shape[-2], size, step):
        for x in _starts(padded.shape[-1], size, step):
            part = (slice(y, y + size), slice(x, x + size))
            crop = _apply(unet, padded[(slice(None), *part)][None], context)[0]
            total = total if torch.is_tensor(total) else crop.new_zeros(len(crop), *padded.shape[-2:])
            total[(slice(None), *part)] += crop
            count[part] += 1
    return _squeezed((total / count)[:, :ny, :nx])


def run_tiled(unet, inputs, tile):
    """Apply a `UNet` to (inputs, ny, nx) on its own device: (ny, nx) on the CPU; ``tile=None`` for one piece."""
    device = next(unet.parameters()).device
    return apply_tiled(fuse_normalization(unet), inputs.to(device), max(inputs.shape) if tile is None else tile).cpu()


def fuse_normalization(unet):
    """Copy of a `UNet` for inference, with its batch normalization, now fixed, merged into the convolutions."""
    result = copy.deepcopy(unet).eval()
    for block in [*result.encoder, *result.decoder]:
        for index, layer in enumerate(block):
            if isinstance(layer, nn.BatchNorm2d):
                block[index - 1] = fuse_conv_bn_eval(block[index - 1], layer)
                block[index] = nn.Identity()
    return result.to(memory_format=torch.channels_last)


def _tiled(unet, inputs, tile, context):
    multiple, halo = unet.multiple, unet.halo
    tile = -(-tile // multiple) * multiple
    ny, nx = inputs.shape[-2:]
    padded = _padded(inputs, multiple)[None]
    output = None
    for rows, around_rows in _spans(padded.shape[-2], tile, halo):
        for columns, around_columns in _spans(padded.shape[-1], tile, halo):
            inner = _apply(unet, padded[..., around_rows, around_columns], context)[0]
            if output is None:
                output = inner.new_empty(len(inner), *padded.shape[-2:])
            output[:, rows, columns] = inner[:, _within(rows, around_rows), _within(columns, around_columns)]
    return _squeezed(output[:, :ny, :nx])


def _apply(unet, part, context):
    more = () if context is None else (context,)
    with torch.inference_mode():
        return unet(part.contiguous(memory_format=torch.channels_last), *more)


def _out_of_memory(error):
    texts = ("out of memory", "allocate memory", "not enough memory")
    return isinstance(error, MemoryError) or any(text in str(error).lower() for text in texts)


def _padded(inputs, multiple):
    """Image padded with zeros to a multiple, and to two pixels at the coarsest level, where it is mirrored."""
    ny, nx = (max(-n % multiple, 2 * multiple - n) for n in inputs.shape[-2:])
    return pad(inputs, (0, nx, 0, ny)) if nx or ny else inputs


def _squeezed(output):
    return output[0] if len(output) == 1 else output


def _starts(length, size, step):
    """Starts of the crops along one axis; the last crop ends with the image."""
    last = max(0, length - size)
    return [*range(0, last, step), last]


def _spans(length, tile, halo):
    """(slice of a tile, slice with its context) for all tiles along one axis."""
    for start in range(0, length, tile):
        stop = min(start + tile, length)
        yield slice(start, stop), slice(max(0, start - halo), min(length, stop + halo))


def _within(inner, outer):
    return slice(inner.start - outer.start, inner.stop - outer.start)
