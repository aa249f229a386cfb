"""Run a batch: what is to be done, on which cluster, and the products into their place."""

import os
import shutil
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from jwst_denoise.batch import cluster, manifest, output
from jwst_denoise.batch.inputs import Exposure, expand_patterns
from jwst_denoise.batch.recipe import Recipe
from jwst_denoise.batch.task import Job, Outcome, environment, work

__all__ = ["KEPT", "run_batch"]

#: Status of a row for what an earlier batch has done.
KEPT = "done before"


def run_batch(
    recipe, files, directory=".", *, manifest_path=None, retries=1, fresh=False, started=lambda client, tasks: None,
    **where,
):  # fmt: skip
    """Put exposures through a step or pipeline, each in a task of its own.

    What the manifest calls done is not done again, unless the exposure, the parameters, the version of this package or
    of jwst have changed, or a product is no longer as it was written. Products appear in the directory only when all of
    an exposure are written. An interruption (``KeyboardInterrupt``) leaves the directory as it should be: the same
    call goes on.

    Parameters
    ----------
    recipe : Recipe or str
        What is done, see `Recipe.of`.
    files : iterable of path-like
        Exposures, associations and patterns.
    directory : path-like, optional
        Where the products, the logs and the manifest go.
    manifest_path : path-like, optional
        By default ``jwst_denoise_batch.jsonl`` in the directory.
    retries : int, optional
        How often an exposure that fails is tried again. What is wrong with a file or a parameter is not.
    fresh : bool, optional
        Do everything, even what is done.
    started : callable, optional
        Called with the Dask client and the number of tasks when these are known.
    **where
        ``scheduler``, ``workers``, ``memory`` of `jwst_denoise.batch.cluster.connected`.

    Yields
    ------
    Record
        How each exposure ended, in the order in which they do; the status is ``done``, ``failed`` or ``done before``.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file, the parameters or the manifest are not what they should be; nothing is done then.
    BlockingIOError
        If another batch has the directory or the manifest.
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
    """A batch under way: the only one that moves products and writes the manifest."""

    def __init__(self, recipe, directory, scratch, records, inputs, retries):
        self._recipe, self._fingerprint = recipe, recipe.fingerprint()
        self._directory, self._scratch, self._records = directory, scratch, records
        self._inputs, self._retries = inputs, retries
        self._claims, self._pending = {}, {}
        self._group = f"exposure-{uuid.uuid4().hex}"  # one group of keys, of which Dask gives a worker few at a time

    def kept(self, exposures, fresh):
        """Yield what is done already; return the exposures that are not."""
        tasks = []
        for exposure in exposures:
            record = None if fresh else self._records.done(exposure, self._fingerprint, self._directory)
            if record is None:
                tasks.append(exposure)
            else:
                self._claims.update(dict.fromkeys(record.products, record.file))
                yield replace(record, status=KEPT)
        return tasks

    def run(self, client, exposures):
        """Yield exposures as they end."""
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
        future = client.submit(work, job, key=key, pure=False)
        self._pending[future] = exposure, exposure.stamp()
        return future

    def _begun(self, exposure):
        """Directories of the attempts, the last one last."""
        return sorted((self._scratch / exposure.path.name).glob("*/"), key=os.path.getmtime)

    def _settle(self, exposure, stamp, outcome):
        """Put the products, or at least the log, into their place, and write the record."""
        begun = self._begun(exposure)
        made = Path(outcome.directory) if outcome.directory else begun[-1] if begun else None
        log = f"{exposure.path.stem}.log"
        products = {} if outcome.error else _sizes(made, log)
        error = outcome.error or self._conflict(exposure, products)
        products = {} if error else products
        if made is not None:
            output.publish(made, self._directory, [log, *products])
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
        """Why products cannot go to the directory, or nothing."""
        for name in products:
            if str(self._directory / name) in self._inputs:
                return f"product {name} would replace an input of the batch; give another --output"
            if name in self._claims:
                other = self._claims[name]
                return f"product {name} is that of {os.path.basename(other)}, too; batch them into different --output"
        return ""


def _outcome(future):
    """What the task returned, or what kept it from returning."""
    problem = future.exception() if future.status == "error" else None
    if future.status == "finished":
        return future.result()
    if type(problem).__name__ == "KilledWorker":
        return Outcome("", "its worker died again and again; perhaps for want of memory", lasting=True)
    return Outcome("", " ".join(str(problem or "the scheduler is gone").split()), lasting=True)


def _sizes(directory, log):
    """Products in a directory: name → bytes."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    sizes = {str(path.relative_to(directory)): path.stat().st_size for path in files}
    return {name: size for name, size in sizes.items() if name != log}
