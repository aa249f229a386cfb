"""Report of a training on one's own exposures: how much is gained on those that were held out."""

import json

import numpy as np

__all__ = ["write_report"]

PANELS = ("observed", "denoised", "other", "taken")
TITLES = ("held-out exposure", "denoised", "mean of the others", "taken, over its noise")
LARGEST = 400  # pixels of an edge that are shown


def write_report(output, model, stacks):
    """Write ``report.txt``, ``report.json`` and ``report.png``.

    Parameters
    ----------
    output : pathlib.Path
        Directory.
    model : path-like
        Model file.
    stacks : sequence of `~jwst_denoise.training.own_exposures.exposures.ExposureStack`
        What it was trained on.

    Returns
    -------
    str
        The report.
    """
    from jwst_denoise import model_files
    from jwst_denoise.training.own_exposures.exposure_gain import compare
    from jwst_denoise.training.own_exposures.exposure_pairs import divide
    from jwst_denoise.training.own_exposures.repeated_exposures import repeated

    loaded = model_files.load(model)
    parts = [divide(repeated(stack)) for stack in stacks]
    scores = {name: dict(metrics) for name, metrics in loaded.info["scores"].items()}
    held_out = [sorted({part.exposures.names[number] for number in part.held_out}) for part in parts]
    text = "\n".join([*map(_sentence, scores, scores.values()), *_advice(scores)])
    (output / "report.txt").write_text(text + "\n", encoding="utf-8")
    content = {"scores": scores, "held_out": held_out, "model": str(model), "sha256": loaded.info["sha256"]}
    (output / "report.json").write_text(json.dumps(content, indent=1))
    _draw(output / "report.png", [compare(loaded.network, part)[0] for part in parts], parts)
    return f"{text}\n{output / 'report.png'}: before, after and what was taken"


def _sentence(name, metrics):
    light = f", light of bright pixels {100 * metrics['light']:+.2f} %" if "light" in metrics else ""
    pull = f", error over the error told {metrics['pull']:.2f}" if "pull" in metrics else ""
    return (
        f"{name}: noise {metrics['before']:.2f} -> {metrics['after']:.2f} of what the exposure says, as the mean of "
        f"{metrics['variance']:.1f} exposures{light}{pull}"
    )


def _advice(scores):
    """What to do about metrics that are not good."""
    for name, metrics in scores.items():
        if metrics["variance"] < 1:
            yield f"{name}: the network makes it worse; do not use it. More exposures or more epochs may help."
        elif abs(metrics.get("light", 0)) > 0.01:
            yield f"{name}: bright pixels lose or gain light; use the result for what is faint only."


def _draw(path, shown, parts):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 3.6 * len(shown)), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(len(shown), len(PANELS), squeeze=False)
    for axes, one, part in zip(rows, shown, parts, strict=True):
        one = one | {"taken": (one["observed"] - one["denoised"]) / one["noise"]}
        low, high = np.nanpercentile(one["observed"], [2, 99])
        for axis, name, title in zip(axes, PANELS, TITLES, strict=True):
            limits = (-3, 3) if name == "taken" else (low, high)
            axis.imshow(one[name][:LARGEST, :LARGEST], vmin=limits[0], vmax=limits[1], origin="lower", cmap="gray")
            axis.set(title=title, xticks=[], yticks=[])
        axes[0].set_ylabel(part.exposures.setup)
    figure.savefig(path, dpi=80, metadata={"Software": None})
