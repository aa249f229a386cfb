"""Numbers of a simulated image against the truth."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from jwst_denoise.report.comparison import measure_noise
from jwst_denoise.statistics import MAD_TO_SIGMA, box_level, robust_sigma

__all__ = ["Image", "Metrics", "Truth", "clipped_scatter", "find_truth", "measure_image", "read_image"]

SOURCE = 0.5  # ERR; pixels with more signal than this above the background belong to a source
HIT = 6  # sigma of a pixel, or of the mean of a box around it, that charge of a cosmic ray is left there
HIT_BOX = 9  # pixels
PIECE = 32  # pixels; longer sources are measured in pieces
OUTLIER = 6  # MAD sigmas


@dataclass(frozen=True, eq=False)
class Image:
    """Image and its ERR, (ny, nx) e- over the exposure, and which pixels are usable."""

    data: np.ndarray
    err: np.ndarray
    usable: np.ndarray


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of a simulated exposure.

    Parameters
    ----------
    signal : ndarray
        (ny, nx) e- over the exposure, background included.
    expected : ndarray
        (ny, nx) e-: the image that a perfect result would be; either ``signal``, or the image without correlated noise.
    err : ndarray
        (ny, nx) ERR of the default pipeline, e-.
    sources, background : ndarray of bool
        (ny, nx) pixels of sources and of the background; neither where a pixel is unusable or was hit.
    seconds : float
        Exposure time.
    """

    signal: np.ndarray
    expected: np.ndarray
    err: np.ndarray
    sources: np.ndarray
    background: np.ndarray
    seconds: float

    def centered(self, image):
        """Image minus the median of its background pixels."""
        return image - np.median(image[self.background])


@dataclass(frozen=True)
class Metrics:
    """Numbers of one image.

    Parameters
    ----------
    background_noise, source_noise : float
        Rms difference from the expected image on pixels of the background and of sources, e-.
    aperture_noise : float
        Scatter of the mean difference in apertures of r = 2.5 pixels on the background, e- a pixel.
    flux_bias : float
        Error of the flux of all sources above the local background, as a fraction; the background is the median of
        its pixels in cells of 64 pixels.
    flux_scatter : float
        Rms error of the flux of a source, or of a piece of 32 pixels, in units of the ERR of the default pipeline.
    shift : float
        Shift of the median of the background, e-.
    over_err, aperture_over_err : float
        Scatter of the background over ERR, in single pixels and in apertures of r = 2.5 pixels.
    """

    background_noise: float
    source_noise: float
    aperture_noise: float
    flux_bias: float
    flux_scatter: float
    shift: float
    over_err: float
    aperture_over_err: float


def read_image(path, exposure):
    """Read a rate or calibrated image in e- over the exposure.

    Parameters
    ----------
    path : path-like
        Product.
    exposure : jwst_denoise.simulate.Exposure
        The simulated exposure.

    Returns
    -------
    Image
    """
    from stdatamodels.jwst import datamodels

    factor = np.float32(exposure.detector.gain * _seconds(exposure))
    with datamodels.open(str(path)) as model:
        if model.meta.bunit_data == "MJy/sr":
            factor /= np.float32(model.meta.photometry.conversion_megajanskys)
        data, err = model.data * factor, model.err * factor
        return Image(data, err, ((model.dq & 1) == 0) & np.isfinite(data + err))


def find_truth(exposure, images, noiseless=None):
    """Truth of a simulated exposure.

    Parameters
    ----------
    exposure : jwst_denoise.simulate.Exposure
        The exposure.
    images : sequence of Image
        All images that are measured, the one of the default pipeline first.
    noiseless : Image, optional
        The same exposure without correlated noise; images are compared with it instead of with the signal, and pixels
        with charge of cosmic rays in it are left out.

    Returns
    -------
    Truth
    """
    seconds = _seconds(exposure)
    signal = exposure.truth.rate * np.float32(seconds)
    usable = np.logical_and.reduce([image.usable for image in [*images, noiseless] if image is not None])
    usable &= ~exposure.readout.reference_pixels
    err = images[0].err
    sky = np.median(signal[usable]) if signal[usable].min() > 0 else 0.0
    sources = usable & (signal - sky > SOURCE * np.median(err[usable]))
    background = usable & ~sources
    if noiseless is None:
        return Truth(signal, signal, err, sources, background, seconds)
    background &= ~_hit((noiseless.data - signal) / err, usable)
    return Truth(signal, noiseless.data, err, sources, background, seconds)


def measure_image(image, truth):
    """Measure an image against the truth.

    Parameters
    ----------
    image : Image
        The image.
    truth : Truth
        Of its exposure.

    Returns
    -------
    Metrics
    """
    error, background = image.data - truth.expected, truth.background
    flat = error - box_level(error, background)
    _, aperture, *_ = measure_noise(flat, background)
    signal_error = image.data - truth.signal
    _, aperture_err, *_ = measure_noise(signal_error - box_level(signal_error, background), background, image.err)
    return Metrics(
        clipped_scatter(error[background]),
        clipped_scatter(error[truth.sources]),
        aperture.scatter,
        *_fluxes(flat, truth),
        float(np.median(error[background])),
        robust_sigma((signal_error / image.err)[background]),
        aperture_err.over_err,
    )


def clipped_scatter(image):
    """Standard deviation of the pixels within 6 robust sigma of the median."""
    residual = image - np.median(image)
    return float(residual[np.abs(residual) < OUTLIER * MAD_TO_SIGMA * np.median(np.abs(residual))].std())


def _seconds(exposure):
    return exposure.group_time * (exposure.counts.shape[1] - 1)


def _hit(pull, usable):
    """Pixels that differ from the truth by much more than noise, or do so with their neighbors."""
    pull = np.where(usable, pull - np.median(pull[usable]), 0)
    return (np.abs(pull) > HIT) | (np.abs(ndimage.uniform_filter(pull, HIT_BOX)) * HIT_BOX > HIT)


def _fluxes(error, truth):
    """Bias and scatter of the fluxes of sources."""
    labels = _pieces(truth.sources)
    index = np.arange(1, labels.max() + 1)
    total = ndimage.sum_labels(error, labels, index)
    noise = np.sqrt(ndimage.sum_labels(truth.err**2, labels, index))
    return float(total.sum() / truth.signal[truth.sources].sum()), float(np.sqrt(np.mean((total / noise) ** 2)))


def _pieces(sources):
    """Labels 1, 2, … of connected pixels of sources, cut where they cross a grid of 32 pixels."""
    row, column = np.indices(sources.shape) // PIECE
    labels, number = ndimage.label(sources)
    cells = np.where(sources, labels + (number + 1) * (column + (column.max() + 1) * row), 0)
    return np.unique(cells, return_inverse=True)[1].reshape(sources.shape)
