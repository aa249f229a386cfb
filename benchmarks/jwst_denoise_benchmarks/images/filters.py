"""Classical filters: linear ones and medians on the image, others where its noise is even (Anscombe transform)."""

import numpy as np
from scipy import ndimage

__all__ = ["FILTERS", "Stabilizer", "filtered"]

SPLINE = np.array([1, 4, 6, 4, 1]) / 16
COEFFICIENTS = (0.889, 0.200, 0.086, 0.041)  # rms of the coefficients of white noise of 1, scale after scale


class Stabilizer:
    """Generalized Anscombe transform of a `SlopeImage`: noise with the standard deviation 1 everywhere.

    Parameters
    ----------
    image : SlopeImage
        With one read noise and one Poisson factor.

    References
    ----------
    Mäkitalo & Foi 2013, IEEE Trans. Image Process. 22, 91: equation 1, and the inverse that is unbiased for all but the
    faintest light.
    """

    def __init__(self, image):
        self.gain = float(np.mean(image.poisson))
        self.variance = float(np.median(image.read_noise)) ** 2

    def forward(self, rate):
        """Even noise."""
        inside = self.gain * rate + 0.375 * self.gain**2 + self.variance
        return 2 / self.gain * np.sqrt(np.maximum(inside, 0))

    def back(self, even):
        """Rate in e-/s."""
        return self.gain * (even / 2) ** 2 - 0.125 * self.gain - self.variance / self.gain


def _gaussian(even, width):
    return ndimage.gaussian_filter(even, width)


def _median(even, size):
    return ndimage.median_filter(even, int(size))


def _total_variation(even, weight):
    from skimage.restoration import denoise_tv_chambolle

    return denoise_tv_chambolle(even, weight)


def _wavelet(even, threshold):
    """Isotropic undecimated wavelets (Starck & Murtagh 2006, section 2.2), small coefficients left out."""
    smooth, result = even, np.zeros_like(even)
    for scale, rms in enumerate(COEFFICIENTS):
        kernel = np.zeros(4 * 2**scale + 1)
        kernel[:: 2**scale] = SPLINE
        coarser = ndimage.convolve1d(ndimage.convolve1d(smooth, kernel, 0), kernel, 1)
        detail = smooth - coarser
        result += np.where(np.abs(detail) > threshold * rms, detail, 0)
        smooth = coarser
    return result + smooth


def _non_local_means(even, strength):
    from skimage.restoration import denoise_nl_means

    return denoise_nl_means(even, patch_size=5, patch_distance=6, h=strength, sigma=1.0, fast_mode=True)


#: Name -> filter, and the strengths of which the best by the truth is taken.
FILTERS = {
    "Gaussian": (_gaussian, (0.5, 0.7, 1.0)),
    "median": (_median, (3,)),
    "total variation": (_total_variation, (0.7, 1.2, 2.0)),
    "wavelet": (_wavelet, (2.0, 3.0, 4.0)),
    "non-local means": (_non_local_means, (0.4, 0.7, 1.0)),
}
#: Filters that keep light better on the image itself.
LINEAR = ("Gaussian", "median")


def filtered(name, strength, image):
    """Image (ny, nx) in e-/s by a filter.

    Where the strength is in units of the noise, the noise is made even before, and the result brought back.

    Parameters
    ----------
    name : str
        One of `FILTERS`.
    strength : float
        One of its strengths, in units of the noise or in pixels.
    image : SlopeImage
        Without missing data.
    """
    if name in LINEAR:
        return FILTERS[name][0](image.rate, strength)
    stabilizer = Stabilizer(image)
    even = FILTERS[name][0](stabilizer.forward(image.rate.astype(float)), strength)
    return stabilizer.back(even).astype(np.float32)
