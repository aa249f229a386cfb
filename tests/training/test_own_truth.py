"""Truth from dithered exposures, against the cosmic rays that were simulated."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from jwst_denoise.training.own_exposures.datasets import ExposureInpaintStamps, ExposureMaskStamps, stamp_sets
from jwst_denoise.training.own_exposures.stacks import ExposureStack, frames_of_shifts, in_frame_of, misalignment
from jwst_denoise.training.own_exposures.truth import (
    cosmic_ray_hits,
    find_cosmic_rays,
    median_of_finite,
    split_exposures,
)
from jwst_denoise.training.presets import select_preset

SEEDS = {"training": 10, "validation": 20}


@pytest.fixture(scope="module")
def labeled(dithered):
    return find_cosmic_rays(dithered.stack)


def flat(array, exposures):
    known = np.stack([exposure.weight for exposure in exposures]) > 0
    return array[known]


def test_hits_are_complete_and_pure(dithered, labeled):
    hits = flat(np.stack([exposure.hits for exposure in labeled]), labeled)
    charge = flat(dithered.charge / dithered.stack.errors, labeled)
    assert hits[charge > 5].mean() > 0.95
    assert hits[charge > 1.5].mean() > 0.8
    assert (charge[hits] > 1.5).mean() > 0.93
    assert hits[charge < 0.5].mean() < 1e-3


def test_cores_of_stars_are_not_hits(dithered, labeled):
    stars, errors = dithered.stars, dithered.stack.errors
    core = (stars == ndimage.maximum_filter(stars, (1, 5, 5))) & (stars > 20 * errors)
    clean = flat(core & (dithered.charge < 0.3 * errors), labeled)
    hits = flat(np.stack([exposure.hits for exposure in labeled]), labeled)
    assert clean.sum() > 200
    assert hits[clean].mean() < 0.01


def test_the_derivative_protects_them(dithered):
    without = find_cosmic_rays(dithered.stack, derivative=(0.0, 0.0))
    core = (dithered.stars > 20 * dithered.stack.errors) & (dithered.charge < 0.3 * dithered.stack.errors)
    hits = flat(np.stack([exposure.hits for exposure in without]), without)
    assert hits[flat(core, without)].mean() > 0.02


def test_weight_leaves_out_what_is_not_known(dithered, labeled):
    bad = dithered.stack.bad[0]
    around = ndimage.binary_dilation(bad, np.ones((3, 3)))
    assert (labeled[0].weight[around] == 0).all()
    assert labeled[3].weight[:, :8].sum() == 0  # only one other exposure reaches there
    assert labeled[0].weight.mean() > 0.85


def test_saturated_and_interrupted_pixels_are_out_of_the_loss(dithered):
    saturated = np.zeros(dithered.stack.bad.shape, dtype=bool)
    interrupted = saturated.copy()
    saturated[1, 100, 100] = interrupted[1, 50, 60] = True
    exposure = find_cosmic_rays(replace(dithered.stack, saturated=saturated, interrupted=interrupted))[1]
    assert (exposure.weight[97:104, 97:104] == 0).all()
    assert exposure.weight[50, 60] == 0
    assert np.isnan(exposure.image[100, 100])
    assert np.isfinite(exposure.image[50, 60])


def test_repeated_exposures_share_a_frame():
    rng = np.random.default_rng(3)
    images = rng.normal(0, 1, (5, 40, 40)).astype(np.float32)
    images[2, 20, 20:23] += (4.0, 12.0, 5.0)
    blank = np.zeros(images.shape, dtype=bool)
    ones = np.ones_like(images)
    exposures = find_cosmic_rays(ExposureStack(images, ones, blank, blank, frames_of_shifts(np.zeros((5, 2)))))
    assert exposures[2].hits[20, 20:23].tolist() == [True, True, True]
    for exposure in exposures:  # the definition: one exposure at a time, against the median of all
        slow = cosmic_ray_hits(exposure.image, ones[0], np.median(images, axis=0))
        np.testing.assert_array_equal(exposure.hits, slow)


def test_second_pass_looks_next_to_the_first_only():
    image = np.zeros((9, 9))
    image[4, 2:8] = (2, 6, 2, 2, 0, 2)
    hits = cosmic_ray_hits(image, np.ones((9, 9)), np.zeros((9, 9)))
    assert hits[4].nonzero()[0].tolist() == [2, 3, 4]
    wider = cosmic_ray_hits(image, np.ones((9, 9)), np.zeros((9, 9)), grow=2)
    assert wider[4].nonzero()[0].tolist() == [2, 3, 4, 5]


def test_whole_shifts_are_exact_and_fractions_follow_the_sources(dithered):
    frames, stars = dithered.stack.frames, dithered.stars
    moved = in_frame_of(stars[0], frames[0], frames[2])
    np.testing.assert_array_equal(moved[:-9, 3:], stars[0][9:, :-3])
    assert np.isnan(moved[-9:]).all()
    turned = in_frame_of(stars[0], np.array([[0, 1, 0], [1, 0, 0]]), frames[0])
    np.testing.assert_allclose(turned, stars[0].T, atol=1e-3 * stars[0].max())
    smooth = ndimage.gaussian_filter(stars, (0, 2, 2))
    near = in_frame_of(smooth[0], frames[0], frames[1])[20:-20, 20:-20]
    np.testing.assert_allclose(near, smooth[1][20:-20, 20:-20], atol=0.05 * smooth.max())


def test_median_ignores_missing_values_and_hits_in_half_of_the_exposures():
    rng = np.random.default_rng(2)
    images = rng.normal(size=(5, 6, 7))
    images[rng.uniform(size=images.shape) < 0.2] = np.nan
    expected = np.where(np.isfinite(images).sum(axis=0) >= 3, np.nanmedian(images, axis=0), np.nan)
    np.testing.assert_array_equal(median_of_finite(images), expected)
    values = np.array([0.0, 1.0, 50.0, 60.0])[:, None, None]
    assert median_of_finite(values, np.ones((1, 1))) == 1.0
    assert median_of_finite(values, np.full((1, 1), 20.0)) == 25.5


@pytest.mark.parametrize("count", [3, 5, 20])
def test_split_is_by_exposure(count):
    training, validation = split_exposures(list(range(count)))
    assert sorted(training + validation) == list(range(count))
    assert len(validation) == max(1, round(count / 5))


def test_mask_stamps(labeled):
    stamps = ExposureMaskStamps(labeled[:3], 10, 1, 64)
    inputs, truth, weight = stamps[4]
    again = stamps[4][0]["image"]
    assert inputs["image"].shape == (64, 64)
    assert truth.shape == weight.shape == (1, 64, 64)
    torch.testing.assert_close(again, inputs["image"], equal_nan=True)
    shares = [stamps[i][1].mean().item() for i in range(8)]
    assert 0.005 < np.mean(shares) < 0.1


def test_holes_for_inpainting_are_hits_of_other_places(labeled):
    stamps = ExposureInpaintStamps(labeled[:3], 10, 1, 64)
    inputs, truth, weight = stamps[2]
    inside = weight > 0
    assert inside.any()
    assert inputs["hole"][inside[0]].all()
    torch.testing.assert_close(truth[inside], inputs["image"][inside[0]])


def test_sets_do_not_share_an_exposure(dithered):
    settings = select_preset("cosmic_ray_mask", "small", stamp=64, batch=2, steps=3, validation=4)
    training, validation = stamp_sets("cosmic_ray_mask", [dithered.stack], settings, SEEDS)
    assert (len(training), len(validation)) == (6, 4)
    names = [{exposure.name for exposure in part.exposures} for part in (training, validation)]
    assert names[0] == {"exposure_0.fits", "exposure_1.fits", "exposure_2.fits"}
    assert names[1] == {"exposure_3.fits"}


def test_inputs_are_not_changed(dithered):
    before = dithered.stack.images.copy()
    find_cosmic_rays(dithered.stack)
    np.testing.assert_array_equal(dithered.stack.images, before)


def test_too_few_exposures(dithered):
    stack = dithered.stack
    with pytest.raises(ValueError, match="a.fits, b.fits: 2 exposures .* at least 3"):
        replace(
            stack, images=stack.images[:2], errors=stack.errors[:2], bad=stack.bad[:2], saturated=stack.bad[:2],
            frames=stack.frames[:2], names=("a.fits", "b.fits"),
        )  # fmt: skip


def test_no_overlap_names_the_exposure(dithered):
    far = dithered.stack.frames.copy()
    far[3, 0, 2] = 600
    with pytest.raises(ValueError, match="exposure_3.fits: only 0.0% of it is covered by 3 exposures"):
        find_cosmic_rays(replace(dithered.stack, frames=far))


def test_misaligned_exposures_are_refused(dithered):
    frames = dithered.stack.frames.copy()
    frames[2, :, 2] += (0, 2)
    with pytest.raises(ValueError, match=r"exposure_1.fits and exposure_2.fits are misaligned by \+0, [+-]2 pixels"):
        find_cosmic_rays(replace(dithered.stack, frames=frames))


def test_noise_alone_is_not_misaligned():
    noise = np.random.default_rng(6).normal(size=(2, 100, 100))
    assert misalignment(*noise) == (0, 0)
    assert misalignment(noise[0], np.full((100, 100), np.nan)) == (0, 0)
    assert misalignment(np.ones((100, 100)), np.ones((100, 100))) == (0, 0)


def test_ramps_are_not_trained_on_exposures(dithered):
    with pytest.raises(ValueError, match="cosmic_ray_mask-ramp is not trained on exposures"):
        stamp_sets("cosmic_ray_mask-ramp", [dithered.stack], None, SEEDS)
