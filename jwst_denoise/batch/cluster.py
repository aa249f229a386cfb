"""The Dask cluster that a batch runs on: one of its own on this machine, or one that is there."""

import contextlib
import logging
import os

__all__ = ["connected", "cores", "existing", "local"]

#: Libraries that start as many threads as there are cores, unless told otherwise.
_THREADS = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
#: An exposure is not data that Dask could write to disk: only the limit that ends a worker matters.
_MEMORY = {
    f"distributed.worker.memory.{key}": value
    for key, value in {"target": False, "spill": False, "pause": False, "terminate": 0.95}.items()
}
_TIMEOUT = "15s"
#: How long a worker that died may take to come back before another is started in its place; and how often to look, ms.
_LOST, _WATCH = "60s", 2000


def cores():
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@contextlib.contextmanager
def connected(scheduler=None, workers=None, memory=None, tasks=1):
    """Client of an existing scheduler or, without one, of a cluster on this machine.

    Parameters
    ----------
    scheduler : str, optional
        Address such as ``"tcp://login1:8786"``, or a scheduler file.
    workers : int, optional
        Worker processes on this machine: as many as there are cores, but no more than tasks.
    memory : str or int, optional
        Limit of each worker's memory, such as ``"4GB"``: an equal share of the machine's.
    tasks : int, optional
        How many tasks there are.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ModuleNotFoundError
        If Dask is not installed.
    OSError
        If there is no scheduler at the address.
    ValueError
        If the memory is none.
    """
    if scheduler is not None:
        with existing(scheduler) as client:
            yield client
    else:
        with local(workers or min(cores(), tasks), memory) as client:
            yield client


@contextlib.contextmanager
def local(workers, memory=None):
    """Client of worker processes on this machine, one task at a time each; see `connected`.

    The cores are shared out: each worker's libraries start ``cores() // workers`` threads, unless the environment says
    otherwise (``OMP_NUM_THREADS`` and the like). A worker that needs more than its memory is ended and started again.
    """
    import dask
    import distributed
    from dask.utils import parse_bytes

    limit = parse_bytes(memory) if memory else distributed.system.MEMORY_LIMIT // workers
    threads = dict.fromkeys(_THREADS, max(1, cores() // workers))
    settings = {
        "distributed.scheduler.allowed-failures": 10**6,  # the tasks count for themselves
        "distributed.scheduler.worker-saturation": 1.0,
        **_MEMORY,
        "distributed.nanny.pre-spawn-environ": threads,
        "distributed.deploy.lost-worker-timeout": _LOST,
        "distributed.worker.profile.enabled": False,
        "distributed.worker.preload": ["jwst_denoise.batch.preload"],
    }
    with dask.config.set(settings), _environment_kept(), _quiet():
        cluster = distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, memory_limit=limit, processes=True, host="127.0.0.1",
            dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
        )  # fmt: skip
        with cluster, distributed.Client(cluster) as client, _replaced(cluster, workers):
            yield client


@contextlib.contextmanager
def _replaced(cluster, workers):
    """See to it that there are always so many workers: Dask gives up those that it cannot start again in time."""
    from tornado.ioloop import PeriodicCallback

    watch = PeriodicCallback(lambda: cluster.scale(workers), _WATCH)
    cluster.loop.add_callback(watch.start)
    try:
        yield
    finally:
        cluster.loop.add_callback(watch.stop)


@contextlib.contextmanager
def existing(scheduler):
    """Client of a scheduler that runs already; see `connected`."""
    import distributed

    is_file = os.path.isfile(scheduler)
    with _quiet():
        try:
            client = distributed.Client(timeout=_TIMEOUT, **{"scheduler_file" if is_file else "address": scheduler})
        except (OSError, ValueError) as error:
            raise OSError(f"no Dask scheduler at {scheduler}: {error}") from error
        with client:
            yield client


@contextlib.contextmanager
def _environment_kept():
    """Put back the environment: what Dask sets for the workers, it sets here first."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


@contextlib.contextmanager
def _quiet():
    """Keep Dask's log off the screen: what matters of it is in the table."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
