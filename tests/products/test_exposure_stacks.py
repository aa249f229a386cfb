"""Stacks of exposures from files, and training data from them."""

import numpy as np
import pytest
from stdatamodels.jwst import datamodels
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise import products, simulate
from jwst_denoise.exposure_io.alignment import frames_of, sky_of
from jwst_denoise.exposure_io.stacks import read_stacks
from jwst_denoise.training.own_exposures.truth import find_cosmic_rays

PIXEL = dqflags.pixel
OFFSETS = [(0.0, 0.0), (3.0, -5.0), (-4.25, 2.5), (6.0, 6.0)]  # x, y in pixels


def image(offset=(0.0, 0.0), nints=1, **changes):
    """Rate of a NIRCam subarray, pointed ``offset`` pixels aside."""
    rng = np.random.default_rng(4)
    detector = simulate.detector("NRCB1")
    rate, observation = simulate.scene("field", detector, rng, subarray_name="SUB64P")
    exposure = simulate.simulate_exposure(
        rate, detector, None, "RAPID", 4, nints, rng, observation=observation, correlated=False, cosmic_rays=False
    )
    make = products.rate_model if nints == 1 else products.rateints_model
    model = make(exposure)
    wcs = model.meta.wcsinfo
    wcs.crpix1, wcs.crpix2 = wcs.crpix1 + offset[0], wcs.crpix2 + offset[1]
    for name, value in changes.items():
        model[f"meta.{name.replace('__', '.')}"] = value
    return model


@pytest.fixture
def write(tmp_path):
    def function(name, *arguments, **changes):
        path = tmp_path / name
        with image(*arguments, **changes) as model:
            model.save(path)
        return path

    return function


@pytest.fixture
def files(write):
    return [write(f"{number}_rate.fits", offset) for number, offset in enumerate(OFFSETS)]


def test_frames_are_the_offsets_of_the_header(files):
    (stack,) = read_stacks(files)
    assert stack.images.shape == (4, 64, 64)
    assert [name.rpartition("/")[2] for name in stack.names] == [f"{n}_rate.fits" for n in range(4)]
    np.testing.assert_allclose(stack.frames[:, :, :2], np.broadcast_to(np.eye(2), (4, 2, 2)), atol=1e-6)
    np.testing.assert_allclose(stack.frames[:, ::-1, 2], OFFSETS, atol=1e-4)


def test_rotation_is_followed(files):
    with datamodels.open(files[0]) as first, datamodels.open(files[0]) as turned:
        wcs, angle = turned.meta.wcsinfo, np.deg2rad(2.0)
        matrix = np.array([[wcs.pc1_1, wcs.pc1_2], [wcs.pc2_1, wcs.pc2_2]])
        spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        (wcs.pc1_1, wcs.pc1_2), (wcs.pc2_1, wcs.pc2_2) = (matrix @ spin).tolist()
        frame = frames_of([sky_of(model, "x") for model in (first, turned)], (64, 64))[1]
    np.testing.assert_allclose(frame[::-1, 1::-1], spin.T, atol=1e-6)  # in x and y


def test_flags_become_masks(write, files):
    with datamodels.open(files[1]) as model:
        model.dq[10, 11] |= PIXEL["JUMP_DET"]
        model.dq[12, 13] |= PIXEL["SATURATED"]
        model.dq[14, 15] |= PIXEL["DO_NOT_USE"] | PIXEL["NON_SCIENCE"]
        model.save(files[1])
    (stack,) = read_stacks(files)
    assert stack.interrupted[1, 10, 11] and not stack.bad[1, 10, 11]
    assert stack.saturated[1, 12, 13]
    assert stack.bad[1, 14, 15] and np.isnan(stack.images[1, 14, 15])


def test_integrations_are_repeated_exposures(write):
    (stack,) = read_stacks([write("a_rateints.fits", nints=5)])
    assert stack.images.shape == (5, 64, 64)
    np.testing.assert_array_equal(stack.frames, np.repeat(stack.frames[:1], 5, axis=0))
    assert len(find_cosmic_rays(stack)) == 5


def test_setups_are_kept_apart(write, files):
    others = [write(f"other_{n}_rate.fits", (n, 0.0), instrument__filter="F070W") for n in range(3)]
    assert [len(stack) for stack in read_stacks(files + others)] == [4, 3]


def test_gwcs_is_preferred(files):
    from astropy import units as u
    from astropy.coordinates import ICRS
    from astropy.modeling import models
    from gwcs import WCS, coordinate_frames

    sky = coordinate_frames.CelestialFrame(reference_frame=ICRS(), unit=(u.deg, u.deg), name="world")
    pixels = coordinate_frames.Frame2D(name="detector")
    for path, shift in zip(files, (0, 1, 2, 3), strict=True):
        with datamodels.open(path) as model:
            transform = models.Shift(-float(shift)) & models.Shift(0.0) | models.Scale(1e-5) & models.Scale(1e-5)
            model.meta.wcs = WCS([(pixels, transform), (sky, None)])
            model.save(path)
    (stack,) = read_stacks(files)
    np.testing.assert_allclose(stack.frames[:, 1, 2], (0, 1, 2, 3), atol=1e-6)


def test_no_overlap_names_the_file(write):
    near = [write(f"near_{number}_rate.fits") for number in range(3)]
    far = write("far_rate.fits", (3000.0, 0.0))
    (stack,) = read_stacks([*near, far])
    with pytest.raises(ValueError, match="far_rate.fits: only 0.0% of it is covered by 3 exposures"):
        find_cosmic_rays(stack)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"instrument__filter": "F070W"}, r"fewer than 3 .*NIRCAM NRCB1 F070W.*: odd_rate.fits.*add exposures"),
        ({"instrument__detector": "NRCB2"}, r"fewer than 3 .*NIRCAM NRCB2.*: odd_rate.fits.*omit these"),
        ({"bunit_data": "MJy/sr"}, r"units differ .*odd_rate.fits MJy/sr"),
        ({"cal_step__resample": "COMPLETE"}, r"odd_rate.fits is resampled.*use rate, cal"),
        ({"wcsinfo__ctype1": "LINEAR"}, r"odd_rate.fits: no world coordinates.*run assign_wcs"),
    ],
)
def test_what_does_not_fit_is_named(write, files, changes, message):
    with pytest.raises(ValueError, match=message):
        read_stacks([*files, write("odd_rate.fits", **changes)])


def test_spectra_of_different_pointings(write):
    kind = {"exposure__type": "NRC_GRISM"}
    same = [write(f"{n}_rate.fits", **kind) for n in range(3)]
    assert len(read_stacks(same)[0]) == 3
    with pytest.raises(ValueError, match="moved_rate.fits and 0_rate.fits have different pointings"):
        read_stacks([*same, write("moved_rate.fits", wcsinfo__ra_ref=10.0, **kind)])


def test_files_that_are_no_exposures(tmp_path, files):
    with pytest.raises(FileNotFoundError, match="no exposure .*nothing.fits"):
        read_stacks([*files, tmp_path / "nothing.fits"])
    with datamodels.RampModel((1, 2, 8, 8)) as ramp:
        ramp.save(tmp_path / "ramp.fits")
    with pytest.raises(ValueError, match="ramp.fits is a RampModel; use rate"):
        read_stacks([*files, tmp_path / "ramp.fits"])


def test_errors_are_needed(files):
    with datamodels.open(files[2]) as model:
        model.err[:] = 0
        model.save(files[2])
    with pytest.raises(ValueError, match="2_rate.fits has no errors"):
        read_stacks(files)
