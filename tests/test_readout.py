"""Read-out geometry: an impulse in every detector lands where, and when, it should."""

from types import SimpleNamespace

import numpy as np
import pytest

from jwst_denoise.readout import DETECTORS, Readout


def slow_tick(readout, y, x):
    """Obvious definition: (output, line, tick) of one pixel, counted by hand from FASTAXIS and SLOWAXIS."""
    ny, nx = readout.shape
    place = {1: x, -1: nx - 1 - x, 2: y, -2: ny - 1 - y}
    fast, line = place[readout.fastaxis], place[readout.slowaxis]
    output, pixel = divmod(fast, readout.width)
    if output % 2:
        pixel = readout.width - 1 - pixel
    tick = pixel
    if readout.interleave is not None:
        normal, reference = readout.interleave
        tick = 0
        for before in range(pixel):
            tick += 1
            if (before + 1 + normal // 2) % normal == 0:
                tick += reference + 2
    return output, line, tick


@pytest.mark.parametrize("name", sorted(DETECTORS))
@pytest.mark.parametrize("shape, outputs", [((2048, 2048), 4), ((64, 256), 1), ((128, 256), 4)])
def test_impulse_arrives_when_it_is_read(name, shape, outputs):
    readout = Readout.for_detector(name, shape, outputs=outputs)
    rng = np.random.default_rng(7)
    for _ in range(3):
        y, x = rng.integers(shape[0]), rng.integers(shape[1])
        image = np.zeros(shape, dtype=np.float32)
        image[y, x] = 1
        streams = readout.to_streams(image)
        assert streams.sum() == 1
        assert tuple(np.argwhere(streams)[0]) == slow_tick(readout, y, x)
        np.testing.assert_array_equal(readout.from_streams(streams), image)


@pytest.mark.parametrize("fast", [1, -1, 2, -2])
@pytest.mark.parametrize("slow_sign", [1, -1])
@pytest.mark.parametrize("outputs", [1, 4])
@pytest.mark.parametrize("interleave", [None, (16, 4)])
def test_round_trip_for_every_sign(fast, slow_sign, outputs, interleave):
    slow = slow_sign * (3 - abs(fast))
    readout = Readout((64, 128), fast, slow, outputs, interleave=interleave)
    image = np.random.default_rng(1).normal(size=(2, 3, 64, 128)).astype(np.float32)
    streams = readout.to_streams(image, fill=-9)
    assert streams.shape == (2, 3, outputs, readout.lines, readout.line_ticks)
    assert np.count_nonzero(streams == -9) == streams.size - image.size
    np.testing.assert_array_equal(readout.from_streams(streams), image)
    np.testing.assert_array_equal(readout.from_detector(readout.to_detector(image)), image)
    y, x = 17, 101
    place = slow_tick(readout, y, x)
    assert streams[(1, 2, *place)] == image[1, 2, y, x]


def test_irs2_line_has_712_ticks():
    readout = Readout.for_detector("NRS1", interleave=(16, 4))
    assert readout.line_ticks == 712  # Rauscher et al. 2017: (16 + 4 + 2) * 512 / 16 + 8
    assert readout.pixel_ticks[-1] < 712


def test_frame_times_are_the_known_ones():
    assert Readout.for_detector("NRCA1").frame_time == pytest.approx(10.73, abs=0.01)
    assert Readout.for_detector("NRS2", (32, 2048), outputs=1).lines == 2048


def test_reference_border_of_full_frame():
    reference = Readout.for_detector("NIS").reference_pixels
    assert reference.sum() == 2048**2 - 2040**2
    assert reference[:4].all()
    assert not reference[4, 4]


def model(shape, **meta):
    subarray = {"fastaxis": None, "slowaxis": None, "xsize": None, "ysize": None, "xstart": None, "ystart": None}
    exposure = {"noutputs": None, "sample_time": None, "readpatt": None}
    instrument = {"name": "NIRSPEC", "detector": "NRS1"}
    for group in (subarray, exposure, instrument):
        group.update({key: meta[key] for key in group if key in meta})
    node = SimpleNamespace(
        subarray=SimpleNamespace(**subarray),
        exposure=SimpleNamespace(**exposure),
        instrument=SimpleNamespace(**instrument),
    )
    return SimpleNamespace(meta=node, shape=shape)


def test_from_model_reads_the_header():
    readout = Readout.from_model(model((2, 5, 32, 2048), fastaxis=2, slowaxis=1, sample_time=10.0))
    assert (readout.shape, readout.fastaxis, readout.outputs) == ((32, 2048), 2, 1)
    assert readout.pixel_time == pytest.approx(1e-5)


def test_from_model_falls_back_on_the_detector():
    readout = Readout.from_model(model((2048, 2048), name="NIRCAM", detector="NRCALONG"))
    assert (readout.fastaxis, readout.slowaxis, readout.outputs) == (-1, 2, 4)
    assert readout.reference == (4, 4, 4, 4)


def test_from_model_knows_irs2():
    assert Readout.from_model(model((2048, 2048), readpatt="NRSIRS2RAPID")).interleave == (16, 4)


def test_from_model_finds_reference_pixels_of_subarrays():
    meta = {"xstart": 1, "ystart": 1897, "xsize": 2048, "ysize": 32}
    assert Readout.from_model(model((32, 2048), **meta)).reference == (0, 0, 4, 4)
    meta = {"xstart": 1, "ystart": 2017, "xsize": 2048, "ysize": 32}
    assert Readout.from_model(model((32, 2048), **meta)).reference == (0, 4, 4, 4)


def test_cut_out_keeps_the_line_time_of_its_frame():
    cut = Readout.from_model(model((25, 341), xsize=2048, ysize=2048))
    assert cut.outputs == 1
    assert cut.line_ticks == 524


@pytest.mark.parametrize("meta", [{"name": "MIRI", "detector": "MIRIMAGE"}, {"detector": "FOO"}])
def test_detectors_without_geometry_are_refused(meta):
    with pytest.raises(ValueError, match=meta["detector"]):
        Readout.from_model(model((1024, 1032), **meta))


def test_bad_geometry_is_refused():
    with pytest.raises(ValueError, match="fastaxis=1"):
        Readout((8, 8), 1, 1)
    with pytest.raises(ValueError, match="3 outputs"):
        Readout((8, 8), 1, 2, outputs=3)
    with pytest.raises(ValueError, match=r"\(8, 8\)"):
        Readout((8, 8), 1, 2).to_streams(np.zeros((8, 9)))
