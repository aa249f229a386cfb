"""The task of a worker: process one exposure in a separate directory."""

import contextlib
import io
import os
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from jwst_denoise import __version__
from jwst_denoise.batch.inputs import Exposure

__all__ = ["Job", "Outcome", "PeakMemory", "environment", "run_job"]

#: Environment variables that are sent to the workers with every task.
_PREFIXES = ("CRDS_", "STPIPE_", "JWST_DENOISE_")
#: Errors that another attempt would repeat.
_LASTING = (ValueError, FileNotFoundError)
#: stpipe configures its log for the whole process.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Job:
    """An exposure, and the step or pipeline to run on it.

    Parameters
    ----------
    path : str
        The exposure.
    target, options : str, tuple of str
        Those of the `Recipe`.
    directory : str
        Created by the batch; every attempt creates a sub-directory.
    environment : dict of str
        Environment variables for the pipeline.
    attempts : int
        Largest number of attempts: a worker that dies cannot count them.
    version : str
        Version of this package, which the worker must have installed, too.
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
    """Outcome of an attempt.

    Parameters
    ----------
    directory : str
        Directory of the products and the log; empty if there are none.
    error : str
        One line; empty after success.
    lasting : bool
        Whether another attempt would fail in the same way.
    sha256 : str
        Hash of the exposure before the run.
    seconds : float
        Run time; for the first exposure of a worker it includes the imports.
    peak : int
        Highest resident memory during the run, bytes.
    process : int
        Process number of the worker.
    """

    directory: str
    error: str = ""
    lasting: bool = False
    sha256: str = ""
    seconds: float = 0.0
    peak: int = 0
    process: int = field(default_factory=os.getpid)


class PeakMemory:
    """Context that samples the resident memory of this process a hundred times a second.

    Attributes
    ----------
    peak : int
        Highest resident memory so far, in bytes.
    """

    def __enter__(self):  # noqa: D105
        self._process, self._end = psutil.Process(), threading.Event()
        self.peak = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error):  # noqa: D105
        self._end.set()
        self._thread.join()

    def _watch(self):
        ended = False
        while not ended:
            ended = self._end.wait(0.01)
            self.peak = max(self.peak, self._process.memory_info().rss)


def environment():
    """Return the environment variables of this process that pipelines depend on.

    Returns
    -------
    dict of str
    """
    return {name: value for name, value in os.environ.items() if name.startswith(_PREFIXES)}


def run_job(job):
    """Run the step or pipeline of a job; errors are returned, not raised.

    Parameters
    ----------
    job : Job
        The exposure and its processing.

    Returns
    -------
    Outcome
    """
    with _ONE_AT_A_TIME:
        if (begun := len(list(Path(job.directory).glob("*/")))) >= job.attempts:
            return Outcome("", f"worker died {begun} times, possibly out of memory; see --memory", lasting=True)
        directory = tempfile.mkdtemp(dir=job.directory)
        log = Path(directory, f"{Path(job.path).stem}.log")
        start = time.perf_counter()
        digest, error, lasting = "", "", False
        with PeakMemory() as memory:
            try:
                _prepare(job)
                digest = Exposure(Path(job.path)).sha256()
                _strun(job, directory, log)
                _finish(directory, log)
            except (Exception, SystemExit) as problem:
                error, lasting = _describe(problem), isinstance(problem, _LASTING)
                with open(log, "a", encoding="utf-8") as stream:
                    traceback.print_exc(file=stream)
        return Outcome(directory, error, lasting, digest, time.perf_counter() - start, memory.peak)


def _prepare(job):
    """Check the version, and set the environment."""
    if job.version != __version__:
        raise ValueError(
            f"the worker has jwst_denoise {__version__} and the batch {job.version}; install the same version"
        )
    from jwst_denoise.crds_cache.activation import adopt_environment

    adopt_environment(job.environment)


def _strun(job, directory, log):
    """Run ``strun`` in this process, with all its output in the log."""
    from stpipe import Step

    arguments = [job.target, job.path, *job.options]
    arguments += [f"--output_dir={directory}", f"--log-file={log}", "--log-stream=null"]
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            Step.from_cmdline(arguments)
    finally:
        with open(log, "a", encoding="utf-8") as stream:
            stream.write(printed.getvalue())


def _finish(directory, log):
    """Check that there are products, and flush them to the disk."""
    products = [path for path in Path(directory).rglob("*") if path.is_file() and path != log]
    if not products:
        raise ValueError(f"no product was written; see {log.name}")
    for path in products:
        with open(path, "rb") as stream:
            os.fsync(stream.fileno())


def _describe(error):
    """Return one line; CRDS ends the process when it finds no server, with the reason in the context."""
    if isinstance(error, SystemExit):
        return f"the pipeline exited: {error.__context__ or error}"
    text = " ".join(str(error).split())
    plain = text and isinstance(error, (ValueError, OSError))
    return text if plain else f"{type(error).__name__}: {text}".removesuffix(": ")
