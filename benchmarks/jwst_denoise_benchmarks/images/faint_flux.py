"""Mean flux of faint stars that the networks keep, and errors of sums, in noise that shares no code with the training.

Stars are injected into the same noise: the difference of the results above a ring, over what was injected, is the flux
that is kept. Images have white noise. Ramps have NIRCam's published budget: 1/f noise of 3 e- that four outputs share,
1 e- of each output, and white noise of 5 e- a frame.
"""

import numpy as np
from scipy import ndimage

from jwst_denoise import load_model
from jwst_denoise.readout import Readout
from jwst_denoise_benchmarks.core.inputs import seeded
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.images.scenes import label, unless_missing

__all__ = ["faint_flux", "flux_rows", "images", "ramps"]

SNR = (3, 5, 10, 30)  # in the aperture of 2.5 pixels, of the scatter of such apertures above rings in the input
RADII = (1.5, 2.5, 4.0)  # pixels
RING, REACH = (6, 10), 10  # pixels
SPACING, SIZE, LINES, GROUPS, FRAMES = 32, 512, 256, 8, 4
COMMON, OWN, WHITE, SECONDS = 3.0, 1.0, 5.0, 10.0  # e- a frame, s
KEPT = {3: (0.95, 1.05), 5: (0.98, 1.02), 10: (0.98, 1.02), 30: (0.98, 1.02)}
MODELS = {
    "astro_unet": (2.0, 5.0), "astro_unet-r2": (2.0,), "noise2noise": (None,), "noise2noise-uncertainty": (None,),
    "noise2noise-stack": (None,),
}  # fmt: skip
TITLE = "Flux kept of stars by S/N, paired injection; target 0.95 to 1.05 at S/N 3, 0.98 to 1.02 above"


@unless_missing(TITLE)
def images(quick):
    """Rows: models of images and stacks."""
    for name, ratios in MODELS.items():
        model = load_model(name, device="cpu")
        frames = FRAMES if name.endswith("stack") else 1
        for ratio in ratios:
            options = {"ratio": ratio} if ratio else {}

            def run(noise, flux, model=model, options=options):
                data = (noise + flux).astype(np.float32)
                return model.predict(data if len(data) > 1 else data[0], err=1.0, **options)

            draws = (seeded(61, k).normal(0, 1, (frames, SIZE, SIZE)) for k in range(1 if quick else 6))
            yield from flux_rows(label(name, ratio), *faint_flux(run, draws, lambda noise: noise.mean(axis=0)))


@unless_missing(TITLE)
def ramps(quick):
    """Rows: the model of ramps."""
    model, readout = load_model("ramp_denoise-jwst", device="cpu"), Readout((LINES, SIZE), -1, 2, outputs=4)
    time = SECONDS * (np.arange(GROUPS) - (GROUPS - 1) / 2)

    def run(noise, flux):
        groups = noise + SECONDS * np.arange(GROUPS)[:, None, None] * flux
        return model.predict(groups.astype(np.float32), WHITE, group_time=SECONDS, readout=readout)

    def slope(noise):
        return np.tensordot(time / np.sum(time**2), noise, 1)

    draws = (_draw_groups(seeded(62, k)) for k in range(1 if quick else 6))
    yield from flux_rows("ramp_denoise-jwst", *faint_flux(run, draws, slope))


