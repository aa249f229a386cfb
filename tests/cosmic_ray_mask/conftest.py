import numpy as np
import pytest

from jwst_denoise.simulate import point_spread_function, simulate_image
from jwst_denoise.simulate.fields import draw_fluxes, field, point_sources

SHAPE = (320, 320)
SECONDS = 400


class Sky:
    """A simulated field with stars at known places."""

    def __init__(self, channel, filter_name, seed):
        rng = np.random.default_rng(seed)
        psf = point_spread_function(channel, filter_name)
        x, y = rng.uniform(6, SHAPE[1] - 7, 60), rng.uniform(6, SHAPE[0] - 7, 60)
        stars = point_sources(SHAPE, x, y, draw_fluxes(60, 10.0, 3000.0, 0.5, rng), psf)
        self.image = simulate_image(field(SHAPE, psf, rng, stars=0) + stars, SECONDS, rng, stripes=0)
        self.data = self.image.data
        self.hit = self.image.truth() & np.isfinite(self.data)
        charge = np.maximum(self.image.rate + self.image.cosmic_rays, 0) * SECONDS
        self.err = (np.sqrt(charge + 100) / SECONDS).astype(np.float32)
        self.core = np.zeros(SHAPE, bool)
        self.core[np.rint(y).astype(int), np.rint(x).astype(int)] = True
        self.core &= (stars > 20 * self.image.err) & np.isfinite(self.data)


@pytest.fixture(scope="session")
def skies():
    """Two filters, the bluest among them."""
    return {name: Sky("NIRCAM_SW", name, 50) for name in ("F070W", "F200W")}


@pytest.fixture
def rng():
    return np.random.default_rng(8)
