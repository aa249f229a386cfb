"""Networks on images of any size: tiles with the context that an output pixel depends on."""

import copy

import torch
from torch import nn
from torch.nn.functional import pad
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ["apply_tiled", "frozen"]


def apply_tiled(unet, inputs, tile=256):
    """Apply a `UNet` tile by tile; the result is that of the whole image up to rounding.

    Parameters
    ----------
    unet : UNet
        In evaluation mode.
    inputs : Tensor
        (inputs, ny, nx).
    tile : int
        Edge of the tiles in pixels, context not counted.

    Returns
    -------
    Tensor
        (ny, nx), or (outputs, ny, nx) if there are several.
    """
    if tile < 1:
        raise ValueError(f"tile={tile} must be a positive number of pixels")
    multiple, halo = unet.multiple, unet.halo
    tile = -(-tile // multiple) * multiple
    _, ny, nx = inputs.shape
    margins = (0, -nx % multiple, 0, -ny % multiple)
    padded = (pad(inputs, margins) if any(margins) else inputs)[None]
    output = padded.new_empty(unet.config.outputs, *padded.shape[-2:])
    with torch.inference_mode():
        for rows, around_rows in _spans(padded.shape[-2], tile, halo):
            for columns, around_columns in _spans(padded.shape[-1], tile, halo):
                part = padded[..., around_rows, around_columns].contiguous(memory_format=torch.channels_last)
                inner = unet(part)[0]
                output[:, rows, columns] = inner[:, _within(rows, around_rows), _within(columns, around_columns)]
    output = output[:, :ny, :nx]
    return output[0] if len(output) == 1 else output


def frozen(unet):
    """Copy of a `UNet` for inference: batch normalisation, whose statistics are fixed, is part of the convolutions."""
    result = copy.deepcopy(unet).eval()
    for block in [*result.encoder, *result.decoder]:
        for index, layer in enumerate(block):
            if isinstance(layer, nn.BatchNorm2d):
                block[index - 1] = fuse_conv_bn_eval(block[index - 1], layer)
                block[index] = nn.Identity()
    return result.to(memory_format=torch.channels_last)


def _spans(length, tile, halo):
    """(slice of a tile, slice with its context) along one axis."""
    for start in range(0, length, tile):
        stop = min(start + tile, length)
        yield slice(start, stop), slice(max(0, start - halo), min(length, stop + halo))


def _within(inner, outer):
    return slice(inner.start - outer.start, inner.stop - outer.start)
