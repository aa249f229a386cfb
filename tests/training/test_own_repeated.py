"""Repeated exposures on the same pixels."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from jwst_denoise.training.own_exposures.repeated import align_exposures, estimate_poisson, onto_common_pixels
from jwst_denoise.training.own_exposures.stacks import ExposureStack, frames_of_shifts

READ, POISSON = 0.05, 0.02


@pytest.fixture
def scene():
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:80, :96]
    image = np.full(y.shape, 0.2)
    for flux, y0, x0 in zip(rng.uniform(5, 80, 25), rng.uniform(0, 80, 25), rng.uniform(0, 96, 25), strict=True):
        image += flux * np.exp(-((y - y0) ** 2 + (x - x0) ** 2) / 8) / (8 * np.pi)
    return image


@pytest.fixture
def stack(scene):
    """Five integrations with white and Poisson noise, as stated by their errors."""
    rng = np.random.default_rng(2)
    noise = np.sqrt(READ**2 + POISSON * scene)
    images = (scene + noise * rng.normal(size=(5, *scene.shape))).astype(np.float32)
    errors = np.broadcast_to(noise, images.shape).astype(np.float32)
    blank = np.zeros(images.shape, dtype=bool)
    return ExposureStack(
        images, errors, blank, blank, frames_of_shifts(np.zeros((5, 2))), tuple(f"{i}.fits" for i in range(5))
    )


def shifted(stack, offsets):
    """The same exposures, as if taken with the telescope moved by whole pixels (y, x)."""
    images = np.stack([np.roll(image, o, (0, 1)) for image, o in zip(stack.images, offsets, strict=True)])
    errors = np.stack([np.roll(err, o, (0, 1)) for err, o in zip(stack.errors, offsets, strict=True)])
    return replace(stack, images=images, errors=errors, frames=frames_of_shifts(offsets))


def test_integrations_are_on_the_same_pixels(stack):
    same = onto_common_pixels(stack)
    np.testing.assert_array_equal(same.images, stack.images)
    assert not same.bad.any()


def test_whole_shifts_are_undone(stack):
    offsets = np.array([(0, 0), (3, -2), (-1, 4), (2, 2), (0, 5)])
    same = onto_common_pixels(shifted(stack, offsets))
    inside = np.s_[:, 8:-8, 8:-8]
    np.testing.assert_array_equal(same.images[inside], stack.images[inside])
    assert same.bad[1, -3:].all() and not same.bad[1, 8:-8, 8:-8].any()
    assert np.isnan(same.images[1, -3:]).all()


def test_exposures_between_the_pixels_are_left_out(stack, caplog):
    frames = frames_of_shifts([(0, 0), (2, 1), (0.4, 0), (0, 0), (0.1, -0.1)])
    with caplog.at_level(logging.WARNING):
        same = onto_common_pixels(replace(stack, frames=frames))
    assert same.names == ("0.fits", "1.fits", "3.fits", "4.fits")
    assert "2.fits is 0.40 pixels off" in caplog.text


def test_too_few_on_the_same_pixels_are_named(stack):
    frames = frames_of_shifts([(0, 0), (0.5, 0), (0, 0.3), (0.5, 0.5), (0, 0)])
    with pytest.raises(ValueError, match=r"1.fits 0.50, 2.fits 0.30.*use a rateints file"):
        onto_common_pixels(replace(stack, frames=frames))


def test_rotated_exposures_are_off(stack):
    frames = stack.frames.copy()
    frames[1:, 0, 1], frames[1:, 1, 0] = 0.01, -0.01
    with pytest.raises(ValueError, match="fewer than 3 exposures on the same pixels"):
        onto_common_pixels(replace(stack, frames=frames))


def test_read_noise_and_poisson_noise_are_separated(stack, scene):
    exposures = align_exposures(stack)
    assert exposures.poisson == pytest.approx(POISSON, rel=0.1)
    assert np.median(exposures.read_noise) == pytest.approx(READ, rel=0.1)
    variance = exposures.image(0).variance
    np.testing.assert_allclose(np.sqrt(variance), stack.errors[0], rtol=0.3)
    assert estimate_poisson(np.zeros((9, 9)), np.ones((9, 9))) == 0
    assert estimate_poisson(np.full((9, 9), np.nan), np.ones((9, 9))) == 0


def test_means_have_the_noise_of_means(stack, scene):
    mean = align_exposures(stack).mean([0, 2, 3, 4])
    pull = (mean.rate - scene) / np.sqrt(mean.variance)
    pull = pull[np.isfinite(pull)]
    assert pull.size > 0.9 * scene.size
    assert pull.std() == pytest.approx(1, abs=0.08)


def test_cosmic_rays_are_no_clean_pixels_but_stay_in_the_image(stack):
    images = stack.images.copy()
    images[2, 40, 50:53] += 5
    exposures = align_exposures(replace(stack, images=images))
    assert not exposures.clean[2, 40, 50:53].any()
    assert exposures.clean[1, 40, 50:53].all()
    np.testing.assert_array_equal(exposures.rate[2, 40, 50:53], images[2, 40, 50:53])
    assert np.isfinite(exposures.mean([1, 2]).rate[40, 51])


def test_inputs_are_not_changed(stack):
    before = stack.images.copy(), stack.errors.copy()
    align_exposures(stack)
    np.testing.assert_array_equal(stack.images, before[0])
    np.testing.assert_array_equal(stack.errors, before[1])
