"""Runs of pipelines and steps, with their log in a file."""

import contextlib
import importlib
import logging
import re
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Run", "run_pipeline", "strun_line"]

_STEP = re.compile(r"Step (\w+) running")
#: Alias -> module and class.
_CLASSES = {
    "calwebb_detector1": ("jwst.pipeline", "Detector1Pipeline"),
    "calwebb_image2": ("jwst.pipeline", "Image2Pipeline"),
    "calwebb_spec2": ("jwst.pipeline", "Spec2Pipeline"),
    "calwebb_guider": ("jwst.pipeline", "GuiderPipeline"),
    "calwebb_denoise1": ("jwst_denoise", "DenoiseDetector1Pipeline"),
    "nsclean": ("jwst_denoise", "NSCleanStep"),
    "image_denoise": ("jwst_denoise", "ImageDenoiseStep"),
}


@dataclass(frozen=True)
class Run:
    """Path of the (main) product of a pipeline, and its run time in seconds."""

    path: Path
    seconds: float


def run_pipeline(alias, exposure, directory, log, notify=None, **options):
    """Run a pipeline or step and save its products.

    Parameters
    ----------
    alias : str
        Name as for ``strun``.
    exposure : path-like or JwstDataModel
        Input.
    directory : path-like
        Directory of the products, made if it does not exist.
    log : path-like
        File to which the log is appended.
    notify : callable, optional
        Called with the name of each step that starts.
    **options
        Keywords of ``call``, such as ``config_file`` and ``steps``.

    Returns
    -------
    Run
        With the path of the rate image, the calibrated image, the spectrum of the slits, or the denoised image.
    """
    module, name = _CLASSES[alias]
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    options |= {"save_results": True, "output_dir": str(directory)}
    start = time.perf_counter()
    with _redirected(log), _listening(notify):
        pipeline = getattr(importlib.import_module(module), name)
        result = pipeline.call(exposure if hasattr(exposure, "meta") else str(exposure), **options)
    seconds = time.perf_counter() - start
    result = result[0] if isinstance(result, list) else result
    path = directory / result.meta.filename
    result.close()
    return Run(path, seconds)


def strun_line(name, exposure, directory, **options):
    """Shell command that repeats a run.

    Parameters
    ----------
    name : str
        Alias of a pipeline or step, or name of a shipped parameter file.
    exposure, directory : path-like
        Exposure, and directory of the products.
    **options
        Parameters.
    """
    target = name if name in _CLASSES else f"$(jwst-denoise pars path {name})"
    given = "".join(f" --{key}={value}" for key, value in options.items())
    return f"strun {target} {shlex.quote(str(exposure))} --output_dir={shlex.quote(str(directory))}{given}"


@contextlib.contextmanager
def _redirected(log):
    """Append standard output and error to a file."""
    with open(log, "a", encoding="utf-8") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        yield


@contextlib.contextmanager
def _listening(notify):
    """Report the names of the steps that start."""
    handler = _Listener(notify)
    loggers = [logging.getLogger(name) for name in ("jwst", "stpipe")]
    for logger in loggers if notify else ():
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


class _Listener(logging.Handler):
    def __init__(self, notify):
        super().__init__()
        self._notify = notify

    def emit(self, record):
        if match := _STEP.match(record.getMessage()):
            self._notify(match[1])
