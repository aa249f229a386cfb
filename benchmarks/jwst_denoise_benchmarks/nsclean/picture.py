"""Picture of the correlated noise that each method leaves under a real IFU mask."""

import numpy as np

from jwst_denoise_benchmarks.nsclean.residuals import one_frame

__all__ = ["draw"]

CASES = ("NRS1 15 %", "NRS1 36 %")
SEED = 300
CUT = np.s_[512:1536, 512:1536]
PIXELS = 4  # edge of the cells whose means the maps show
LIMIT = 3.0  # e-, end of the bars
CONTRAST = 2.0  # e-, of the maps


def draw(path):
    """Draw maps of a part of the frame and bars of the residual rms, and write them as PNG.

    Parameters
    ----------
    path : path-like
        File to write.

    Raises
    ------
    FileNotFoundError
        If the masks are not in the data directory.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    residuals = {case: _residuals(case) for case in CASES}
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplot_mosaic([["noise", "jwst median", "jwst fft", "gp"], ["bars"] * 4], height_ratios=(2.2, 1))
    for name, axis in list(axes.items())[:4]:
        cells = _cells(residuals[CASES[1]][name][CUT])
        image = axis.imshow(cells, vmin=-CONTRAST, vmax=CONTRAST, cmap="RdBu_r", origin="lower")
        axis.set_title("correlated noise" if name == "noise" else f"left by {name}")
        axis.set_axis_off()
    figure.colorbar(image, ax=axes["gp"], label="e-", shrink=0.7)
    _bars(axes["bars"], residuals)
    figure.savefig(path, dpi=72, metadata={"Software": None})


def _cells(image):
    """Means of cells of `PIXELS` × `PIXELS` pixels."""
    ny, nx = (n // PIXELS for n in image.shape)
    return image.reshape(ny, PIXELS, nx, PIXELS).mean(axis=(1, 3))


def _residuals(case):
    """Noise, and what each method leaves of it; jwst's median without and with a value for each output, the better."""
    noise, _, models, _ = one_frame(case, 1.0, SEED, true=False)
    left = {name: noise - model for name, model in models.items()}
    median = min((left["median"], left["median by output"]), key=np.std)
    return {"noise": noise, "jwst median": median, "jwst fft": left["fft"], "gp": left["gp"]}


def _bars(axis, residuals):
    names = list(residuals[CASES[0]])
    colors = dict(zip(names, ("0.6", "tab:orange", "tab:green", "tab:blue"), strict=True))
    for row, images in enumerate(residuals.values()):
        for place, name in enumerate(names):
            rms = images[name].std()
            y = row + 0.2 * (place - 1.5)
            axis.barh(y, min(rms, LIMIT), 0.18, color=colors[name], label=name if row == 0 else None)
            axis.text(min(rms, LIMIT) + 0.02, y, f"{rms:.2f}", va="center", fontsize=8)
    axis.set(yticks=range(len(CASES)), yticklabels=[f"IFU mask {case} dark" for case in CASES], xlim=(0, 1.15 * LIMIT))
    axis.invert_yaxis()
    axis.set_xlabel("rms of the correlated noise that is left, e-")
    axis.legend(loc="lower right", fontsize=8)
