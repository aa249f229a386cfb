"""Time and memory on a full frame, and tiles against the whole."""

import numpy as np

from jwst_denoise.cosmic_ray_mask.inpaint import inpaint
from jwst_denoise.simulate import fields, point_spread_function, simulate_image
from jwst_denoise_benchmarks.cosmic_ray_mask import cases, lacosmic, models
from jwst_denoise_benchmarks.cosmic_ray_mask.filling import MODEL
from jwst_denoise_benchmarks.measure import in_process, seconds
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["filling_speed", "lacosmic_job", "mask_job", "masking_speed", "on_gpu", "tiles"]

EDGE = 2048
THREADS = 2
#: Model -> how many times faster than LACosmic it must be: on the CPU, on a GPU.
ASKED = {"cosmic_ray_mask-2-4": (10.0, None), "cosmic_ray_mask-2-32": (1.0, 90.0)}
EQUAL = 1e-5  # in probability


def _image(edge):
    rng = np.random.default_rng([cases.SEED, 9])
    rate = fields.field((edge, edge), point_spread_function("NIRCAM_SW", "F200W"), rng)
    return simulate_image(rate, 150.0, rng)


def _threads(device):
    import torch

    if device == "cpu":
        torch.set_num_threads(THREADS)
    return torch


def lacosmic_job(edge):
    """Job: LACosmic with its own defaults on a frame."""
    image = _image(edge)
    return lambda: lacosmic.mask(image)


def mask_job(name, edge, device="cpu", directory=None):
    """Job: probabilities of a frame."""
    torch = _threads(device)
    image = _image(edge)
    with models.in_directory(directory):
        model = models.load(name, device)

    def job():
        models.score(model, image)
        if device != "cpu":
            torch.cuda.synchronize()

    return job


def inpaint_job(method, edge, directory=None):
    """Job: fill the cosmic rays of a frame."""
    _threads("cpu")
    image = _image(edge)
    with models.in_directory(directory):
        model = models.load(MODEL) if method == "network" else None
    return lambda: inpaint(image.data, image.truth(), method, model, err=image.err, bad=image.bad)


def masking_speed(quick):
    """Rows: time and memory of the masks beside LACosmic."""
    edge, repeats = (512, 1) if quick else (EDGE, 3)
    peer = in_process(lacosmic_job, edge, repeats=repeats)
    for name in sorted(ASKED):
        asked = ASKED[name][0]
        what = f"{models.short(name)}: mask of {edge} × {edge} on {THREADS} cores"
        try:
            models.load(name)
        except MissingData as error:
            yield Row(what, f"skipped: {error}", f"LACosmic {_text(peer)}", figures={"peer": peer})
            continue
        ours = in_process(mask_job, name, edge, "cpu", models.directory(), repeats=repeats)
        faster = peer["seconds"][0] / ours["seconds"][0]
        yield Row(
            what, f"{_text(ours)}: {faster:.3g} × faster", f"LACosmic {_text(peer)}",
            f"≥ {asked:g} × faster" if asked > 1 else "not slower",
            None if quick else faster >= asked, {"ours": ours, "peer": peer, "times_faster": faster},
        )  # fmt: skip


def filling_speed(quick):
    """Row: time and memory of the ways to fill."""
    edge = 256 if quick else EDGE // 2
    found = {}
    for method in ("network", "median", "biharmonic"):
        try:
            if method == "network":
                models.load(MODEL)
            found[method] = in_process(inpaint_job, method, edge, models.directory())
        except MissingData:
            continue
    others = "; ".join(f"{method} {_text(figures)}" for method, figures in found.items() if method != "network")
    ours = _text(found["network"]) if "network" in found else f"skipped: no model {MODEL}"
    yield Row(f"inpainting the cosmic rays of {edge} × {edge} on {THREADS} cores", ours, others, figures=found)


def on_gpu(quick):
    """Rows: the masks on a GPU, where there is one, beside LACosmic on the CPU."""
    import torch

    if not torch.cuda.is_available():
        yield skipped("masks on a GPU", "torch finds no GPU")
        return
    edge = 512 if quick else EDGE
    peer, image = seconds(lacosmic_job(edge), 2), _image(edge)
    for name, (_, asked) in ASKED.items():
        job = mask_job(name, edge, "cuda", models.directory())
        ours = seconds(job, 9)
        faster = peer[0] / ours[0]
        yield Row(
            f"{models.short(name)}: mask of {edge} × {edge}, {torch.cuda.get_device_name()}, {image.seconds:.0f} s",
            f"{ours[0]:.3g} s: {faster:.0f} × faster", f"LACosmic on the CPU {peer[0]:.3g} s",
            f"≥ {asked:g} × faster" if asked else "–", None if quick or not asked else faster >= asked,
            {"ours": ours, "peer": peer, "times_faster": faster},
        )  # fmt: skip


def tiles(quick):
    """Row: largest difference of probabilities between tiles and the image in one piece."""
    image, found = _image(300 if quick else 700), {}
    for name in models.MASKS:
        try:
            model = models.load(name)
        except MissingData:
            continue
        whole = model.predict(image.data, err=image.err, tile=None)
        for tile in (64, 100, 256):
            tiled = model.predict(image.data, err=image.err, tile=tile)
            found[f"{models.short(name)}, {tile}"] = float(np.abs(tiled - whole).max())
    if not found:
        yield skipped("tiles against the whole", f"no model {models.MASKS[0]}")
        return
    largest = max(found.values())
    yield Row(
        f"tiles of 64, 100 and 256 pixels against the whole, {image.data.shape[0]}²: largest difference in probability",
        f"{largest:.1e}", asked=f"≤ {EQUAL:g}", met=largest <= EQUAL, figures=found,
    )  # fmt: skip


def _text(figures):
    return f"{figures['seconds'][0]:.3g} s, {figures['above'] / 1e9:.2g} GB"
