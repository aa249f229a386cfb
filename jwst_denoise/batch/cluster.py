"""The Dask cluster of a batch: a new one on this machine, or an existing one."""

import contextlib
import logging
import os
import signal

__all__ = ["connected", "cores", "dask_setup", "existing", "local"]

#: Variables that limit the threads of libraries, which otherwise start one for each core.
_THREADS = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
#: Dask cannot spill the arrays of a pipeline to disk, so only the limit at which a worker is killed matters.
_MEMORY = {
    f"distributed.worker.memory.{key}": value
    for key, value in {"target": False, "spill": False, "pause": False, "terminate": 0.95}.items()
}
_TIMEOUT = "15s"
#: Time after which a worker that died is replaced if it has not restarted, and the interval of the checks in ms.
_LOST, _WATCH = "60s", 2000


def cores():
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@contextlib.contextmanager
def connected(scheduler=None, workers=None, memory=None, tasks=1):
    """Connect to an existing scheduler or, without one, to a new cluster on this machine.

    Parameters
    ----------
    scheduler : str, optional
        Address such as ``"tcp://login1:8786"``, or a scheduler file.
    workers : int, optional
        Worker processes on this machine. By default one for each core, but no more than tasks.
    memory : str or int, optional
        Memory limit of each worker, such as ``"4GB"``. By default the memory of the machine is divided equally.
    tasks : int, optional
        Number of tasks.

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
        If the memory limit cannot be parsed.
    """
    if scheduler is not None:
        with existing(scheduler) as client:
            yield client
    else:
        with local(workers or min(cores(), tasks), memory) as client:
            yield client


@contextlib.contextmanager
def local(workers, memory=None):
    """Connect to new worker processes on this machine, which run one task at a time; see `connected`.

    The cores are divided equally: the libraries of each worker start ``cores() // workers`` threads, unless the
    environment sets another number (``OMP_NUM_THREADS`` and the like). A worker that exceeds its memory limit is killed
    and restarted.
    """
    import dask
    import distributed
    from dask.utils import parse_bytes

    limit = parse_bytes(memory) if memory else distributed.system.MEMORY_LIMIT // workers
    threads = dict.fromkeys(_THREADS, max(1, cores() // workers))
    settings = {
        "distributed.scheduler.allowed-failures": 10**6,  # run_job counts the attempts
        "distributed.scheduler.worker-saturation": 1.0,
        **_MEMORY,
        "distributed.nanny.pre-spawn-environ": threads,
        "distributed.deploy.lost-worker-timeout": _LOST,
        "distributed.worker.profile.enabled": False,
        "distributed.worker.preload": ["jwst_denoise.batch.cluster"],
    }
    with dask.config.set(settings), _environment_kept(), _quiet():
        cluster = distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, memory_limit=limit, processes=True, host="127.0.0.1",
            dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
        )  # fmt: skip
        with cluster, distributed.Client(cluster) as client, _replaced(cluster, workers):
            yield client


def dask_setup(worker):
    """Let a worker ignore interruptions, which the batch handles; Dask calls this function when a worker starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def _replaced(cluster, workers):
    """Keep the number of workers: Dask abandons those that it cannot restart in time."""
    from tornado.ioloop import PeriodicCallback

    watch = PeriodicCallback(lambda: cluster.scale(workers), _WATCH)
    cluster.loop.add_callback(watch.start)
    try:
        yield
    finally:
        cluster.loop.add_callback(watch.stop)


@contextlib.contextmanager
def existing(scheduler):
    """Connect to a running scheduler; see `connected`."""
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
    """Restore the environment, since Dask sets the variables of the workers in this process first."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


@contextlib.contextmanager
def _quiet():
    """Silence the log of Dask; the table of the batch reports the failures."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
