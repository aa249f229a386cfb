"""Time and memory of a full frame of ten groups."""

import tempfile
from pathlib import Path

import numpy as np

from jwst_denoise import crds_cache, products, simulate
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.measure import in_process, seconds
from jwst_denoise_benchmarks.nsclean import peers
from jwst_denoise_benchmarks.ramps import methods
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS, seeded
from jwst_denoise_benchmarks.ramps.jobs import ramp_fit_job, step_job
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["on_gpu", "speed"]

GROUPS = 10
THREADS = 2
CPU, GPU = 60.0, 2.0  # s, asked
SHARE, MORE = 1.5, 1e9  # asked: bytes for each of the input, and beyond


def _files(folder, quick):
    """Ramp in a file, and the folder of a cache of references."""
    detector = simulate.detector(DETECTORS["NIRCam"])
    rng = seeded(9)
    scene, observation = simulate.scene("field", detector, rng, subarray_name="SUB160" if quick else "FULL")
    exposure = simulate.simulate_exposure(
        scene, detector, None, "BRIGHT1", GROUPS, 1, rng, observation=observation, cosmic_rays=False
    )
    path = folder / "speed_ramp.fits"
    products.ramp_model(exposure).save(path)
    crds_cache.build_cache(folder / "crds", detectors=[detector.name])
    return path


def speed(quick):
    """Row: the step from file to file in a fresh process, beside ``ramp_fit``."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        path = _files(folder, quick)
        size = path.stat().st_size
        with crds_cache.activated(folder / "crds"), peers.quiet():
            peer = in_process(ramp_fit_job, str(path), str(folder))
        size_of = f"{_shape(quick)} × {GROUPS} groups, {size / 1e9:.2f} GB"
        what = f"JWST, whole step from file ({size_of}) to file, {THREADS} cores"
        try:
            models.load(methods.MODEL)
        except MissingData as error:
            yield Row(what, f"skipped: {error}", f"ramp_fit {_text(peer)}", figures={"peer": peer})
            return
        with crds_cache.activated(folder / "crds"), peers.quiet():
            ours = in_process(step_job, str(path), methods.model_name(), THREADS, str(folder))
    limit = SHARE * size + MORE
    yield Row(
        what, _text(ours), f"ramp_fit {_text(peer)}",
        f"≤ {CPU:g} s, ≤ {SHARE:g} × input + {MORE / 1e9:g} GB = {limit / 1e9:.2f} GB",
        None if quick else ours["seconds"][0] <= CPU and ours["peak"] <= limit,
        {"ours": ours, "peer": peer, "input": size},
    )  # fmt: skip


def on_gpu(quick):
    """Row: the network on the groups of a full frame on a GPU, where there is one."""
    import torch

    what = f"JWST, network on {_shape(quick)} × {GROUPS} groups"
    if not torch.cuda.is_available():
        yield skipped(f"{what} on a GPU", "torch finds no GPU")
        return
    try:
        model = models.load(methods.MODEL, "cuda")
    except MissingData as error:
        yield skipped(f"{what} on a GPU", error)
        return
    detector = simulate.detector(DETECTORS["NIRCam"])
    readout = detector.readout((160, 160), (1, 1)) if quick else detector.readout()
    noise = seeded(9, 1).standard_normal((GROUPS, *readout.shape), dtype=np.float32)
    groups = np.float32(detector.read_noise / detector.gain) * noise

    def job():
        model.predict(groups, detector.read_noise, group_time=21.5, readout=readout, gain=detector.gain)
        torch.cuda.synchronize()

    best = seconds(job)[0]
    yield Row(
        f"{what}, {torch.cuda.get_device_name()}", f"{best:.2f} s", asked=f"≤ {GPU:g} s",
        met=None if quick else best <= GPU, figures={"seconds": best},
    )  # fmt: skip


def _shape(quick):
    return "160 × 160" if quick else "2048 × 2048"


def _text(figures):
    return f"{figures['seconds'][0]:.3g} s, peak {figures['peak'] / 1e9:.2f} GB"
