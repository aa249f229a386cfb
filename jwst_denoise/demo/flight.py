"""The flight half: the guider's acquisition exposure inside jwst, through calwebb_guider without and with the step."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jwst_denoise import crds_cache, parameters
from jwst_denoise.demo import cross_validation, picture, pipeline
from jwst_denoise.demo.picture import profiles
from jwst_denoise.nsclean import fit_noise

__all__ = ["PARAMETERS", "FlightHalf", "draw", "run"]

#: Shipped parameter file.
PARAMETERS = "fgs_guider_nsclean"


@dataclass(frozen=True)
class FlightHalf:
    """What the flight half made: runs, metrics of the cross-validation, scatter of the calibrated images, picture."""

    raw: pipeline.Run
    cleaned: pipeline.Run
    metrics: list
    scatter: tuple[float, float]
    picture: Path


def run(output, cache, log, notify=None):
    """Run the real pipeline on the flight exposure and judge what it did.

    Parameters
    ----------
    output, cache, log : path-like
        Directory of the products, CRDS cache with GUIDER2, and log file.
    notify : callable, optional
        Called with what is being done.

    Returns
    -------
    FlightHalf
    """
    output = Path(output)
    exposure = cross_validation.exposure_path()
    with crds_cache.activated(cache):
        raw = pipeline.guider(exposure, output / "raw", log, None, notify)
        cleaned = pipeline.guider(exposure, output / "cleaned", log, parameters.path(PARAMETERS), notify)
    if notify:
        notify("cross-validation")
    metrics = cross_validation.cross_validate_exposure(exposure)
    images = [_rates(made.path) for made in (raw, cleaned)]
    target = output / "flight.png"
    draw(*images, cross_validation.read_groups(exposure), target)
    below = [[cross_validation.clipped_scatter(image[~_upper()]) for image in stack] for stack in images]
    return FlightHalf(raw, cleaned, metrics, tuple(float(np.mean(values)) for values in below), target)


def draw(raw, cleaned, groups, path):
    """Draw raw and cleaned images of an integration, what is removed, and a cross-validated difference.

    Parameters
    ----------
    raw, cleaned : ndarray
        (nints, ny, nx) calibrated images in DN / s.
    groups : ndarray
        (nints, ngroups, ny, nx) DN.
    path : path-like
        PNG file to write.
    """
    title = "Flight exposure FGS ACQ1 (GUIDER2, 2022-04-27) through calwebb_guider, without and with NSCleanStep"
    figure, images, graphs = picture.canvas(9.4, title)
    grid = images.subplots(2, 3, sharex=True, sharey=True)
    _draw_integration(images, grid[0], raw[0], cleaned[0])
    _draw_difference(images, grid[1], groups)
    _draw_profiles(graphs.subplots(1, 3), groups)
    figure.savefig(path, dpi=100, facecolor="white")


def _rates(path):
    from stdatamodels.jwst import datamodels

    with datamodels.open(str(path)) as model:
        return model.data.copy()


def _upper():
    return np.broadcast_to(
        np.arange(cross_validation.READOUT.shape[0])[:, None] >= cross_validation.HALF, cross_validation.READOUT.shape
    )


def _difference(groups):
    """Difference of the first pair of integrations, and the noise that its upper half tells."""
    first, second = cross_validation.PAIRS[0]
    images = groups[:, 1] - groups[:, 0]
    image = images[first] - images[second]
    return image, fit_noise(image, cross_validation.upper_half(), cross_validation.READOUT)[0]


def _panels(figure, axes, panels, unit):
    for axis, (name, image, span, colors) in zip(axes, panels, strict=True):
        shown = picture.strip(axis, image, name, vmin=-span[0], vmax=span[1], cmap=colors)
        figure.colorbar(shown, ax=axis, pad=0.01, shrink=0.85).set_label(unit, fontsize=9)


def _draw_integration(figure, axes, raw, cleaned):
    spread = cross_validation.clipped_scatter(raw[~_upper()])
    scene = (2 * spread, 5 * spread)
    level = np.median(raw)
    removed = raw - cleaned
    span = 3 * float(np.std(removed))
    panels = (
        ("integration 0, raw", raw - level, scene, "gray"),
        ("integration 0, cleaned", cleaned - np.median(cleaned), scene, "gray"),
        ("removed", removed - np.median(removed), (span, span), "RdBu_r"),
    )
    _panels(figure, axes, panels, "DN s⁻¹")


def _draw_difference(figure, axes, groups):
    image, noise = _difference(groups)
    spread = 2.5 * cross_validation.clipped_scatter(image)
    span = 3 * float(np.std(noise))
    panels = (
        ("integrations 1 − 0, raw", image - np.median(image), (spread, spread), "gray"),
        ("integrations 1 − 0, cleaned", image - noise - np.median(image - noise), (spread, spread), "gray"),
        ("noise told by the rows above the line only", noise - np.median(noise), (span, span), "RdBu_r"),
    )
    _panels(figure, axes, panels, "DN")
    for axis in axes:
        axis.axhline(cross_validation.HALF - 0.5, color="#16a34a", lw=1)


def _draw_profiles(axes, groups):
    image, noise = _difference(groups)
    below = ~_upper()
    for name, shown, color in (("raw", image, picture.BEFORE), ("cleaned", image - noise, picture.AFTER)):
        values = profiles(shown - np.median(shown[below]), below, cross_validation.READOUT)
        for axis, profile in zip(axes, values, strict=False):
            axis.plot(profile, color=color, lw=1.1, label=name)
        axes[2].hist(shown[below] - np.median(shown[below]), np.linspace(-60, 60, 61), histtype="step", color=color,
                     lw=1.3, label=f"{name}: {cross_validation.clipped_scatter(shown[below]):.2f} DN")  # fmt: skip
    picture.graph(axes[0], "column, in the order of reading", "mean of rows 0 to 63 / DN", "lower half, columns")
    picture.graph(axes[1], "row, in the order of reading", "mean of the row / DN", "lower half, rows")
    picture.graph(axes[2], "integrations 1 − 0 / DN", "pixels", "lower half, which the estimate has not seen")
