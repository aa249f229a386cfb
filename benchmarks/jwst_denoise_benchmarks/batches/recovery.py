"""A batch whose worker is killed, which is interrupted, killed, and started again: what is lost."""

import os
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from jwst_denoise.batch.manifest import NAME, Manifest
from jwst_denoise_benchmarks.batches.exposures import command, identical, serial_job, workers_of, write
from jwst_denoise_benchmarks.measure import in_process
from jwst_denoise_benchmarks.rows import Row

__all__ = ["recovery"]

PARS, WORKERS = "nsclean", 2
COUNT, SUBARRAY = 100, "SUB160"
QUICK = 8
PATIENCE = 900.0  # s


def recovery(quick):
    """Row: products of a batch with four accidents against those of a serial run.

    Parameters
    ----------
    quick : bool
        Few exposures.

    Yields
    ------
    Row
    """
    count = QUICK if quick else COUNT
    with tempfile.TemporaryDirectory() as directory:
        files = [str(path) for path in write(Path(directory, "exposures"), count, SUBARRAY)]
        serial, output = Path(directory, "serial"), Path(directory, "batch")
        in_process(serial_job, PARS, files, str(serial))
        done = [_accident(files, output, count * share, accident) for share, accident in _ACCIDENTS]
        subprocess.run(command(PARS, files, output, WORKERS), check=True, capture_output=True)
        figures = _compare(serial, output) | {"done": done, "exposures": count}
    whole = figures["once"] == figures["identical"] == figures["products"] == count and not figures["left_over"]
    yield Row(
        f"{count} exposures ({PARS}, {SUBARRAY}), two workers killed (SIGKILL), the batch interrupted (SIGINT) after "
        f"{done[0]} and killed with all its processes (SIGKILL) after {done[1]}, started again",
        f"{figures['products']} products, {figures['once']} done once, {figures['identical']} identical to a serial run"
        f", {figures['left_over']} files left over",
        asked="every product once, whole, identical", met=whole, figures=figures,
    )  # fmt: skip


def _accident(files, output, enough, accident):
    """Start the batch, kill a worker on the way, and let the accident happen when enough is done; how much is then."""
    before = _done(output)
    process = subprocess.Popen(
        command(PARS, files, output, WORKERS), start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _wait(process, output, (before + enough) / 2)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    _wait(process, output, enough)
    os.killpg(process.pid, accident)
    process.wait(timeout=PATIENCE)
    return _done(output)


#: Share of the exposures that are done before, and the accident.
_ACCIDENTS = ((0.3, signal.SIGINT), (0.6, signal.SIGKILL))


def _wait(process, output, enough):
    end = time.monotonic() + PATIENCE
    while _done(output) < enough:
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the batch ended or hung with {_done(output)} exposures done")
        time.sleep(0.05)


def _done(output):
    path = output / NAME
    return len(path.read_text().splitlines()) if path.exists() else 0


def _compare(serial, output):
    """Figures: products, those that are as in the serial run, exposures done exactly once, what else lies about."""
    expected = sorted(serial.glob("*.fits"))
    made = sorted(output.glob("*.fits"))
    records = Counter(record.file for record in Manifest.read(output / NAME) if record.status == "done")
    logs = list(output.glob("*.log"))
    return {
        "products": len(made),
        "identical": sum(identical(path, output / path.name) for path in expected if (output / path.name).exists()),
        "once": sum(number == 1 for number in records.values()),
        "left_over": len(list(output.iterdir())) - len(made) - len(logs) - 1,
    }
