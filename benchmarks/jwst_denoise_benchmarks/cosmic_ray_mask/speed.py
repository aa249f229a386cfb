"""Time and memory on a full frame, and tiles against the whole image."""

import numpy as np

from jwst_denoise.cosmic_ray_mask.inpaint import inpaint
from jwst_denoise.simulate import fields, point_spread_function, simulate_image
from jwst_denoise_benchmarks.core.inputs import (
    MissingInput,
    available_models,
    load_model,
    model_directory,
    models_from,
    seeded,
)
from jwst_denoise_benchmarks.core.measure import in_process, seconds
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.cosmic_ray_mask.cases import mask_models, probability, short_name
from jwst_denoise_benchmarks.cosmic_ray_mask.filling import MODEL
from jwst_denoise_benchmarks.cosmic_ray_mask.scores import lacosmic_mask

__all__ = [
    "filling_speed", "filling_speed_rows", "lacosmic_job", "mask_job", "masking_rows", "masking_speed", "on_gpu",
    "tile_rows", "tiles",
]  # fmt: skip

EDGE = 2048
THREADS = 2
#: Model -> target of its speed over that of LACosmic, on the CPU and on a GPU.
FASTER = {"cosmic_ray_mask-2-32": (1.0, 90.0), "cosmic_ray_mask-2-4": (10.0, None)}
EQUAL = 1e-5  # in probability
TILES = "Largest difference in probability between tiles and the whole image"


def _image(edge):
    rng = seeded(9)
    rate = fields.field((edge, edge), point_spread_function("NIRCAM_SW", "F200W"), rng)
    return simulate_image(rate, 150.0, rng)


def _limit_threads(device):
    import torch

    if device == "cpu":
        torch.set_num_threads(THREADS)
    return torch


def lacosmic_job(edge):
    """Job: LACosmic with its default parameters on a frame."""
    image = _image(edge)
    return lambda: lacosmic_mask(image)


def mask_job(name, edge, device="cpu", directory=None):
    """Job: probabilities of a frame."""
    torch = _limit_threads(device)
    image = _image(edge)
    with models_from(directory):
        model = load_model(name, device)

    def job():
        probability(model, image)
        if device != "cpu":
            torch.cuda.synchronize()

    return job


def inpaint_job(method, edge, directory=None):
    """Job: fill the cosmic rays of a frame."""
    _limit_threads("cpu")
    image = _image(edge)
    with models_from(directory):
        model = load_model(MODEL) if method == "network" else None
    return lambda: inpaint(image.data, image.truth(), method, model, err=image.err, bad=image.bad)


def masking_speed(quick):
    """Rows: time and memory of the masks beside LACosmic."""
    edge, repeats = (512, 1) if quick else (EDGE, 3)
    lacosmic = in_process(lacosmic_job, edge, repeats=repeats)
    for name in FASTER:
        try:
            load_model(name)
        except MissingInput as error:
            yield skipped("Time of a mask", short_name(name), error, {"LACosmic": lacosmic["seconds"][0]}, unit="s")
            continue
        measured = in_process(mask_job, name, edge, "cpu", model_directory(), repeats=repeats)
        yield from masking_rows(name, edge, measured, lacosmic, quick)


def masking_rows(name, edge, measured, lacosmic, quick=False):
    """Rows on time and memory of one model."""
    configuration = f"{short_name(name)}, {edge} × {edge}, {THREADS} cores"
    time, limit = measured["seconds"][0], lacosmic["seconds"][0] / FASTER[name][0]
    yield Row(
        "Time of a mask", configuration, {"network": time}, {"LACosmic": lacosmic["seconds"][0]}, "s",
        target=f"≤ {limit:.3g}", passed=None if quick else time <= limit,
        metrics={"network": measured, "LACosmic": lacosmic},
    )  # fmt: skip
    memory = {"network": measured["above"] / 1e9}
    yield Row("Memory of a mask", configuration, memory, {"LACosmic": lacosmic["above"] / 1e9}, "GB", form=".2g")


def filling_speed(quick):
    """Rows: time and memory of the methods of inpainting."""
    edge = 256 if quick else EDGE // 2
    methods = ["network"] * bool(available_models([MODEL])) + ["median", "biharmonic"]
    yield from filling_speed_rows(edge, {m: in_process(inpaint_job, m, edge, model_directory()) for m in methods})


def filling_speed_rows(edge, methods):
    """Rows: method -> measurement of the process."""
    configuration = f"{edge} × {edge}, {THREADS} cores"
    for quantity, unit in (("Time of inpainting", "s"), ("Memory of inpainting", "GB")):
        values = {name: one["seconds"][0] if unit == "s" else one["above"] / 1e9 for name, one in methods.items()}
        network = {"network": values.pop("network")} if "network" in values else {}
        metrics = methods if unit == "s" else {}
        yield Row(quantity, configuration, network, values, unit, form=".2g", metrics=metrics)


def on_gpu(quick):
    """Rows: the masks on a GPU, if there is one, beside LACosmic on the CPU."""
    import torch

    if not torch.cuda.is_available():
        yield skipped("Time of a mask on a GPU", "all models", "torch finds no GPU", unit="s")
        return
    edge = 512 if quick else EDGE
    lacosmic = seconds(lacosmic_job(edge), 2)[0]
    for name, (_, faster) in FASTER.items():
        time = seconds(mask_job(name, edge, "cuda", model_directory()), 9)[0]
        limit = lacosmic / faster if faster else None
        yield Row(
            "Time of a mask on a GPU", f"{short_name(name)}, {edge} × {edge}, {torch.cuda.get_device_name()}",
            {"network": time}, {"LACosmic on the CPU": lacosmic}, "s", target=f"≤ {limit:.3g}" if limit else "",
            passed=None if quick or not limit else time <= limit,
        )  # fmt: skip


def tiles(quick):
    """Rows: largest difference of probabilities between tiles and the image as a whole."""
    image = _image(300 if quick else 700)
    if not mask_models():
        yield skipped(TILES, f"{len(image.data)} × {len(image.data)}", "no model of masks")
    for name, model in mask_models().items():
        whole = model.predict(image.data, err=image.err, tile=None)
        tiled = {tile: model.predict(image.data, err=image.err, tile=tile) for tile in (64, 100, 256)}
        largest = {f"{tile} × {tile}": float(np.abs(one - whole).max()) for tile, one in tiled.items()}
        yield from tile_rows(name, len(image.data), largest)


def tile_rows(name, edge, largest):
    """Row of one model: size of the tiles -> largest difference."""
    yield Row(
        TILES, f"{short_name(name)}, {edge} × {edge}", largest, form=".1e", target=f"≤ {EQUAL:.0e}",
        passed=max(largest.values()) <= EQUAL,
    )  # fmt: skip
