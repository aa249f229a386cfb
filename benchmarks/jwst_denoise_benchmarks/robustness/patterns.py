"""Awkward values and flags of arrays."""

import numpy as np

from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, NON_SCIENCE, REFERENCE_PIXEL, SATURATED

__all__ = ["errors", "flags", "values", "variances"]

FLAG_OF = {"jumps": JUMP_DET, "saturated": SATURATED, "non-science": NON_SCIENCE, "reference": REFERENCE_PIXEL}
SCALES = {"huge": 1e18, "enormous": 1e38, "tiny": 1e-40}
HOLES = {"nan": np.nan, "infinite": np.inf, "zero": 0.0}


def values(name, usual, rng):
    """Data of a kind.

    Parameters
    ----------
    name : str
        One of ``CHOICES["values"]``.
    usual : ndarray
        (..., ny, nx) what a detector gives.
    rng : numpy.random.Generator
        Source of the random numbers.

    Returns
    -------
    ndarray
        Of the same shape, float64.
    """
    if name in SCALES:
        return usual * SCALES[name] / max(np.max(np.abs(usual), initial=0), 1)
    simple = {
        "stripes": lambda: usual,
        "constant": lambda: np.full_like(usual, 3.5),
        "negative": lambda: -np.abs(usual) - 1,
        "integers": lambda: np.round(usual),
        "outliers": lambda: np.where(rng.random(usual.shape) < 0.05, 1e6 * rng.normal(size=usual.shape), usual),
        "saturating": lambda: np.minimum(usual * 1e4, 65535.0),
    }
    return simple[name]() if name in simple else _with_holes(name, usual, rng)


def _with_holes(name, usual, rng):
    """Array with zero, NaN or infinity: everywhere, or in rows, columns, pixels, all but one of them."""
    kind, _, where = name.removeprefix("all but one ").partition(" ")
    hole = _where("all but one" if name.startswith("all but one") else where or "all", usual.shape, rng)
    filling = HOLES[kind]
    signs = rng.choice([-1.0, 1.0], usual.shape) if kind == "infinite" else 1.0
    return np.where(hole, filling * signs, usual)


def _where(name, shape, rng):
    """Places in an array: all, all but one pixel, rows, columns, pixels or a border."""
    hole = np.ones(shape, bool)
    ny, nx = shape[-2:]
    if name == "rows":
        hole &= (rng.random(ny) < 0.3)[:, None]
    elif name == "columns":
        hole &= rng.random(nx) < 0.3
    elif name == "border":
        hole[..., 4:-4, 4:-4] = False
    elif name == "all but one" and ny * nx:
        hole[..., ny // 2, nx // 2] = False
    elif name == "pixels":
        hole = rng.random(shape) < 0.1
    return hole


def flags(name, shape, rng):
    """Data-quality flags of a kind.

    Parameters
    ----------
    name : str
        One of ``CHOICES["flags"]``.
    shape : tuple of int
        Of the array.
    rng : numpy.random.Generator
        Source of the random numbers.

    Returns
    -------
    ndarray of uint32 or None
        None for ``"missing"``.
    """
    if name == "missing":
        return None
    if name == "other shape":
        return np.zeros((*shape[:-2], shape[-2] + 1, shape[-1] + 2), np.uint32)
    if name == "random bits":
        return np.where(rng.random(shape) < 0.1, rng.integers(0, 2**32, shape), 0).astype(np.uint32)
    where = {"none": "pixels", "border": "border", "reference": "border"}.get(name, name)
    bad = _where("pixels" if name in ("jumps", "saturated", "non-science") else where, shape, rng)
    bit = REFERENCE_PIXEL | DO_NOT_USE if name == "border" else FLAG_OF.get(name, DO_NOT_USE)
    return np.where(bad & (name != "none"), np.uint32(bit), np.uint32(0))


def errors(name, usual, rng):
    """Errors of a kind, one of ``CHOICES["errors"]``; None for ``"missing"``."""
    if name in SCALES:
        return usual * SCALES[name]
    return {"usual": usual, "missing": None}[name] if name in ("usual", "missing") else _with_holes(name, usual, rng)


def variances(name, read, light, rng):
    """Variances by read noise and by light of a kind, one of ``CHOICES["variances"]``."""
    if name == "no read":
        return None, light
    if name == "too large":
        return 5 * read, 5 * light
    return errors(name, read, rng), errors(name, light, rng)
