"""Rows: steps and the demo in processes in which no connection can be made.

``python -m jwst_denoise_benchmarks.robustness.sockets JOB ARGUMENTS`` runs one and prints what was tried.
"""

import json
import subprocess
import sys
import tempfile

__all__ = ["forbid", "in_fresh_process", "is_outward", "sockets"]

LOCAL = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback", "", None)


def forbid(attempts, every=False):
    """Forbid connections of this process, for the rest of its life, also from libraries in C.

    Parameters
    ----------
    attempts : list
        Gets the name of each event and its address.
    every : bool, optional
        Forbid connections within this machine, too.
    """

    def hook(event, arguments):
        if event.startswith("socket.") and (is_outward(event, arguments) or every and event in CONNECTING):
            attempts.append(f"{event} {[a for a in arguments if isinstance(a, str | bytes | tuple)]}")
            raise PermissionError(f"no network: {attempts[-1]}")

    sys.addaudithook(hook)


CONNECTING = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


def is_outward(event, arguments):
    """Whether an audit event would reach another machine.

    Parameters
    ----------
    event : str
        As in Python's table of audit events.
    arguments : tuple
        Of the event.

    Returns
    -------
    bool
        Addresses that a datagram socket is only connected to are not: nothing is sent.
    """
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        return not _is_local(arguments[0]) and not _is_number(arguments[0])
    if event not in ("socket.connect", "socket.sendto"):
        return False
    import socket

    made, address = arguments
    internet = made.family in (socket.AF_INET, socket.AF_INET6)
    silent = event == "socket.connect" and made.type == socket.SOCK_DGRAM
    return internet and not silent and not _is_local(address[0])


def _is_local(host):
    import socket

    host = host.decode() if isinstance(host, bytes) else host
    return host in (*LOCAL, socket.gethostname()) or str(host).startswith(("127.", "::1", "0.0.0.0"))


def _is_number(host):
    return str(host).replace(".", "").isdigit() or ":" in str(host)


def in_fresh_process(job, *arguments):
    """What one job tries to connect to, with all sockets forbidden.

    Parameters
    ----------
    job : {"step", "steps", "pipeline", "demo"}
        A step on an ordinary exposure (``step``, ``kind``), all of them, ``calwebb_denoise1``, or the demonstration.
    *arguments : str
        Of the job.

    Returns
    -------
    list of str
        Attempts.

    Raises
    ------
    RuntimeError
        If the job fails.
    """
    command = [sys.executable, "-m", "jwst_denoise_benchmarks.robustness.sockets", job, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{job} {' '.join(arguments)} failed: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout.splitlines()[-1])


def sockets(quick):
    """Rows: every step, the pipeline, and unless quick the demonstration."""
    from jwst_denoise_benchmarks.robustness.jobs import KINDS
    from jwst_denoise_benchmarks.rows import Row

    jobs = [("step", step, kind) for step, kinds in KINDS.items() for kind in kinds]
    jobs = [("steps",), ("pipeline",)] if quick else [*jobs, ("pipeline",), ("demo",)]
    tried = {" ".join(job): in_fresh_process(*job) for job in jobs}
    count = sum(map(len, tried.values()))
    what = f"every step, calwebb_denoise1{'' if quick else ' and the demonstration'}"
    yield Row(
        f"{what}, all sockets forbidden", f"{len(jobs)} processes ended well, {count} connections tried",
        asked="all end well, 0", met=count == 0, figures=tried,
    )  # fmt: skip


def _step(step, kind):
    from jwst_denoise_benchmarks.robustness.jobs import step_job, write_exposure

    with tempfile.TemporaryDirectory() as directory:
        step_job(step, str(write_exposure(kind, 64, directory)))()


def _steps():
    from jwst_denoise_benchmarks.robustness.jobs import KINDS

    for step, kinds in KINDS.items():
        for kind in kinds:
            _step(step, kind)


def _pipeline():
    """calwebb_denoise1 from a raw subarray, on the offline cache."""
    import logging
    from pathlib import Path

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
        crds_cache.build(folder / "crds", detectors=["NRCB1"])
        uncal = products.write(exposure, folder, "jw1")["uncal"]
        with crds_cache.activated(folder / "crds"):
            DenoiseDetector1Pipeline.call(str(uncal), configure_log=False)


def _demo():
    import io

    from rich.console import Console

    from jwst_denoise import demo

    with tempfile.TemporaryDirectory() as directory:
        demo.run(directory, Console(file=io.StringIO()))


def _main(job, *arguments):
    attempts = []
    forbid(attempts, every=True)
    {"step": _step, "steps": _steps, "pipeline": _pipeline, "demo": _demo}[job](*arguments)
    sys.stdout.write(json.dumps(attempts) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
