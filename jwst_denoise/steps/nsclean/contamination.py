"""Checks for astronomical signal in the fitted noise: noise changes from group to group, signal does not."""

import numpy as np

from jwst_denoise.steps.common.status import CorrectionFailed

__all__ = ["LIMIT", "check_error_scale", "check_group_correlation"]

LIMIT = 9.0  # largest factor on the read noise variance that noise can explain
COHERENT = 0.5  # correlation of the noise of two groups above which most of it is signal
ADVICE = "give a user_mask of background pixels, or leave this exposure uncorrected"


def check_error_scale(scale):
    """Refuse background pixels whose scatter far exceeds their errors.

    Parameters
    ----------
    scale : float or None
        Factor on the read noise variance, see `jwst_denoise.steps.nsclean.errors`.

    Raises
    ------
    CorrectionFailed
        If the factor is above `LIMIT`.
    """
    if scale is not None and scale > LIMIT:
        raise CorrectionFailed(
            f"the scatter of the background pixels is {scale**0.5:.1f} times their errors, so they contain "
            f"astronomical signal; {ADVICE}"
        )


def check_group_correlation(first, last):
    """Refuse a fit whose noise is mostly the same in two groups.

    Parameters
    ----------
    first, last : ndarray
        (ny, nx) correlated noise in the differences of groups, without the smooth background.

    Raises
    ------
    CorrectionFailed
        If the correlation of the two is above `COHERENT`.
    """
    correlation = float(np.corrcoef(first.ravel(), last.ravel())[0, 1]) if first.any() and last.any() else 0.0
    if correlation > COHERENT:
        raise CorrectionFailed(
            f"the noise fitted to the first and to the last groups has a correlation of {correlation:.2f}, so it is "
            f"astronomical signal; {ADVICE}"
        )
