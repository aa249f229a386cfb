"""Pictures: curves of true against false positives, and masks of small parts of images."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from jwst_denoise_benchmarks.cosmic_ray_mask import cases, lacosmic, models
from jwst_denoise_benchmarks.cosmic_ray_mask.detection import PAPER, measured
from jwst_denoise_benchmarks.cosmic_ray_mask.roc import RATES

__all__ = ["draw_curves", "draw_stamps"]

FALSE = np.geomspace(1e-4, 2e-2, 40)
STAMP = 64  # pixels
PLAIN, DILATED = "black", "tab:red"  # as in the paper's figure 4
STYLES = {models.MASKS[0]: "-", models.MASKS[1]: "--"}
COLORS = {"found": (0.1, 0.1, 0.1), "missed": (0.35, 0.6, 0.95), "false": (0.9, 0.15, 0.1)}


def draw_curves(path, quick):
    """Draw curves of all kinds of image and write them as PNG: plain masks black, dilated ones red."""
    figure = _figure((15, 4.4))
    axes = figure.subplots(1, len(cases.KINDS), sharey=True)
    for axis, kind in zip(axes, cases.KINDS, strict=True):
        _curves(axis, measured(kind, quick))
        for rate, found in zip(RATES, PAPER.get(kind, ()), strict=False):
            axis.plot(rate, found, "*", color="tab:orange", markersize=11, zorder=5, label=_once(axis, "paper, 2-32"))
        for rate in RATES:
            axis.axvline(rate, color="0.8", lw=0.8, zorder=0)
        axis.set(title=kind, xscale="log", xlim=(FALSE[0], FALSE[-1]), ylim=(0, 1.01), xlabel="false-positive rate")
    axes[0].set_ylabel("true-positive rate")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=8, frameon=False)
    figure.savefig(path, dpi=80, metadata={"Software": None})


def _figure(size):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _once(axis, label):
    """The label, or none if the axes have it already."""
    return None if label in axis.get_legend_handles_labels()[1] else label


def _curves(axis, found):
    for name, scores in found.networks.items():
        rates = scores.curve(FALSE)
        for column, color, what in ((1, PLAIN, ""), (2, DILATED, ", dilated")):
            axis.plot(FALSE, rates[:, column], STYLES[name], color=color, label=f"{models.short(name)}{what}")
    peer = lacosmic.best(found.lacosmic, FALSE)
    for key, color, what in (("plain", PLAIN, ""), ("dilated", DILATED, ", dilated")):
        axis.plot(FALSE, peer[key], ":", color=color, label=f"LACosmic{what}")
    ideal = max(found.ideal.values(), key=lambda scores: scores.found(scores.threshold(RATES[0]))[1])
    axis.plot(FALSE, ideal.curve(FALSE)[:, 1], "-.", color="0.55", label="scene and noise known")


def draw_stamps(path, quick):
    """Draw a small part of an image of each kind, its cosmic rays and the masks, and write them as PNG."""
    names = [name for name in models.MASKS if name in measured(cases.KINDS[0], quick).networks]
    columns = ["image", "cosmic rays", *names, "LACosmic"]
    figure = _figure((2.6 * len(columns), 2.75 * len(cases.KINDS)))
    axes = figure.subplots(len(cases.KINDS), len(columns), squeeze=False)
    for row, kind in zip(axes, cases.KINDS, strict=True):
        _stamps(row, measured(kind, quick), names)
        row[0].set_ylabel(kind)
    for axis, title in zip(axes[0], columns, strict=True):
        axis.set_title(models.short(title))
    _legend(figure)
    figure.savefig(path, dpi=70, metadata={"Software": None})


def _stamps(row, found, names):
    """One row of panels: all masks at the lower of the two false-positive rates of their curves."""
    case = found.cases[len(found.cases) // 3]
    box = _busiest(case)
    image, truth = case.image.data[box], case.truth[box]
    low, high = np.nanpercentile(image, (1, 99.5))
    noise = float(np.median(case.image.err[box]))
    row[0].imshow(np.arcsinh((image - low) / noise), vmax=np.arcsinh((high - low) / noise), cmap="gray_r")
    row[1].imshow(_colored(truth, truth))
    model_masks = {n: models.score(models.load(n), case.image) > found.networks[n].threshold(RATES[0]) for n in names}
    masks = [*model_masks.values(), lacosmic.mask(case.image, **lacosmic.strictest(found.lacosmic))]
    for axis, mask in zip(row[2:], masks, strict=True):
        axis.imshow(_colored(mask[box], truth))
    for axis in row:
        axis.set(xticks=[], yticks=[])
        axis.invert_yaxis()


def _busiest(case):
    """Part of an image with much light and many hits, but not hits alone."""
    edge = min(STAMP, *case.truth.shape)
    share, light = (
        sliding_window_view(np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0))), (edge + 1, edge + 1))
        for values in (case.truth.astype(float), np.log(np.maximum(case.image.rate, 1e-3)))
    )
    share, light = (w[..., -1, -1] - w[..., 0, -1] - w[..., -1, 0] + w[..., 0, 0] for w in (share, light))
    worth = (light - light.mean()) / (light.std() + 1e-9) - np.abs(share / max(np.median(share), 1) - 1.5)
    y, x = np.unravel_index(worth.argmax(), worth.shape)
    return np.s_[y : y + edge, x : x + edge]


def _colored(mask, truth):
    image = np.ones((*mask.shape, 3))
    for name, where in (("found", mask & truth), ("missed", ~mask & truth), ("false", mask & ~truth)):
        image[where] = COLORS[name]
    return image


def _legend(figure):
    from matplotlib.patches import Patch

    handles = [Patch(color=color, label=name) for name, color in COLORS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
