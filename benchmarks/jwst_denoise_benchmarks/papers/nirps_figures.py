"""Figures of simulated NIRPS ramps, after those of the paper."""

import numpy as np

from jwst_denoise_benchmarks.core.inputs import load_model, model_directory
from jwst_denoise_benchmarks.core.plots import COLORS, new_figure, save_figure, show_image
from jwst_denoise_benchmarks.papers import nirps
from jwst_denoise_benchmarks.papers.nirps_images import CLASSES, measure_pair

__all__ = ["draw_comb", "draw_fall", "draw_histograms", "draw_images", "draw_noise", "draw_spectra"]

CUT = np.s_[40:160, 1900:2140]  # lines and pixels of the figures
NAMES = {"network": ("jwst_denoise", "ramp_denoise"), "fit": ("fit", "ramp fit")}


def draw_noise(path, quick):
    """Noise of the fit of darks against the number of reads (figure 1 of the paper)."""
    figure, axis = new_figure((6, 4))
    _draw_fall(axis, nirps.fall("dark", quick, model_directory()), "noise of a dark, e-")
    save_figure(figure, path)


def draw_fall(path, quick):
    """Errors on a star and of a dark against the number of reads."""
    load_model(nirps.MODEL)
    figure, axes = new_figure((10, 4), 1, 2, sharey=True)
    for axis, source in zip(axes, ("star", "dark"), strict=True):
        _draw_fall(axis, nirps.fall(source, quick, model_directory()), "rms error of a pixel, e-")
        axis.set_title(source)
    save_figure(figure, path)


def _draw_fall(axis, errors, label):
    numbers = np.array(errors["reads"])
    axis.loglog(numbers, errors["fit"], "o-", color=COLORS["fit"], label="ramp fit")
    axis.loglog(numbers, errors["appendix"], "--", color=COLORS["theory"], label=r"$\sigma\sqrt{12(N-1)/N(N+1)}$")
    root = errors["fit"][0] * np.sqrt(numbers[0] / numbers)
    axis.loglog(numbers, root, ":", color=COLORS["theory"], label=r"$1/\sqrt{N}$ from the first point")
    if "network" in errors:
        axis.loglog(numbers, errors["network"], "s-", color=COLORS["jwst_denoise"], label="ramp_denoise")
    axis.set(xlabel="reads", ylabel=label, xticks=numbers, xticklabels=numbers)
    axis.minorticks_off()
    axis.legend()


def draw_images(path, quick):
    """Scene, images and their errors (figure 8 of the paper)."""
    pair = measure_pair("star", 1, 1, quick, model_directory())
    figure, axes = new_figure((13, 5.2), 2, 3)
    high = float(np.percentile(pair.truth[CUT], 99.5))
    show_image(axes[0, 0], pair.truth[CUT], "scene", 0, high, cmap="gray")
    axes[1, 0].set_axis_off()
    for column, (name, (_, title)) in zip((1, 2), reversed(NAMES.items()), strict=True):
        mappable = show_image(axes[0, column], pair.images[name][CUT], title, 0, high, cmap="gray")
        error = show_image(axes[1, column], pair.errors[name][CUT], f"error of {title}", -15, 15, cmap="RdBu_r")
    figure.colorbar(mappable, ax=axes[0], label="e-")
    figure.colorbar(error, ax=axes[1], label="e-")
    save_figure(figure, path)


def draw_histograms(path, quick):
    """Distribution of the errors by class of flux (figure 11 of the paper)."""
    pair = measure_pair("star", 1, 1, quick, model_directory())
    figure, axes = new_figure((12, 3.6), 1, len(CLASSES), sharex=True)
    edges = np.linspace(-20, 20, 161)
    for axis, (name, (low, high)) in zip(axes, CLASSES.items(), strict=True):
        where = pair.good & (pair.truth >= low) & (pair.truth < high)
        for method, (color, label) in NAMES.items():
            style = {"histtype": "step", "color": COLORS[color], "label": label}
            axis.hist(pair.errors[method][where], edges, density=True, **style)
        axis.set(title=name, xlabel="error, e-", yticks=[])
    axes[0].legend()
    save_figure(figure, path)


def draw_spectra(path, quick):
    """Parts of extracted spectra (figures 12 and 13 of the paper)."""
    _draw_orders(path, measure_pair("star", 1, 1, quick, model_directory()))


def draw_comb(path, quick):
    """Parts of the extracted comb (figure 15 of the paper)."""
    _draw_orders(path, measure_pair("fabry_perot", 5, 5, quick, model_directory()))


def _draw_orders(path, pair, length=240):
    spectra = pair.spectra()
    number, width = spectra["truth"].shape
    error = np.abs(spectra["network"] - spectra["truth"])
    starts = np.arange(64, width - length - 64, length)
    means = np.array([[error[row, start : start + length].mean() for start in starts] for row in range(number)])
    worst = np.unravel_index(means.argmax(), means.shape)
    figure, axes = new_figure((12, 6), 2, 1)
    for axis, (row, index), title in zip(axes, ((0, len(starts) // 2), worst), ("middle", "worst part"), strict=True):
        part = np.s_[starts[index] : starts[index] + length]
        x = np.arange(part.start, part.stop)
        for method, (color, label) in NAMES.items():
            axis.plot(x, spectra[method][row, part], color=COLORS[color], lw=1, label=label)
        axis.plot(x, spectra["truth"][row, part], color=COLORS["truth"], lw=1, label="truth")
        axis.set(title=f"{title} of order {row}", ylabel="e-")
    axes[0].legend()
    axes[-1].set_xlabel("pixel")
    save_figure(figure, path)
