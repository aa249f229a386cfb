"""Standard corrections of reads against loops over pixels."""

import numpy as np
import pytest

from jwst_denoise.networks.hxrg.preprocess import (
    FEWEST,
    background_pixels,
    subtract_background_levels,
    subtract_reference_levels,
)
from jwst_denoise.readout import Readout
from jwst_denoise.simulate.spectra import echelle

GEOMETRIES = [
    Readout((36, 64) if abs(fast) == 1 else (64, 36), fast, slow, 4, reference=(2, 3, 4, 1))
    for fast, slow in ((1, 2), (-1, 2), (2, -1), (-2, -1))
]
geometries = pytest.mark.parametrize("readout", GEOMETRIES, ids=lambda r: f"{r.fastaxis}{r.slowaxis:+d}")


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def slow_reference(image, readout, bad):
    """Line by line and output by output."""
    frame = readout.to_detector(image.astype(float)).copy()
    good = ~readout.to_detector(bad)
    inside = ~readout.to_detector(readout.reference_pixels)
    some_line, some_pixel = frame.shape[0] // 2, frame.shape[1] // 2
    ends = np.nonzero(~inside[some_line])[0]
    rows = np.nonzero(~inside[:, some_pixel])[0]
    for line in range(len(frame)):
        use = [p for p in ends if good[line, p]]
        frame[line] -= frame[line, use].mean()
    first, last = ([r for r in rows if (r < some_line) == early] for early in (True, False))
    for output in range(readout.outputs):
        stripe = slice(output * readout.width, (output + 1) * readout.width)
        level = [frame[r, stripe][good[r, stripe]].mean() for r in (first, last)]
        place = [np.mean(first), np.mean(last)]
        for line in range(len(frame)):
            frame[line, stripe] -= level[0] + (level[1] - level[0]) * (line - place[0]) / (place[1] - place[0])
    return readout.from_detector(frame)


def mean_of_block(frame, good, rows):
    values = frame[rows][good[rows]]
    return values.mean() if values.size else 0


def slow_background(image, readout, background, box):
    """Lines, columns and boxes one after another."""
    frame, background = readout.to_detector(image.astype(float)).copy(), readout.to_detector(background)
    lines, pixels = frame.shape
    parts = [np.s_[i : i + 1, :] for i in range(lines)], [np.s_[:, i : i + 1] for i in range(pixels)]
    boxes = [np.s_[y : y + box, x : x + box] for y in range(0, lines, box) for x in range(0, pixels, box)]
    for blocks in (*parts, boxes):
        for block in blocks:
            if background[block].sum() >= FEWEST:
                frame[block] -= frame[block][background[block]].mean()
    return readout.from_detector(frame)


@geometries
def test_reference_correction_is_the_slow_definition(readout, rng):
    image = rng.normal(100, 10, readout.shape).astype("f4")
    bad = (rng.uniform(size=readout.shape) < 0.1) & readout.reference_pixels
    image[bad] = 1e6
    expected = slow_reference(image, readout, bad)
    np.testing.assert_allclose(subtract_reference_levels(image, readout, bad)[~bad], expected[~bad], atol=2e-3)
    image[bad] = np.nan  # the same by what the data say
    np.testing.assert_allclose(subtract_reference_levels(image, readout)[~bad], expected[~bad], atol=2e-3)


@geometries
def test_background_correction_is_the_slow_definition(readout, rng):
    image = rng.normal(0, 10, readout.shape).astype("f4")
    background = rng.uniform(size=readout.shape) < 0.4
    background[:, :9] = False  # too few in some lines, columns and boxes
    background[3] = False
    np.testing.assert_allclose(
        subtract_background_levels(image, readout, background, box=10),
        slow_background(image, readout, background, 10),
        atol=1e-4,
    )


