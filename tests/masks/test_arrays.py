"""Clipping, growing, flags and stripes: small cases with known answers."""

import numpy as np
import pytest
from scipy import stats

from jwst_denoise import dq, masks
from jwst_denoise.masks import imaging
from jwst_denoise.masks.operations import grow_by_size, grow_mask
from jwst_denoise.readout import Readout


@pytest.mark.parametrize("n_sigma", [2.0, 3.0])
def test_clip_keeps_the_normal_fraction_on_both_sides(rng, n_sigma):
    image = rng.normal(5, 2, (400, 400))
    kept = masks.clip_outliers(image, np.ones(image.shape, bool), n_sigma)
    for side in (image > 5, image < 5):
        assert abs(kept[side].mean() - (1 - 2 * stats.norm.sf(n_sigma))) < 0.01
    # the width is measured on a sample that is itself clipped at 3 sigma and therefore up to 1 % narrow


def test_clip_takes_bright_and_negative_pixels_plane_by_plane(rng):
    cube = rng.normal(size=(2, 64, 64))
    cube[1] += 100
    cube[0, 3, 4], cube[1, 5, 6], cube[1, 7, 8] = 50, 50, np.nan
    before = cube.copy()
    kept = masks.clip_outliers(cube, np.ones((64, 64), bool), 4.5)
    assert sorted(zip(*np.nonzero(~kept), strict=True)) == [(0, 3, 4), (1, 5, 6), (1, 7, 8)]
    np.testing.assert_array_equal(cube, before)


def test_shrinkage_of_an_offset_by_clipping():
    """The factor in the notes of `clip`, against numerical integration of the clipped mean."""
    for n in (2, 3, 4):
        shift = 1e-3
        clipped = stats.norm.expect(lambda x: x, loc=shift, lb=-n, ub=n, conditional=True)
        formula = 1 - 2 * n * stats.norm.pdf(n) / (2 * stats.norm.cdf(n) - 1)
        assert clipped / shift == pytest.approx(formula, rel=1e-4)


def test_clip_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="n_sigma=-1"):
        masks.clip_outliers(np.zeros((4, 4)), np.ones((4, 4), bool), -1)
    with pytest.raises(ValueError, match=r"\(3, 4\).*\(4, 4\)"):
        masks.clip_outliers(np.zeros((4, 4)), np.ones((3, 4), bool))


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
def test_grow_against_distances(rng, radius):
    region = rng.random((40, 30)) < 0.01
    y, x = np.mgrid[:40, :30]
    distance = np.min([np.hypot(y - j, x - i) for j, i in zip(*np.nonzero(region), strict=True)], axis=0)
    np.testing.assert_array_equal(grow_mask(region, radius), distance <= (radius + 0.5 if radius else 0))


def test_growth_by_size_against_distances():
    y, x = np.mgrid[:80, :120]
    large, small = np.hypot(y - 40, x - 30) < 16, np.hypot(y - 40, x - 90) < 4
    grown = grow_by_size(large | small, 0.5)
    for source, side in ((large, x < 60), (small, x >= 60)):
        inside, outside = np.argwhere(source), np.argwhere(~source)
        depth = max(np.hypot(*(outside - pixel).T).min() for pixel in inside)
        distance = np.array([np.hypot(*(inside - pixel).T).min() for pixel in np.argwhere(side)])
        np.testing.assert_array_equal(grown[side], distance <= 0.5 * depth)
    np.testing.assert_array_equal(grow_by_size(np.zeros((4, 4), bool), 1.0), np.zeros((4, 4), bool))


def test_dilation_stays_in_the_plane_and_leaves_its_input():
    mask = np.ones((3, 9, 9), bool)
    mask[1, 4, 4] = False
    grown = masks.dilate_science(mask, 1)
    assert grown[[0, 2]].all()
    assert (~grown[1]).sum() == 9
    assert (~mask).sum() == 1


@pytest.mark.parametrize("n", [-1, 1.5])
def test_dilation_must_be_whole(n):
    with pytest.raises(ValueError, match=f"dilation={n}"):
        masks.dilate_science(np.ones((3, 3), bool), n)


def test_flags_are_tested_as_bits():
    flags = np.array([[0, dq.JUMP_DET, dq.DO_NOT_USE | dq.JUMP_DET, dq.REFERENCE_PIXEL]], np.uint32)
    assert masks.usable(np.ones((1, 4)), dq=flags).tolist() == [[True, True, False, False]]
    with_jumps = masks.usable(np.ones((1, 4)), dq=flags, flags=dq.NOT_BACKGROUND | dq.JUMP_DET)
    assert with_jumps.tolist() == [[True, False, False, False]]


def test_flags_are_those_of_the_pipeline():
    from stdatamodels.jwst.datamodels.dqflags import pixel

    for name in ("DO_NOT_USE", "SATURATED", "JUMP_DET", "NON_SCIENCE", "MSA_FAILED_OPEN", "REFERENCE_PIXEL"):
        assert getattr(dq, name) == pixel[name]


def test_pixels_without_value_or_error_are_not_usable():
    image, err = np.array([1, np.nan, np.inf, 1]), np.array([1, 1, 1, np.nan])
    assert masks.usable(image, err).tolist() == [True, False, False, False]
    assert masks.usable(image, np.full(4, np.nan)).tolist() == [True, False, False, True]


@pytest.mark.parametrize(("fastaxis", "outputs"), [(1, 1), (1, 4), (-2, 1), (2, 4)])
def test_offsets_of_lines_are_removed(rng, fastaxis, outputs):
    readout = Readout((128, 128), fastaxis, 2 if abs(fastaxis) == 1 else 1, outputs=outputs)
    offsets = np.repeat(rng.normal(size=(128, outputs)), 128 // outputs, axis=1)
    stripes = offsets if abs(fastaxis) == 1 else offsets.T
    good = rng.random((128, 128)) < 0.8
    outlier = np.where(good, 0, 1e6)
    flat = imaging.subtract_stripes(stripes + outlier, good, readout)
    cleaned = np.abs(flat - outlier) < 1e-9
    assert cleaned.mean() > 0.95  # an offset beyond four sigma of the others is taken for a trace


def test_trace_along_the_lines_is_not_taken_for_a_stripe(rng):
    image = rng.normal(size=(64, 200)) + 0.1 * rng.normal(size=(64, 1))
    image[30:33] += 5
    offsets = imaging.line_offsets(image, np.ones(image.shape, bool))
    assert (offsets[30:33] == 0).all()
    assert np.count_nonzero(offsets) > 55
