"""The page: what it says, and that it needs nothing beside it."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from stdatamodels.jwst import datamodels

from jwst_denoise import NSCleanStep, report
from jwst_denoise.commands.main import main
from jwst_denoise.steps import qa

from .conftest import describe

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
        "Power spectrum of the background along the rows.", "median of 12 with S/N > 10",
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
    assert len(graphs) >= 8
    assert all(attributes["aria-label"] for attributes in graphs)
    assert all(attributes["title"] for attributes in elements.all("button"))


def test_pictures_show_the_image(elements, pair):
    """The overview decoded again: stars are where they were, brighter than the sky; no datum is transparent."""
    scenes = [each["src"] for each in elements.all("img") if each["class"] == "scene"]
    picture = Image.open(io.BytesIO(base64.b64decode(scenes[1].split(",")[1]))).convert("RGBA")
    shown = np.asarray(picture)[::-1]
    assert shown.shape[:2] == pair[1].data.shape
    assert shown[3, 4, 3] == 0
    assert (shown[..., 3] == 0).sum() == 1
    assert np.corrcoef(shown[..., 0].ravel()[1000:], np.arcsinh(pair[1].data).ravel()[1000:])[0, 1] > 0.9


def test_size_of_a_full_frame():
    """Noise, which does not compress."""
    rng = np.random.default_rng(6)
    model = describe(datamodels.ImageModel(), "full.fits")
    model.data = rng.normal(size=(2048, 2048)).astype("f4")
    stretch = report.pictures.Stretch.of(model.data, model.data, np.ones(model.data.shape, bool))
    gray = stretch.paint(report.pictures.shrink_image(model.data))
    removed = report.pictures.paint_difference(report.pictures.shrink_image(model.data), 0.5)
    assert 2 * len(gray) + len(removed) < 7e6


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
    assert "not judged" not in page


def test_other_steps_are_not_judged_by_the_bounds_of_white_noise(page):
    assert "Quality check failed" not in page
    assert page.count(">not judged<") == 7


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
    model.meta.subarray.fastaxis, model.meta.subarray.slowaxis = -1, 2
    options = {"method": "median", "save_qa": True, "output_dir": str(tmp_path), "configure_log": False}
    result = NSCleanStep.call(model, **options)
    assert result.meta.cal_step.nsclean == "COMPLETE"
    assert caplog.text.count("no ink") == 2
    assert list(tmp_path.iterdir()) == []
