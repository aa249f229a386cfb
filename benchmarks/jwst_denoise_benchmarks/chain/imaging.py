"""Imaging: depth, fluxes and errors of calibrated images, by the configuration of the pipeline."""

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from jwst_denoise import products
from jwst_denoise_benchmarks.chain import configurations
from jwst_denoise_benchmarks.chain.configurations import DEFAULT, DENOISE1, FLICKER, IMAGES, WIDER_MASK
from jwst_denoise_benchmarks.chain.field import CASES, QUICK, simulate_field
from jwst_denoise_benchmarks.chain.metrics import RADII, measure_image, read_image
from jwst_denoise_benchmarks.core.plots import new_figure, save_figure, show_image
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.ramps.errors import bias_row
from jwst_denoise_benchmarks.ramps.exposures import references

__all__ = ["draw_depth", "draw_images", "gains", "image_rows", "long", "measured", "plot_gains", "short"]

ROOT = "chain"
GAIN = 0.5  # mag, target
SHOWN = (DEFAULT, FLICKER, DENOISE1, WIDER_MASK)
STAMP = np.s_[16:208, 16:208]  # of figures


def cases_of(quick):
    """Exposures that are measured."""
    return QUICK if quick else CASES


def configurations_of(quick):
    """Configurations that are measured."""
    return SHOWN if quick else IMAGES


@lru_cache(maxsize=4)
def measured(case, quick):
    """Name of a configuration -> metrics, see `jwst_denoise_benchmarks.chain.metrics.measure_image`."""
    field, images = run_exposure(case, configurations_of(quick))
    return {name: measure_image(image, field, case.sky) for name, image in images.items()}


def run_exposure(case, selected):
    """Simulate an exposure: its `Field`, and name of a configuration -> calibrated `Image` in e-/s."""
    field = simulate_field(case)
    with tempfile.TemporaryDirectory() as name, references():
        folder = Path(name)
        uncal = Path(products.write_products(field.exposure, folder, ROOT, ("uncal",))["uncal"])
        paths = {one.name: configurations.run_image(one, uncal, folder, folder / "log.txt") for one in selected}
        return field, {name: read_image(path) for name, path in paths.items()}


def gains(metrics, reference):
    """Gain in depth: method of detection, or radius of an aperture, -> mag."""
    limits = {name: limit - reference["limits"][name] for name, limit in metrics["limits"].items()}
    noise = {radius: sigma / reference["apertures"][radius] for radius, sigma in metrics["apertures"].items()}
    return limits | {radius: float(-2.5 * np.log10(ratio)) for radius, ratio in noise.items()}


def short(quick):
    """Rows of a short exposure: every configuration of stages 1 and 2, beside the default pipeline."""
    yield from _rows(cases_of(quick)[0], quick)


def long(quick):
    """Rows of a longer exposure with a brighter sky, see `short`."""
    yield from _rows(cases_of(quick)[-1], quick)


def _rows(case, quick):
    by_name = measured(case, quick)
    for name, metrics in by_name.items():
        stored = metrics | {"curves": {key: vars(one) for key, one in metrics["curves"].items()}}
        yield from image_rows(case, name, stored, gains(metrics, by_name[DEFAULT.name]), quick)


def image_rows(case, name, metrics, gain, quick=False):
    """Rows of one configuration of one exposure, from its metrics and its `gains`."""
    tested, default = name == DENOISE1.name, name == DEFAULT.name
    radii = {f"r = {radius:g} pixels": gain[f"{radius}"] for radius in RADII}
    methods = {key: value for key, value in gain.items() if key in metrics["limits"]}
    stored = {"case": str(case), "configuration": name, "gain": gain, **metrics}
    if not default:
        for quantity, values, smallest in (
            ("90 % limit", methods, methods["segmentation"]), ("noise in apertures", radii, min(radii.values()))
        ):  # fmt: skip
            yield Row(
                f"Gain over the default pipeline, {quantity}: {case}", name, values, {}, "mag", form="+.2f",
                target=f"≥ {GAIN:g}" if tested else "", passed=smallest >= GAIN if tested and not quick else None,
                metrics=stored if values is methods else {},
            )  # fmt: skip
    yield Row(f"Noise of a background pixel: {case}", name, {"noise": metrics["noise"]}, {}, "e-/s", form=".4f")
    yield Row(f"Scatter of the background over ERR: {case}", name, {"ratio": metrics["pull"]}, form=".2f")
    for kind, bins in metrics["bias"].items():
        yield bias_row(f"Bias of the flux of {kind}, {case}", name, bins, tested and not quick, {})


def draw_depth(path, quick):
    """Gain of every configuration over the default pipeline, in apertures and by detections."""
    keys = {"2.0": "noise in apertures of 2 pixels", "segmentation": "90 % limit, segmentation"}
    keys["matched filter"] = "90 % limit, matched filter"
    cases = cases_of(quick)
    figure, axes = new_figure((8 * len(cases), 6), 1, len(cases), sharey=True, squeeze=False)
    for axis, case in zip(axes[0], cases, strict=True):
        by_name = dict(measured(case, quick))
        default = by_name.pop(DEFAULT.name)
        plot_gains(axis, {name: gains(metrics, default) for name, metrics in by_name.items()}, keys)
        axis.set(xlabel="gain over the default pipeline / mag", title=str(case))
    axes[0][0].legend(fontsize=8, loc="upper right")
    save_figure(figure, path)


def plot_gains(axis, by_name, keys):
    """Bars of the gains of every configuration; ``keys``: key of a gain -> label."""
    height, place = 0.8 / len(keys), np.arange(len(by_name))
    for number, (key, label) in enumerate(keys.items()):
        axis.barh(place + number * height, [gain[key] for gain in by_name.values()], height, label=label)
    axis.axvline(0, color="0.3", lw=0.8)
    axis.set_yticks(place + height, list(by_name))
    axis.set_ylim(len(by_name) - 0.1, -0.4)
    axis.grid(axis="x", alpha=0.3)


def draw_images(path, quick):
    """A part of the first field by several configurations, and the truth."""
    case = cases_of(quick)[0]
    field, images = run_exposure(case, SHOWN)
    sigma = np.sqrt(field.variance)
    panels = {name: image.data - np.nanmedian(image.data) for name, image in images.items()}
    panels["truth"] = field.truth - case.sky
    figure, axes = new_figure((4 * len(panels), 5), 1, len(panels))
    for axis, (name, image) in zip(axes, panels.items(), strict=True):
        title = name.partition(":")[0].replace(", ", ",\n")
        show_image(axis, image[STAMP], title, -2 * sigma, 8 * sigma, cmap="gray")
    save_figure(figure, path)
