"""The command demo, run once as a user runs it, on small exposures."""

import re
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner

from jwst_denoise import demo, simulate
from jwst_denoise.commands.main import main
from jwst_denoise.demo import cosmic_rays, images, scenarios

slow = pytest.mark.slow

HITS = simulate.CosmicRayParameters(flux=2e3, shower_rate=1)
SMALL = {
    "noise": replace(scenarios.SCENARIOS["NIRISS"], subarray="SUB128", ngroups=12),
    "hits": replace(
        scenarios.COSMIC_RAYS, subarray="SUB160", hits=simulate.CosmicRayParameters(flux=2e3, shower_rate=1)
    ),
    "images": replace(scenarios.IMAGES, subarray="SUB160", ngroups=4, nints=2),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Output directory and screen of a demo of small exposures."""
    directory = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scenarios, "SCENARIOS", {"NIRISS": SMALL["noise"]})
        patch.setattr(cosmic_rays, "COSMIC_RAYS", SMALL["hits"])
        patch.setattr(images, "IMAGES", SMALL["images"])
        patch.setattr(images, "STAGE1", {name: images.STAGE1[name] for name in ("default", "nsclean")})
        patch.delenv("STPIPE_DISABLE_CRDS_STEPPARS", raising=False)
        patch.setenv("COLUMNS", "120")
        result = CliRunner().invoke(main, ["--debug", "demo", "--instrument", "niriss", "--output", str(directory)])
    assert result.exit_code == 0, result.exception
    return directory, result.output


@pytest.fixture
def parts(finished):
    """Screen of every part."""
    titles = ("─ Correlated noise ─", "─ All noise of ramps ─", "─ Cosmic rays ─", "─ Images ─", "─ Flight exposure ─")
    places = [finished[1].index(title) for title in titles]
    return [finished[1][start:end] for start, end in zip(places, [*places[1:], None], strict=True)]


def numbers(screen, name):
    """Numbers of one row of a table."""
    row = next(line for line in screen.splitlines() if name in line)
    return [float(number) for number in re.findall(r"[+-]?\d+\.\d+", row.replace(name, ""))]


@slow
def test_less_correlated_noise(parts):
    for name in ("background pixels", "background apertures", "flux of a source"):
        without, cleaned = numbers(parts[0], name)
        assert 0 < cleaned < 0.95 * without


@slow
def test_denoised_rates(parts):
    for name in ("background pixels", "pixels of sources"):
        without, denoised = numbers(parts[1], name)
        assert 0 < denoised < 0.9 * without
    assert abs(numbers(parts[1], "flux of all sources")[1]) < 3  # per cent, in a crowded cluster


@slow
def test_cosmic_rays_are_found_and_rates_right(parts):
    clear, faint, wrong = (
        numbers(parts[2], name) for name in ("with charge above 5 σ", "with charge of 1.5 to 5 σ", "with a wrong rate")
    )
    assert clear[1] >= clear[0]
    assert faint[1] > faint[0]
    assert wrong[1] < 0.8 * wrong[0]
    without, masked = numbers(parts[2], "flagged groups without charge")
    assert masked < 1.05 * without + 0.2  # per cent


@slow
def test_denoised_images(parts):
    default, cleaned, *denoised = numbers(parts[3], "background pixels")
    assert max(denoised) < 0.8 * min(default, cleaned)
    text = " ".join(re.sub("│", " ", parts[3]).split())
    assert "a real exposure twice as long it would fall to 1/√r = 0.71" in text
    biases = numbers(parts[3], "flux of all sources")
    explained = sum(f"{name}: total flux" in text for name in ("nsclean", "r = 2", "stack"))
    assert explained == sum(abs(bias) > 0.5 for bias in biases[1:])


@slow
@pytest.mark.parametrize("pair", ["1 − 0", "2 − 1", "2 − 0"])
def test_flight_exposure_is_cross_validated(parts, pair):
    raw, median, gp = numbers(parts[4], f"integrations {pair}")
    assert gp < median < raw


@slow
@pytest.mark.parametrize(
    ("path", "keyword"),
    [
        ("correlated_noise/nsclean/demo_nis_cluster_rate.fits", "S_NSCLN"),
        ("correlated_noise/denoise1/demo_nis_cluster_rate.fits", "S_RMPDN"),
        ("cosmic_rays/cosmic_ray_mask/demo_nrcb1_field_rate.fits", "S_CRMASK"),
        ("images/image_denoise/demo_nrcb1_field_imagedenoisestep.fits", "S_IMGDN"),
        ("flight/nsclean/add_wcs_default_acq1_cal.fits", "S_NSCLN"),
    ],
)
def test_products(finished, path, keyword):
    assert fits.getheader(finished[0] / path)[keyword] == "COMPLETE"
    default = re.sub("/[a-z_0-9]+/", "/default/", path)
    if (finished[0] / default).exists():
        assert keyword not in fits.getheader(finished[0] / default)


@slow
def test_pictures_and_pages_are_named_on_the_screen(finished):
    directory, screen = finished
    files = {path.name for path in directory.iterdir() if path.suffix in (".png", ".html")}
    stems = ("nsclean", "denoise1", "cosmic_rays", "image_denoise", "flight")
    assert files == {f"{stem}.{kind}" for stem in stems for kind in ("png", "html")} | {
        "nsclean_truth.png", "denoise1_truth.png", "images.png",
    }  # fmt: skip
    for name in files:
        assert f"{'page' if name.endswith('html') else 'picture'}: {directory / name}" in screen


@slow
def test_screen_is_short_and_shows_how_to_repeat_it(finished):
    directory, screen = finished
    assert len(screen.splitlines()) < 160
    assert " - INFO - " not in screen
    uncal = directory / "correlated_noise" / "demo_nis_cluster_uncal.fits"
    assert f"strun $(jwst-denoise pars path niriss_detector1_nsclean_groups) {uncal} --output_dir=" in screen
    assert f"CRDS_PATH={(directory / 'crds').resolve()}" in screen
    assert "Step ramp_fit running" in (directory / "pipeline.log").read_text()


def test_noise_free_exposure_lacks_exactly_the_simulated_noise():
    exposure = scenarios.simulate_scenario(demo.Scenario("NIRISS", "NIS", "field", "SUB64", "NISRAPID", 3))
    with scenarios.noiseless_uncal(exposure, "x") as model:
        difference = exposure.counts - model.data
        assert model.data.dtype == np.float32
    pattern = exposure.truth.correlated + exposure.truth.drift[..., None, None]
    np.testing.assert_allclose(difference * exposure.detector.gain, pattern, atol=0.05)  # e-, picture frame included


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--instrument", "hubble"], "'hubble' is not one of 'nirspec', 'nircam', 'niriss'"),
        (["--real", "--full"], "--real simulates nothing"),
    ],
)
def test_bad_input_is_one_line(tmp_path, monkeypatch, arguments, text):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["demo", *arguments])
    assert result.exit_code != 0
    assert text in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