@geometries
def test_levels_of_lines_and_outputs_go_away(readout, rng):
    """The noise in reference pixels is subtracted exactly, and the scene is unchanged."""
    scene = rng.uniform(0, 5, readout.shape) * ~readout.reference_pixels
    noise = readout.from_detector(
        rng.normal(0, 20, (readout.lines, 1))
        + np.repeat(rng.normal(0, 30, readout.outputs), readout.width)
        + np.outer(np.arange(readout.lines), np.repeat(rng.normal(0, 0.3, readout.outputs), readout.width))
    )
    ends = subtract_reference_levels(noise, readout)
    corrected = subtract_reference_levels(scene + noise, readout)
    np.testing.assert_allclose(corrected - scene, 0, atol=1e-4)
    np.testing.assert_allclose(ends, 0, atol=1e-4)


@geometries
def test_corrections_of_a_slope_are_slopes_of_corrected_reads(readout, rng):
    reads = rng.normal(0, 10, (7, *readout.shape)).astype("f4")
    background = rng.uniform(size=readout.shape) < 0.5
    time = np.arange(7) - 3.0

    def slope(cube):
        return np.tensordot(time / np.sum(time**2), cube, axes=1)

    def corrected(images):
        return subtract_background_levels(subtract_reference_levels(images, readout), readout, background, 12)

    assert corrected(reads).shape == reads.shape
    np.testing.assert_allclose(slope(corrected(reads)), corrected(slope(reads)), atol=1e-4)
    np.testing.assert_array_equal(corrected(reads.reshape(7, 1, *readout.shape))[3, 0], corrected(reads[3]))
    turned = np.ascontiguousarray(np.moveaxis(reads, 0, -1))
    np.testing.assert_array_equal(corrected(np.moveaxis(turned, -1, 0)), corrected(reads))


def test_input_stays_and_missing_pixels_do_not_spread(rng):
    readout = GEOMETRIES[0]
    image = rng.normal(0, 10, readout.shape)
    image[20, 30] = np.nan
    before = image.copy()
    for result in (
        subtract_reference_levels(image, readout),
        subtract_background_levels(image, readout, np.ones(readout.shape, bool), 10),
    ):
        np.testing.assert_array_equal(image, before)
        assert result.dtype == np.float32
        assert np.isnan(result).sum() == 1


def test_without_reference_or_background_pixels_nothing_happens(rng):
    readout = Readout((32, 64), 1, 2, 4)
    image = rng.normal(0, 10, readout.shape).astype("f4")
    np.testing.assert_array_equal(subtract_reference_levels(image, readout), image)
    np.testing.assert_array_equal(subtract_background_levels(image, readout, np.zeros(readout.shape, bool)), image)


def test_one_border_of_reference_lines_gives_constant_levels(rng):
    readout = Readout((32, 64), 1, 2, 4, reference=(4, 0, 0, 0))
    image = np.repeat(rng.normal(0, 30, 4), 16) + np.zeros((32, 1))
    np.testing.assert_allclose(subtract_reference_levels(image, readout), 0, atol=1e-5)


def test_background_pixels_are_those_between_the_orders(rng):
    readout = Readout((128, 512), 1, 2, 8, reference=(4, 4, 4, 4))
    scene = echelle(readout.shape, rng, peak=30.0, orders=64)
    noise = rng.normal(0, 6, readout.shape) + rng.normal(0, 5, (128, 1))
    background = background_pixels(scene + noise, readout)
    assert not background[readout.reference_pixels].any()
    inside = ~readout.reference_pixels
    assert background[inside & (scene > 6)].mean() < 0.02
    assert background[inside & (scene < 0.01)].mean() > 0.5
    assert scene[background].mean() < 0.3
    empty = background_pixels(noise, readout)
    assert empty[inside].mean() > 0.8
    assert not background_pixels(np.full(readout.shape, np.nan), readout).any()


def test_background_means_remove_correlated_noise_between_orders(rng):
    readout = Readout((128, 512), 1, 2, 8)
    scene = echelle(readout.shape, rng, peak=30.0, orders=128)
    stripes = rng.normal(0, 8, (128, 1)) + rng.normal(0, 4, (1, 512))
    noise = rng.normal(0, 6, readout.shape)
    result = subtract_background_levels(scene + stripes + noise, readout, scene < 0.01)
    assert np.std(result - scene) < 1.03 * 6
    assert np.std(stripes + noise) > 1.5 * 6
