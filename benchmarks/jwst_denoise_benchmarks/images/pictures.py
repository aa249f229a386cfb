"""Pictures of the benchmark of images, each beside the rows that it belongs to."""

import numpy as np

from jwst_denoise_benchmarks.images import coverage, depth, published, truth
from jwst_denoise_benchmarks.images.denoisers import method
from jwst_denoise_benchmarks.images.noise2noise_pictures import draw_experiment, draw_solar, draw_spectra
from jwst_denoise_benchmarks.images.scenes import scenes
from jwst_denoise_benchmarks.images.stacks import USUAL
from jwst_denoise_benchmarks.ramps.figures import COLORS, draw_all, new, save, show

__all__ = ["PICTURES", "calibrations", "completeness", "draw", "images", "ratios"]

STAMP = 128  # pixels of the images that are shown
RATIO = 5


def images(path, quick):
    """Parts of scenes: truth, input, a longer exposure, and what the networks make of the input."""
    names = {"astro_unet": f"astro_unet, r = {RATIO}", "noise2noise": "noise2noise"}
    some = scenes(quick)[:4]
    figure, axes = new((14, 11), 4, 5)
    for row, scene in zip(axes, some, strict=True):
        observed, long = truth.views(scene, RATIO)
        shown = {"truth": scene.rate, f"input, {scene.seconds:g} s": observed.rate, f"{RATIO} × as long": long.rate}
        shown |= {title: method(name)(observed, RATIO) for name, title in names.items()}
        cut = np.s_[:STAMP, :STAMP]
        low = np.percentile(scene.rate[cut], 5) - 2 * float(np.median(observed.read_noise))
        high = max(np.percentile(scene.rate[cut], 97), low + 8 * float(np.median(observed.read_noise)))
        for axis, (title, image) in zip(row, shown.items(), strict=True):
            show(axis, image[cut], f"{scene.kind}: {title}", low, high, cmap="gray")
    save(figure, path)


def ratios(path, quick):
    """Flux error, stars recovered and SNR gain against the ratio of exposure times."""
    found = {ratio: published.measured("astro_unet", quick, ratio) for ratio in published.RATIOS}
    panels = {"rfe": ("error of the flux, %", 100), "tpr": ("stars recovered, %", 100), "snr_gain": ("SNR gain", 1)}
    figure, axes = new((13, 4), 1, 3)
    for axis, (name, (label, factor)) in zip(axes, panels.items(), strict=True):
        for place, (title, style) in enumerate((("astro_unet", "s-"), ("input", "o-"), ("real image", "^:"))):
            values = [factor * found[ratio][place][name] for ratio in published.RATIOS]
            axis.plot(published.RATIOS, values, style, label=title)
        values = [factor * published.PAPER[ratio][name] for ratio in published.RATIOS]
        axis.plot(published.RATIOS, values, "--", color=COLORS["theory"], label="paper, Network 2")
        axis.set(xlabel="ratio of exposure times", ylabel=label, xticks=published.RATIOS)
    axes[0].legend()
    save(figure, path)


def calibrations(path, quick):
    """Fraction of the truth within intervals against their probability."""
    figure, axes = new((11, 5), 1, 2, sharey=True)
    for axis, noise in zip(axes, coverage.NOISES, strict=True):
        for case in coverage.CASES:
            pull, _ = coverage.measured(case, noise, quick)
            label = f"{case[0]}, r = {case[1]:g}" if case[0] == "astro_unet" else f"{case[0]}, {case[2]}"
            axis.plot(coverage.LEVELS, coverage.covered(pull), "o-", label=label)
        axis.plot([0, 1], [0, 1], ":", color=COLORS["theory"])
        axis.set(xlabel="probability of the interval", title=f"{noise} noise")
    axes[0].set_ylabel("fraction of the pixels within it")
    axes[0].legend()
    save(figure, path)


def completeness(path, quick):
    """Completeness of injected stars at 90 % of purity, against magnitude, in F200W."""
    figure, axes = new((13, 4.5), 1, 3, sharey=True)
    cases = [("noise2noise-stack", frames) for frames in depth.FRAMES] + [(depth.SINGLE[0][0], 1)]
    for axis, (name, frames) in zip(axes, cases, strict=True):
        for way, color in zip(depth.DETECTORS, ("tab:blue", "tab:orange", "tab:green"), strict=True):
            ours, added = depth.curves(name, frames, USUAL, quick)[way]
            axis.plot(ours.magnitude, ours.completeness, "-", color=color, label=f"{name}, {way}")
            axis.plot(added.magnitude, added.completeness, ":", color=color, label=f"before, {way}")
        axis.axhline(0.9, color=COLORS["theory"], lw=0.6)
        axis.set(xlabel="magnitude, 0 = S/N 5 by the ideal filter", title=f"{frames} exposure{'s' * (frames > 1)}")
    axes[0].set_ylabel("completeness at 90 % purity")
    axes[0].legend(fontsize=7)
    save(figure, path)


#: Group -> file -> function that draws it, called with the path and ``quick``.
PICTURES = {
    "published": {"images_ratios.png": ratios},
    "truth": {"images_scenes.png": images},
    "coverage": {"images_coverage.png": calibrations},
    "depth": {"images_depth.png": completeness},
    "targets": {"noise2noise_experiment.png": draw_experiment},
    "spectra": {"noise2noise_spectra.png": draw_spectra},
    "solar": {"noise2noise_solar.png": draw_solar},
}


def draw(directory, names, quick):
    """Draw the pictures of groups, see `jwst_denoise_benchmarks.ramps.figures.draw_all`."""
    return draw_all(PICTURES, directory, names, quick)
