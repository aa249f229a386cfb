"""Jobs in child processes in which no socket can connect, not even within this machine.

``python -m support.offline JOB`` runs one and prints the attempted connections as JSON. pytest-socket guards the
process of the tests; child processes, and connections made by C libraries, need an audit hook.
"""

import json
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

from support import child_environment

__all__ = ["connections_of"]

CONNECTING = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


def connections_of(job):
    """Connections that a job attempts in a child process.

    Parameters
    ----------
    job : {"steps", "pipeline", "connection"}
        All steps on ordinary exposures, ``calwebb_denoise1``, or a connection, to test the guard.

    Returns
    -------
    list of str

    Raises
    ------
    RuntimeError
        If the job fails.
    """
    command = [sys.executable, "-m", "support.offline", job]
    result = subprocess.run(command, capture_output=True, text=True, env=child_environment())
    if result.returncode:
        raise RuntimeError(f"{job} failed: {result.stderr.strip().splitlines()[-1:]}")
    return json.loads(result.stdout.splitlines()[-1])


def _forbid_connections(attempts):
    """Forbid connections of this process and record the attempts."""

    def hook(event, arguments):
        if event in CONNECTING:
            attempts.append(f"{event} {[a for a in arguments if isinstance(a, str | bytes | tuple)]}")
            raise PermissionError(f"no network: {attempts[-1]}")

    sys.addaudithook(hook)


def _steps():
    """Every step from file to file."""
    import jwst_denoise
    from support.cases import DEFAULTS
    from support.exposures import build, models_of
    from support.trials import CLASSES, quiet

    runs = [("nsclean", "rate"), ("nsclean", "ramp"), ("cosmic_ray_mask", "rate"), ("cosmic_ray_mask", "ramp")]
    runs += [("ramp_denoise", "ramp"), ("image_denoise", "rate"), ("image_denoise", "rateints")]
    for alias, kind in runs:
        options = {"model": "noise2noise-stack"} if kind == "rateints" else {}
        with tempfile.TemporaryDirectory() as directory, quiet(directory):
            build(DEFAULTS | {"kind": kind, "detector": "NRCA1"}).save("jw1_in.fits")
            step = getattr(jwst_denoise, CLASSES[alias])
            result = step.call("jw1_in.fits", configure_log=False, save_results=True, **options)
            status = getattr(models_of(result)[0].meta.cal_step, alias)
            if status != "COMPLETE":
                raise RuntimeError(f"{alias} of a {kind}: {status}")


def _pipeline():
    """calwebb_denoise1 from a raw subarray, with an offline CRDS cache."""
    import numpy as np

    from jwst_denoise import DenoiseDetector1Pipeline, crds_cache, products, simulate

    logging.disable(logging.CRITICAL)
    detector, rng = simulate.detector("NRCB1"), np.random.default_rng(3)
    observation = simulate.observation(detector, "NRC_IMAGE", subarray="SUB160")
    exposure = simulate.simulate_exposure(
        np.full((160, 160), 0.5), detector, None, "RAPID", 4, 1, rng, observation=observation
    )
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        crds_cache.build_cache(folder / "crds", detectors=["NRCB1"])
        uncal = products.write_products(exposure, folder, "jw1")["uncal"]
        with crds_cache.activated(folder / "crds"):
            DenoiseDetector1Pipeline.call(str(uncal), configure_log=False)


def _connection():
    """An attempt that the caller does not notice."""
    import contextlib
    import socket

    with socket.socket() as client, contextlib.suppress(OSError):
        client.connect(("127.0.0.1", 9))


if __name__ == "__main__":
    ATTEMPTS = []
    _forbid_connections(ATTEMPTS)
    {"steps": _steps, "pipeline": _pipeline, "connection": _connection}[sys.argv[1]]()
    sys.stdout.write(json.dumps(ATTEMPTS) + "\n")
