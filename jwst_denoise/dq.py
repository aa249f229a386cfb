"""
Data-quality flags and the pixels that they exclude from the background.

The bits are those of JWST, from the "Data Quality Flags" table of the pipeline documentation.
"""

import numpy as np

DO_NOT_USE = 2**0
SATURATED = 2**1
JUMP_DET = 2**2
NON_SCIENCE = 2**9
MSA_FAILED_OPEN = 2**29
REFERENCE_PIXEL = 2**31

#: Flags of pixels that are never background: unusable, saturated, outside the science area, illuminated by a
#: failed-open shutter, or a reference pixel. Rates are valid after ramp fitting has excluded a jump, so `JUMP_DET` is
#: not included; add it for single groups, as Rauscher (2023, section 3.5) does.
NOT_BACKGROUND = DO_NOT_USE | SATURATED | NON_SCIENCE | MSA_FAILED_OPEN | REFERENCE_PIXEL


def usable(image, err=None, dq=None, flags=NOT_BACKGROUND):
    """
    Select the pixels with a value that a fit may use.

    Parameters
    ----------
    image : ndarray of float, shape (..., ny, nx)
        Data in any unit.
    err : ndarray of float, optional
        1-sigma error in the unit of `image`; pixels without a finite error are not usable.
    dq : ndarray of int, optional
        Data-quality flags, broadcast against `image`.
    flags : int
        Bits of `dq` that make a pixel unusable.

    Returns
    -------
    ndarray of bool, shape (..., ny, nx)
        `True` where the data (and error) are finite and none of the flags is set.

    Examples
    --------
    >>> import numpy as np
    >>> usable(np.array([1.0, np.nan, 2.0, 3.0]), dq=np.array([0, 0, 5, 4]))
    array([ True, False, False,  True])
    """
    good = np.isfinite(image)
    if err is not None and np.isfinite(err).any():
        good &= np.isfinite(err)
    if dq is not None:
        good &= (np.asarray(dq).astype(np.int64) & int(flags)) == 0
    return good
