"""Errors of inpainted pixels: network, median, biharmonic function, and the level of the sky."""

import numpy as np

from jwst_denoise.cosmic_ray_mask.inpaint import inpaint
from jwst_denoise_benchmarks.core.inputs import MissingInput, load_model
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.cosmic_ray_mask import cases

__all__ = ["MODEL", "error_rows", "errors", "fill_holes", "filling", "photometry", "photometry_rows"]

MODEL = "inpaint-2-32"
#: Mean square error of biharmonic inpainting over that of the network: target, and value of the paper.
TARGETS = {"galaxies": 2.5, "cluster": 20.0, "resolved": 5.0}
PAPER = {"galaxies": 3.4, "cluster": 19.7, "resolved": 5.1}
APERTURE = 2.5  # pixels
BRIGHT = 20.0  # signal-to-noise ratio of the peak pixel of stars whose flux is measured
ERROR = "Mean square error of filled pixels, in units of the variance of the sky"
STARS = "Change of the flux of stars with a filled hole in their core"


def fill_holes(case, index, methods):
    """Holes of an image (cosmic rays of another exposure), and the image filled by each method.

    The cosmic rays of the image are filled as well but do not count.

    Returns
    -------
    hole : ndarray
        (ny, nx) bool: pixels that count.
    images : dict
        Method -> (ny, nx).
    """
    image, hits = case.image, case.truth
    hole = cases.hole_mask(case, index)
    options = {"err": image.err, "bad": image.bad}
    return hole & ~hits & case.good, {n: fill(image.data, hole | hits, **options) for n, fill in methods.items()}


def _methods():
    """Name -> function that fills; without the network if there is no model."""

    def sky_level(image, hole, err, bad):
        return np.where(hole, np.nanmedian(image), image)

    methods = {}
    try:
        model = load_model(MODEL)
        methods["network"] = lambda *a, **k: inpaint(*a, method="network", model=model, **k)
    except MissingInput:
        pass
    for name in ("median", "biharmonic"):
        methods[name] = lambda *a, name=name, **k: inpaint(*a, method=name, **k)
    return methods | {"sky level": sky_level}


def errors(kind, quick):
    """Mean square errors of one kind of image.

    Returns
    -------
    dict
        ``truth`` (against the noiseless scene), ``noisy`` (against the noisy pixel, as in the paper), both in units of
        the noise of the sky, and ``relative`` (against the scene, in units of the noise of each pixel): method -> mean
        square error over all holes.
    """
    number, edge = cases.size_of(quick)
    methods, residuals = _methods(), {}
    for index, case in enumerate(cases.cases(kind, number, edge)):
        hole, images = fill_holes(case, index, methods)
        sky = np.median(case.image.err)
        pairs = {"truth": (case.image.rate, sky), "noisy": (case.image.data, sky),
                 "relative": (case.image.rate, case.image.err)}  # fmt: skip
        for measure, (truth, unit) in pairs.items():
            for name, image in images.items():
                values = ((image - truth) / unit)[hole].astype(float) ** 2
                residuals.setdefault(measure, {}).setdefault(name, []).append(values)
    return {
        measure: {name: float(np.mean(np.concatenate(values))) for name, values in by_name.items()}
        for measure, by_name in residuals.items()
    }


def filling(quick):
    """Rows: mean square error in holes for three kinds of image."""
    for kind in TARGETS:
        yield from error_rows(kind, errors(kind, quick), quick)


def error_rows(kind, by_measure, quick=False):
    """Rows of one kind, from its `errors`."""
    absolute = by_measure["truth"]
    reference = {name: value for name, value in absolute.items() if name != "network"}
    if "network" not in absolute:
        yield skipped(ERROR, kind, f"no model {MODEL}", reference)
        return
    yield Row(ERROR, kind, {"network": absolute["network"]}, reference, metrics={"errors": by_measure})
    ratio = {measure: values["biharmonic"] / values["network"] for measure, values in by_measure.items()}
    yield Row(
        "Mean square error of biharmonic inpainting over that of the network", kind, {"network": ratio["truth"]},
        {"paper": PAPER[kind]}, target=f"≥ {TARGETS[kind]:g}",
        passed=None if quick else bool(ratio["truth"] >= TARGETS[kind]),
    )  # fmt: skip
    yield Row(
        "The same by other definitions of the error", kind,
        {"against the noisy pixel": ratio["noisy"], "in units of the noise of each pixel": ratio["relative"]},
    )  # fmt: skip


def photometry(quick):
    """Rows: flux of stars of the cluster with a filled hole in their core."""
    number, edge = cases.size_of(quick)
    methods, changes = _methods(), {}
    for index, case in enumerate(cases.cases("cluster", number, edge)):
        hole, images = fill_holes(case, index, methods)
        x, y = _stars(case, hole)
        if len(x):
            truth = _fluxes(case.image.rate, x, y)
            for name, image in images.items():
                pixels = np.where(hole, image, case.image.rate)
                changes.setdefault(name, []).extend((_fluxes(pixels, x, y) - truth) / truth)
    if not changes:
        yield skipped(STARS, "cluster", "no star has one")
        return
    spread = {name: (float(np.median(v)), float(np.median(np.abs(v)))) for name, v in changes.items()}
    yield from photometry_rows(len(next(iter(changes.values()))), spread)


def photometry_rows(number, spread):
    """Rows of ``number`` stars: method -> median change of the flux, and median absolute change."""
    for index, name in enumerate(("median change", "median absolute change")):
        values = {method: 100 * pair[index] for method, pair in spread.items()}
        network = {"network": values.pop("network")} if "network" in values else {}
        yield Row(STARS, f"{name}, {number} stars of the cluster", network, values, "%", form=".1f", metrics=spread)


def _stars(case, hole):
    """Peaks of bright stars with a hole in their 3 × 3 pixels and no bad pixel in their aperture."""
    from scipy.ndimage import maximum_filter

    rate, edge = case.image.rate, 5
    level = rate - np.median(rate)
    peak = (rate == maximum_filter(rate, 5)) & (level > BRIGHT * case.image.err)
    touched = maximum_filter(hole, 3)
    excluded = maximum_filter(case.image.bad, 2 * int(APERTURE) + 3)
    y, x = np.nonzero(peak & touched & ~excluded)
    inside = (np.minimum(x, y) >= edge) & (np.maximum(x, y) < len(rate) - edge)
    return x[inside], y[inside]


def _fluxes(image, x, y):
    """Sums in circles above the median of the image."""
    reach = int(APERTURE)
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    inside = np.hypot(dy, dx) <= APERTURE
    values = image[y[:, None] + dy[inside], x[:, None] + dx[inside]] - np.nanmedian(image)
    return values.sum(axis=1, dtype=float)
