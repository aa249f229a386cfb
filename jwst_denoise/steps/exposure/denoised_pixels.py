"""What a network gives, written into the arrays of a product."""

import numpy as np

__all__ = ["VARIANCES", "write"]

VARIANCES = ("var_poisson", "var_rnoise", "var_flat")


def write(arrays, found, usable, factor):
    """Write one result into the arrays of its image, where the network has a share in it.

    ERR becomes the network's error, and all variances grow or shrink by the same factor, so that they still add up to
    the square of ERR. Everywhere else, and where ERR is not finite, the arrays stay as they are, bit by bit.

    Parameters
    ----------
    arrays : dict of ndarray
        (ny, nx) ``data``, ``err`` and what there is of ``var_poisson``, ``var_rnoise`` and ``var_flat``, changed in
        place.
    found : object
        With ``rate`` and ``network_weight``, (ny, nx), and ``err``, (ny, nx) or None for errors that stay as they are.
    usable : ndarray of bool
        (ny, nx) pixels that the network was given.
    factor : float or ndarray
        Unit of ``found`` over that of the arrays.

    Returns
    -------
    ndarray of bool
        (ny, nx) pixels that were written.
    """
    with np.errstate(invalid="ignore"):
        taken = (found.network_weight > 0) & usable & np.isfinite(found.rate)
        if found.err is not None:
            error = found.err / factor
            taken &= (error > 0) & np.isfinite(error) & np.isfinite(arrays["err"])
    arrays["data"][taken] = (found.rate / factor)[taken]
    if found.err is None:
        return taken
    arrays["err"][taken] = error[taken]
    parts = {name: arrays[name][taken].astype(float) for name in VARIANCES if arrays.get(name) is not None}
    total = np.nansum(list(parts.values()), axis=0)
    scale = error[taken].astype(float) ** 2 / np.where(total > 0, total, 1)
    for name, part in parts.items():
        with np.errstate(over="ignore", invalid="ignore"):
            new = (scale * part).astype(arrays[name].dtype)
        arrays[name][taken] = np.where(np.isfinite(new), new, part)
    return taken
