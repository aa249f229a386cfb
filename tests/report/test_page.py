"""The page: what it says, and that it needs nothing beside it."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from jwst_denoise import NSCleanStep, report
from jwst_denoise.commands.main import main
from jwst_denoise.report import pictures, plotting
from jwst_denoise.steps import qa

from .conftest import scene

LINKS = ("src", "href", "xlink:href", "data", "action", "poster", "srcset")
LONE = {"meta", "img", "br", "link", "input", "hr"}


class Elements(HTMLParser):
    """All elements of a page, and whether they are nested as they should be."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open, self.words = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in LONE:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def page(files, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    result = CliRunner().invoke(main, ["report", str(files["rate"]), str(files["clean"]), "--output", str(path)])
    assert result.exit_code == 0, result.output
    assert str(path) in result.output
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def elements(page):
    return Elements(page)


def test_well_formed(elements):
    assert elements.open == []
    names = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(names) == len(set(names))
    links = {attributes["href"][1:] for attributes in elements.all("a")}
    assert links <= set(names)


def test_nothing_comes_from_elsewhere(page, elements):
    for _, attributes in elements.found:
        for name in LINKS:
            assert attributes.get(name, "#").startswith(("#", "data:image/png;base64,")), attributes
    assert not {"link", "iframe", "object", "embed", "base"} & {tag for tag, _ in elements.found}
    assert not [attributes for attributes in elements.all("script") if attributes]
    assert not re.findall(r"url\((?!['\"]?#)|@import|fetch\(|XMLHttpRequest|import\(", page)


def test_what_it_says(elements, files):
    text = " ".join(" ".join(elements.words).split())
    for words in (
        "NIRCAM NRCA1 NRC_IMAGE · rate.fits → clean.fits", "Steps between the two products: nsclean.", "DQ: JUMP_DET",
        "method='gp', n_sigma=2.0", "noise in apertures, r = 2.5 pixels", "most new flags: x = ",
        "Power spectrum of the background in the order of readout.", "median of 12 with S/N > 10",
        "not a measure of depth", "box of 11 × 11 pixels",
        report.compare_files(files["rate"], files["clean"])[0][0].record.sha256,
    ):  # fmt: skip
        assert words in text, words
    (noise,) = re.findall(r"one pixel ([\d.]+) ([\d.]+) ÷ [\d.]+ ([\d.]+) ([\d.]+)", text)
    np.testing.assert_allclose([float(value) for value in noise], [5**0.5, 1, 5**0.5, 1], rtol=0.2)


def test_accessible(elements):
    assert elements.all("html")[0]["lang"] == "en"
    assert elements.all("meta")[1]["content"] == "width=device-width, initial-scale=1"
    assert all(attributes["alt"] for attributes in elements.all("img"))
    graphs = [attributes for attributes in elements.all("figure") if attributes.get("role") == "img"]
    assert len(graphs) == 7
    assert all(attributes["aria-label"] for attributes in graphs)
    assert all(attributes["title"] for attributes in elements.all("button"))


def decode(source):
    """RGBA of a picture, the lowest row first."""
    picture = Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))).convert("RGBA")
    return np.asarray(picture)[::-1]


def test_pictures_are_read_back_as_the_script_does(elements, pair):
    """Colors of the map after, through the palette and the values of its color bar; no data are transparent."""
    sources = [each["src"] for each in elements.all("img") if each["class"] == "map"]
    bars = [each for each in elements.all("div") if each.get("class") == "bar"]
    stages = [each for each in elements.all("div") if each.get("class") == "stage"]
    assert stages[1]["data-place"] == f"1 1 {pair[1].data.shape[1]} {pair[1].data.shape[0]}"
    shown, values = decode(sources[1]), np.array(bars[1]["data-values"].split(), float)
    palette = {color.tobytes(): level for level, color in enumerate(pictures.palette("gray"))}
    good = shown[..., 3] > 0
    assert np.argwhere(~good).tolist() == [[3, 4]]
    read = np.array([values[palette[color.tobytes()]] for color in shown[good][:, :3]])
    data = pair[1].data[good]
    inside = (data > values[0]) & (data < values[-1])
    assert inside.mean() > 0.99
    step = np.interp(data[inside], values, np.gradient(values))
    assert np.all(np.abs(read - data)[inside] <= 0.6 * step + 0.01)


