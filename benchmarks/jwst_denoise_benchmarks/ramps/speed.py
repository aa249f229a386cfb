"""Time and memory of a full frame of ten groups."""

import tempfile
from pathlib import Path

import numpy as np

from jwst_denoise import crds_cache, products, simulate
from jwst_denoise_benchmarks.core.inputs import MissingInput, load_model, quiet, seeded
from jwst_denoise_benchmarks.core.measure import in_process, seconds
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.ramps import methods
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS
from jwst_denoise_benchmarks.ramps.file_jobs import ramp_fit_job, step_job

__all__ = ["gpu_row", "on_gpu", "speed", "speed_rows"]

GROUPS = 10
THREADS = 2
CPU, GPU = 60.0, 2.0  # s, targets
FACTOR, OFFSET = 1.5, 1e9  # target of the memory: factor of the input, and bytes in addition


def _write_ramp(folder, quick):
    """Write a ramp and a CRDS cache; return the path of the ramp."""
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
    """Rows: the step from file to file in a fresh process, beside ``ramp_fit``."""
    denoised = None
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        path = _write_ramp(folder, quick)
        size = path.stat().st_size
        with crds_cache.activated(folder / "crds"), quiet():
            fit = in_process(ramp_fit_job, str(path), str(folder))
            try:
                load_model(methods.MODEL)
                denoised = in_process(step_job, str(path), methods.model_name(), THREADS, str(folder))
            except MissingInput:
                pass
    yield from speed_rows(_shape(quick), size, denoised, fit, quick)


def speed_rows(shape, size, denoised, fit, quick=False):
    """Rows on time and memory; ``size`` of the input in bytes, ``denoised`` None without a model."""
    configuration = f"{shape} × {GROUPS} groups, {size / 1e9:.2f} GB, {THREADS} cores"
    limits = {"Time": (CPU, "s"), "Peak memory": ((FACTOR * size + OFFSET) / 1e9, "GB")}
    for name, (limit, unit) in limits.items():
        values = [one and (one["seconds"][0] if unit == "s" else one["peak"] / 1e9) for one in (denoised, fit)]
        quantity, reference = f"{name} from file to file", {methods.FIT: values[1]}
        if denoised is None:
            yield skipped(quantity, configuration, methods.NO_MODEL, reference, unit=unit)
            continue
        yield Row(
            quantity, configuration, {methods.DENOISED: values[0]}, reference, unit, target=f"≤ {limit:.3g}",
            passed=None if quick else values[0] <= limit,
            metrics={methods.DENOISED: denoised, methods.FIT: fit, "input": size} if unit == "s" else {},
        )  # fmt: skip


def on_gpu(quick):
    """Row: the network on the groups of a full frame on a GPU, if there is one."""
    import torch

    if not torch.cuda.is_available():
        yield skipped("Time of the network on a GPU", _shape(quick), "torch finds no GPU", unit="s")
        return
    try:
        model = load_model(methods.MODEL, "cuda")
    except MissingInput as error:
        yield skipped("Time of the network on a GPU", _shape(quick), error, unit="s")
        return
    detector = simulate.detector(DETECTORS["NIRCam"])
    readout = detector.readout((160, 160), (1, 1)) if quick else detector.readout()
    noise = seeded(9, 1).standard_normal((GROUPS, *readout.shape), dtype=np.float32)
    groups = np.float32(detector.read_noise / detector.gain) * noise

    def job():
        model.predict(groups, detector.read_noise, group_time=21.5, readout=readout, gain=detector.gain)
        torch.cuda.synchronize()

    yield gpu_row(f"{_shape(quick)} × {GROUPS} groups, {torch.cuda.get_device_name()}", seconds(job)[0], quick)


def gpu_row(configuration, time, quick=False):
    """Row of one GPU."""
    return Row(
        "Time of the network on a GPU", configuration, {methods.DENOISED: time}, {}, "s", target=f"≤ {GPU:g}",
        passed=None if quick else time <= GPU,
    )  # fmt: skip


def _shape(quick):
    return "160 × 160" if quick else "2048 × 2048"
