"""The page in a real browser: on a telephone, on a desk, printed, and with the keyboard."""

import html
import json
import re
import shutil
import subprocess
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from jwst_denoise import report

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: Presses keys and notes what the page shows, in an attribute that --dump-dom prints.
PROBE = """
<script>
const seen = () => [...document.querySelectorAll(".overview figure")]
  .filter((each) => getComputedStyle(each).display !== "none").map((each) => each.className).join(" ");
const press = (key) => { document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })); return seen(); };
const style = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
const noted = {
  inner: innerWidth, width: document.documentElement.scrollWidth, start: seen(), b1: press("b"), b2: press("b"),
  removed: press("r"), side: press("v"),
};
const flags = () => style(".overview .after .flags", "display");
noted.flags = [flags(), (press("f"), flags()), (press("f"), flags())];
const stage = document.querySelector(".overview .after .stage"), box = stage.getBoundingClientRect();
const spot = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
stage.dispatchEvent(new PointerEvent("pointermove", spot));
noted.value = document.getElementById("value").textContent;
document.querySelector('[data-action="blink"]').click();
noted.clicked = seen();
noted.pressed = document.querySelector('[data-action="blink"]').getAttribute("aria-pressed");
press("v");
const texts = [...document.querySelectorAll("h1, h2, h3, p, td, th, figcaption, .card span, button, caption, li")];
noted.small = Math.min(...texts.map((each) => parseFloat(getComputedStyle(each).fontSize)));
document.documentElement.dataset.noted = encodeURIComponent(JSON.stringify(noted));
</script>
"""


@pytest.fixture(scope="module")
def page(pair, tmp_path_factory):
    path = tmp_path_factory.mktemp("browser") / "page.html"
    text = report.render_page(*(report.read_images(model) for model in pair))
    path.write_text(text.replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    return path


def framed(page, width, height):
    """A page with the other in a frame of a telephone's width, because windows are not made as narrow."""
    path = page.parent / "framed.html"
    text = html.escape(page.read_text(encoding="utf-8"))
    take = "document.documentElement.dataset.noted = this.contentDocument.documentElement.dataset.noted"
    frame = f'<iframe style="width:{width}px;height:{height}px;border:0" onload="{take}" srcdoc="{text}"></iframe>'
    path.write_text(f'<meta charset="utf-8"><body style="margin:0">{frame}', encoding="utf-8")
    return path


def browse(page, directory, width, height):
    """Screenshot and printed page in a directory; the values that the probe notes."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser on PATH: {', '.join(BROWSERS)}")
    command = [
        browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={directory}",
        f"--window-size={width},{height}", f"--screenshot={directory}/page.png", f"--print-to-pdf={directory}/page.pdf",
        "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    shown = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True).stdout
    return json.loads(unquote(re.search(r'data-noted="([^"]+)"', shown)[1]))


def assert_works(noted, width):
    assert noted["inner"] == width
    assert noted["width"] <= width
    assert noted["small"] >= 12.5
    assert noted["start"] == noted["side"] == "before after removed"
    assert (noted["b1"], noted["b2"], noted["removed"]) == ("after", "before", "removed")
    assert (noted["clicked"], noted["pressed"]) == ("before", "true")
    place, value = noted["value"].split(": ")
    assert re.fullmatch(r"x = (90|91), y = (75|76)", place)
    assert 0 < float(value.removeprefix("≈ ").removesuffix(" DN/s")) < 10
    assert noted["flags"] == ["none", "block", "none"]


def assert_not_blank(path, width):
    shown = np.asarray(Image.open(path).convert("L"), float)[:, :width]
    assert all(band.std() > 5 for band in np.array_split(shown, 4))


def test_on_a_desk_and_printed(page, tmp_path):
    assert_works(browse(page, tmp_path, 1280, 1600), 1280)
    assert_not_blank(tmp_path / "page.png", 1280)
    printed = (tmp_path / "page.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 12


def test_on_a_telephone(page, tmp_path):
    assert_works(browse(framed(page, 390, 1600), tmp_path, 500, 1600), 390)
    assert_not_blank(tmp_path / "page.png", 390)