def faint_flux(run, draws, observe):
    """Flux kept by S/N and scatter over error by radius.

    Parameters
    ----------
    run : callable
        (noise, image of the stars) -> result and error, (ny, nx).
    draws : iterable of ndarray
        Realizations of the noise.
    observe : callable
        Noise -> its image (ny, nx) without the network.

    Returns
    -------
    kept, ratios : dict
        S/N -> mean and standard error; radius -> scatter of sums of blank sky over the summed errors.
    """
    kept, ratios = {snr: [] for snr in SNR}, {radius: [] for radius in RADII}
    for noise in draws:
        before, err = run(noise, 0.0)
        unit, centers = _stars(before.shape)
        scale = np.std(_above_ring(observe(noise), 2.5)[_blank(before.shape)]) / np.mean(
            _above_ring(unit, 2.5)[centers]
        )
        for snr in SNR:
            change = run(noise, snr * scale * unit)[0].astype(float) - before
            kept[snr].extend(_above_ring(change, 2.5)[centers] / _above_ring(snr * scale * unit, 2.5)[centers])
        for radius in RADII:
            summed = np.sqrt(_sums(err.astype(float) ** 2, radius))
            ratios[radius].append(np.std((_above_ring(before.astype(float), radius) / summed)[_blank(before.shape)]))
    means = {snr: (float(np.mean(k)), float(np.std(k) / np.sqrt(len(k)))) for snr, k in kept.items()}
    return means, {radius: float(np.mean(values)) for radius, values in ratios.items()}


def flux_rows(name, kept, ratios):
    """Rows of one model."""
    passed = all(KEPT[snr][0] <= mean <= KEPT[snr][1] for snr, (mean, _) in kept.items())
    yield Row(TITLE, name, {f"S/N {snr}": value for snr, value in kept.items()}, form=".3f", passed=passed)
    yield Row(
        "Scatter of sums of blank sky over the summed errors; target 0.93 to 1.07 at r = 2.5", name,
        {f"r = {radius}": value for radius, value in ratios.items()}, form=".2f", passed=0.93 <= ratios[2.5] <= 1.07,
    )  # fmt: skip


def _stars(shape):
    """Image of stars of FWHM 2.2 pixels with a flux of 1 at different subpixel positions, and their centers."""
    image, centers = np.zeros(shape), np.zeros(shape, bool)
    y, x = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]
    grid = [(a, b) for a in range(SPACING // 2, shape[0], SPACING) for b in range(SPACING // 2, shape[1], SPACING)]
    for number, (row, column) in enumerate(grid):
        dy, dx = 0.5 - np.modf((number * 0.618, number * 0.755))[0]
        star = np.exp(-0.5 * ((y - dy) ** 2 + (x - dx) ** 2) / (2.2 / 2.355) ** 2)
        image[row - REACH : row + REACH + 1, column - REACH : column + REACH + 1] += star / star.sum()
        centers[row, column] = True
    return image, centers


def _blank(shape):
    """Grid of apertures that lie apart, and whose rings are inside the image."""
    grid = np.zeros(shape, bool)
    grid[REACH + 1 : -REACH - 1 : 7, REACH + 1 : -REACH - 1 : 7] = True
    return grid


def _disk(inner, outer):
    y, x = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]
    distance = np.hypot(y, x)
    return ((distance >= inner) & (distance < outer)).astype(float)


def _sums(image, radius):
    return ndimage.convolve(image, _disk(0, radius))


def _above_ring(image, radius):
    """Sums over apertures above the mean of their rings."""
    disk, ring = _disk(0, radius), _disk(*RING)
    return ndimage.convolve(image, disk - ring * disk.sum() / ring.sum())


def _draw_groups(rng):
    """Noise of the groups (groups, lines, pixels): four outputs, every second of which is read backward."""
    return np.stack([_draw_frame(rng) for _ in range(GROUPS)])


def _draw_frame(rng):
    width = SIZE // 4
    common, *own = (_one_over_f(rng, width) for _ in range(5))
    parts = [COMMON * common + OWN * noise for noise in own]
    stripes = [part[:, ::-1] if output % 2 else part for output, part in enumerate(parts)]
    return np.concatenate(stripes, axis=1) + WHITE * rng.standard_normal((LINES, SIZE))


def _one_over_f(rng, width, overhead=12):
    """1/f noise with an rms of 1 in the order of reading, (lines, width)."""
    number = 2 * LINES * (width + overhead)
    frequency = np.fft.rfftfreq(number)
    frequency[0] = frequency[1]
    series = np.fft.irfft(np.fft.rfft(rng.standard_normal(number)) / np.sqrt(frequency))[: number // 2]
    return (series / series.std()).reshape(LINES, -1)[:, :width]
