"""Many small exposures, the commands that process them, and the comparison of two products."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
from astropy.io import fits

from jwst_denoise import products, simulate

__all__ = ["batch_command", "is_identical", "serial_job", "workers_of", "write_rates"]

DETECTOR, PATTERN, GROUPS = "NRCB1", "RAPID", 5


def write_rates(directory, count, subarray):
    """Write rate images of one field with different noise.

    Parameters
    ----------
    directory : path-like
        Directory, made if it does not exist.
    count : int
        Number of images.
    subarray : str
        Of NIRCam.

    Returns
    -------
    list of pathlib.Path
    """
    detector, rng = simulate.detector(DETECTOR), np.random.default_rng(5)
    rate, observation = simulate.scene("field", detector, rng, subarray_name=subarray)
    exposure = simulate.simulate_exposure(rate, detector, None, PATTERN, GROUPS, 1, rng, observation=observation)
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with products.rate_model(exposure) as model:
        clean = model.data.copy()
        return [_save(model, clean, rng, directory / f"jw{number:011}_nrcb1_rate.fits") for number in range(count)]


def _save(model, clean, rng, path):
    stripes = rng.normal(size=(len(clean), 1))
    model.data = (clean + np.median(model.err) * (stripes + rng.normal(size=clean.shape))).astype(np.float32)
    model.save(path)
    return path


def batch_command(pars, files, output, workers):
    """Command line of a batch."""
    options = ["--output", str(output), "--workers", str(workers)]
    return [sys.executable, "-m", "jwst_denoise.commands.main", "batch", pars, *map(str, files), *options]


def serial_job(pars, files, output):
    """Job: the exposures one after another in this process, as with ``strun``."""

    def job():
        from stpipe import Step

        Path(output).mkdir(parents=True, exist_ok=True)
        for file in files:
            Step.from_cmdline([pars, file, f"--output_dir={output}", "--log-stream=null"])

    return job


def workers_of(process):
    """Processes of Dask workers that a batch has started.

    Parameters
    ----------
    process : subprocess.Popen
        The batch.

    Returns
    -------
    list of int
    """
    lines = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(process.pid)], capture_output=True, text=True
    ).stdout.splitlines()
    return [int(line.split()[0]) for line in lines if "spawn_main" in line]


def is_identical(one, other):
    """Whether two products are equal in all arrays and in their headers, except for dates.

    The ASDF extension repeats the headers and contains the log and the times of the steps; it is not compared.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fits.FITSDiff(one, other, ignore_keywords=["DATE"], ignore_hdus=["ASDF"]).identical
