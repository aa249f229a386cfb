"""Quality-assurance pictures: panels, labels, and the values that they show."""

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from jwst_denoise import report
from jwst_denoise.report.plotting import DOUBT
from jwst_denoise.steps import qa
from jwst_denoise.steps.common.result import Result

from .conftest import SHAPE, describe, fill, stripes


def draw(alias, before, after, **result):
    exposures = (report.read_images(model)[0] for model in (before, after))
    return qa.draw_picture(alias, *exposures, Result(**result))


def panels(figure):
    """Title -> axes."""
    return {axis.get_title(loc="left"): axis for axis in figure.axes if axis.get_title(loc="left")}


def starting(figure, start):
    """The only axes with such a title."""
    (axis,) = [axis for title, axis in panels(figure).items() if title.startswith(start)]
    return axis


def bars(figure):
    """Labels of the color bars."""
    return [bar.get_ylabel() for axis in figure.axes for bar in axis.child_axes]


def lines(axis):
    """Name -> (x, y)."""
    return {line.get_label(): line.get_data() for line in axis.lines}


@pytest.fixture
def images(rng):
    """Rate image with stripes of 2 σ, and without."""
    stripe = stripes(rng, 1)[0]
    before = describe(fill(datamodels.ImageModel(SHAPE), 5 + stripe + rng.normal(size=SHAPE)))
    before.meta.bunit_data = "DN/s"
    after = before.copy()
    after.data = before.data - stripe
    return before, after


def test_panels_have_units_and_labels(images):
    figure = draw("nsclean", *images, background_pixels=np.ones(SHAPE, bool))
    title, content = figure.get_suptitle().split("\n")
    assert title == "NIRCAM NRCA1 NRC_IMAGE · jw1_rate.fits · nsclean"
    assert content == "background: 100% of the pixels, without sources, flagged pixels and outliers"
    assert list(panels(figure)) == [
        "before", "after", "removed: before − after", "rows of the background", "columns of the background",
        "power spectrum in the order of readout",
        "noise of the mean over an area",
    ]  # fmt: skip
    assert bars(figure) == ["DN/s"] * 3
    for title in ("before", "after", "removed"):
        axis = starting(figure, title)
        assert (axis.get_xlabel(), axis.get_ylabel()) == ("x / pixel", "y / pixel")
        assert axis.images[0].get_extent() == [0.5, SHAPE[1] + 0.5, 0.5, SHAPE[0] + 0.5]
    rows, spectrum = starting(figure, "rows"), starting(figure, "power spectrum")
    assert (rows.get_xlabel(), rows.get_ylabel()) == ("y / pixel", "interquartile mean / DN/s")
    assert (spectrum.get_xlabel(), spectrum.get_ylabel()) == ("frequency / Hz", "power of background / (DN/s)² Hz⁻¹")


def test_maps_show_the_images(images):
    figure = draw("nsclean", *images)
    before, after = images
    np.testing.assert_array_equal(starting(figure, "after").images[0].get_array().filled(np.nan), after.data)
    removed = starting(figure, "removed").images[0].get_array().filled(np.nan)
    np.testing.assert_allclose(removed, before.data - after.data, rtol=1e-6)


