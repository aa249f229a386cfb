"""Stars and lines are protected, cosmic rays are not, and the fast fits agree with obvious ones."""

import numpy as np
import pytest
from scipy import ndimage

from jwst_denoise.cosmic_ray_mask import veto
from jwst_denoise.cosmic_ray_mask.veto import HALF
from jwst_denoise.simulate import CosmicRayParameters, point_spread_function
from jwst_denoise.simulate.cosmic_rays import tracks
from jwst_denoise.simulate.fields import point_sources

BLUE = veto.star_templates("NIRCAM_SW", "F070W")
SQUARE = np.ones((3, 3), bool)


def test_fit_of_templates_is_least_squares(rng):
    """Against `numpy.linalg.lstsq`, template by template."""
    values = rng.normal(size=(5, 49)).astype("f4") + 3 * BLUE.shapes[:, [3, 17, 24, 30, 48]].T * 10
    weight = rng.uniform(0.5, 2, (5, 49)).astype("f4") * (rng.random((5, 49)) < 0.8)
    chi2, flux, plane = veto._best(values, weight, BLUE)
    for row in range(5):
        root = np.sqrt(weight[row])[:, None]
        fits = []
        for k in range(BLUE.shapes.shape[1]):
            terms = np.column_stack([BLUE.shapes[:, k], BLUE.background]).astype(float)
            solution = np.linalg.lstsq(root * terms, root[:, 0] * values[row], rcond=None)[0]
            left = np.sum(weight[row] * (values[row] - terms @ solution) ** 2)
            fits.append((left, solution[0] * terms[:, 0], terms[:, 1:] @ solution[1:]))
        best = min(fits, key=lambda item: item[0])
        np.testing.assert_allclose(chi2[row], best[0], rtol=1e-3)
        np.testing.assert_allclose(flux[row], best[1], atol=2e-3 * np.abs(best[1]).max())
        np.testing.assert_allclose(plane[row], best[2], atol=0.02)


def test_maxima_against_a_filter(rng):
    image = rng.normal(size=(40, 50)).astype("f4")
    marked = np.zeros((40, 50), bool)
    marked[5:-5, 5:-5] = rng.random((30, 40)) < 0.3
    highest = ndimage.maximum_filter(np.where(marked, image, -np.inf), 3)
    expected = np.flatnonzero(marked & (image == highest))
    np.testing.assert_array_equal(veto._maxima(image, marked), expected)


def one(shape=(41, 41)):
    """A bright star of F070W at a pixel's corner and an equally bright one-pixel cosmic ray; unit noise."""
    psf = point_spread_function("NIRCAM_SW", "F070W")
    image = np.random.default_rng(1).normal(size=shape).astype("f4")
    image += point_sources(shape, np.array([10.4]), np.array([12.3]), np.array([400.0]), psf)
    image[30, 28] += 100
    flagged = np.zeros(shape, bool)
    flagged[30, 28] = flagged[12, 10] = True
    return image, flagged


@pytest.mark.parametrize("known", [veto.star_templates("NIRCAM_SW", "F070W"), veto.star_templates("NIRCAM_SW"), None])
def test_a_star_is_protected_and_a_cosmic_ray_is_not(known):
    image, flagged = one()
    before = flagged.copy(), image.copy()
    result = veto.protect_sources(image, flagged, 1.0, templates=known)
    assert not result[12, 10]
    assert result[30, 28]
    np.testing.assert_array_equal(flagged, before[0])
    np.testing.assert_array_equal(image, before[1])
    np.testing.assert_array_equal(
        veto.protect_sources(image, flagged, templates=known), result
    )  # noise measured in the image


def test_a_star_at_the_edge():
    image, flagged = one()
    assert not veto.protect_sources(image[12:], flagged[12:], 1.0, templates=BLUE)[0, 10]
    assert not veto.protect_sources(image[:, 9:], flagged[:, 9:], 1.0, templates=BLUE)[12, 1]


def test_missing_data_are_not_used():
    image, flagged = one()
    expected = veto.protect_sources(image, flagged, 1.0, templates=BLUE)
    bad = np.zeros(image.shape, bool)
    bad[14, 10:13] = True
    image[bad] = 1e9
    np.testing.assert_array_equal(veto.protect_sources(image, flagged, 1.0, bad, BLUE), expected)
    image[bad] = np.nan
    np.testing.assert_array_equal(veto.protect_sources(image, flagged, 1.0, templates=BLUE), expected)
    flagged[14, 11] = True  # a flag on a missing value stays
    assert veto.protect_sources(image, flagged, 1.0, templates=BLUE)[14, 11]


