"""A batch whose workers are killed, which is interrupted, killed, and started again."""

import os
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from jwst_denoise.batch.manifest import NAME, Manifest
from jwst_denoise_benchmarks.batches.exposures import (
    batch_command,
    is_identical,
    serial_job,
    workers_of,
    write_rates,
)
from jwst_denoise_benchmarks.core.measure import in_process
from jwst_denoise_benchmarks.core.rows import Row

__all__ = ["recovery", "recovery_rows"]

PARS, WORKERS = "nsclean", 2
COUNT, SUBARRAY = 100, "SUB160"
QUICK = 8
PATIENCE = 900.0  # s
#: Fraction of the exposures that are done before, and the accident.
ACCIDENTS = ((0.3, signal.SIGINT), (0.6, signal.SIGKILL))


def recovery(quick):
    """Rows: products of a batch with four accidents compared with those of a serial run."""
    count = QUICK if quick else COUNT
    with tempfile.TemporaryDirectory() as directory:
        files = [str(path) for path in write_rates(Path(directory, "exposures"), count, SUBARRAY)]
        serial, output = Path(directory, "serial"), Path(directory, "batch")
        in_process(serial_job, PARS, files, str(serial))
        done = [_cause_accident(files, output, count * fraction, number) for fraction, number in ACCIDENTS]
        subprocess.run(batch_command(PARS, files, output, WORKERS), check=True, capture_output=True)
        metrics = _compare(serial, output) | {"done": done, "exposures": count}
    yield from recovery_rows(metrics)


def recovery_rows(metrics):
    """Rows on the products of a batch after two killed workers, an interruption, and a kill of all processes."""
    count = metrics["exposures"]
    names = {
        "products": ("products", count), "once": ("exposures processed exactly once", count),
        "identical": ("products identical to those of a serial run", count), "left_over": ("leftover files", 0),
    }  # fmt: skip
    for key, (name, target) in names.items():
        yield Row(
            f"Batch of {count} exposures ({PARS}, {SUBARRAY}), interrupted after {metrics['done'][0]}, killed after "
            f"{metrics['done'][1]}, and started again", name, {"batch": metrics[key]},
            target=f"≥ {target}" if target else "≤ 0", passed=metrics[key] == target,
            metrics=metrics if key == "products" else {},
        )  # fmt: skip


def _cause_accident(files, output, enough, number):
    """Start the batch, kill a worker, and send a signal when enough exposures are done; return how many are then."""
    before = _done(output)
    process = subprocess.Popen(
        batch_command(PARS, files, output, WORKERS), start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _wait(process, output, (before + enough) / 2)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    _wait(process, output, enough)
    os.killpg(process.pid, number)
    process.wait(timeout=PATIENCE)
    return _done(output)


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
    """Numbers of products, of identical ones, of exposures processed exactly once, and of other files."""
    expected = sorted(serial.glob("*.fits"))
    products = sorted(output.glob("*.fits"))
    records = Counter(record.file for record in Manifest.read(output / NAME) if record.status == "done")
    logs = list(output.glob("*.log"))
    return {
        "products": len(products),
        "identical": sum(is_identical(path, output / path.name) for path in expected if (output / path.name).exists()),
        "once": sum(number == 1 for number in records.values()),
        "left_over": len(list(output.iterdir())) - len(products) - len(logs) - 1,
    }