def test_profiles_of_ramps_show_the_cleaning_in_spite_of_cosmic_rays(rng):
    """Ten groups with stripes, flagged jumps, and unflagged hits and a halo of a snowball on background pixels."""
    groups, shape = 10, SHAPE
    stripe = stripes(rng, groups)
    model = datamodels.RampModel((1, groups, *shape))
    model.data[0] = 100 * np.arange(groups)[:, None, None] + rng.normal(0, 1, (groups, *shape)) + stripe
    model.groupdq[0, 4, 10:14, :] = 4
    model.data[0, 4:, 10:14, :] += 5000
    halo = 30 * np.exp(-np.hypot(*np.mgrid[-30 : shape[0] - 30, -90 : shape[1] - 90]) / 6)
    model.data[0, 6:] += halo
    model.data[0, 6:, 50, 20:60] += 3000
    model = describe(model, name="jw1_ramp.fits")
    model.meta.exposure.group_time = 10.0
    after = model.copy()
    after.data = model.data - (stripe - stripe[0])
    figure = draw("nsclean", model, after, background_pixels=np.ones(shape, bool))
    assert "mean of the unflagged differences of successive groups" in figure.get_suptitle()
    noise = {name: np.nanstd(y) for name, (_, y) in lines(starting(figure, "rows")).items()}
    expected = np.sqrt(2) * 2 / (groups - 1) / 10  # DN/s, of stripes of 2 DN in the first and the last group
    assert noise["before"] == pytest.approx(expected, rel=0.25)
    assert noise["after"] < 0.15 * noise["before"]
    power = {name: y for name, (_, y) in lines(starting(figure, "power spectrum")).items()}
    low = slice(0, len(power["before"]) // 4)
    assert np.median(power["after"][low]) < 0.1 * np.median(power["before"][low])


@pytest.mark.parametrize("weight", ["constant", "map"])
def test_weight_of_the_network_is_shown_where_it_varies(images, rng, weight):
    weight = np.ones(SHAPE) if weight == "constant" else rng.random(SHAPE)
    weight[5, 7] = 0  # not usable
    figure = draw("ramp_denoise", *images, weight=weight)
    shown = [axis for title, axis in panels(figure).items() if title.startswith("weight of the network")]
    assert len(shown) == (np.median(weight) < 1)
    for axis in shown:
        np.testing.assert_array_equal(axis.images[0].get_array(), weight)
        assert bars(figure)[-1] == "0 to 1"


def flagged_pair(images, flagged, values=None):
    before = images[1]
    after = before.copy()
    after.dq[flagged] |= 4
    if values is not None:
        after.data[flagged] = values
    return before, after


def test_without_new_flags_there_is_one_map(images):
    figure = draw("cosmic_ray_mask", images[1], images[1].copy())
    assert list(panels(figure)) == ["no new flags"]
    assert bars(figure) == ["DN/s"]


@pytest.mark.parametrize("values", [None, 5.0])
def test_new_flags_and_close_ups(images, values):
    flagged = np.zeros(SHAPE, bool)
    flagged[70:74, 3:9] = flagged[3, 66] = True
    figure = draw("cosmic_ray_mask", *flagged_pair(images, flagged, values))
    overview = starting(figure, "new flags (orange): 25 pixels, 0.20%")
    np.testing.assert_array_equal(overview.images[1].get_array().filled(0) != 0, flagged)
    names = ["before", "new flags"] + (["after"] if values else [])
    close_ups = [axis for axis in figure.axes if axis.get_title(loc="left") in names and axis is not overview]
    first = [axis for axis in close_ups if axis.images[0].get_extent()[0] == 0.5 and len(axis.images) == 2]
    assert len(bars(figure)) == 1 + bool(values) + 2 * len(names)
    (axis,) = first
    assert axis.images[0].get_extent() == [0.5, 64.5, 32.5, 96.5]
    assert (axis.images[1].get_array().filled(0) != 0).sum() == 24


def test_close_ups_with_many_and_few_flags():
    flagged = np.zeros((256, 128), bool)
    flagged[70:74, 3:9] = flagged[3, 3] = flagged[130, 70] = True
    flagged[130:132, 100] = True
    corners = qa.select_close_ups(flagged)
    assert corners == [(64, 0), (128, 64), (0, 0)]
    assert qa.select_close_ups(np.zeros((10, 300), bool)) == []


def test_quality_metrics_outside_their_bounds_are_red(images):
    before = images[1]
    after = before.copy()
    after.data = before.data - 0.5
    axis = panels(draw("image_denoise", before, after))["quality metrics"]
    colors = {text.get_text(): text.get_color() for text in axis.texts}
    assert colors["residual mean"] == DOUBT
    assert colors["vanished"] == "black"
    metrics = report.compare_images(*(report.read_images(model)[0] for model in (before, after))).quality.metrics
    assert metrics["residual_mean"] == pytest.approx(0.5, rel=0.1)
    assert f"{metrics['residual_mean']:.3g}" in colors


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("alias", ["nsclean", "ramp_denoise", "cosmic_ray_mask", "image_denoise"])
@pytest.mark.parametrize(
    ("shape", "case"),
    [
        ((96, 128), "no background"),
        ((16, 256), "noise"),
        ((16, 256), "unchanged"),
        ((40, 30), "NaN"),
        ((3, 5), "noise"),
    ],
)
def test_every_image_can_be_drawn(rng, alias, shape, case, tmp_path):
    before = describe(datamodels.ImageModel(shape))
    before.data = np.full(shape, np.nan, "f4") if case == "NaN" else rng.normal(size=shape).astype("f4")
    before.err, before.dq = np.ones(shape, "f4"), np.zeros(shape, "u4")
    after = before.copy()
    if case == "noise":
        after.data = before.data * 0.5
        after.dq[1, :] = 4
    mask = np.full(shape, case != "no background")
    figure = draw(alias, before, after, background_pixels=mask if alias == "nsclean" else None)
    figure.savefig(tmp_path / "qa.png", dpi=30)


@pytest.mark.parametrize(("shape", "below"), [((64, 64), False), ((16, 256), True)])
def test_strips_are_stacked(rng, shape, below):
    before = describe(datamodels.ImageModel(shape))
    before.data = rng.normal(size=shape).astype("f4")
    figure = draw("nsclean", before, before.copy())
    figure.savefig("qa.png", dpi=30)
    first, second = (panels(figure)[name].bbox for name in ("before", "after"))
    assert (first.y0 > second.y1) == below
    assert (first.x1 < second.x0) != below
