"""Speed and memory of the fits, beside ``jwst.clean_flicker_noise``."""

import tempfile
from pathlib import Path

import numpy as np

from jwst_denoise import NSCleanStep, simulate
from jwst_denoise.nsclean import FitOptions, fit
from jwst_denoise.nsclean.frame import fit_frame
from jwst_denoise.nsclean.weights import band_apodizer
from jwst_denoise.readout import Readout
from jwst_denoise_benchmarks.measure import in_process, seconds
from jwst_denoise_benchmarks.nsclean import peers, scenes
from jwst_denoise_benchmarks.rows import MissingData, Row

__all__ = ["allslits", "full_frame", "subarray"]

OPTIONS = FitOptions(method="nsclean", frame_outlier_sigma=0)


def subarray(quick):
    """Row: one integration of a BOTS subarray against ``NSCleanSubarray``."""
    shape = (32, 512) if quick else (32, 2048)
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / "model.npy")
        peer = in_process(peer_job, *shape, path)
        ours = in_process(our_job, *shape, repeats=9)
        readout, data, mask = _bots(shape)
        model = np.load(path)
    found, _ = fit_frame(data, mask, readout, OPTIONS, weights=peers.subarray_weights(mask, readout))
    difference = float(np.std(found - model) / np.std(model))
    faster, smaller = peer["seconds"][0] / ours["seconds"][0], peer["above"] / max(ours["above"], 1)
    figures = {"peer": peer, "ours": ours, "times_faster": faster, "times_smaller": smaller, "difference": difference}
    yield Row(
        f"BOTS, one integration of {shape[0]} × {shape[1]}, nsclean",
        f"{_time(ours)}, {_memory(ours)}: {faster:.0f} × faster, 1/{smaller:.0f} of the memory; same weights: "
        f"models differ by {difference:.1e} rms",
        peer=f"NSCleanSubarray {_time(peer)}, {_memory(peer)}",
        asked="≥ 300 × faster, ≤ 1/20 of the memory, models equal to 1e-4",
        met=None if quick else faster >= 300 and smaller >= 20 and difference <= 1e-4, figures=figures,
    )  # fmt: skip


def allslits(quick):
    """Row: the largest subarray of the NIRSpec slits."""
    ours = in_process(our_job, 256, 2048, repeats=5)
    met = ours["seconds"][0] <= 1 and ours["above"] <= 0.5e9
    readout, _, mask = _bots((256, 2048))
    fitted = np.count_nonzero(band_apodizer(readout.ticks, readout.pixel_time, OPTIONS.bands))
    matrix = np.count_nonzero(mask) * fitted * np.dtype(np.complex64).itemsize
    yield Row(
        "ALLSLITS, 256 × 2048, nsclean", f"{_time(ours)}, {_memory(ours)}",
        f"NSCleanSubarray: its matrix alone has {matrix / 1e9:.0f} GB",
        "≤ 1 s, ≤ 0.5 GB", met, {**ours, "matrix": matrix},
    )  # fmt: skip


def _time(figures):
    return f"{figures['seconds'][0]:.3g} s"


def _memory(figures):
    return f"{figures['above'] / 1e9:.2g} GB"


def _bots(shape):
    """Readout, data and mask of one integration with a trace and bad pixels."""
    rng = np.random.default_rng(1)
    readout = Readout.for_detector("NRS1", tuple(shape))
    _, data = scenes.noisy_frame(readout, rng)
    mask = rng.random(shape) >= 0.02
    middle = shape[0] // 2
    mask[middle - 4 : middle + 5] = False
    return readout, data, mask


def peer_job(ny, nx, path):
    """Job: ``NSCleanSubarray``; its model goes to ``path``."""
    _, data, mask = _bots((ny, nx))
    return lambda: np.save(path, peers.subarray_noise(data, mask))


def our_job(ny, nx):
    """Job: the same fit by this package."""
    readout, data, mask = _bots((ny, nx))
    return lambda: fit_frame(data, mask, readout, OPTIONS)


def full_frame(quick):
    """Rows: full frames of NRS1, arrays in and arrays out, and both steps."""
    repeats = 2 if quick else 9
    readout, mask, name = _full_mask()
    _, data = scenes.noisy_frame(readout, np.random.default_rng(3))
    jobs = {
        "jwst fft": lambda: peers.fft_noise(data, mask, "NRS1"),
        "jwst median": lambda: peers.median_noise(data, mask, readout),
        "nsclean": lambda: fit(data, mask, readout, "nsclean"),
        "median": lambda: fit(data, mask, readout, "median"),
        "gp": lambda: fit(data, mask, readout, "gp"),
    }
    times = {key: seconds(job, repeats) for key, job in jobs.items()}
    times |= _steps(data, mask, max(1, repeats // 2))
    best = {key: value[0] for key, value in times.items()}
    where = f"full frame, 2048 × 2048, {name}"
    yield Row(
        f"{where}, nsclean", f"{best['nsclean']:.3f} s", f"fft {best['jwst fft']:.2f} s", "≤ 0.25 s",
        best["nsclean"] <= 0.25, {"seconds": times},
    )  # fmt: skip
    yield Row(
        f"{where}, gp", f"{best['gp']:.3f} s; step {best['step gp']:.2f} s",
        f"fft {best['jwst fft']:.2f} s, median {best['jwst median']:.2f} s; step with median "
        f"{best['jwst step median']:.2f} s",
        "≤ 0.5 s on 2 cores, faster than fft", best["gp"] <= 0.5 and best["gp"] < best["jwst fft"], {"seconds": times},
    )  # fmt: skip


def _full_mask():
    try:
        readout, mask = scenes.ifu_mask("NRS1 36 %")
        return readout, mask & ~readout.reference_pixels, "IFU mask (36 % dark)"
    except MissingData:
        readout = Readout.for_detector("NRS1")
        return readout, scenes.blobs(readout.shape, np.random.default_rng(2), 0.36), "synthetic mask (36 % dark)"


def _steps(data, mask, repeats):
    """Times of both steps on a rate image in memory, with the same mask from a file."""
    from stdatamodels.jwst.datamodels import ImageModel

    detector = simulate.detector("NRS1")
    observation = simulate.observation(detector, "NRS_IFU")
    model = scenes.template(np.zeros(mask.shape, np.float32), detector, observation, "NRSRAPID", 20)
    model.data[...] = data / 1000
    with tempfile.TemporaryDirectory() as directory, peers.quiet():
        path = str(Path(directory) / "mask.fits")
        ImageModel(data=mask.astype(np.float32)).save(path)
        return {
            "jwst step median": seconds(lambda: peers.median_step(model, user_mask=path), repeats),
            "step gp": seconds(lambda: NSCleanStep.call(model, user_mask=path, configure_log=False), repeats),
        }
