"""Errors that networks expect, and the factors that bring them to the errors they make."""

import torch

__all__ = ["KNOTS", "corrected"]

KNOTS = (0.1, 0.2, 0.4, 0.8)  # expected errors, in units of the pixel's noise, at which errors are calibrated


def corrected(expected, factors):
    """Expected errors times factors that depend on what is expected.

    They do not depend on the signal, of which the error is a part.

    Parameters
    ----------
    expected : Tensor
        Standard deviations in units of the pixel's noise.
    factors : Tensor
        (len(KNOTS),): how far the network was off on blocks of known truth where it expected `KNOTS`.

    Returns
    -------
    Tensor
        As ``expected``.
    """
    place = torch.log2(expected.clamp(KNOTS[0], KNOTS[-1]) / KNOTS[0])
    low = place.long().clamp(max=len(KNOTS) - 2)
    return expected * torch.lerp(factors[low], factors[low + 1], place - low)
