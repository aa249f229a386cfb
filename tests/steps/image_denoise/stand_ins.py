"""Images to denoise, and stand-ins for networks that know the scene."""

import numpy as np
from scipy.ndimage import gaussian_filter
from stdatamodels.jwst import datamodels

from jwst_denoise import ImageDenoiseStep, model_files
from jwst_denoise.networks.image_denoise import DenoisedImage
from jwst_denoise.ramps.coadd import coadd_frames
from jwst_denoise.steps.image_denoise import image_denoise_step
from steps.conftest import SHAPE, describe

DNU, JUMP, REFERENCE = 1, 4, 2**31
GAIN, TIME, READ, SKY = 2.0, 1000.0, 12.0, 0.2
RATIOS = {"pixel": 0.6, "r1_5": 0.85, "r2_5": 1.0, "r4": 1.15, "r8": 1.4}  # of errors to predicted ones
DOMAIN = {"description": "tests", "instruments": ["NIRCAM"], "kinds": ["image"], "exposure_time_ratio": [1, 5]}
STARS = ((20, 30, 60.0), (70, 90, 30.0), (50, 60, 400.0), (30, 100, 25.0), (80, 20, 45.0))
FAINT = 2.0  # e-/s in a pixel, above which the stand-in leaves it alone
ARRAYS = ("data", "err", "var_poisson", "var_rnoise")


def scene():
    image = np.zeros(SHAPE)
    for y, x, flux in STARS:
        image[y, x] = flux
    return (SKY + gaussian_filter(image, 1.0)).astype("f4")


class Halving:
    """Brings background pixels half-way to the scene, and halves their errors."""

    uses_ratio, takes_stack, uncertainties = True, False, ("none", "aleatoric")
    calls, limit = [], FAINT

    def denoise(self, image, *, uncertainty, **options):
        self.calls.append((image, uncertainty, options))
        observed = coadd_frames(image).image if self.takes_stack else image
        weight = (np.isfinite(observed.rate) & (scene() < self.limit)).astype("f4")
        rate = np.where(weight > 0, (observed.rate + self.known()) / 2, observed.rate)
        err = None if uncertainty == "none" else np.sqrt(observed.variance) * np.where(weight > 0, 0.5, 1)
        return DenoisedImage(rate, err, weight, observed)

    def known(self):
        return scene()


class Stack(Halving):
    uses_ratio, takes_stack = False, True


class Erasing(Halving):
    limit = np.inf

    def known(self):
        return np.full(SHAPE, SKY, "f4")


def make(rng, nints=None, factor=GAIN, seconds=TIME):
    """Rate image, or one for each integration, whose unit is ``factor`` e-/s."""
    shape = SHAPE if nints is None else (nints, *SHAPE)
    rate = rng.poisson(scene() * seconds, shape) / seconds + rng.normal(0, READ / seconds, shape)
    model = (datamodels.ImageModel if nints is None else datamodels.CubeModel)(shape)
    model.data = (rate / factor).astype("f4")
    model.var_rnoise = np.full(shape, (READ / seconds / factor) ** 2, "f4")
    model.var_poisson = (np.maximum(rate, 0) / seconds / factor**2).astype("f4")
    model.err = np.sqrt(model.var_rnoise + model.var_poisson)
    model.dq = np.zeros(shape, "u4")
    model.dq[..., 40, 40], model.data[..., 40, 40] = DNU, 100
    model.dq[..., :4, :] |= REFERENCE
    model.data[..., 60, 10] = np.nan
    exposure = model.meta.exposure
    exposure.exposure_time, exposure.integration_time = seconds * (nints or 1), seconds
    model.meta.bunit_data = "DN/s"
    model.meta.instrument.filter = "F200W"
    return describe(model, name="jw1_rate.fits" if nints is None else "jw1_rateints.fits")


def run(data, **parameters):
    return ImageDenoiseStep.call(data, configure_log=False, **parameters)


def arrays(model):
    return {name: getattr(model, name).copy() for name in ARRAYS}


def fixed():
    """Pixels that no network may change."""
    mask = np.zeros(SHAPE, bool)
    mask[40, 40] = mask[60, 10] = mask[:4] = True
    return mask


def install(network, monkeypatch, family="astro_unet"):
    """Make the network what any model file gives."""
    network.calls = []
    info = {
        "name": "standin",
        "family": family,
        "sha256": "ab" * 32,
        "domain": DOMAIN,
        "scores": {"aperture_errors": RATIOS},
    }

    class Loaded:
        def check_domain(self, **properties):
            return model_files.Domain(**DOMAIN).reasons(**properties)

    Loaded.info, Loaded.network = info, network
    monkeypatch.setattr(image_denoise_step.model_files, "load", lambda name, device: Loaded())
    monkeypatch.setattr(image_denoise_step.model_files, "read_info", lambda name: info)
    return network
