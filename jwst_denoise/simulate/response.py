"""From charge to counts: inter-pixel capacitance, gain, nonlinearity, saturation, digitization."""

import numpy as np

__all__ = ["couple", "delinearize", "digitize", "linearize", "respond"]


def couple(charge, kernel):
    """Inter-pixel capacitance: the neighbors of a pixel show part of its charge.

    Parameters
    ----------
    charge : ndarray
        (ny, nx).
    kernel : array_like
        (3, 3), sum 1; ``kernel[1 + dy, 1 + dx]`` is the fraction shown dy rows and dx columns away. Charge beyond the
        edge is lost.
    """
    kernel = np.asarray(kernel, dtype=charge.dtype)
    padded = np.pad(charge, 1)
    ny, nx = charge.shape
    coupled = np.zeros_like(charge)
    for dy, dx in np.argwhere(kernel != 0) - 1:
        coupled += kernel[1 + dy, 1 + dx] * padded[1 - dy : 1 - dy + ny, 1 - dx : 1 - dx + nx]
    return coupled


def linearize(counts, coefficients):
    """Linear signal Σ c_k x^k in DN of measured counts x above the bias, as CRDS linearity files define it."""
    result = np.full_like(counts, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result *= counts
        result += coefficient
    return result


def delinearize(linear, coefficients, steps=3):
    """Counts x above the bias that `linearize` converts to ``linear``: Newton's method from x = linear.

    The polynomial must increase over the range; then three steps reach float32 precision for corrections below 20 %.
    """
    derivative = [k * c for k, c in enumerate(coefficients)][1:]
    counts = linear.copy()
    for _ in range(steps):
        counts -= (linearize(counts, coefficients) - linear) / linearize(counts, derivative)
    return counts


def respond(charge, detector, *, ipc=True, nonlinearity=True, saturation=True):
    """Counts above the bias in DN, not yet digitized, of a charge in e-.

    Parameters
    ----------
    charge : ndarray
        (ny, nx) e-.
    detector : DetectorParameters
        Kernel, gain, coefficients and saturation.
    ipc, nonlinearity, saturation : bool, optional
        Effects that are simulated.
    """
    linear = (couple(charge, detector.ipc) if ipc else charge) / np.float32(detector.gain)
    end = np.float32(detector.ceiling)
    coefficients = detector.nonlinearity if nonlinearity else (0.0, 1.0)
    if saturation:
        linear = np.minimum(linear, linearize(end, coefficients))
    return delinearize(linear, coefficients) if nonlinearity else linear


def digitize(counts):
    """Round to uint16, clipped to its range."""
    return np.clip(np.rint(counts), 0, 65535).astype(np.uint16)
