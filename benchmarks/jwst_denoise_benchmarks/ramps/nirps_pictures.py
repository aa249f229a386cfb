"""Pictures of simulated NIRPS ramps, after the figures of the paper."""

import numpy as np

from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.ramps.figures import COLORS, new, save, show
from jwst_denoise_benchmarks.ramps.images import CLASSES, pair
from jwst_denoise_benchmarks.ramps.noise import fall

__all__ = ["fabry_perot", "histograms", "images", "noise", "reads", "spectra"]

CUT = np.s_[40:160, 1900:2140]  # lines and pixels that are shown
NAMES = {"network": ("ours", "ramp_denoise"), "fit": ("fit", "ramp fit")}


def noise(path, quick):
    """Noise of the fit of darks against the number of reads (figure 1 of the paper)."""
    figure, axis = new((6, 4))
    _falls(axis, fall("dark", quick, models.directory()), "noise of a dark, e-")
    save(figure, path)


def reads(path, quick):
    """Errors on a star and of a dark against the number of reads."""
    figure, axes = new((10, 4), 1, 2, sharey=True)
    for axis, source in zip(axes, ("star", "dark"), strict=True):
        _falls(axis, fall(source, quick, models.directory()), "rms error of a pixel, e-")
        axis.set_title(source)
    save(figure, path)


def _falls(axis, found, label):
    numbers = np.array(found["reads"])
    axis.loglog(numbers, found["fit"], "o-", color=COLORS["fit"], label="ramp fit")
    axis.loglog(numbers, found["appendix"], "--", color=COLORS["theory"], label=r"$\sigma\sqrt{12(N-1)/N(N+1)}$")
    root = found["fit"][0] * np.sqrt(numbers[0] / numbers)
    axis.loglog(numbers, root, ":", color=COLORS["theory"], label=r"$1/\sqrt{N}$ from the first point")
    if "network" in found:
        axis.loglog(numbers, found["network"], "s-", color=COLORS["ours"], label="ramp_denoise")
    axis.set(xlabel="reads", ylabel=label, xticks=numbers, xticklabels=numbers)
    axis.minorticks_off()
    axis.legend()


def images(path, quick):
    """Scene, images and their errors (figure 8 of the paper)."""
    one = pair("star", 1, 1, quick, models.directory())
    figure, axes = new((13, 5.2), 2, 3)
    high = float(np.percentile(one.truth[CUT], 99.5))
    show(axes[0, 0], one.truth[CUT], "scene", 0, high, cmap="gray")
    axes[1, 0].set_axis_off()
    for column, (name, (_, title)) in zip((1, 2), reversed(NAMES.items()), strict=True):
        light = show(axes[0, column], one.images[name][CUT], title, 0, high, cmap="gray")
        error = show(axes[1, column], one.errors[name][CUT], f"error of {title}", -15, 15, cmap="RdBu_r")
    figure.colorbar(light, ax=axes[0], label="e-")
    figure.colorbar(error, ax=axes[1], label="e-")
    save(figure, path)


def histograms(path, quick):
    """Distribution of the errors by class of flux (figure 11 of the paper)."""
    one = pair("star", 1, 1, quick, models.directory())
    figure, axes = new((12, 3.6), 1, len(CLASSES), sharex=True)
    edges = np.linspace(-20, 20, 161)
    for axis, (name, (low, high)) in zip(axes, CLASSES.items(), strict=True):
        where = one.good & (one.truth >= low) & (one.truth < high)
        for who, (color, label) in NAMES.items():
            axis.hist(one.errors[who][where], edges, density=True, histtype="step", color=COLORS[color], label=label)
        axis.set(title=name, xlabel="error, e-", yticks=[])
    axes[0].legend()
    save(figure, path)


def spectra(path, quick):
    """Parts of extracted spectra (figures 12 and 13 of the paper)."""
    _spectra(path, pair("star", 1, 1, quick, models.directory()))


def fabry_perot(path, quick):
    """Parts of the extracted comb (figure 15 of the paper)."""
    _spectra(path, pair("fabry_perot", 5, 5, quick, models.directory()))


def _spectra(path, one, length=240):
    found = one.spectra()
    number, width = found["truth"].shape
    error = np.abs(found["network"] - found["truth"])
    starts = np.arange(64, width - length - 64, length)
    means = np.array([[error[row, start : start + length].mean() for start in starts] for row in range(number)])
    worst = np.unravel_index(means.argmax(), means.shape)
    figure, axes = new((12, 6), 2, 1)
    for axis, (row, index), title in zip(axes, ((0, len(starts) // 2), worst), ("middle", "worst part"), strict=True):
        part = np.s_[starts[index] : starts[index] + length]
        x = np.arange(part.start, part.stop)
        for who, (color, label) in NAMES.items():
            axis.plot(x, found[who][row, part], color=COLORS[color], lw=1, label=label)
        axis.plot(x, found["truth"][row, part], color=COLORS["truth"], lw=1, label="truth")
        axis.set(title=f"{title} of order {row}", ylabel="e-")
    axes[0].legend()
    axes[-1].set_xlabel("pixel")
    save(figure, path)
