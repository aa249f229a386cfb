"""Products are whole or not there: after a full disk, a kill, and with a second process."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from astropy.io import fits

from jwst_denoise import NSCleanStep
from jwst_denoise.steps.common.atomic_write import atomic_write
from support import child_environment

#: A child process saves products: one that outgrows the largest file that it may write, one while it is killed.
CHILD = """
import os, resource, signal, sys
from pathlib import Path
from jwst_denoise import NSCleanStep
from support.trials import quiet

def save(output):
    NSCleanStep.call(sys.argv[1], method="median", configure_log=False, save_results=True, output_dir=output)

with quiet("."):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        save("full")
    except OSError as error:
        print(error.filename, error.strerror)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
    save("killed")
"""


@pytest.fixture
def outputs(working_directory, rate):
    """Directories for products; each holds one that was there before."""
    for name in ("full", "killed"):
        NSCleanStep.call(str(rate), method="median", configure_log=False, save_results=True, output_dir=name)
    return {name: working_directory / name / "jw1_nscleanstep.fits" for name in ("full", "killed")}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no limits of resources, no signals")
def test_full_disk_and_kill(outputs, rate):
    before = {name: path.read_bytes() for name, path in outputs.items()}
    command = [sys.executable, "-c", CHILD, str(rate)]
    done = subprocess.run(command, capture_output=True, text=True, env=child_environment())
    assert done.returncode == -9, done.stderr
    assert "full/jw1_nscleanstep.fits" in done.stdout and "was not written" in done.stdout
    for name, path in outputs.items():
        assert path.read_bytes() == before[name]
    assert [file.name for file in outputs["full"].parent.iterdir()] == ["jw1_nscleanstep.fits"]
    visible = [file.name for file in outputs["killed"].parent.iterdir() if not file.name.startswith(".")]
    assert visible == ["jw1_nscleanstep.fits"]


def test_optional_products_are_whole(exposure, working_directory, monkeypatch):
    monkeypatch.setattr(
        "pathlib.Path.replace", lambda self, target: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    for optional in ("save_noise", "save_mask"):
        with pytest.raises(OSError, match="No space left; the product was not written"):
            NSCleanStep.call(exposure(), method="median", configure_log=False, **{optional: True})
    assert list(working_directory.glob("*")) == []


def test_name_in_the_header_is_that_of_the_file(outputs):
    assert fits.getval(outputs["full"], "FILENAME") == "jw1_nscleanstep.fits"


def test_two_writers_of_one_file(tmp_path):
    path, stop = tmp_path / "made.bin", threading.Event()

    def write(value):
        while not stop.is_set():
            with atomic_write(path) as part, part.open("wb") as stream:
                for _ in range(20):
                    stream.write(bytes([value]) * 1000)

    writers = [threading.Thread(target=write, args=(value,)) for value in (1, 2)]
    for writer in writers:
        writer.start()
    values = set()
    while len(values) < 2:
        if path.exists():
            content = np.frombuffer(path.read_bytes(), np.uint8)
            assert len(content) == 20_000 and len(set(content)) == 1
            values.add(int(content[0]))
    stop.set()
    for writer in writers:
        writer.join()
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_old_file(tmp_path):
    path = tmp_path / "made.txt"
    path.write_text("old")
    with pytest.raises(KeyError), atomic_write(path) as part:
        part.write_text("new")
        raise KeyError("bug")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
