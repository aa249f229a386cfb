"""Noise and exposures on which the benchmarks measure."""

import numpy as np

from jwst_denoise import products, simulate
from jwst_denoise.nsclean import Hyper
from jwst_denoise.readout import Readout
from jwst_denoise_benchmarks.core.inputs import data_file

__all__ = [
    "MASKS", "blob_mask", "hyper_of", "ifu_mask", "noisy_frame", "rate_noise", "rate_spectrum",
    "repeat_integrations", "star_series", "template",
]  # fmt: skip

#: Name -> (detector, file) of the background masks of NIRSpec in IFU mode from the NSClean package.
MASKS = {
    "NRS1 15 %": ("NRS1", "20230306_nrs1_ifu_mask.fits.gz"),
    "NRS2 15 %": ("NRS2", "20230306_nrs2_ifu_mask.fits.gz"),
    "NRS1 36 %": ("NRS1", "nrs1_ifu_mask_thorough.fits.gz"),
    "NRS2 36 %": ("NRS2", "nrs2_ifu_mask_thorough.fits.gz"),
}

#: White noise of a NIRSpec rate image in e-, in addition to `rate_spectrum` (Rauscher 2024: 5.3 e- and 1.9 e-).
RATE_WHITE = 6.0
BLOCK = 128  # integrations whose noise is drawn together
GROUPS = 5  # of the time series


def ifu_mask(name):
    """Readout and dark pixels of one of `MASKS`."""
    from astropy.io import fits

    detector, file = MASKS[name]
    return Readout.for_detector(detector), fits.getdata(data_file(file)).astype(bool)


def blob_mask(shape, rng, dark=0.6, size=12.0):
    """Mask (ny, nx) of which a fraction ``dark`` is True, outside round islands."""
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), size, mode="wrap")
    return field < np.quantile(field, dark)


def rate_spectrum(slope=1.0):
    """Correlated noise of a NIRSpec rate image in e-: 1.6 common to all outputs, 0.87 in each output, 1.82 in total."""
    return simulate.NoiseSpectrum(1.6, 0.87, 0.0, common_slope=slope, output_slope=slope)


def hyper_of(spectrum, white=RATE_WHITE):
    """Parameters of the fit for a known noise spectrum: two-sided densities at 1 kHz."""
    common, output = (float(psd(1000.0)) / 2 for psd in (spectrum.common_psd, spectrum.output_psd))
    return Hyper(common, output, spectrum.common_slope, spectrum.output_slope, white, 0.0)


def noisy_frame(readout, rng, slope=1.0, white=RATE_WHITE):
    """Correlated noise of a rate image, and an image with this and white noise: two (ny, nx) in e-."""
    noise = simulate.correlated_noise(readout, rate_spectrum(slope), rng)[0]
    noise -= noise.mean()
    return noise, noise + np.float32(white) * rng.standard_normal(noise.shape, dtype=np.float32)


def rate_noise(model, detector, rng, images=1):
    """Noise of rate images in DN/s: correlated noise and read noise, from the amplitudes of one group.

    Groups are treated as independent, so that the slope has the noise of one group divided by the root of Σ(t − t̄)².

    Parameters
    ----------
    model : JwstDataModel
        Its header defines groups and times.
    detector : DetectorParameters
        Amplitudes.
    rng : numpy.random.Generator
        Source of the random numbers.
    images : int, optional
        Number of images.

    Returns
    -------
    correlated, white : ndarray
        (images, ny, nx).
    """
    readout = Readout.from_model(model)
    scale = 1 / (detector.gain * np.sqrt(_spread_of_times(model)))
    correlated = simulate.correlated_noise(readout, detector, rng, images)
    white = detector.read_noise * rng.standard_normal(correlated.shape, dtype=np.float32)
    return (np.float32(scale) * noise for noise in (correlated, white))


def _spread_of_times(model):
    """Σ(t − t̄)² of the groups, s²."""
    exposure = model.meta.exposure
    groups = np.arange(exposure.ngroups)
    return float(exposure.group_time**2 * np.sum((groups - groups.mean()) ** 2))


def template(rate, detector, observation, pattern, ngroups, cube=False):
    """Rate product with a complete header and the errors of a scene; its data are the noiseless scene.

    Parameters
    ----------
    rate : ndarray
        (ny, nx) e-/s.
    detector, observation, pattern
        As for `jwst_denoise.simulate.simulate_exposure`.
    ngroups : int
        Groups according to the header.
    cube : bool, optional
        Whether it is a rateints product of one integration.

    Returns
    -------
    ImageModel or CubeModel
    """
    rng = np.random.default_rng(0)
    off = dict.fromkeys(("cosmic_rays", "correlated", "poisson", "read_noise", "ktc", "saturation"), False)
    exposure = simulate.simulate_exposure(
        np.zeros_like(rate), detector, None, pattern, 2, 1, rng, observation=observation, **off
    )
    model = (products.rateints_model if cube else products.rate_model)(exposure)
    model.meta.exposure.ngroups = ngroups
    seconds = (ngroups - 1) * model.meta.exposure.group_time
    good = ~exposure.readout.reference_pixels
    model.data[...] = np.where(good, rate / detector.gain, 0)
    model.var_rnoise[...] = detector.read_noise**2 / detector.gain**2 / _spread_of_times(model)
    model.var_poisson[...] = model.data / (detector.gain * seconds)
    model.err[...] = np.sqrt(model.var_rnoise + model.var_poisson)
    return model


def star_series(curve, rng, noise=True):
    """Simulated rateints of a bright star in SUB512 of NIRSpec.

    Parameters
    ----------
    curve : ndarray
        (nints,) relative flux of the star.
    rng : numpy.random.Generator
        Source of the random numbers; the same seed gives the same noise for any curve.
    noise : bool, optional
        Whether there is noise.

    Returns
    -------
    CubeModel
        (nints, 32, 512) DN/s.
    """
    detector = simulate.detector("NRS1")
    rate, observation = simulate.scene("bots", detector, np.random.default_rng(0), subarray_name="SUB512")
    model = template(rate, detector, observation, "NRSRAPID", GROUPS, cube=True)
    star, poisson = model.data[0].copy(), np.sqrt(model.var_poisson[0])
    repeat_integrations(model, len(curve))
    model.data[...] = star * np.asarray(curve, np.float32)[:, None, None]
    for start in range(0, len(curve) if noise else 0, BLOCK):
        block = model.data[start : start + BLOCK]
        block += sum(rate_noise(model, detector, rng, len(block)))
        block += poisson * rng.standard_normal(block.shape, dtype=np.float32)
    return model


def repeat_integrations(model, count):
    """Repeat the only integration of a rateints product in place."""
    for name in ("data", "err", "dq", "var_rnoise", "var_poisson"):
        setattr(model, name, np.repeat(getattr(model, name), count, axis=0))
    model.meta.exposure.nints = model.meta.exposure.integration_end = count
