"""Sources in an image are detected again after the noise of the first mask is subtracted from the draft."""

from types import SimpleNamespace

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from jwst_denoise import nsclean
from jwst_denoise.readout import Readout
from jwst_denoise.steps.exposure.background_mask import background_mask

from .conftest import describe

SETTINGS = SimpleNamespace(
    user_mask=None, source_mask=None, mask_science_regions=False, science_product=None, n_sigma=2.0, mask_dilation=2,
    single_mask=True,
)  # fmt: skip


@pytest.fixture
def stars():
    """Pixels (y, x) of faint stars in a frame of four outputs."""
    return tuple(np.mgrid[16:240:32, 16:1000:32].reshape(2, -1))


@pytest.fixture
def model(stars):
    """White noise of 1, and 1/f noise of 2 that four outputs share and that varies along the lines."""
    rng = np.random.default_rng(3)
    shared = rng.normal(size=(256, 32)).repeat(8, axis=1)
    shared = np.concatenate([shared, shared[:, ::-1]] * 2, axis=1)
    data = rng.normal(size=shared.shape) + 2 * shared
    y, x = np.indices(data.shape)
    data += sum(4.0 * np.exp(-((y - a) ** 2 + (x - b) ** 2) / 2) for a, b in zip(*stars, strict=True))
    model = datamodels.ImageModel(data=data.astype(np.float32))
    describe(model, "NIRCAM", "NRCB1", "NRC_IMAGE", axes=(-1, 2))
    return model


def masked(model, stars, outputs, fit):
    """Fraction of the stars that are masked."""
    readout = Readout(model.shape, -1, 2, outputs=outputs)
    return 1 - background_mask(model, SETTINGS, readout, fit=fit and fit(readout))[stars].mean()


def gp(readout):
    return lambda image, mask, err: nsclean.fit(image, mask, readout, err=err, background="keep")


def test_second_detection_masks_more_faint_stars(model, stars):
    first, second = (masked(model, stars, 4, fit) for fit in (None, gp))
    assert second > first + 0.1


def test_one_output_has_one_detection(model, stars):
    assert masked(model, stars, 1, None) == masked(model, stars, 1, lambda readout: pytest.fail)
