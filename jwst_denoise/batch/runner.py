"""Run a batch: select the exposures to process, distribute them, and publish their products."""

import os
import shutil
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from jwst_denoise.batch import cluster, manifest, output
from jwst_denoise.batch.inputs import Exposure, expand_patterns
from jwst_denoise.batch.recipe import Recipe
from jwst_denoise.batch.task import Job, Outcome, environment, run_job

__all__ = ["run_batch"]


def run_batch(
    recipe, files, directory=".", *, manifest_path=None, retries=1, fresh=False, started=lambda client, tasks: None,
    **where,
):  # fmt: skip
    """Process exposures with a step or pipeline, each in a separate task.

    Exposures that are done according to the manifest are not processed again, unless the exposure, the parameters, or
    the version of this package or of jwst have changed, or a product is not as it was written. The products of an
    exposure are moved to the directory when all of them are complete. After an interruption (``KeyboardInterrupt``),
    the same call continues the batch.

    Parameters
    ----------
    recipe : Recipe or str
        Step or pipeline with its parameters, see `Recipe.of`.
    files : iterable of path-like
        Exposures, associations and patterns.
    directory : path-like, optional
        Directory of the products, the logs and the manifest.
    manifest_path : path-like, optional
        By default ``jwst_denoise_batch.jsonl`` in the directory.
    retries : int, optional
        Number of further attempts after a failure. Errors in a file or a parameter are not retried.
    fresh : bool, optional
        Process all exposures, even those that are done.
    started : callable, optional
        Called with the Dask client and the number of tasks when the cluster has started.
    **where
        ``scheduler``, ``workers``, ``memory`` of `jwst_denoise.batch.cluster.connected`.

    Yields
    ------
    Record
        Outcome of each exposure, in the order of completion; the status is ``done``, ``failed`` or ``done before``.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file, a parameter or the manifest is invalid; nothing is written.
    BlockingIOError
        If another batch uses the directory or the manifest.
    """
    recipe = recipe if isinstance(recipe, Recipe) else Recipe.of(recipe)
    exposures = [Exposure(path) for path in expand_patterns(files)]
    directory = Path(directory).absolute()
    path = Path(manifest_path or directory / manifest.NAME).absolute()
    with output.opened(directory) as scratch, output.locked(path.with_name(f".{path.name}.lock"), path):
        batch = _Batch(recipe, directory, scratch, manifest.Manifest(path), {str(e.path) for e in exposures}, retries)
        tasks = yield from batch.kept(exposures, fresh)
        if tasks:
            with cluster.connected(tasks=len(tasks), **where) as client:
                started(client, len(tasks))
                yield from batch.run(client, tasks)


class _Batch:
    """A running batch. Only this process moves products and writes the manifest."""

    def __init__(self, recipe, directory, scratch, records, inputs, retries):
        self._recipe, self._fingerprint = recipe, recipe.fingerprint()
        self._directory, self._scratch, self._records = directory, scratch, records
        self._inputs, self._retries = inputs, retries
        self._claims, self._pending = {}, {}
        self._group = f"exposure-{uuid.uuid4().hex}"  # one group of keys, which Dask hands to workers a few at a time

    def kept(self, exposures, fresh):
        """Yield the records of exposures that are done; return the other exposures."""
        tasks = []
        for exposure in exposures:
            record = None if fresh else self._records.done(exposure, self._fingerprint, self._directory)
            if record is None:
                tasks.append(exposure)
            else:
                self._claims.update(dict.fromkeys(record.products, record.file))
                yield replace(record, status="done before")
        return tasks

    def run(self, client, exposures):
        """Yield a record for each exposure when it is done or has failed."""
        from distributed import as_completed

        try:
            queue = as_completed([self._submit(client, exposure) for exposure in exposures])
            for future in queue:
                exposure, stamp = self._pending.pop(future)
                outcome = _outcome(future)
                if outcome.error and not outcome.lasting and len(self._begun(exposure)) <= self._retries:
                    queue.add(self._submit(client, exposure))
                else:
                    yield self._settle(exposure, stamp, outcome)
        finally:
            client.cancel(list(self._pending))

    def _submit(self, client, exposure):
        directory = self._scratch / exposure.path.name
        directory.mkdir(exist_ok=True)
        job = Job(
            str(exposure.path), self._recipe.target, self._recipe.options, str(directory), environment(),
            self._retries + 1,
        )  # fmt: skip
        key = (self._group, exposure.path.name, len(self._begun(exposure)))
        future = client.submit(run_job, job, key=key, pure=False)
        self._pending[future] = exposure, exposure.stamp()
        return future

    def _begun(self, exposure):
        """Return the directories of the attempts, the latest last."""
        return sorted((self._scratch / exposure.path.name).glob("*/"), key=os.path.getmtime)

    def _settle(self, exposure, stamp, outcome):
        """Publish the products, or after a failure the log, and write the record."""
        begun = self._begun(exposure)
        attempt = Path(outcome.directory) if outcome.directory else begun[-1] if begun else None
        log = f"{exposure.path.stem}.log"
        products = {} if outcome.error else _sizes(attempt, log)
        error = outcome.error or self._conflict(exposure, products)
        products = {} if error else products
        if attempt is not None:
            output.publish(attempt, self._directory, [log, *products])
        record = manifest.Record(
            str(exposure.path), self._fingerprint, "failed" if error else "done", stamp, outcome.sha256, products,
            round(outcome.seconds, 3), outcome.peak, len(begun), error, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            outcome.process,
        )  # fmt: skip
        self._records.add(record)
        self._claims.update(dict.fromkeys(products, record.file))
        shutil.rmtree(self._scratch / exposure.path.name, ignore_errors=True)
        return record

    def _conflict(self, exposure, products):
        """Return the reason why products must not be published, or an empty string."""
        for name in products:
            if str(self._directory / name) in self._inputs:
                return f"product {name} would replace an input of the batch; give another --output"
            if name in self._claims:
                other = os.path.basename(self._claims[name])
                return f"{other} has a product {name}, too; run two batches with different --output"
        return ""


def _outcome(future):
    """Return the outcome of a task, or the reason why it has none."""
    problem = future.exception() if future.status == "error" else None
    if future.status == "finished":
        return future.result()
    if type(problem).__name__ == "KilledWorker":
        return Outcome("", "worker died repeatedly, possibly out of memory; see --memory", lasting=True)
    return Outcome("", " ".join(str(problem or "the scheduler has stopped").split()), lasting=True)


def _sizes(directory, log):
    """Return the size in bytes of each product in a directory."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    sizes = {str(path.relative_to(directory)): path.stat().st_size for path in files}
    return {name: size for name, size in sizes.items() if name != log}
