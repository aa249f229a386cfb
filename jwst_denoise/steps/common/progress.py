"""Progress of long work as lines in the log, which is also what ends up in the product's ``cal_logs``."""

import logging
import time

__all__ = ["chunks"]

log = logging.getLogger("stpipe.jwst_denoise.steps")

INTERVAL = 10.0  # s


def chunks(total, size, what):
    """Slices that cover ``range(total)``, with a log line every ten seconds.

    Parameters
    ----------
    total : int
        Number of items.
    size : int
        Most items in a slice.
    what : str
        What the items are, for the log.

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
            log.info("%d of %d %s, %.0f s left", done, total, what, (now - started) * (total - done) / done)
