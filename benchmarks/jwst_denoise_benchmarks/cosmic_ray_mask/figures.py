"""Figures: curves of true against false positives, and masks of small parts of images."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from jwst_denoise_benchmarks.core.inputs import load_model
from jwst_denoise_benchmarks.core.plots import new_figure, save_figure
from jwst_denoise_benchmarks.cosmic_ray_mask import cases
from jwst_denoise_benchmarks.cosmic_ray_mask.detection import PAPER, measured
from jwst_denoise_benchmarks.cosmic_ray_mask.scores import (
    FALSE_RATES,
    best_lacosmic,
    lacosmic_mask,
    strictest_lacosmic,
)

__all__ = ["draw_curves", "draw_stamps"]

CURVE = np.geomspace(1e-4, 2e-2, 40)  # false-positive rates
STAMP = 64  # pixels
PLAIN, DILATED = "black", "tab:red"  # as in figure 4 of the paper
STYLES = dict(zip(cases.MASK_MODELS, ("-", "--"), strict=True))
COLORS = {"detected": (0.1, 0.1, 0.1), "missed": (0.35, 0.6, 0.95), "false": (0.9, 0.15, 0.1)}


def draw_curves(path, quick):
    """Draw curves of all kinds of image: plain masks black, dilated ones red."""
    figure, axes = new_figure((15, 4.4), 1, len(cases.KINDS), sharey=True)
    for axis, kind in zip(axes, cases.KINDS, strict=True):
        _draw_kind(axis, measured(kind, quick))
        for rate, published in zip(FALSE_RATES, PAPER.get(kind, ()), strict=False):
            label = None if "paper, 2-32" in axis.get_legend_handles_labels()[1] else "paper, 2-32"
            axis.plot(rate, published, "*", color="tab:orange", markersize=11, zorder=5, label=label)
        for rate in FALSE_RATES:
            axis.axvline(rate, color="0.8", lw=0.8, zorder=0)
        axis.set(title=kind, xscale="log", xlim=(CURVE[0], CURVE[-1]), ylim=(0, 1.01), xlabel="false-positive rate")
    axes[0].set_ylabel("true-positive rate")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=8, frameon=False)
    save_figure(figure, path, 80)


def _draw_kind(axis, one):
    for name, score in one.networks.items():
        rates = score.curve(CURVE)
        for column, color, suffix in ((1, PLAIN, ""), (2, DILATED, ", dilated")):
            label = f"{cases.short_name(name)}{suffix}"
            axis.plot(CURVE, rates[:, column], STYLES[name], color=color, label=label)
    lacosmic = best_lacosmic(one.lacosmic, CURVE)
    for key, color, suffix in (("plain", PLAIN, ""), ("dilated", DILATED, ", dilated")):
        axis.plot(CURVE, lacosmic[key], ":", color=color, label=f"LACosmic{suffix}")
    ideal = max(one.ideal.values(), key=lambda score: score.rates(score.threshold(FALSE_RATES[0]))[1])
    axis.plot(CURVE, ideal.curve(CURVE)[:, 1], "-.", color="0.55", label="scene and noise known")


def draw_stamps(path, quick):
    """Draw a small part of an image of each kind, its cosmic rays and the masks."""
    names = [name for name in cases.MASK_MODELS if name in measured(cases.KINDS[0], quick).networks]
    columns = ["image", "cosmic rays", *names, "LACosmic"]
    size = (2.6 * len(columns), 2.75 * len(cases.KINDS))
    figure, axes = new_figure(size, len(cases.KINDS), len(columns), squeeze=False)
    for row, kind in zip(axes, cases.KINDS, strict=True):
        _draw_row(row, measured(kind, quick), names)
        row[0].set_ylabel(kind)
    for axis, title in zip(axes[0], columns, strict=True):
        axis.set_title(cases.short_name(title))
    _add_legend(figure)
    save_figure(figure, path, 70)


def _draw_row(row, one, names):
    """One row of panels: all masks at the lower of the two false-positive rates of their curves."""
    case = one.cases[len(one.cases) // 3]
    box = interesting_box(case)
    image, truth = case.image.data[box], case.truth[box]
    low, high = np.nanpercentile(image, (1, 99.5))
    noise = float(np.median(case.image.err[box]))
    row[0].imshow(np.arcsinh((image - low) / noise), vmax=np.arcsinh((high - low) / noise), cmap="gray_r")
    row[1].imshow(color_mask(truth, truth))
    thresholds = {name: one.networks[name].threshold(FALSE_RATES[0]) for name in names}
    masks = [cases.probability(load_model(name), case.image) > limit for name, limit in thresholds.items()]
    masks.append(lacosmic_mask(case.image, **strictest_lacosmic(one.lacosmic)))
    for axis, mask in zip(row[2:], masks, strict=True):
        axis.imshow(color_mask(mask[box], truth))
    for axis in row:
        axis.set(xticks=[], yticks=[])
        axis.invert_yaxis()


def interesting_box(case):
    """Slices of a part of an image with bright sources and about 1.5 times the typical number of hit pixels."""
    edge = min(STAMP, *case.truth.shape)
    hits, signal = (
        sliding_window_view(np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0))), (edge + 1, edge + 1))
        for values in (case.truth.astype(float), np.log(np.maximum(case.image.rate, 1e-3)))
    )
    hits, signal = (w[..., -1, -1] - w[..., 0, -1] - w[..., -1, 0] + w[..., 0, 0] for w in (hits, signal))
    rank = (signal - signal.mean()) / (signal.std() + 1e-9) - np.abs(hits / max(np.median(hits), 1) - 1.5)
    y, x = np.unravel_index(rank.argmax(), rank.shape)
    return np.s_[y : y + edge, x : x + edge]


def color_mask(mask, truth):
    """RGB image (ny, nx, 3) of a mask, in `COLORS`."""
    image = np.ones((*mask.shape, 3))
    for name, where in (("detected", mask & truth), ("missed", ~mask & truth), ("false", mask & ~truth)):
        image[where] = COLORS[name]
    return image


def _add_legend(figure):
    from matplotlib.patches import Patch

    handles = [Patch(color=color, label=name) for name, color in COLORS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
