"""Command ``pars``."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from jwst_denoise import parameters
from jwst_denoise.commands.main import main


def run(*arguments):
    return CliRunner().invoke(main, ["pars", *map(str, arguments)])


def listed(*arguments):
    """Heading of the section and columns of each line of the list that is a file."""
    result = run("list", *arguments)
    assert result.exit_code == 0, result.output
    heading, rows = None, {}
    for line in result.stdout.splitlines():
        assert len(line) <= 100
        if line and not line.startswith(" "):
            heading = line
        elif heading and line:
            name, *columns = re.split("  +", line.strip())
            rows[name] = (heading, *columns)
    return rows


def test_list_names_every_file_with_the_products_it_runs_on():
    rows = listed()
    assert sorted(rows) == list(parameters.names())
    heading, steps, exposure_types = rows["nircam_detector1_nsclean_groups"]
    assert heading.startswith("calwebb_detector1") and heading.endswith("*_uncal.fits")
    assert (steps, exposure_types) == ("nsclean after jump and ramp_fit", "NRC_IMAGE +9")
    heading, *columns = rows["nirspec_ifu"]
    assert heading.startswith("calwebb_denoise1") and heading.endswith("*_uncal.fits")
    assert columns == ["cosmic_ray_mask, nsclean, ramp_denoise", "NRS_IFU"]
    assert rows["nircam_image3_image_denoise"][0].endswith("image3 association")
    assert rows["nsclean_nirspec_ifu"][1] == "background=remove, mask_science_regions"


def test_list_has_a_header():
    assert re.split("  +", run("list").stdout.splitlines()[0].strip()) == [
        "name",
        "steps or settings",
        "exposure types",
    ]


def test_list_of_one_instrument():
    assert set(listed("--instrument", "niriss")) == {name for name in parameters.names() if "niriss" in name}


def test_list_of_an_unknown_instrument():
    result = run("list", "--instrument", "MIRI")
    assert result.exit_code != 0
    assert "no files for instrument 'MIRI'; known: FGS, NIRCAM, NIRISS, NIRSPEC. See" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_path_prints_nothing_else():
    result = run("path", "nircam_detector1_nsclean_groups")
    assert result.stdout == f"{parameters.path('nircam_detector1_nsclean_groups')}\n"
    assert result.stderr == ""


@pytest.mark.parametrize(
    "mode",
    [
        *("nirspec_ifu", "nirspec_mos", "nirspec_fs", "nirspec_bots", "nircam_imaging", "nircam_time_series"),
        *("niriss_imaging", "niriss_soss"),
    ],
)
def test_path_of_an_observing_mode(mode):
    assert Path(run("path", mode).stdout.strip()).name == f"{mode}.asdf"


def test_path_of_an_unknown_name():
    result = run("path", "nircam_detector1_nsclean_grups")
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert "did you mean 'nircam_detector1_nsclean_groups'" in line


def test_copy(tmp_path):
    result = run("copy", tmp_path / "mine")
    assert result.exit_code == 0
    assert all(Path(line).is_file() for line in result.stdout.splitlines())
    again = run("copy", tmp_path / "mine")
    assert again.exit_code == 1
    assert len(again.stderr.splitlines()) == 1
    assert run("copy", "--overwrite", tmp_path / "mine").exit_code == 0
