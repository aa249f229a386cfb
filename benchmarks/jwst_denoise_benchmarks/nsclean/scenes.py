"""Noise and exposures that the benchmarks measure on."""

import os
from pathlib import Path

import numpy as np

from jwst_denoise import products, simulate
from jwst_denoise.nsclean import Hyper
from jwst_denoise.readout import Readout
from jwst_denoise_benchmarks.rows import MissingData

__all__ = [
    "MASKS", "RATE_WHITE", "blobs", "data_file", "hyper_of", "ifu_mask", "noisy_frame", "rate_noise", "rate_spectrum",
    "template",
]  # fmt: skip

DEFAULT_DATA = Path(__file__).parents[3] / "shared" / "data"

#: Name -> (detector, file) of the background masks of NIRSpec in IFU mode that come with the NSClean package.
MASKS = {
    "NRS1 15 %": ("NRS1", "20230306_nrs1_ifu_mask.fits.gz"),
    "NRS2 15 %": ("NRS2", "20230306_nrs2_ifu_mask.fits.gz"),
    "NRS1 36 %": ("NRS1", "nrs1_ifu_mask_thorough.fits.gz"),
    "NRS2 36 %": ("NRS2", "nrs2_ifu_mask_thorough.fits.gz"),
}

#: White noise of a NIRSpec rate image, e-, beside `rate_spectrum` (Rauscher 2024: 5.3 e- beside 1.9 e-).
RATE_WHITE = 6.0


def data_file(name):
    """Path of a file in the data directory, which JWST_DENOISE_DATA names.

    Raises
    ------
    MissingData
        If it is not there.
    """
    path = Path(os.environ.get("JWST_DENOISE_DATA", DEFAULT_DATA)) / name
    if not path.is_file():
        raise MissingData(f"no data at {path}; JWST_DENOISE_DATA names the directory")
    return path


def ifu_mask(name):
    """Readout and dark pixels of one of `MASKS`."""
    from astropy.io import fits

    detector, file = MASKS[name]
    return Readout.for_detector(detector), fits.getdata(data_file(file)).astype(bool)


def blobs(shape, rng, dark=0.6, size=12.0):
    """Mask (ny, nx) with round islands that are not dark."""
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), size, mode="wrap")
    return field < np.quantile(field, dark)


def rate_spectrum(slope=1.0):
    """Correlated noise of a NIRSpec rate image in e-: 1.6 common to the outputs and 0.87 of each, 1.82 in all."""
    return simulate.NoiseSpectrum(1.6, 0.87, 0.0, common_slope=slope, output_slope=slope)


def hyper_of(spectrum, white=RATE_WHITE):
    """True statistics, as the fit takes them: two-sided densities at 1 kHz."""
    common, output = (float(psd(1000.0)) / 2 for psd in (spectrum.common_psd, spectrum.output_psd))
    return Hyper(common, output, spectrum.common_slope, spectrum.output_slope, white, 0.0)


def noisy_frame(readout, rng, slope=1.0, white=RATE_WHITE):
    """Correlated noise of a rate image, and the image that has it beside white noise: two (ny, nx) in e-."""
    noise = simulate.correlated_noise(readout, rate_spectrum(slope), rng)[0]
    noise -= noise.mean()
    return noise, noise + np.float32(white) * rng.standard_normal(noise.shape, dtype=np.float32)


def rate_noise(model, detector, rng, images=1):
    """Noise of rate images in DN/s: correlated noise and read noise, from the amplitudes of one group.

    Groups are taken as independent, so that the slope has the noise of one group over the root of Σ(t − t̄)².

    Parameters
    ----------
    model : JwstDataModel
        Its header tells groups and times.
    detector : DetectorParameters
        Amplitudes.
    rng : numpy.random.Generator
        Source of the random numbers.
    images : int, optional

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
    """Rate product with a complete header and the errors of a scene; its data are the scene without noise.

    Parameters
    ----------
    rate : ndarray
        (ny, nx) e-/s.
    detector, observation, pattern
        As for `jwst_denoise.simulate.simulate_exposure`.
    ngroups : int
        Groups that the header tells.
    cube : bool, optional
        Whether it is a rateints product, of one integration.

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
