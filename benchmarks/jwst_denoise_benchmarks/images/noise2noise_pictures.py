"""Pictures of the synthetic experiment of Noise2Noise and of the real solar image."""

import numpy as np
from scipy.special import erf

from jwst_denoise_benchmarks.images import noise2noise, solar
from jwst_denoise_benchmarks.images.filaments import NOISE, power_spectrum
from jwst_denoise_benchmarks.images.recorruption import LocalNoise
from jwst_denoise_benchmarks.ramps.figures import COLORS, new, save, show
from jwst_denoise_benchmarks.rows import MissingData

__all__ = ["draw_experiment", "draw_solar", "draw_spectra"]

SHOWN = 10 * NOISE  # largest intensity of a picture
LIMIT = 4.0  # of pictures of the solar image, 1e-3
NORMAL = np.linspace(0.05, 3, 40)  # standard deviations


def draw_experiment(path, quick):
    """Scene, image and results with noisy and clean targets, and what was taken (figure 3 of the paper)."""
    cases = list(noise2noise.CASES)[:2]
    figure, rows = new((15, 3.2 * len(cases)), len(cases), 5)
    for axes, name in zip(rows, cases, strict=True):
        noisy, clean = (noise2noise.denoised(name, known, quick) for known in (False, True))
        panels = {
            "scene": noisy.scene, "image": noisy.image, "noisy targets": noisy.result, "clean targets": clean.result
        }  # fmt: skip
        for axis, (title, stack) in zip(axes, panels.items(), strict=False):
            show(axis, NOISE * stack[0], title, -SHOWN, SHOWN, cmap="gray")
        show(axes[4], (noisy.image - noisy.result)[0], "taken, over the noise", -3, 3, cmap="gray")
        axes[0].set_ylabel(noise2noise.CASES[name].name)
    save(figure, path)


def draw_spectra(path, quick):
    """Power of scene, noise and result, critically and oversampled (figure 4), and errors within those told."""
    figure, axes = new((15, 4.2), 1, 3)
    for axis, name in zip(axes, ("white", "oversampled"), strict=False):
        frequency, *powers = noise2noise.curves(name, quick)
        for power, key, label in zip(powers, ("truth", "theory", "ours"), ("scene", "noise", "denoised"), strict=True):
            axis.semilogy(frequency, power, color=COLORS[key], label=label)
        axis.set(
            title=noise2noise.CASES[name].name, xlabel="1 / pixel", ylabel="power over the noise's", ylim=(1e-6, None)
        )
        axis.legend()
    for name, case in noise2noise.CASES.items():
        pull = noise2noise.pulls(name, quick)
        axes[2].plot(NORMAL, [np.mean(pull < limit) for limit in NORMAL], label=case.name)
    axes[2].plot(NORMAL, _normal(NORMAL), "--", color=COLORS["truth"], label="Gaussian")
    axes[2].set(title="errors within so many of those told", xlabel="standard deviations", ylabel="fraction")
    axes[2].legend()
    save(figure, path)


def draw_solar(path, quick):
    """The real solar image, our result, the published one, what was taken, and power spectra; nothing without data."""
    try:
        image, published = solar.images()
    except MissingData:
        return
    ours, sigma = solar.denoised(quick), LocalNoise(image).sigma
    figure, axes = new((15, 8.4), 2, 3)
    for axis, (title, shown) in zip(
        axes.flat, {"image": image, "ours": ours, "published output": published}.items(), strict=False
    ):
        show(axis, shown, title, -LIMIT, LIMIT, cmap="gray")
    for axis, (title, result) in zip(axes[1], {"ours": ours, "published": published}.items(), strict=False):
        show(axis, (image - result) / sigma, f"taken, over the noise: {title}", -3, 3, cmap="gray")
    for shown, key, label in ((image, "truth", "image"), (ours, "ours", "ours"), (published, "peer", "published")):
        axes[1, 2].loglog(*power_spectrum(shown), color=COLORS[key], label=label)
    axes[1, 2].axvline(solar.LOW, color=COLORS["theory"], linestyle=":")
    axes[1, 2].set(xlabel="1 / pixel", ylabel="power")
    axes[1, 2].legend()
    save(figure, path)


def _normal(limits):
    """Fraction of a normal distribution within so many standard deviations."""
    return erf(limits / np.sqrt(2))
