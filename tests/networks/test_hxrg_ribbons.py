"""Ribbons: every pixel is where, and when, it is read."""

import numpy as np
import pytest

from jwst_denoise.networks.hxrg.ribbons import from_ribbons, line_ends, ribbon_size, to_ribbons, to_samples
from jwst_denoise.readout import Readout

READS = 3


def geometry(fast, slow_sign, outputs, reference=(2, 1, 3, 4)):
    return Readout((12, 64) if abs(fast) == 1 else (64, 12), fast, slow_sign * (3 - abs(fast)), outputs,
                   reference=reference)  # fmt: skip


def slow_ribbons(cube, readout):
    """Obvious definition: pixel time by pixel time, with the place in the image counted by hand."""
    _, ny, nx = cube.shape
    n_fast = nx if abs(readout.fastaxis) == 1 else ny
    n_slow = ny if abs(readout.fastaxis) == 1 else nx
    width = n_fast // readout.outputs

    def read(line, place):
        fast = place if readout.fastaxis > 0 else n_fast - 1 - place
        slow = line if readout.slowaxis > 0 else n_slow - 1 - line
        return cube[:, slow, fast] if abs(readout.fastaxis) == 1 else cube[:, fast, slow]

    bottom, top, left, right = readout.reference
    first, last = {1: (left, right), -1: (right, left), 2: (bottom, top), -2: (top, bottom)}[readout.fastaxis]
    places = [*range(first), *range(n_fast - last, n_fast)]
    result = np.zeros((n_slow, width, readout.outputs + len(places), len(cube)), dtype=cube.dtype)
    for line in range(n_slow):
        for time in range(width):
            for output in range(readout.outputs):
                step = time if output % 2 == 0 else width - 1 - time
                result[line, time, output] = read(line, output * width + step)
            for number, place in enumerate(places):
                result[line, time, readout.outputs + number] = read(line, place)
    return result


every_geometry = pytest.mark.parametrize(
    "readout",
    [geometry(fast, sign, outputs) for fast in (1, -1, 2, -2) for sign in (1, -1) for outputs in (1, 4, 32)],
    ids=lambda r: f"{r.fastaxis}{r.slowaxis:+d}x{r.outputs}",
)


@every_geometry
def test_ribbons_are_the_slow_definition(readout):
    cube = np.random.default_rng(1).normal(size=(READS, *readout.shape)).astype("f4")
    ribbons = to_ribbons(cube, readout)
    np.testing.assert_array_equal(ribbons, slow_ribbons(cube, readout))
    assert ribbons.shape[2] == ribbon_size(readout)
    np.testing.assert_array_equal(to_ribbons(cube, readout, [7, 2]), ribbons[[7, 2]])


@every_geometry
def test_an_impulse_comes_when_the_readout_says(readout):
    """Against the streams of the geometry itself."""
    rng = np.random.default_rng(2)
    for _ in range(3):
        image = np.zeros(readout.shape, "f4")
        image[rng.integers(readout.shape[0]), rng.integers(readout.shape[1])] = 1
        output, line, tick = np.argwhere(readout.to_streams(image))[0]
        ribbons = to_ribbons(image, readout)[:, :, : readout.outputs]
        assert np.argwhere(ribbons).tolist() == [[line, tick, output]]


@every_geometry
def test_from_ribbons_is_the_inverse(readout):
    cube = np.random.default_rng(3).normal(size=(READS, *readout.shape)).astype("f4")
    np.testing.assert_array_equal(from_ribbons(to_ribbons(cube, readout), readout), cube)
    flux = to_samples(cube[0], readout)[:, :, 1, : readout.outputs]
    np.testing.assert_array_equal(from_ribbons(flux, readout), cube[0])


def test_interleaved_reference_pixels_take_time_but_have_no_ribbon():
    readout = Readout((8, 64), 1, 2, 2, interleave=(16, 4))
    cube = np.arange(8 * 64).reshape(8, 64)
    streams = readout.to_streams(cube, fill=-1)
    ribbons = to_ribbons(cube, readout)
    assert all((ribbons[line, :, output] == streams[output, line, readout.pixel_ticks]).all()
               for line in range(8) for output in range(2))  # fmt: skip


def test_a_ribbon_of_an_h4rg_has_40_pixels():
    readout = Readout((8, 4096), 1, 2, 32, reference=(4, 4, 4, 4))
    assert ribbon_size(readout) == 40
    assert to_ribbons(np.zeros((2, 8, 4096), bool), readout, [3]).shape == (1, 128, 40, 2)


def test_ends_of_a_line_follow_the_direction_of_reading():
    ends = [line_ends(Readout((32, 32), fast, 3 - abs(fast), reference=(1, 2, 3, 4))) for fast in (1, -1, 2, -2)]
    assert ends == [(3, 4), (4, 3), (1, 2), (2, 1)]


@pytest.mark.parametrize("rows", [1, 3, 5])
@pytest.mark.parametrize("edge", ["mirror", "zero"])
def test_samples_are_lines_between_their_neighbors(rows, edge):
    readout = geometry(-1, -1, 4)
    cube = np.random.default_rng(4).normal(size=(READS, *readout.shape)).astype("f4")
    ribbons, half = to_ribbons(cube, readout), rows // 2
    samples = to_samples(cube, readout, rows, edge=edge)
    assert samples.shape == (12, 16, rows, ribbon_size(readout), READS)
    for line in range(12):
        for row in range(rows):
            there = line + row - half
            if 0 <= there < 12:
                expected = ribbons[there]
            elif edge == "zero":
                expected = np.zeros_like(ribbons[0])
            else:
                expected = ribbons[-there if there < 0 else 22 - there]
            np.testing.assert_array_equal(samples[line, :, row], expected)
    np.testing.assert_array_equal(to_samples(cube, readout, rows, [11, 0, 4], edge), samples[[11, 0, 4]])


def test_a_mask_says_which_lines_are_missing():
    readout = geometry(2, 1, 1)
    usable = to_samples(np.ones((READS, *readout.shape), bool), readout, edge="zero")
    assert usable.dtype == bool
    assert not usable[0, :, 0].any() and not usable[-1, :, 2].any()
    assert usable.mean() == pytest.approx(1 - 2 / 36)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r, c: to_samples(c, r, rows=2), "rows=2"),
        (lambda r, c: to_samples(c, r, edge="wrap"), "wrap"),
        (lambda r, c: to_ribbons(c[:, 1:], r), "shape"),
        (lambda r, c: from_ribbons(np.zeros((12, 16, 3)), r), "4 outputs"),
        (lambda r, c: from_ribbons(np.zeros((11, 16, 4)), r), "11"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    readout = geometry(1, 1, 4)
    with pytest.raises(ValueError, match=message):
        call(readout, np.zeros((READS, *readout.shape)))
