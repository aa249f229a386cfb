"""Runs of the real pipelines, with their log in a file."""

import contextlib
import logging
import re
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Run", "denoise1", "detector1", "guider", "image2", "spec2", "step", "strun_line"]

_STEP = re.compile(r"Step (\w+) running")


@dataclass(frozen=True)
class Run:
    """What a pipeline made: its (main) product's path, and the seconds that it took."""

    path: Path
    seconds: float


def detector1(exposure, directory, log, config_file=None, notify=None, **options):
    """Run calwebb_detector1 and save its products.

    Parameters
    ----------
    exposure : path-like or JwstDataModel
        Raw exposure.
    directory : path-like
        Where the products go.
    log : path-like
        File to which everything that the pipeline says is added.
    config_file : path-like, optional
        Parameter file; the pipeline's defaults without.
    notify : callable, optional
        Called with the name of each step that starts.
    **options
        Of ``Detector1Pipeline.call``, such as ``steps``.

    Returns
    -------
    Run
        With the path of the rate image.
    """
    from jwst.pipeline import Detector1Pipeline

    return _run(Detector1Pipeline, exposure, directory, log, config_file, notify, **options)


def denoise1(exposure, directory, log, notify=None, **options):
    """Run calwebb_denoise1, see `detector1`."""
    from jwst_denoise import DenoiseDetector1Pipeline

    return _run(DenoiseDetector1Pipeline, exposure, directory, log, None, notify, **options)


def image2(exposure, directory, log, config_file=None, notify=None, **options):
    """Run calwebb_image2, see `detector1`; the product is the calibrated image."""
    from jwst.pipeline import Image2Pipeline

    return _run(Image2Pipeline, exposure, directory, log, config_file, notify, **options)


def spec2(exposure, directory, log, config_file=None, notify=None, **options):
    """Run calwebb_spec2, see `detector1`; the product is the calibrated spectrum of the slits."""
    from jwst.pipeline import Spec2Pipeline

    return _run(Spec2Pipeline, exposure, directory, log, config_file, notify, **options)


def step(name, exposure, directory, log, notify=None, **options):
    """Run a step of this package by the name of its class, see `detector1`."""
    import jwst_denoise

    return _run(getattr(jwst_denoise, name), exposure, directory, log, None, notify, **options)


def guider(exposure, directory, log, config_file=None, notify=None):
    """Run calwebb_guider, see `detector1`; the product is the calibrated exposure."""
    from jwst.pipeline import GuiderPipeline

    return _run(GuiderPipeline, exposure, directory, log, config_file, notify)


def strun_line(pipeline, exposure, directory, **options):
    """Shell command that runs a pipeline again.

    Parameters
    ----------
    pipeline : str
        Name of a shipped parameter file, or alias of a pipeline or step.
    exposure, directory : path-like
        Exposure, and where the products go.
    **options
        Parameters.
    """
    alias = pipeline.startswith("calwebb") or pipeline == "image_denoise"
    what = pipeline if alias else f"$(jwst-denoise pars path {pipeline})"
    given = "".join(f" --{name}={value}" for name, value in options.items())
    return f"strun {what} {shlex.quote(str(exposure))} --output_dir={shlex.quote(str(directory))}{given}"


def _run(pipeline, exposure, directory, log, config_file, notify, **options):
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    options |= {"save_results": True, "output_dir": str(directory)}
    if config_file is not None:
        options["config_file"] = str(config_file)
    start = time.perf_counter()
    with _quiet(log), _listening(notify):
        result = pipeline.call(exposure if hasattr(exposure, "meta") else str(exposure), **options)
    seconds = time.perf_counter() - start
    result = result[0] if isinstance(result, list) else result
    path = directory / result.meta.filename
    result.close()
    return Run(path, seconds)


@contextlib.contextmanager
def _quiet(log):
    """Send standard output and error to the end of a file."""
    with open(log, "a", encoding="utf-8") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        yield


@contextlib.contextmanager
def _listening(notify):
    """Tell which step of the pipeline starts."""
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
