"""Whether exposures that are said to be aligned are."""

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2

__all__ = ["misalignment"]

REACH = 12  # pixels of misalignment that are looked for
BRIGHTEST = 10.0  # sigma at which values are clipped, so that no single star or cosmic ray decides
BETTER = 1.1  # times the correlation of the given alignment, at least, that another one must have
SIGNIFICANT = 6.0  # sigma of the correlation of unrelated noise


def misalignment(image, other):
    """Whole pixels by which one image is shifted against another, from their cross-correlation.

    Parameters
    ----------
    image, other : ndarray
        (ny, nx) in the same frame; NaN where there is no datum.

    Returns
    -------
    tuple of int
        (y, x) of the light in ``image`` less that in ``other``; (0, 0) where nothing says otherwise.

    Examples
    --------
    >>> import numpy as np
    >>> from jwst_denoise.training.own_exposures.registration import misalignment
    >>> sky = np.random.default_rng(1).normal(size=(64, 64))
    >>> sky[20:60:9, 5:60:7] += 50
    >>> misalignment(np.roll(sky, (2, -3), axis=(0, 1)), sky)
    (2, -3)
    """
    both = np.isfinite(image) & np.isfinite(other)
    if not both.any():
        return 0, 0
    first, second = (_normalized(np.where(both, array, np.nan)) for array in (image, other))
    shape = [next_fast_len(n + REACH, real=True) for n in image.shape]
    correlation = irfft2(rfft2(first, shape) * np.conj(rfft2(second, shape)), shape)
    lags = np.arange(-REACH, REACH + 1)
    near = correlation[np.ix_(lags, lags)]
    y, x = np.unravel_index(np.argmax(near), near.shape)
    noise = np.sqrt(np.sum(first**2 * both) * np.mean(second[both] ** 2))
    if near[y, x] > max(BETTER * near[REACH, REACH], SIGNIFICANT * noise):
        return int(lags[y]), int(lags[x])
    return 0, 0


def _normalized(image):
    """Image in units of its scatter, clipped, with mean 0; 0 where there is no datum."""
    values = image - np.nanmedian(image)
    spread = 1.4826 * np.nanmedian(np.abs(values))
    clipped = np.clip(values / (spread or 1), 0, BRIGHTEST)
    return np.nan_to_num(clipped - np.nanmean(clipped))