def test_maps_have_axes_and_color_bars(page):
    assert '<span class="x tick" style="left:27.5%">50</span>' in page
    assert '<span class="y tick" style="bottom:33.0%">50</span>' in page
    assert page.count("x / pixel</span>") == page.count("y / pixel</span>") == page.count('class="stage"')
    assert page.count('class="bar"') == page.count('<p class="dim unit">DN/s</p>') == 3
    assert "1. most new flags: x = " in page


def test_size_of_a_full_frame():
    """Noise, which does not compress."""
    image = pictures.shrink_image(np.random.default_rng(6).normal(size=(2048, 2048)).astype("f4"))
    assert len(pictures.paint_image(image, plotting.scene_style(image)["norm"], "gray")) < 2.4e6


def test_failed_quality_checks_are_listed(pair):
    """A denoised image whose stars have lost 5 % of their flux."""
    before, after = pair[1].copy(), pair[1].copy()
    after.data = (0.95 * (after.data - 5) + 5).astype("f4")
    after.meta.cal_step.image_denoise = "COMPLETE"
    (old,), (new,) = report.read_images(before), report.read_images(after)
    assert "flux_change" in report.compare_images(old, new).quality.outside
    page = report.render_page([old], [new])
    assert "Quality check failed" in page
    assert "change of the flux of sources with S/N &gt; 10: -0.05" in page
    assert "no bound" not in page


def test_exposure_time_ratio_is_explained(pair):
    after = pair[1].copy()
    after.meta.cal_step.image_denoise = "COMPLETE"
    after.meta.jwst_denoise.image_denoise.parameters = "model='auto', exposure_time_ratio=5.0"
    after.meta.jwst_denoise.image_denoise.model = "astro_unet"
    page = report.render_page(report.read_images(pair[1]), report.read_images(after))
    assert "r = 5: the output is 1/r of the image" in page
    assert "falls to about 1/r (0.2)" in page
    assert "1/√r (0.447)" in page
    after.meta.jwst_denoise.image_denoise.model = "noise2noise"
    assert "1/√r" not in report.render_page(report.read_images(pair[1]), report.read_images(after))


def test_detections_are_not_contradictory(pair):
    """Twelve faint stars that only a smoother image shows."""
    before, after = pair[1].copy(), pair[1].copy()
    places, (row, column) = np.random.default_rng(12).integers(10, 140, (12, 2)), np.indices(before.data.shape)
    faint = sum(2.5 * np.exp(-((row - y) ** 2 + (column - x) ** 2) / 4) for y, x in places)
    before.data += faint.astype("f4")
    after.data = ((before.data + 3 * (scene() + faint)) / 4).astype("f4")
    page = Elements(report.render_page(report.read_images(before), report.read_images(after)))
    text = " ".join(" ".join(page.words).split())
    old, new = map(int, re.search(r"Detections: (\d+) before and (\d+) after", text).groups())
    assert new > old
    assert "Fainter peaks pass when the noise is lower" in text
    assert f"detections {old} → {new} 0 of 12 clear ones lost; 0 contradict the image before" in text


def test_bounds_of_white_noise_do_not_apply_to_other_steps(page):
    assert "Quality check failed" not in page
    assert page.count(">no bound<") == 7


def test_cube_has_its_planes_and_text_cannot_inject(cubes):
    model = cubes[0].copy()
    model.meta.target.catalog_name = "<script>alert(1)</script>"
    page = report.render_page(report.read_images(model, 1), report.read_images(cubes[1], 1), "<b>title</b>")
    assert "Shown: plane 2 of 3." in page
    assert "Noise of every plane" in page
    assert "<script>alert" not in page
    assert "<b>title" not in page


@pytest.mark.parametrize("arguments", [["a.fits"], ["a.fits", "b.fits"], ["a.fits", "b.fits", "--plane", "0"]])
def test_bad_input_is_one_line(arguments):
    result = CliRunner().invoke(main, ["report", *arguments])
    assert result.exit_code != 0
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_picture_that_fails_costs_no_product(pair, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("STPIPE_DISABLE_CRDS_STEPPARS", "true")

    def fail(*_):
        raise RuntimeError("no ink")

    monkeypatch.setattr(qa, "write_picture", fail)
    monkeypatch.setattr(report, "write_page", fail)
    model = pair[0].copy()
    options = {"method": "median", "save_qa": True, "output_dir": str(tmp_path), "configure_log": False}
    result = NSCleanStep.call(model, **options)
    assert result.meta.cal_step.nsclean == "COMPLETE"
    assert caplog.text.count("no ink") == 2
    assert list(tmp_path.iterdir()) == []