@pytest.mark.parametrize("case", ["nothing", "everything", "no errors", "all NaN"])
def test_degenerate_input(case):
    image, flagged = one()
    err = np.zeros(image.shape, "f4") if case == "no errors" else np.ones(image.shape, "f4")
    if case == "all NaN":
        image[:] = np.nan
    flagged = np.full(image.shape, case == "everything") if case in ("nothing", "everything") else flagged
    result = veto.protect_sources(image, flagged, err, templates=BLUE)
    assert not (result & ~flagged).any()
    if case in ("no errors", "all NaN"):
        np.testing.assert_array_equal(result, flagged)


def test_batches_do_not_matter(skies, monkeypatch):
    sky = skies["F070W"]
    expected = veto.protect_sources(sky.data, sky.hit | sky.core, sky.err, templates=BLUE)
    monkeypatch.setattr(veto, "BATCH", 37)
    np.testing.assert_array_equal(veto.protect_sources(sky.data, sky.hit | sky.core, sky.err, templates=BLUE), expected)


@pytest.mark.parametrize("filter_name", ["F070W", "F200W"])
@pytest.mark.parametrize("grown", [False, True])
def test_stars_of_a_field(skies, filter_name, grown):
    """At least 95 % of the cores come back, and at most 0.4 % of the pixels that cosmic rays hit are lost."""
    sky = skies[filter_name]
    clean = sky.core & ~ndimage.binary_dilation(sky.hit, SQUARE)
    cores = ndimage.binary_dilation(clean, SQUARE) if grown else clean
    known = veto.star_templates("NIRCAM_SW", filter_name)
    result = veto.protect_sources(sky.data, sky.hit | cores, sky.err, templates=known)
    assert np.count_nonzero(clean) >= 25
    assert np.mean(~result[clean]) >= (0.9 if grown else 0.95)
    kept = veto.protect_sources(sky.data, sky.hit, sky.err, templates=known)
    assert np.mean(~kept[sky.hit]) <= 0.004


def spectrum(rng, axis):
    """Continuum along a slit with two lines, and cosmic rays; unit noise."""
    y, x = np.mgrid[:60, :300].astype(float)
    slit = 4 * np.exp(-0.5 * ((y - 30) / 8) ** 2)
    lines = [np.exp(-0.5 * ((x - c - 0.15 * (y - 30)) / 0.95) ** 2) for c in (80.3, 200.7)]
    image = slit * (1 + 12 * sum(lines))
    hits = tracks(image.shape, 60, CosmicRayParameters(), rng) / 100
    noisy = image + hits + rng.normal(size=image.shape)
    arrays = noisy.astype("f4"), hits > 1.5, slit * 12 * np.maximum(*lines)
    return [array.T if axis == 2 else array for array in arrays]


@pytest.mark.parametrize("axis", [1, 2])
def test_lines_are_protected(rng, axis):
    image, hit, line = spectrum(rng, axis)
    piece = (line > 20) & (line == ndimage.maximum_filter(line, 5)) & ~ndimage.binary_dilation(hit, np.ones((5, 5)))
    piece |= (line > 20) & (rng.random(line.shape) < 0.25) & ~ndimage.binary_dilation(hit, SQUARE)
    result = veto.protect_sources(image, hit | piece, 1.0, templates=veto.line_templates(axis))
    assert np.count_nonzero(piece) > 5
    assert np.mean(~result[piece]) >= 0.8
    assert np.mean(~veto.protect_sources(image, hit, 1.0, templates=veto.line_templates(axis))[hit]) <= 0.005


def test_templates_are_fractions_of_the_flux():
    kinds = [veto.star_templates(), veto.star_templates("NIRISS"), veto.line_templates(1), veto.line_templates(2)]
    for kind in (BLUE, *kinds):
        assert kind.shapes.shape[0] == kind.background.shape[0] == (2 * HALF + 1) ** 2
        assert (kind.shapes >= 0).all()
        assert (kind.shapes.sum(axis=0) < 1.02).all()


def test_a_template_is_where_it_should_be():
    """The last position is 3/7 of a pixel up and to the right of the middle."""
    stamp = BLUE.shapes[:, -1].reshape(2 * HALF + 1, -1)
    assert stamp.argmax() == stamp.size // 2
    assert stamp[HALF, HALF + 1] > 1.5 * stamp[HALF, HALF - 1]
    assert stamp[HALF + 1, HALF] > 1.5 * stamp[HALF - 1, HALF]


def test_unknown_channel():
    with pytest.raises(ValueError, match="MIRI"):
        veto.star_templates("MIRI")
