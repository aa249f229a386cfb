"""Time and memory of images of 2048²."""

import numpy as np

from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.images.denoisers import MODELS
from jwst_denoise_benchmarks.images.exposures import exposed
from jwst_denoise_benchmarks.images.scenes import seeded
from jwst_denoise_benchmarks.measure import in_process, seconds
from jwst_denoise_benchmarks.rows import Row, skipped

__all__ = ["denoise_job", "on_gpu", "speed"]

EDGE, SMALL = 2048, 256
THREADS, FRAMES = 2, 4
CPU, GPU = 30.0, 0.5  # s, asked


def denoise_job(name, directory, threads, edge):
    """Job: a model on an image of noise, or a stack of four, with the error.

    Parameters
    ----------
    name : str
        Model.
    directory : str or None
        Where it is from.
    threads : int
        Of torch.
    edge : int
        Pixels.
    """
    import torch

    torch.set_num_threads(threads)
    with models.in_directory(directory):
        made = models.load(name).network
    image = _image(made, edge)
    return lambda: made.denoise(image)


def _image(made, edge):
    rate = np.full((edge, edge), 0.2)
    frames = [exposed(rate, 300.0, seeded(60, number)) for number in range(FRAMES if made.takes_stack else 1)]
    return frames if made.takes_stack else frames[0]


def speed(quick):
    """Rows: every model on the CPU, in a fresh process."""
    edge = SMALL if quick else EDGE
    for name in MODELS:
        yield from _on_cpu(name, edge, quick)


def _on_cpu(name, edge, quick):
    if not models.available((name,)):
        yield skipped(f"{name} on the CPU", f"no model {name}")
        return
    found = in_process(denoise_job, name, models.directory(), THREADS, edge)
    best = found["seconds"][0]
    yield Row(
        f"{_what(name, edge)}, {THREADS} CPU cores", f"{best:.1f} s, peak {found['peak'] / 1e9:.2f} GB",
        asked=f"≤ {CPU:g} s", met=None if quick else best <= CPU, figures=found,
    )  # fmt: skip


def on_gpu(quick):
    """Rows: every model on a GPU, where there is one."""
    import torch

    edge = SMALL if quick else EDGE
    if not torch.cuda.is_available():
        yield skipped(f"images of {edge}² on a GPU", "torch finds no GPU")
        return
    for name in models.available(MODELS):
        made = models.load(name, "cuda").network
        image = _image(made, edge)

        def job(made=made, image=image):
            made.denoise(image)
            torch.cuda.synchronize()

        best = seconds(job)[0]
        yield Row(
            f"{_what(name, edge)}, {torch.cuda.get_device_name()}", f"{best:.2f} s", asked=f"≤ {GPU:g} s",
            met=None if quick else best <= GPU, figures={"seconds": best},
        )  # fmt: skip


def _what(name, edge):
    stack = f"{FRAMES} frames of " if name.endswith("stack") else ""
    return f"{name}, {stack}{edge}² with the error"
