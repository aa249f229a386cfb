"""Stars in denoised stacks: width of their image, and their flux, beside truth and co-addition."""

import numpy as np

from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise_benchmarks.images.denoisers import network, unless_missing
from jwst_denoise_benchmarks.images.depth import FRAMES
from jwst_denoise_benchmarks.images.stacks import SKY, faintest, stack
from jwst_denoise_benchmarks.ramps.bias import LIMIT, biases, is_met, text
from jwst_denoise_benchmarks.rows import Row

__all__ = ["measure", "mean_stamp", "width", "widths"]

SHOWN = (-5.5, 0.5)  # mag from an ideal S/N of 5
RADIUS, REACH, WINDOW = 4.0, 6, 2.0  # pixels: of the aperture, of a stamp, standard deviation of the weights of moments
WIDER = 0.02  # asked
CLASSES = ((10.0, 30.0), (30.0, 100.0), (100.0, np.inf))


def mean_stamp(image, places):
    """Sum of the pixels around places, (2 REACH + 1, 2 REACH + 1)."""
    stamps = np.zeros((2 * REACH + 1, 2 * REACH + 1))
    for x, y in np.rint(places).astype(int):
        if REACH <= x < image.shape[1] - REACH and REACH <= y < image.shape[0] - REACH:
            stamps += image[y - REACH : y + REACH + 1, x - REACH : x + REACH + 1]
    return stamps


def width(stamp):
    """Square root of the second moment with Gaussian weights, pixels."""
    offset = np.arange(-REACH, REACH + 1)
    square = offset[:, None] ** 2 + offset[None, :] ** 2
    weighted = stamp * np.exp(-square / (2 * WINDOW**2))
    return float(np.sqrt(np.sum(weighted * square) / np.sum(weighted) / 2))


def measure(made, frames, images, edge):
    """Widths and biases.

    Returns
    -------
    dict, dict
        Limits of S/N -> width over that of the truth, of the network's image and of the co-addition; `biases` of the
        fluxes by paired runs: the network's less the co-addition's over the true.
    """
    stamps = {limits: [0, 0, 0] for limits in CLASSES}
    parts = []
    for seed in range(images):
        made_of = stack(frames, edge, 1000 + seed, shown=SHOWN)
        result = made.denoise(made_of.frames, uncertainty="none")
        places = made_of.stars[:, :2]
        ratio = 5 * 10 ** (-0.4 * made_of.stars[:, 2])
        for (low, high), sums in stamps.items():
            some = places[(ratio >= low) & (ratio < high)]
            for place, image in enumerate((result.rate - SKY, result.observed.rate - SKY, made_of.truth)):
                sums[place] = sums[place] + mean_stamp(image, some)
        change = result.rate - result.observed.rate
        level = np.median(change[made_of.truth < 0.01 * faintest(frames)])
        sums = [aperture_sums(image, places, RADIUS) for image in (change - level, made_of.truth)]
        parts.append((*sums, ratio))
    widths = {key: tuple(width(one) / width(sums[2]) for one in sums[:2]) for key, sums in stamps.items()}
    return widths, biases(*(np.concatenate(values) for values in zip(*parts, strict=True)))


@unless_missing("stars in stacks")
def widths(quick):
    """Rows: width of the point-spread function and bias of fluxes."""
    for frames in FRAMES:
        found, bias = measure(network("noise2noise-stack"), frames, *((1, 256) if quick else (8, 512)))
        what = f"noise2noise-stack, {frames} exposures"
        told = [f"S/N > {low:g}" if np.isinf(high) else f"S/N {low:g}–{high:g}" for low, high in found]
        yield Row(
            f"{what}: width of stars over that without noise",
            "; ".join(f"{name}: {ours:.3f}" for name, (ours, _) in zip(told, found.values(), strict=True)),
            "co-addition " + "; ".join(f"{added:.3f}" for _, added in found.values()), f"within {100 * WIDER:g} %",
            None if quick else all(abs(ours - 1) <= WIDER for ours, _ in found.values()),
            {f"{low:g}": values for (low, _), values in found.items()},
        )  # fmt: skip
        yield Row(
            f"{what}: bias of the flux of stars by paired runs", text(bias), asked=f"< {100 * LIMIT:g} % above S/N 10",
            met=None if quick else is_met(bias), figures={f"{low:g}": one for (low, _), one in bias.items()},
        )  # fmt: skip
