"""The command demo, run once as a user runs it."""

import re

import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner
from matplotlib import image as images

from jwst_denoise import demo
from jwst_denoise.commands.main import main

pytestmark = pytest.mark.filterwarnings("ignore:'get_cache_lock' is deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Output directory and screen of the smallest demo."""
    directory = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("STPIPE_DISABLE_CRDS_STEPPARS", raising=False)
        patch.setenv("COLUMNS", "120")
        result = CliRunner().invoke(main, ["--debug", "demo", "--instrument", "niriss", "--output", str(directory)])
    assert result.exit_code == 0, result.exception
    return directory, result.output


def metrics(screen, name):
    """Numbers of one row of a table."""
    row = next(line for line in screen.splitlines() if name in line)
    return [float(number) for number in re.findall(r"[+-]?\d+\.\d+", row)]


@pytest.mark.parametrize("name", ["noise left, dark pixels", "noise left, under sources", "flux, each source"])
def test_less_noise_is_left(finished, name):
    without, cleaned = metrics(finished[1], name)
    assert 0 < cleaned < 0.95 * without


def test_sources_and_errors_are_right(finished):
    assert abs(metrics(finished[1], "flux, all sources")[1]) < 1  # per cent
    assert metrics(finished[1], "scatter / ERR")[1] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("name", ["found, above 5 σ", "found, 1.5 to 5 σ"])
def test_cosmic_rays_are_found(finished, name):
    without, masked = metrics(finished[1].replace(name, "cosmic rays found"), "cosmic rays found")
    assert masked >= max(without, 80)  # per cent; there are few in so short an exposure


def test_good_groups_are_not_flagged(finished):
    without, masked = metrics(finished[1], "flagged without a hit  ")
    assert masked < without + 0.1  # per cent
    assert metrics(finished[1], "flagged without a hit, S/N")[1] < 0.5


def test_denoised_rates(finished):
    screen = finished[1].split("rates against the true light")[1]
    for name in ("error, dark pixels", "error, under sources"):
        without, denoised = metrics(screen, name)
        assert 0 < denoised < 0.9 * without
    assert abs(metrics(screen, "flux, all sources")[1]) < 2  # per cent, in a crowded cluster
    assert metrics(screen, "scatter / ERR")[1] == pytest.approx(1, abs=0.25)  # crowded: light hides stripes
    words = " ".join(re.sub(r"[│]", " ", screen).split())
    assert int(re.search(r"S/N > 70, RampDenoiseStep has changed (\d+)", words)[1]) == 0


def test_denoised_images(finished):
    screen = finished[1].split("images against the true light")[1].split("Flight")[0]
    default, flicker, *ours = metrics(screen, "error, dark pixels")
    assert max(ours) < 0.8 * min(default, flicker)
    ramps, single, stack = metrics(screen, "scatter / ERR")[2:]
    assert ramps == pytest.approx(1, abs=0.15) and single == pytest.approx(1, abs=0.15)
    assert 0.6 < stack < 1.15  # told too large where no levels of lines are left
    before, *biases = metrics(screen, "flux, all sources")
    assert max(abs(bias - before) for bias in biases) < 2  # per cent, of faint galaxies


@pytest.mark.parametrize("pair", ["1 − 0", "2 − 1", "2 − 0"])
def test_flight_exposure_is_cross_validated(finished, pair):
    raw, median, gp = metrics(finished[1], f"integrations {pair}")
    assert gp < median < raw


def test_products(finished):
    directory, _ = finished
    for half, root, product in (("simulated", "demo_nis_cluster", "rate"), ("flight", "add_wcs_default_acq1", "cal")):
        raw, cleaned = (directory / half / run / f"{root}_{product}.fits" for run in ("raw", "cleaned"))
        assert fits.getheader(cleaned)["S_NSCLN"] == "COMPLETE"
        assert "S_NSCLN" not in fits.getheader(raw)
        assert np.nanstd(fits.getdata(raw) - fits.getdata(cleaned)) > 0
    masked = directory / "simulated" / "masked" / "demo_nis_cluster_rate.fits"
    assert fits.getheader(masked)["S_CRMASK"] == "COMPLETE"
    denoised = directory / "simulated" / "denoised" / "demo_nis_cluster_rate.fits"
    assert fits.getheader(denoised)["S_RMPDN"] == fits.getheader(denoised)["S_CRMASK"] == "COMPLETE"
    denoised = directory / "images" / "image_denoise" / "demo_nrcb1_field_imagedenoisestep.fits"
    assert fits.getheader(denoised)["S_IMGDN"] == "COMPLETE"
    assert "Step ramp_fit running" in (directory / "pipeline.log").read_text()


PICTURES = [f"simulated/demo_nis_cluster{name}.png" for name in ("", "_cosmic_rays", "_ramps")] + ["flight/flight.png"]
PICTURES += ["images/demo_nrcb1_field.png"]


@pytest.mark.parametrize("picture", PICTURES)
def test_pictures_show_something(finished, picture):
    pixels = images.imread(finished[0] / picture)
    assert pixels.shape[1] == 1600
    assert len(np.unique(np.rint(255 * pixels[..., :3]) @ (1, 256, 65536))) > 200  # colors
    assert picture in finished[1]


def test_screen_is_not_drowned_and_tells_how_to_repeat_it(finished):
    directory, screen = finished
    assert len(screen.splitlines()) < 130
    assert " - INFO - " not in screen
    uncal = directory / "simulated" / "demo_nis_cluster_uncal.fits"
    assert f"strun $(jwst-denoise pars path niriss_detector1_nsclean_groups) {uncal} --output_dir=" in screen
    assert f"CRDS_PATH={(directory / 'crds').resolve()}" in screen


def test_truth_is_the_exposure_without_what_the_simulator_added():
    from jwst_denoise.demo import exposure

    scenario = demo.Scenario("NIRISS", "NIS", "field", "SUB64", "NISRAPID", 3, "niriss_detector1_nsclean_groups")
    made = exposure.make(scenario)
    with exposure.perfect(made, "x") as model:
        difference = made.counts - model.data
        assert model.data.dtype == np.float32
    pattern = made.truth.correlated + made.truth.drift[..., None, None]
    np.testing.assert_allclose(difference * made.detector.gain, pattern, atol=0.05)  # e-, picture frame included


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--instrument", "hubble"], "no demo of instrument 'hubble'; known: nirspec, nircam, niriss"),
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
