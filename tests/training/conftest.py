"""Dithered exposures of one field, with known cosmic rays."""

from types import SimpleNamespace

import numpy as np
import pytest

from jwst_denoise import simulate
from jwst_denoise.simulate.fields import draw_fluxes, point_sources
from jwst_denoise.simulate.psf import point_spread_function
from jwst_denoise.training.own_exposures.stacks import ExposureStack, frames_of_shifts

SHIFTS = np.array([(0.0, 0.0), (7.3, -4.6), (-9.0, 3.0), (2.5, 11.8)])
SECONDS = 300.0


@pytest.fixture(scope="session")
def dithered():
    """Four exposures of 256² pixels of a star field, sampled as F070W, whose offsets are known to 0.05 pixels."""
    rng = np.random.default_rng(1)
    shape, psf = (256, 256), point_spread_function("NIRCAM_SW", "F070W")
    x, y = rng.uniform(-20, 276, (2, 300))
    flux = draw_fluxes(300, 3.0, 3000.0, 0.6, rng)
    exposures, stars = [], []
    for dy, dx in SHIFTS + rng.normal(0, 0.05, SHIFTS.shape):
        scene = point_sources(shape, x + dx, y + dy, flux, psf)
        exposures.append(simulate.simulate_image(scene + np.float32(0.2), SECONDS, rng, hits=HITS))
        stars.append(scene)
    images, errors, charge = (
        np.stack([getattr(image, name) for image in exposures]) for name in ("data", "err", "cosmic_rays")
    )
    bad = rng.uniform(size=images.shape) < 0.003
    images[bad] = np.nan
    stack = ExposureStack(
        images, errors, bad, np.zeros_like(bad), frames_of_shifts(SHIFTS), tuple(f"exposure_{i}.fits" for i in range(4))
    )
    return SimpleNamespace(stack=stack, charge=charge, stars=np.stack(stars))


HITS = simulate.CosmicRayParameters(snowball_rate=0, shower_rate=0)
