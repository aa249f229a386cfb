"""The other tools: what ``jwst.clean_flicker_noise`` does to the same data."""

import contextlib
import logging
import os
import warnings

import numpy as np
from jwst.clean_flicker_noise import CleanFlickerNoiseStep, nsclean
from jwst.clean_flicker_noise.clean_flicker_noise import fft_clean_full_frame, median_clean

__all__ = ["fft_noise", "median_noise", "median_step", "quiet", "subarray_noise", "subarray_weights"]


@contextlib.contextmanager
def quiet():
    """Without log lines, warnings and a look for parameters in CRDS."""
    before = os.environ.get("STPIPE_DISABLE_CRDS_STEPPARS")
    os.environ["STPIPE_DISABLE_CRDS_STEPPARS"] = "true"
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        if before is None:
            del os.environ["STPIPE_DISABLE_CRDS_STEPPARS"]
        else:
            os.environ["STPIPE_DISABLE_CRDS_STEPPARS"] = before


def median_noise(data, mask, readout, by_output=False):
    """What ``median_clean`` takes out of an image."""
    with quiet():
        return data - median_clean(data.copy(), mask.copy(), abs(readout.slowaxis), by_output)


def fft_noise(data, mask, detector):
    """What ``fft_clean_full_frame`` takes out of a full frame of NRS1 or NRS2."""
    with quiet():
        return data - fft_clean_full_frame(data.copy(), mask.copy(), detector)


def median_step(model, **parameters):
    """``CleanFlickerNoiseStep`` with the median and, unless told otherwise, its automatic mask."""
    with quiet():
        return CleanFlickerNoiseStep.call(model, skip=False, fit_method="median", configure_log=False, **parameters)


def subarray_noise(data, mask):
    """Model of ``NSCleanSubarray`` for an NRS1 subarray without rejection of outliers, and the weights it used."""
    with quiet():
        cleaner = nsclean.NSCleanSubarray(data.T.copy(), mask.T.copy(), exclude_outliers=False)
        return cleaner.clean(weight_fit=True, return_model=True).T


def subarray_weights(mask, readout):
    """Weights of ``NSCleanSubarray`` for an NRS1 subarray, by its own definition.

    Its kernel is centered at n // 2 + 1 before ``ifftshift``, so that every weight comes one sample late.
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
