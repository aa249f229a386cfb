"""Damaged and unreadable files, and files of other kinds: one clear error that names them, and nothing written."""

import os
import tempfile
from pathlib import Path

import asdf
import numpy as np
import pytest

from jwst_denoise import CosmicRayMaskStep, NSCleanStep, masks, model_files
from jwst_denoise.parameters import shipped
from support.damaged import OTHER_FILES, cut, flipped, reached_by_everybody, without_permission

pytestmark = [
    pytest.mark.usefixtures("working_directory"),
    pytest.mark.filterwarnings("ignore:File may have been truncated", "ignore:non-ASCII characters are present"),
    pytest.mark.filterwarnings("ignore::astropy.io.fits.verify.VerifyWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # files that libraries leave open
]


@pytest.fixture
def reachable():
    """Directory that every user can read, unlike pytest's."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        for path in (Path(directory), Path(model_files.__file__), Path(asdf.__file__)):
            if os.geteuid() == 0 and not reached_by_everybody(path):
                pytest.skip(f"root cannot drop its permissions here: other users cannot read {path}")
        yield Path(directory)


def clean(data, **arguments):
    return NSCleanStep.call(data, method="median", configure_log=False, **arguments)


def refused(path, content, function):
    """Whether an error that names the file comes of this content; any other fails the test."""
    path.write_bytes(content)
    try:
        function(path)
    except ValueError as error:
        assert path.name in str(error), error
        return True
    return False


def test_masks(tmp_path):
    path = tmp_path / "mask.fits"
    masks.write_mask(path, np.ones((64, 64), bool))
    content = path.read_bytes()

    def read(path):
        return masks.read_user_mask(path, (64, 64))

    results = [refused(path, part, read) for part in cut(content, 20)]
    assert sum(results) >= 15  # the rest has all pixels
    assert all(refused(path, part, read) for part in OTHER_FILES)
    for part in flipped(content, 20):
        refused(path, part, read)


def test_exposures(rate, tmp_path):
    content, path = rate.read_bytes(), tmp_path / "broken_rate.fits"
    parts = [*cut(content[:-3000], 6), *OTHER_FILES]
    assert all(refused(path, part, lambda path: clean(str(path), save_results=True)) for part in parts)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [path.name]


def test_parameter_files(exposure, tmp_path):
    content, path = shipped.path("nsclean_nircam_imaging").read_bytes(), tmp_path / "mine.asdf"
    results = [refused(path, part, lambda path: clean(exposure(), config_file=str(path))) for part in cut(content, 4)]
    assert sum(results) >= 3
    assert all(refused(path, part, NSCleanStep.from_config_file) for part in (*cut(content[:-10], 8), *OTHER_FILES))
    for part in flipped(content, 12):
        refused(path, part, NSCleanStep.from_config_file)


def test_parameter_file_as_a_model(exposure):
    path = shipped.path("nsclean_nircam_imaging")
    with pytest.raises(ValueError, match=path.stem):
        CosmicRayMaskStep.call(exposure(), model=str(path), configure_log=False)


def test_files_without_permission(rate, reachable):
    content = {"mask.fits": None, "rate.fits": rate.read_bytes(), "model.asdf": b"", "mine.asdf": b""}
    for name in content:
        path = reachable / name
        path.write_bytes(content[name] or b"anything")
        reads = {
            "mask.fits": lambda path: masks.read_user_mask(path, (64, 64)),
            "rate.fits": lambda path: clean(str(path)),
            "model.asdf": model_files.read_info,
            "mine.asdf": lambda path: NSCleanStep.from_config_file(str(path)),
        }
        with without_permission(path), pytest.raises((PermissionError, ValueError), match=name):
            reads[name](path)


def test_directory_without_permission(exposure, reachable):
    model = exposure()
    with without_permission(reachable), pytest.raises(PermissionError, match="was not written") as caught:
        clean(model, save_results=True, output_dir=str(reachable))
    assert str(reachable) in caught.value.filename
    assert list(reachable.iterdir()) == []
