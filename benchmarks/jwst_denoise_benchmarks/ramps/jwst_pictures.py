"""Pictures of denoised JWST ramps beside ``ramp_fit`` and ``clean_flicker_noise``."""

import numpy as np

from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.ramps import faint, methods, traces
from jwst_denoise_benchmarks.ramps import sources as apertures
from jwst_denoise_benchmarks.ramps.figures import COLORS, new, save, show

__all__ = ["errors", "images", "sources", "traces_of_bins"]

SHOWN = (methods.FIT, methods.FLICKER, methods.OURS)
TICKS = (-20, -10, -5, -2, -0.5, 0.5, 2, 5, 10, 20)  # %
STYLE = {methods.FIT: "fit", methods.FLICKER: "peer", methods.OURS: "ours"}


def images(path, quick):
    """Small parts of images of ten groups: truth, methods and their errors."""
    found = [_measured(case, quick)[faint.SHOWN] for case in _cases(quick)[: len(faint.CASES) // 2]]
    figure, axes = new((13, 5.2 * len(found)), 2 * len(found), 4, squeeze=False)
    for index, figures in enumerate(found):
        _stamps(axes[2 * index : 2 * index + 2], figures.stamps)
    save(figure, path)


def _cases(quick):
    return faint.QUICK if quick else faint.CASES


def _measured(case, quick):
    return faint.measured(case, (faint.SHOWN,) if quick else faint.GROUPS, models.directory())


def _stamps(axes, stamps):
    truth = stamps["truth"]
    noise = np.nanstd(stamps[methods.FIT] - truth)
    low, high = np.median(truth) - 3 * noise, max(np.percentile(truth, 99.5), np.median(truth) + 5 * noise)
    show(axes[0, 0], truth, "truth", low, high, cmap="gray")
    axes[1, 0].set_axis_off()
    for column, name in enumerate(SHOWN, start=1):
        if name not in stamps:
            axes[0, column].set_axis_off()
            axes[1, column].set_axis_off()
            continue
        show(axes[0, column], stamps[name], name, low, high, cmap="gray")
        error = stamps[name] - truth
        show(axes[1, column], error, f"error, rms {np.nanstd(error):.3f} e-/s", -3 * noise, 3 * noise, cmap="RdBu_r")


def errors(path, quick):
    """Errors of all methods over those of ``ramp_fit``."""
    cases = _cases(quick)
    columns = min(len(cases), 3)
    rows = -(-len(cases) // columns)
    figure, axes = new((4.2 * columns, 4 * rows), rows, columns, sharey=True, squeeze=False)
    for axis, case in zip(axes.flat, cases, strict=False):
        found = _measured(case, quick)
        for name in (*methods.PEERS, methods.OURS):
            values = [f.rms[name] / f.rms[methods.FIT] for f in found.values() if name in f.rms]
            if values:
                axis.plot(list(found), values, "s-" if name == methods.OURS else "o--", label=name)
        axis.set(xlabel="groups", xticks=list(found), ylim=(0, 1.2))
        axis.set_title(str(case).replace(", ", "\n"), fontsize=9)
    for axis in axes[:, 0]:
        axis.set_ylabel("rms error over that of ramp_fit")
    axes[0, 0].legend()
    save(figure, path)


def sources(path, quick):
    """Mean errors of fluxes against the signal-to-noise ratio."""
    cases = apertures.cases_of(quick)
    figure, axes = new((5.5 * len(cases), 6), 2, len(cases), sharey=True, squeeze=False)
    for column, case in zip(axes.T, cases, strict=True):
        found = apertures.measured(case, *apertures.size_of(quick), models.directory())
        for axis, (kind, by_method) in zip(column, found.items(), strict=True):
            _bins(axis, by_method, f"{kind}, sky {case[0]:g} e-/s, {case[2]} groups")
    save(figure, path)


def traces_of_bins(path, quick):
    """Mean errors of extracted spectra against the signal-to-noise ratio."""
    figure, axes = new((11, 3.6), 1, 2, sharey=True)
    found = traces.measured(*traces.size_of(quick), models.directory())
    for axis, kind in zip(axes, ("continuum", "lines"), strict=True):
        _bins(axis, found[kind], kind)
    save(figure, path)


def _bins(axis, by_method, title):
    for shift, (name, found) in enumerate(by_method.items()):
        x = np.array([low * np.sqrt(min(high / low, 10)) for low, high in found]) * (1 + 0.06 * shift)
        bias, error = (100 * np.array([one[key] for one in found.values()]) for key in ("bias", "error"))
        axis.errorbar(x, bias, error, fmt="o", capsize=2, color=COLORS[STYLE[name]], label=name)
    axis.axhspan(-0.5, 0.5, color="0.9", zorder=0)
    axis.axhline(0, color="0.6", lw=0.8, zorder=0)
    axis.set_yscale("symlog", linthresh=1)
    axis.set(xscale="log", xlabel="signal-to-noise ratio", ylabel="mean error, %", title=title, ylim=(-30, 30))
    axis.set(yticks=TICKS, yticklabels=TICKS)
    axis.legend(fontsize=8)
