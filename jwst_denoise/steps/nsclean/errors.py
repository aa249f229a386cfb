r"""Errors after the correction.

Let :math:`\sigma_r^2` be the read noise variance that ramp fitting wrote (VAR_RNOISE), :math:`\sigma_o^2` the other
terms and :math:`v` the variance of the fitted noise model. Some read noise reference files include the correlated
noise and some do not, and averaging over groups treats correlated and white noise differently. So the variance that
the correction removes cannot be computed; it is measured. On background pixels that the fit has used, the variance of
the residual of a linear posterior mean is :math:`k\sigma_r^2 + \sigma_o^2 - v` (the covariance of the residuals is
that of the noise minus that of the posterior), which determines k. Then

.. math::

   \sigma_r'^2 = k\sigma_r^2 - v \;\text{(pixels in the fit)},\quad k\sigma_r^2 + v \;\text{(all others)},

because the error of the model is independent of the noise of pixels outside of the fit, and correlated with that of
pixels in the fit. One factor for the exposure keeps the pattern of noisy pixels. With few background pixels, or where
other terms dominate, k is drawn toward 1.

A fit that keeps sources leaves a part of the correlated noise, so sums over apertures scatter by more than the sum of
the errors. One error for each pixel cannot be right for pixels and for sums. A constant is added to the read noise
variance, with which the errors of pixels are as much too large as those of sums over apertures are too small.
"""

import numpy as np
from scipy.optimize import brentq

from jwst_denoise.statistics import MAD_TO_SIGMA

__all__ = ["error_scale", "updated"]

PRIOR_SIGMA = 0.5  # of ln k
MAD_VARIANCE = 5.4  # n times the relative variance of a squared MAD of n normal values
LARGEST_LOG_SCALE = np.log(1e3)  # of k
MOST_PIXELS = 400_000
SMALLEST = 0.01  # smallest ratio of the new variance to that of the input


def error_scale(residual, used, var_rnoise, var_other, var_fit):
    """Factor k on the read noise variance with which the scatter of the residuals agrees with their errors.

    Parameters
    ----------
    residual : ndarray
        Cleaned data without their smooth background.
    used : ndarray of bool
        Background pixels of the fit.
    var_rnoise, var_other, var_fit : ndarray
        Variances: read noise and other terms of the input, and of the fitted model.

    Returns
    -------
    float
        ln k has a normal prior of width 0.5, so few pixels, or little read noise, leave k near 1.
    """
    good = used & np.isfinite(residual) & (var_rnoise > 0) & np.isfinite(var_rnoise + var_other + var_fit)
    step = max(1, np.count_nonzero(good) // MOST_PIXELS)
    r, a, b, v = (np.broadcast_to(x, residual.shape)[good][::step] for x in (residual, var_rnoise, var_other, var_fit))
    if r.size < 2:
        return 1.0
    measured = _solve(r, a, b, v)
    read_part = np.median(measured * a / (measured * a + b))
    weight = PRIOR_SIGMA**2 / (PRIOR_SIGMA**2 + MAD_VARIANCE / (r.size * max(read_part, 1e-3) ** 2))
    return float(measured**weight)


def updated(err, var_rnoise, scale, used, var_fit, sum_excess=1.0):
    """Error and read noise variance after the correction.

    Parameters
    ----------
    err : ndarray
        Total 1-sigma error of the input.
    var_rnoise : ndarray or None
        Its read noise variance; None takes all of the error for read noise.
    scale : float
        From `error_scale`.
    used : ndarray of bool
        Pixels of the fit.
    var_fit : ndarray
        Variance of the fitted model.
    sum_excess : float, optional
        Variance of sums over apertures relative to the sum of the variances, see `jwst_denoise.nsclean.NoiseFit`.

    Returns
    -------
    err, var_rnoise : ndarray
        In the dtype of ``err``; unchanged where either of the two is not finite or 0.
    """
    total = np.asarray(err, np.float64) ** 2
    read = total if var_rnoise is None else np.asarray(var_rnoise, np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        new = np.maximum(scale * read + np.where(used, -var_fit, var_fit), SMALLEST * read)
        typical = np.nanmedian(np.maximum(total - read, 0) + new) if sum_excess != 1 else 0
        new += (np.sqrt(sum_excess) - 1) * typical
        new_err = np.sqrt(np.maximum(total - read, 0) + np.maximum(new, SMALLEST * read)).astype(err.dtype)
        new = new.astype(err.dtype)
    known = (read > 0) & np.isfinite(new) & np.isfinite(new_err)
    return np.where(known, new_err, err), np.where(known, new, read.astype(err.dtype))


def _solve(r, a, b, v):
    """Factor k at which the median of |r| / sqrt(k a + b − v) is that of a normal sample."""

    def excess(log_k):
        variance = np.maximum(np.exp(log_k) * a + b - v, 1e-6 * (a + b))
        return MAD_TO_SIGMA * np.median(np.abs(r) / np.sqrt(variance)) - 1

    low, high = -LARGEST_LOG_SCALE, LARGEST_LOG_SCALE
    if excess(low) <= 0:
        return np.exp(low)
    return np.exp(high if excess(high) >= 0 else brentq(excess, low, high, xtol=1e-8))
