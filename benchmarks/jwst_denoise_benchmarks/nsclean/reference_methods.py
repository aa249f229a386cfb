"""Reference methods: ``jwst.clean_flicker_noise`` on the same data."""

import logging
from unittest import mock

import numpy as np
from jwst.clean_flicker_noise import CleanFlickerNoiseStep, nsclean
from jwst.clean_flicker_noise.clean_flicker_noise import do_correction, fft_clean_full_frame, median_clean

from jwst_denoise_benchmarks.core.inputs import quiet

__all__ = ["fft_noise", "median_noise", "median_step", "subarray_noise", "subarray_weights", "time_series_step"]


def median_noise(data, mask, readout, by_output=False):
    """Noise that ``median_clean`` subtracts from an image."""
    with quiet():
        return data - median_clean(data.copy(), mask.copy(), abs(readout.slowaxis), by_output)


def fft_noise(data, mask, detector):
    """Noise that ``fft_clean_full_frame`` subtracts from a full frame of NRS1 or NRS2."""
    with quiet():
        return data - fft_clean_full_frame(data.copy(), mask.copy(), detector)


def median_step(model, **parameters):
    """Result of ``CleanFlickerNoiseStep`` with the median and, by default, its automatic mask."""
    with quiet():
        return CleanFlickerNoiseStep.call(model, skip=False, fit_method="median", configure_log=False, **parameters)


def subarray_noise(data, mask):
    """Model of ``NSCleanSubarray`` for an NRS1 subarray without rejection of outliers."""
    with quiet():
        cleaner = nsclean.NSCleanSubarray(data.T.copy(), mask.T.copy(), exclude_outliers=False)
        return cleaner.clean(weight_fit=True, return_model=True).T


def subarray_weights(mask, readout):
    """Weights of ``NSCleanSubarray`` for an NRS1 subarray, by the definition of jwst.

    The kernel of jwst is centered at n // 2 + 1 before ``ifftshift``, so that every weight comes one sample late.
    """
    with quiet():
        small = nsclean.NSCleanSubarray(np.zeros((8, 8), np.float32), np.ones((8, 8), bool))
    sigma = np.float32(small.weights_kernel_sigma)
    ticks = np.pad(readout.to_detector(mask), ((0, 0), (0, readout.line_ticks - readout.width))).ravel()
    count = ticks.size
    distance = np.arange(count, dtype=np.float32) - np.float32(count // 2 + 1)
    kernel = np.exp(-(distance**2) / sigma**2 / 2) / sigma / np.sqrt(2 * np.pi)
    density = np.fft.irfft(np.fft.rfft(ticks.astype(np.float32)) * np.fft.rfft(np.fft.ifftshift(kernel)), count)
    return np.where(ticks, 1 / density**2, 0).astype(np.float32)


def time_series_step(model, light_curve, sky, **parameters):
    """Result of ``clean_flicker_noise`` on a rateints product.

    Without the reference files of CRDS the median image is scaled with the given light curve (nints,) above the given
    sky (nx,), instead of those that the step would measure.
    """

    def median_image(product, *args, **kwargs):
        star = product.data - sky
        return np.nanmedian(star, axis=0) * light_curve[:, None, None].astype(np.float32) + sky

    module = "jwst.clean_flicker_noise.clean_flicker_noise"
    with (
        mock.patch(f"{module}.make_median_image", median_image),
        mock.patch(f"{module}.post_process_rate", lambda product, **options: product),
        quiet(),
    ):
        logging.disable(logging.ERROR)  # says that small subarrays get a constant background
        return do_correction(model, **parameters)[0]
