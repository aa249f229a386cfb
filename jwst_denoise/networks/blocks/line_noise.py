"""Noise that is common to the pixels of a line, without a network: what is left of 1/f noise in an image."""

import torch

from jwst_denoise.networks.blocks.conservation import LEAST, box_mean, remove_source_flux

__all__ = ["line_levels"]

FAINT = 2.5  # of its noise, above its surroundings, up to which a pixel tells of its line
NEAR = 9  # pixels: edge of the box that tells light from noise


def line_levels(signal, spread, usable, length):
    """Levels of rows and columns.

    The mean of the faint pixels along a line without what in them is light
    (`jwst_denoise.networks.blocks.conservation.remove_source_flux`), less that of the neighboring lines.

    Parameters
    ----------
    signal, spread, usable : Tensor
        (N, ny, nx): image, its noise, 1 where there is a datum.
    length : int
        Odd number of pixels of a line that are averaged.

    Returns
    -------
    rows, columns : Tensor
        (N, ny, nx) each, in the units of ``signal``; 0 where there is no datum.
    """
    surroundings = box_mean(usable * torch.clamp(signal / spread, -FAINT, FAINT), (NEAR, NEAR))
    surroundings = surroundings / box_mean(usable, (NEAR, NEAR)).clamp(min=LEAST)
    faint = usable * ((signal / spread - surroundings).abs() < FAINT)
    rows = _rows(signal, faint, usable, length)
    turned = (plane.transpose(1, 2) for plane in (signal - rows, faint, usable))
    return rows, _rows(*turned, length).transpose(1, 2)


def _rows(signal, faint, usable, length):
    noise = remove_source_flux(faint * signal, faint, NEAR, length)
    return usable * (_mean(noise, faint, (1, length)) - _mean(noise, faint, (2 * NEAR - 1, length)))


def _mean(value, weight, size):
    return box_mean(value, size) / box_mean(weight, size).clamp(min=LEAST)
