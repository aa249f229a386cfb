"""Progress of long work in the log, and so in the ``cal_logs`` of the product."""

import logging
import time

__all__ = ["chunks"]

log = logging.getLogger("stpipe.jwst_denoise.steps")

INTERVAL = 10.0  # s


def chunks(total, size, items):
    """Slices that cover ``range(total)``, with a log line every ten seconds.

    Parameters
    ----------
    total : int
        Number of items.
    size : int
        Largest number of items in a slice.
    items : str
        Name of the items, for the log.

    Yields
    ------
    slice
    """
    started = last = time.monotonic()
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))
        now = time.monotonic()
        if now - last > INTERVAL and start + size < total:
            last = now
            done = start + size
            log.info("%d of %d %s, %.0f s left", done, total, items, (now - started) * (total - done) / done)
