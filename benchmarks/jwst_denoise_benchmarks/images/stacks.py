"""Simulated stacks with stars: magnitude limits beside co-addition, and widths and fluxes of the stars."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise.ramps.coadd import coadd_frames
from jwst_denoise.simulate import point_spread_function
from jwst_denoise.simulate.fields import point_sources
from jwst_denoise_benchmarks.core.inputs import model_directory, seeded
from jwst_denoise_benchmarks.core.plots import COLORS, new_figure, save_figure
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.images.limits import DETECTORS, magnitude_limit, measure_curve
from jwst_denoise_benchmarks.images.scenes import Noise, network, simulate_exposure, unless_missing
from jwst_denoise_benchmarks.ramps.errors import bias_row, biases

__all__ = [
    "SAMPLINGS", "Stack", "curves", "depth", "draw_completeness", "faintest", "limit_rows", "mean_stamp", "psf_stamp",
    "simulate_stack", "single", "stamp_width", "width_rows", "widths",
]  # fmt: skip

#: Channel and filter: undersampled, well sampled, and in the long-wavelength channel.
SAMPLINGS = (("NIRCAM_SW", "F115W"), ("NIRCAM_SW", "F200W"), ("NIRCAM_LW", "F356W"))
USUAL = SAMPLINGS[1]
SKY, SECONDS = 0.2, 100.0
NOISE = Noise(correlated=True)
HITS, CHARGE = 3e-4, 200.0  # fraction of the pixels of a frame with a cosmic ray, mean charge in e-
SPACING = 32  # pixels, edge of the cell of a star
MAGNITUDES = (-3.0, 2.5)  # 0 for an optimal S/N of 5 in the stack
FRAMES = (4, 8)
SINGLE = (("noise2noise", 5.0), ("astro_unet", 5.0))
GAIN = 1.0  # target, mag, as of ASTERIS
BRIGHT = (-5.5, 0.5)  # magnitudes of the stars whose widths are measured
RADIUS, REACH, WINDOW = 4.0, 6, 2.0  # pixels: of the aperture, of a stamp, standard deviation of the weights of moments
WIDER = 0.02  # target
CLASSES = {"10": (10.0, 30.0), "30": (30.0, 100.0), "100": (100.0, np.inf)}  # S/N


@dataclass(frozen=True, eq=False)
class Stack:
    """Frames of one scene.

    Parameters
    ----------
    frames : tuple of SlopeImage
        Exposures.
    stars : ndarray
        (n, 3) x, y and magnitude.
    truth : ndarray
        (ny, nx) e-/s of the stars, without the sky.
    """

    frames: tuple
    stars: np.ndarray
    truth: np.ndarray


def psf_stamp(sampling=USUAL):
    """Point-spread function around its central pixel."""
    return point_spread_function(*sampling).stamp(0.0, 0.0)


def faintest(frames, sampling=USUAL):
    """Flux in e-/s with an S/N of 5 by the optimal filter in a stack with white noise."""
    read = NOISE.read_noise**2 + NOISE.dark * SECONDS
    variance = (SKY * SECONDS + read) / SECONDS**2 / frames
    return 5 * np.sqrt(variance / np.sum(psf_stamp(sampling) ** 2))


@lru_cache(maxsize=32)
def simulate_stack(frames, edge, seed, sampling=USUAL, magnitudes=MAGNITUDES, hits=HITS):
    """Simulate frames of stars on a sky, one in every cell, with uniformly distributed magnitudes.

    Parameters
    ----------
    frames : int
        Number of exposures.
    edge : int
        Pixels of an image.
    seed : int
        Different seeds have different stars.
    sampling : tuple, optional
        One of `SAMPLINGS`.
    magnitudes : tuple of float, optional
        Range of the magnitudes, 0 for an optimal S/N of 5.
    hits : float, optional
        Fraction of the pixels of a frame with a cosmic ray.

    Returns
    -------
    Stack
    """
    rng = seeded(30, seed, frames)
    y, x = (np.mgrid[: edge // SPACING, : edge // SPACING] * float(SPACING) + SPACING / 2).reshape(2, -1)
    x, y = (values + rng.uniform(-SPACING / 3, SPACING / 3, values.size) for values in (x, y))
    magnitude = rng.uniform(*magnitudes, x.size)
    flux = faintest(frames, sampling) * 10 ** (-0.4 * magnitude)
    truth = point_sources((edge, edge), x, y, flux, point_spread_function(*sampling))
    images = tuple(_frame(SKY + truth, hits, rng) for _ in range(frames))
    return Stack(images, np.column_stack([x, y, magnitude]), truth)


def _frame(rate, hits, rng):
    image = simulate_exposure(rate, SECONDS, rng, NOISE)
    charge = np.where(rng.uniform(size=rate.shape) < hits, rng.exponential(CHARGE, rate.shape), 0)
    return replace(image, rate=image.rate + (charge / SECONDS).astype(np.float32))


def size_of(quick):
    """Number of images of a filter and their edge."""
    return (1, 256) if quick else (6, 512)


def curves(name, frames, sampling, quick):
    """Method of detection -> `Curve` of a model, and of the co-addition; once for all rows and figures.

    Parameters
    ----------
    name : str
        Model; one for single images gets the one frame, without cosmic rays.
    frames : int
        Of a stack.
    sampling : tuple
        One of `SAMPLINGS`.
    quick : bool
        Small.
    """
    return _curves(name, frames, sampling, quick, model_directory())


@lru_cache(maxsize=24)
def _curves(name, frames, sampling, quick, _directory):
    denoiser, ratio = network(name), dict(SINGLE).get(name, 5.0)
    number, edge = size_of(quick)
    options = {} if denoiser.takes_stack else {"hits": 0.0}
    stacks = [simulate_stack(frames, edge, seed, sampling, **options) for seed in range(number)]
    tables = [one.stars for one in stacks]
    coadded = [coadd_frames(one.frames).image.rate - SKY for one in stacks]
    inputs = [one.frames if denoiser.takes_stack else one.frames[0] for one in stacks]
    denoised = [denoiser.denoise(one, ratio=ratio, uncertainty="none").rate - SKY for one in inputs]
    psf = psf_stamp(sampling)
    return {name: tuple(measure_curve(images, tables, name, psf) for images in (denoised, coadded))
            for name in DETECTORS}  # fmt: skip


@unless_missing("Gain of the magnitude limit over co-addition")
def depth(quick):
    """Rows: gain of the limit for every number of frames and method of detection."""
    for frames in FRAMES:
        yield from _measure_limits("noise2noise-stack", frames, quick)


@unless_missing("Gain of the magnitude limit over the input")
def single(quick):
    """Rows: gain of the limit of single images."""
    for name, _ in SINGLE:
        yield from _measure_limits(name, 1, quick)


def _measure_limits(name, frames, quick):
    by_filter = {sampling[1]: curves(name, frames, sampling, quick) for sampling in SAMPLINGS}
    for method in DETECTORS:
        pairs = {key: one[method] for key, one in by_filter.items()}
        limits = {key: tuple(magnitude_limit(curve) for curve in pair) for key, pair in pairs.items()}
        stored = {key: [vars(curve) for curve in pair] for key, pair in pairs.items()}
        yield from limit_rows(name, frames, method, limits, stored, quick)


def limit_rows(name, frames, method, limits, stored=None, quick=False):
    """Rows of one model and method of detection: filter -> limits of the network and of the co-addition, mag.

    The limit is that at 90 % completeness and 90 % purity; 0 is an S/N of 5 by the optimal filter in white noise.
    """
    stack, tested = frames > 1, frames > 1 and method == "segmentation"
    configuration = f"{name}, {frames} exposures, {method}" if stack else f"{name}, {method}"
    gains = {key: denoised - before for key, (denoised, before) in limits.items()}
    mean = float(np.mean(list(gains.values())))
    reference = "co-addition" if stack else "the input"
    yield Row(
        f"Gain of the magnitude limit over {reference}", configuration, {"mean": mean} | gains, {}, "mag", form="+.2f",
        target=f"≥ {GAIN:g}" if tested else "", passed=mean >= GAIN if tested and not quick else None,
        metrics={"limits": limits, "curves": stored},
    )  # fmt: skip
    limit = {key: before for key, (_, before) in limits.items()}
    yield Row(f"Magnitude limit of {reference}", configuration, {}, limit, "mag", form="+.2f")


def draw_completeness(path, quick):
    """Completeness of injected stars at 90 % purity, against magnitude, in F200W."""
    figure, axes = new_figure((13, 4.5), 1, 3, sharey=True)
    cases = [("noise2noise-stack", frames) for frames in FRAMES] + [(SINGLE[0][0], 1)]
    for axis, (name, frames) in zip(axes, cases, strict=True):
        for method, color in zip(DETECTORS, ("tab:blue", "tab:orange", "tab:green"), strict=True):
            denoised, before = curves(name, frames, USUAL, quick)[method]
            axis.plot(denoised.magnitude, denoised.completeness, "-", color=color, label=f"{name}, {method}")
            axis.plot(before.magnitude, before.completeness, ":", color=color, label=f"before, {method}")
        axis.axhline(0.9, color=COLORS["theory"], lw=0.6)
        axis.set(xlabel="magnitude, 0 = S/N 5 by the optimal filter", title=f"{frames} exposure{'s' * (frames > 1)}")
    axes[0].set_ylabel("completeness at 90 % purity")
    axes[0].legend(fontsize=7)
    save_figure(figure, path)


def mean_stamp(image, places):
    """Sum of the pixels around positions, (2 REACH + 1, 2 REACH + 1)."""
    stamps = np.zeros((2 * REACH + 1, 2 * REACH + 1))
    for x, y in np.rint(places).astype(int):
        if REACH <= x < image.shape[1] - REACH and REACH <= y < image.shape[0] - REACH:
            stamps += image[y - REACH : y + REACH + 1, x - REACH : x + REACH + 1]
    return stamps


def stamp_width(stamp):
    """Square root of the second moment with Gaussian weights, pixels."""
    offset = np.arange(-REACH, REACH + 1)
    square = offset[:, None] ** 2 + offset[None, :] ** 2
    weighted = stamp * np.exp(-square / (2 * WINDOW**2))
    return float(np.sqrt(np.sum(weighted * square) / np.sum(weighted) / 2))


def measure_widths(denoiser, frames, images, edge):
    """Widths and biases.

    Returns
    -------
    dict, dict
        Key of `CLASSES` -> width over that of the truth, of the network's image and of the co-addition; `biases` of the
        fluxes: the network's minus the co-addition's over the true.
    """
    stamps = {key: [0, 0, 0] for key in CLASSES}
    parts = []
    for seed in range(images):
        stack = simulate_stack(frames, edge, 1000 + seed, magnitudes=BRIGHT)
        result = denoiser.denoise(stack.frames, uncertainty="none")
        places = stack.stars[:, :2]
        ratio = 5 * 10 ** (-0.4 * stack.stars[:, 2])
        for key, (low, high) in CLASSES.items():
            inside = places[(ratio >= low) & (ratio < high)]
            for index, image in enumerate((result.rate - SKY, result.observed.rate - SKY, stack.truth)):
                stamps[key][index] = stamps[key][index] + mean_stamp(image, inside)
        change = result.rate - result.observed.rate
        level = np.median(change[stack.truth < 0.01 * faintest(frames)])
        sums = [aperture_sums(image, places, RADIUS) for image in (change - level, stack.truth)]
        parts.append((*sums, ratio))
    widths = {key: tuple(stamp_width(one) / stamp_width(sums[2]) for one in sums[:2]) for key, sums in stamps.items()}
    return widths, biases(*(np.concatenate(values) for values in zip(*parts, strict=True)))


@unless_missing("Width of stars over that without noise")
def widths(quick):
    """Rows: width of the point-spread function and bias of fluxes."""
    denoiser = network("noise2noise-stack")
    for frames in FRAMES:
        yield from width_rows(frames, *measure_widths(denoiser, frames, *((1, 256) if quick else (8, 512))), quick)


def width_rows(frames, by_class, bins, quick=False):
    """Rows of one number of frames, from `measure_widths`."""
    for key, (denoised, coadded) in by_class.items():
        low, high = CLASSES[key]
        label = f"S/N > {low:g}" if np.isinf(high) else f"S/N {low:g}–{high:g}"
        yield Row(
            "Width of stars over that without noise", f"{frames} exposures, {label}", {"noise2noise-stack": denoised},
            {"co-addition": coadded}, form=".3f", target=f"1 ± {WIDER:g}",
            passed=None if quick else abs(denoised - 1) <= WIDER,
        )  # fmt: skip
    yield bias_row("Bias of the flux of stars", f"noise2noise-stack, {frames} exposures", bins, not quick)
