"""What a worker does: one exposure, into a directory of its own."""

import contextlib
import io
import os
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from jwst_denoise import __version__
from jwst_denoise.batch.inputs import Exposure
from jwst_denoise.batch.memory import forget_peak, resident

__all__ = ["Job", "Outcome", "environment", "work"]

#: Variables that go to the workers with every task.
_PREFIXES = ("CRDS_", "STPIPE_", "JWST_DENOISE_")
#: Errors that another attempt will not mend.
_LASTING = (ValueError, FileNotFoundError)
#: stpipe's log is set up for a process as a whole.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Job:
    """An exposure and what is to be done to it.

    Parameters
    ----------
    path : str
        The exposure.
    target, options : str, tuple of str
        Of the `Recipe`.
    directory : str
        Made by the batch; every attempt makes a directory in it.
    environment : dict of str
        Variables for the pipeline.
    attempts : int
        How often it may be begun: a worker that dies cannot count it.
    version : str
        Of this package, which the worker must have, too.
    """

    path: str
    target: str
    options: tuple
    directory: str
    environment: dict
    attempts: int
    version: str = __version__


@dataclass(frozen=True)
class Outcome:
    """How an attempt went.

    Parameters
    ----------
    directory : str
        Where the products and the log are; empty if there are none.
    error : str
        One line; empty if all went well.
    lasting : bool
        Whether another attempt would end alike.
    sha256 : str
        Of the exposure, before.
    seconds : float
        Time that it took; the first exposure of a worker counts the imports.
    peak : int
        Highest resident memory meanwhile, bytes.
    process : int
        The worker.
    """

    directory: str
    error: str = ""
    lasting: bool = False
    sha256: str = ""
    seconds: float = 0.0
    peak: int = 0
    process: int = field(default_factory=os.getpid)


def environment():
    """Variables of this process that decide what pipelines do.

    Returns
    -------
    dict of str
    """
    return {name: value for name, value in os.environ.items() if name.startswith(_PREFIXES)}


def work(job):
    """Run the step or pipeline of a job; errors are returned, not raised.

    Parameters
    ----------
    job : Job
        What to do.

    Returns
    -------
    Outcome
    """
    with _ONE_AT_A_TIME:
        if (begun := len(list(Path(job.directory).glob("*/")))) >= job.attempts:
            return Outcome("", f"its worker died, {begun} times; perhaps for want of memory (--memory)", lasting=True)
        directory = tempfile.mkdtemp(dir=job.directory)
        log = Path(directory, f"{Path(job.path).stem}.log")
        forget_peak()
        start = time.perf_counter()
        digest, error, lasting = "", "", False
        try:
            _prepare(job)
            digest = Exposure(Path(job.path)).sha256()
            _strun(job, directory, log)
            _finish(directory, log)
        except (Exception, SystemExit) as problem:
            error, lasting = _line(problem), isinstance(problem, _LASTING)
            with open(log, "a", encoding="utf-8") as stream:
                traceback.print_exc(file=stream)
        return Outcome(directory, error, lasting, digest, time.perf_counter() - start, resident()[1])


def _prepare(job):
    """Versions and environment."""
    if job.version != __version__:
        raise ValueError(f"worker has jwst_denoise {__version__}, the batch {job.version}; install the same")
    from jwst_denoise.crds_cache.activation import adopt

    adopt(job.environment)


def _strun(job, directory, log):
    """Do what ``strun`` does, with everything that it says in the log."""
    from stpipe import Step

    given = [job.target, job.path, *job.options, f"--output_dir={directory}", f"--log-file={log}", "--log-stream=null"]
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            Step.from_cmdline(given)
    finally:
        with open(log, "a", encoding="utf-8") as stream:
            stream.write(printed.getvalue())


def _finish(directory, log):
    """See to it that there are products, and that they are on the disk."""
    products = [path for path in Path(directory).rglob("*") if path.is_file() and path != log]
    if not products:
        raise ValueError("nothing was written")
    for path in products:
        with open(path, "rb") as stream:
            os.fsync(stream.fileno())


def _line(error):
    """What went wrong, in one line; CRDS ends the process when it finds no server, and tells why before."""
    if isinstance(error, SystemExit):
        return f"the pipeline gave up: {error.__context__ or error}"
    text = " ".join(str(error).split())
    plain = text and isinstance(error, (ValueError, OSError))
    return text if plain else f"{type(error).__name__}: {text}".removesuffix(": ")
