"""Time and memory of images of 2048²."""

import numpy as np

from jwst_denoise_benchmarks.core.inputs import available_models, load_model, model_directory, models_from, seeded
from jwst_denoise_benchmarks.core.measure import in_process, seconds
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.images.scenes import MODELS, simulate_exposure

__all__ = ["denoise_job", "on_gpu", "speed", "speed_rows"]

EDGE, SMALL = 2048, 256
THREADS, FRAMES = 2, 4
CPU, GPU = 30.0, 0.5  # s, targets


def denoise_job(name, directory, threads, edge):
    """Job: a model on an image of noise, or a stack of four, with the error.

    Parameters
    ----------
    name : str
        Model.
    directory : str or None
        Directory of the model.
    threads : int
        Of torch.
    edge : int
        Pixels.
    """
    import torch

    torch.set_num_threads(threads)
    with models_from(directory):
        denoiser = load_model(name).network
    image = _image(denoiser, edge)
    return lambda: denoiser.denoise(image)


def _image(denoiser, edge):
    rate = np.full((edge, edge), 0.2)
    number = FRAMES if denoiser.takes_stack else 1
    frames = [simulate_exposure(rate, 300.0, seeded(60, index)) for index in range(number)]
    return frames if denoiser.takes_stack else frames[0]


def speed(quick):
    """Rows: every model on the CPU, in a fresh process."""
    edge = SMALL if quick else EDGE
    for name in MODELS:
        if not available_models((name,)):
            yield skipped("Time with the error, 2 CPU cores", name, f"no model {name}", unit="s")
            continue
        yield from speed_rows(name, edge, in_process(denoise_job, name, model_directory(), THREADS, edge), quick)


def speed_rows(name, edge, measured, quick=False):
    """Rows of one model on time and memory."""
    configuration, time = _configuration(name, edge), measured["seconds"][0]
    yield Row(
        f"Time with the error, {THREADS} CPU cores", configuration, {"network": time}, {}, "s", form=".1f",
        target=f"≤ {CPU:g}", passed=None if quick else time <= CPU, metrics=measured,
    )  # fmt: skip
    yield Row("Peak memory of the process", configuration, {"network": measured["peak"] / 1e9}, {}, "GB", form=".2f")


def on_gpu(quick):
    """Rows: every model on a GPU, if there is one."""
    import torch

    edge = SMALL if quick else EDGE
    if not torch.cuda.is_available():
        yield skipped("Time with the error on a GPU", f"{edge} × {edge}", "torch finds no GPU", unit="s")
        return
    for name in available_models(MODELS):
        denoiser = load_model(name, "cuda").network
        image = _image(denoiser, edge)

        def job(denoiser=denoiser, image=image):
            denoiser.denoise(image)
            torch.cuda.synchronize()

        time = seconds(job)[0]
        yield Row(
            "Time with the error on a GPU", f"{_configuration(name, edge)}, {torch.cuda.get_device_name()}",
            {"network": time}, {}, "s", target=f"≤ {GPU:g}", passed=None if quick else time <= GPU,
        )  # fmt: skip


def _configuration(name, edge):
    frames = f"{FRAMES} frames of " if name.endswith("stack") else ""
    return f"{name}, {frames}{edge} × {edge}"
