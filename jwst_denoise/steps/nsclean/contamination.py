"""Refusal to clean what is lit: correlated noise is new in every group, light is the same in all of them."""

import numpy as np

from jwst_denoise.steps.common.status import CorrectionFailed

__all__ = ["LIMIT", "check_error_scale", "check_group_correlation"]

LIMIT = 9.0  # factor on the read noise variance from which what scatters so much is no noise
COHERENT = 0.5  # correlation of the noise of two groups from which most of it is light
ADVICE = "give a user_mask of pixels that are dark, or leave this exposure as it is"


def check_error_scale(scale):
    """Raise `CorrectionFailed` if dark pixels scatter far more than their errors say.

    Parameters
    ----------
    scale : float or None
        Factor on the read noise variance, see `jwst_denoise.steps.nsclean.errors`.
    """
    if scale is not None and scale > LIMIT:
        raise CorrectionFailed(
            f"the pixels that count as dark scatter {scale**0.5:.1f} times as much as their errors say, so they hold "
            f"light; {ADVICE}"
        )


def check_group_correlation(first, last):
    """Raise `CorrectionFailed` if the noise that is found in two groups is mostly the same.

    Parameters
    ----------
    first, last : ndarray
        (ny, nx) correlated noise in the differences of groups, the smooth background not among it.
    """
    correlation = float(np.corrcoef(first.ravel(), last.ravel())[0, 1]) if first.any() and last.any() else 0.0
    if correlation > COHERENT:
        raise CorrectionFailed(
            f"what was found in the first and in the last groups has a correlation of {correlation:.2f}, so it is "
            f"light and no noise; {ADVICE}"
        )
