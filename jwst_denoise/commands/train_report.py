"""Report of a training on the exposures of a user: the gain on held-out exposures."""

import json

import numpy as np

__all__ = ["write_report"]

PANELS = ("observed", "denoised", "other", "removed")
TITLES = ("held-out exposure", "denoised", "mean of the others", "removed / noise")
LARGEST = 400  # largest edge of a panel in pixels


def write_report(output, model, stacks):
    """Write ``report.txt``, ``report.json`` and ``report.png``.

    Parameters
    ----------
    output : pathlib.Path
        Directory.
    model : path-like
        Model file.
    stacks : sequence of `~jwst_denoise.training.own_exposures.stacks.ExposureStack`
        Exposures of the training.

    Returns
    -------
    str
        The report.
    """
    from jwst_denoise import model_files
    from jwst_denoise.training.own_exposures.gain import compare_with_mean
    from jwst_denoise.training.own_exposures.repeated import align_exposures, hold_out

    loaded = model_files.load(model)
    parts = [hold_out(align_exposures(stack)) for stack in stacks]
    scores = {name: dict(metrics) for name, metrics in loaded.info["scores"].items()}
    held_out = [sorted({part.exposures.names[number] for number in part.held_out}) for part in parts]
    text = "\n".join([*map(_sentence, scores, scores.values()), *_advice(scores)])
    (output / "report.txt").write_text(text + "\n", encoding="utf-8")
    content = {"scores": scores, "held_out": held_out, "model": str(model), "sha256": loaded.info["sha256"]}
    (output / "report.json").write_text(json.dumps(content, indent=1))
    _draw_report(output / "report.png", [compare_with_mean(loaded.network, part)[0] for part in parts], parts)
    return f"{text}\n{output / 'report.png'}: held-out exposures before and after, and the difference"


def _sentence(name, metrics):
    flux = f", change of the flux of bright pixels {100 * metrics['flux']:+.2f} %" if "flux" in metrics else ""
    pull = f", error / predicted error {metrics['pull']:.2f}" if "pull" in metrics else ""
    return (
        f"{name}: noise {metrics['before']:.2f} -> {metrics['after']:.2f} times ERR, as low as in a mean of "
        f"{metrics['variance']:.1f} exposures{flux}{pull}"
    )


def _advice(scores):
    """Yield a warning for each score with poor metrics."""
    for name, metrics in scores.items():
        if metrics["variance"] < 1:
            yield f"{name}: the network increases the noise; do not use it. More exposures or epochs may help."
        elif abs(metrics.get("flux", 0)) > 0.01:
            yield f"{name}: the flux of bright pixels changes; use the result for faint sources only."


def _draw_report(path, images, parts):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 3.6 * len(images)), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(len(images), len(PANELS), squeeze=False)
    for axes, image, part in zip(rows, images, parts, strict=True):
        image = image | {"removed": (image["observed"] - image["denoised"]) / image["noise"]}
        low, high = np.nanpercentile(image["observed"], [2, 99])
        for axis, name, title in zip(axes, PANELS, TITLES, strict=True):
            limits = (-3, 3) if name == "removed" else (low, high)
            axis.imshow(image[name][:LARGEST, :LARGEST], vmin=limits[0], vmax=limits[1], origin="lower", cmap="gray")
            axis.set(title=title, xticks=[], yticks=[])
        axes[0].set_ylabel(part.exposures.setup)
    figure.savefig(path, dpi=80, metadata={"Software": None})
