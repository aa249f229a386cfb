"""Images of a product in e-/s with their read noise and Poisson noise, as the product's variances give them."""

import numpy as np

from jwst_denoise.dq import DO_NOT_USE, NON_SCIENCE, REFERENCE_PIXEL
from jwst_denoise.masks.drafts import as_cube
from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.exposure.units import is_resampled

__all__ = ["poisson_noise", "slopes_of"]

UNUSABLE = DO_NOT_USE | NON_SCIENCE | REFERENCE_PIXEL
EXPOSED = 5.0  # standard deviations above the background, from which a pixel contributes to the Poisson noise
FEWEST = 100  # pixels
MOST = 400_000  # pixels
COARSEST = 30.0  # read noise over the median, beyond which it is cut
POWERS = {False: 2 / 3, True: 2.0}  # Poisson variance over read noise: fewer groups; fewer exposures of a mosaic


def slopes_of(model, gain):
    """Images of a product with their noise.

    Parameters
    ----------
    model : ImageModel, CubeModel, IFUImageModel or SlitModel
        With ``var_rnoise`` and ``var_poisson``, and the exposure time in its header.
    gain : float or ndarray
        e-/s for one unit of the product.

    Returns
    -------
    callable
        Index of an image -> `SlopeImage` in e-/s, NaN on missing, unusable and reference pixels.

    Raises
    ------
    NotApplicable
        If variances or the exposure time are missing.

    Notes
    -----
    The Poisson variance is proportional to the signal, and larger where fewer groups (or fewer exposures of a mosaic)
    contribute; `poisson_noise` measures it. The Poisson noise of subtracted signal, such as the sky, counts as read
    noise.
    """
    seconds, power = _seconds(model), POWERS[is_resampled(model)]
    shape = model.data.shape
    data, dq, read, poisson_variance = (
        as_cube(getattr(model, name, None), shape) for name in ("data", "dq", "var_rnoise", "var_poisson")
    )
    for name, array in (("VAR_RNOISE", read), ("VAR_POISSON", poisson_variance)):
        if array is None or not np.nanmax(array, initial=0) > 0:
            raise NotApplicable(f"the image has no {name}, which is needed for its noise")

    def plane(k):
        """Rate, read noise and Poisson variance, float32 in e-/s; NaN where not usable."""
        with np.errstate(invalid="ignore"):
            rate, deviation = np.array(data[k], np.float32) * gain, np.sqrt(np.array(read[k], np.float32)) * gain
            good = np.isfinite(rate) & np.isfinite(deviation) & (deviation > 0)
        if dq is not None:
            good &= (dq[k] & UNUSABLE) == 0
        variance = np.array(poisson_variance[k], np.float32) * gain * gain
        return (np.where(good, a, np.nan).astype(np.float32) for a in (rate, deviation, variance))

    middle, poisson, rest = _typical_noise(plane, len(data), power, seconds)

    def slopes(k):
        rate, deviation, _ = plane(k)
        relative = np.clip(deviation / middle, 0, COARSEST) ** power
        noise = np.sqrt(deviation**2 + rest * relative)
        return SlopeImage(rate, noise.astype(np.float32), (poisson * relative).astype(np.float32))

    return slopes


def poisson_noise(rate, deviation, variance, seconds):
    """Poisson noise, from bright and from background pixels.

    Parameters
    ----------
    rate, deviation, variance : ndarray
        (n,) rates in e-/s; standard deviation of the read noise; Poisson variance as the product gives it.
    seconds : float
        Exposure time in s. In images without bright pixels the Poisson variance is the rate over the exposure time.

    Returns
    -------
    poisson : float
        1 / s: Poisson variance over rate.
    rest : float
        e-²/s²: Poisson variance of the background, which belongs to subtracted signal.
    """
    order = np.argsort(rate)
    dark = order[len(order) // 20 : max(len(order) // 2, 1)]
    level, floor = np.median(rate[dark]), np.median(variance[dark])
    exposed = rate - level > EXPOSED * np.sqrt(deviation**2 + variance)
    poisson = 1 / seconds
    if np.count_nonzero(exposed) >= FEWEST:
        measured = np.median((variance[exposed] - floor) / (rate[exposed] - level))
        poisson = float(measured) if measured > 0 else poisson
    return poisson, float(max(floor - poisson * max(level, 0), 0))


def _typical_noise(plane, count, power, seconds):
    """Median read noise, and `poisson_noise` at that, of a sample of the pixels of all images."""
    samples = []
    for k in range(0, count, max(1, count // 8)):
        rate, deviation, variance = (a.ravel() for a in plane(k))
        known = np.isfinite(rate) & np.isfinite(variance)
        thin = max(1, np.count_nonzero(known) * min(count, 8) // MOST)
        samples.append([a[known][::thin] for a in (rate, deviation, variance)])
    rate, deviation, variance = (np.concatenate(parts) for parts in zip(*samples, strict=True))
    if len(rate) < 2:
        raise NotApplicable("no pixel of the image can be used")
    middle = float(np.median(deviation))
    relative = np.clip(deviation / middle, 1 / COARSEST, COARSEST) ** power
    return middle, *poisson_noise(rate, deviation, variance / relative, seconds)


def _seconds(model):
    """Exposure time of one image."""
    exposure = model.meta.exposure
    whole = model.data.ndim == 2 or not exposure.integration_time
    seconds = exposure.exposure_time if whole else exposure.integration_time
    if not seconds or not seconds > 0:
        raise NotApplicable("the header lacks the exposure time (EFFEXPTM)")
    return float(seconds)
