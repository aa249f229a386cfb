"""Figures of denoised JWST ramps beside ``ramp_fit`` and ``clean_flicker_noise``."""

import numpy as np

from jwst_denoise_benchmarks.core.inputs import model_directory
from jwst_denoise_benchmarks.core.plots import COLORS, new_figure, save_figure, show_image
from jwst_denoise_benchmarks.ramps import faint, methods, sources, traces

__all__ = ["draw_errors", "draw_images", "draw_sources", "draw_traces"]

SHOWN = (methods.FIT, methods.FLICKER, methods.DENOISED)
TICKS = (-20, -10, -5, -2, -0.5, 0.5, 2, 5, 10, 20)  # %
STYLE = {methods.FIT: "fit", methods.FLICKER: "reference", methods.DENOISED: "jwst_denoise"}
BIN_CENTERS = {"3": 5.5, "10": 17.3, "30": 54.8, "100": 316.0}  # S/N


def draw_images(path, quick):
    """Small parts of images of ten groups: truth, methods and their errors."""
    ramps = [_measured(case, quick)[faint.SHOWN] for case in _cases(quick)[: len(faint.CASES) // 2]]
    figure, axes = new_figure((13, 5.2 * len(ramps)), 2 * len(ramps), 4, squeeze=False)
    for index, ramp in enumerate(ramps):
        _draw_stamps(axes[2 * index : 2 * index + 2], ramp.stamps)
    save_figure(figure, path)


def _cases(quick):
    return faint.QUICK if quick else faint.CASES


def _measured(case, quick):
    return faint.measured(case, (faint.SHOWN,) if quick else faint.GROUPS, model_directory())


def _draw_stamps(axes, stamps):
    truth = stamps["truth"]
    noise = np.nanstd(stamps[methods.FIT] - truth)
    low, high = np.median(truth) - 3 * noise, max(np.percentile(truth, 99.5), np.median(truth) + 5 * noise)
    show_image(axes[0, 0], truth, "truth", low, high, cmap="gray")
    axes[1, 0].set_axis_off()
    for column, name in enumerate(SHOWN, start=1):
        if name not in stamps:
            axes[0, column].set_axis_off()
            axes[1, column].set_axis_off()
            continue
        show_image(axes[0, column], stamps[name], name, low, high, cmap="gray")
        error = stamps[name] - truth
        title = f"error, rms {np.nanstd(error):.3f} e-/s"
        show_image(axes[1, column], error, title, -3 * noise, 3 * noise, cmap="RdBu_r")


def draw_errors(path, quick):
    """Errors of all methods over those of ``ramp_fit``."""
    cases = _cases(quick)
    columns = min(len(cases), 3)
    rows = -(-len(cases) // columns)
    figure, axes = new_figure((4.2 * columns, 4 * rows), rows, columns, sharey=True, squeeze=False)
    for axis, case in zip(axes.flat, cases, strict=False):
        by_groups = _measured(case, quick)
        for name in (*methods.REFERENCES, methods.DENOISED):
            values = [one.rms[name] / one.rms[methods.FIT] for one in by_groups.values() if name in one.rms]
            if values:
                axis.plot(list(by_groups), values, "s-" if name == methods.DENOISED else "o--", label=name)
        axis.set(xlabel="groups", xticks=list(by_groups), ylim=(0, 1.2))
        axis.set_title(str(case).replace(", ", "\n"), fontsize=9)
    for axis in axes[:, 0]:
        axis.set_ylabel("rms error over that of ramp_fit")
    axes[0, 0].legend()
    save_figure(figure, path)


def draw_sources(path, quick):
    """Mean errors of fluxes against the signal-to-noise ratio."""
    cases = sources.cases_of(quick)
    figure, axes = new_figure((5.5 * len(cases), 6), 2, len(cases), sharey=True, squeeze=False)
    for column, case in zip(axes.T, cases, strict=True):
        kinds = sources.measured(case, *sources.size_of(quick), model_directory())
        for axis, (kind, by_method) in zip(column, kinds.items(), strict=True):
            _draw_biases(axis, by_method, f"{kind}, sky {case[0]:g} e-/s, {case[2]} groups")
    save_figure(figure, path)


def draw_traces(path, quick):
    """Mean errors of extracted spectra against the signal-to-noise ratio."""
    figure, axes = new_figure((11, 3.6), 1, 2, sharey=True)
    result = traces.measured(*traces.size_of(quick), model_directory())
    for axis, kind in zip(axes, ("continuum", "lines"), strict=True):
        _draw_biases(axis, result[kind], kind)
    save_figure(figure, path)


def _draw_biases(axis, by_method, title):
    for shift, (name, bins) in enumerate(by_method.items()):
        x = np.array([BIN_CENTERS[low] for low in bins]) * (1 + 0.06 * shift)
        bias, error = (100 * np.array([one[key] for one in bins.values()]) for key in ("bias", "error"))
        axis.errorbar(x, bias, error, fmt="o", capsize=2, color=COLORS[STYLE[name]], label=name)
    axis.axhspan(-0.5, 0.5, color="0.9", zorder=0)
    axis.axhline(0, color="0.6", lw=0.8, zorder=0)
    axis.set_yscale("symlog", linthresh=1)
    axis.set(xscale="log", xlabel="signal-to-noise ratio", ylabel="mean error, %", title=title, ylim=(-30, 30))
    axis.set(yticks=TICKS, yticklabels=TICKS)
    axis.legend(fontsize=8)
