"""Errors of inpainted pixels: network, median, biharmonic function, nothing."""

import numpy as np

from jwst_denoise.cosmic_ray_mask.inpaint import inpaint
from jwst_denoise_benchmarks.cosmic_ray_mask import cases, models
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["MODEL", "errors", "filled", "filling", "photometry"]

MODEL = "inpaint-2-32"
#: Mean square error of biharmonic inpainting over the network's: what is asked, and the paper's.
ASKED = {"galaxies": 2.5, "cluster": 20.0, "resolved": 5.0}
PAPER = {"galaxies": 3.4, "cluster": 19.7, "resolved": 5.1}
APERTURE = 2.5  # pixels
BRIGHT = 20.0  # signal-to-noise ratio of the peak pixel of stars whose flux is measured


def filled(case, index, methods):
    """Holes of an image (foreign cosmic rays), and the image filled by each method.

    The image's own cosmic rays are holes as well, but are not judged.

    Returns
    -------
    judged : ndarray
        (ny, nx) bool: pixels of holes without cosmic rays of the image's own.
    images : dict
        Method -> (ny, nx).
    """
    image, own = case.image, case.truth
    hole = cases.foreign_mask(case, index)
    options = {"err": image.err, "bad": image.bad}
    return hole & ~own & case.good, {n: fill(image.data, hole | own, **options) for n, fill in methods.items()}


def _methods():
    """Name -> function that fills; without the network if there is no model."""

    def nothing(image, hole, err, bad):
        return np.where(hole, np.nanmedian(image), image)

    found = {}
    try:
        model = models.load(MODEL)
        found["network"] = lambda *a, **k: inpaint(*a, method="network", model=model, **k)
    except MissingData:
        pass
    for name in ("median", "biharmonic"):
        found[name] = lambda *a, name=name, **k: inpaint(*a, method=name, **k)
    return found | {"sky level": nothing}


def errors(kind, quick):
    """Mean square errors of one kind of image.

    Returns
    -------
    dict
        ``truth`` (against the noiseless scene), ``datum`` (against the noisy pixel, as the paper has it), both in
        units of the noise of the sky, and ``relative`` (against the scene, in units of the noise of each pixel): method
        -> mean square error over all holes.
    """
    number, edge = cases.size_of(quick)
    methods, residuals = _methods(), {}
    for index, case in enumerate(cases.cases(kind, number, edge)):
        judged, images = filled(case, index, methods)
        sky = np.median(case.image.err)
        pairs = {"truth": (case.image.rate, sky), "datum": (case.image.data, sky),
                 "relative": (case.image.rate, case.image.err)}  # fmt: skip
        for measure, (truth, unit) in pairs.items():
            for name, image in images.items():
                values = ((image - truth) / unit)[judged].astype(float) ** 2
                residuals.setdefault(measure, {}).setdefault(name, []).append(values)
    return {
        measure: {name: float(np.mean(np.concatenate(values))) for name, values in by_name.items()}
        for measure, by_name in residuals.items()
    }


def filling(quick):
    """Rows: mean square error in holes for three kinds of image."""
    for kind, asked in ASKED.items():
        found = errors(kind, quick)
        what = f"{kind}: mean square error of filled pixels, in units of the noise of the sky"
        others = ", ".join(f"{name} {value:.3g}" for name, value in found["truth"].items() if name != "network")
        if "network" not in found["truth"]:
            yield Row(what, f"skipped: no model {MODEL}", others, figures=found)
            continue
        ratio = {measure: values["biharmonic"] / values["network"] for measure, values in found.items()}
        yield Row(
            what,
            f"{found['truth']['network']:.3g}: {ratio['truth']:.3g} × below biharmonic; against noisy pixels "
            f"{ratio['datum']:.3g} ×; in units of each pixel's noise {ratio['relative']:.3g} ×",
            f"{others}; paper's network {PAPER[kind]} × below", f"≥ {asked:g} × below biharmonic",
            None if quick else bool(ratio["truth"] >= asked), {"errors": found, "ratio": ratio},
        )  # fmt: skip


def photometry(quick):
    """Row: flux of stars of the cluster with a hole in their core, filled."""
    number, edge = cases.size_of(quick)
    methods, changes = _methods(), {}
    for index, case in enumerate(cases.cases("cluster", number, edge)):
        judged, images = filled(case, index, methods)
        x, y = _stars(case, judged)
        if len(x):
            truth = _fluxes(case.image.rate, x, y)
            for name, image in images.items():
                pixels = np.where(judged, image, case.image.rate)
                changes.setdefault(name, []).extend((_fluxes(pixels, x, y) - truth) / truth)
    if not changes:
        yield skipped("flux of stars with a hole in the core", "no star has one")
        return
    spread = {name: (float(np.median(v)), float(np.median(np.abs(v)))) for name, v in changes.items()}
    text = {name: f"{100 * bias:+.1f} % (off by {100 * off:.1f} %)" for name, (bias, off) in spread.items()}
    count = len(next(iter(changes.values())))
    yield Row(
        f"flux of stars with a filled hole in the core, cluster, {count} stars: median change (median distance from 0)",
        text.get("network", f"skipped: no model {MODEL}"),
        "; ".join(f"{name} {value}" for name, value in text.items() if name != "network"), figures=spread,
    )  # fmt: skip


def _stars(case, judged):
    """Peaks of bright stars whose 3 × 3 pixels hold a judged hole, and no hole or missing pixel that is not judged."""
    from scipy.ndimage import maximum_filter

    rate, edge = case.image.rate, 5
    level = rate - np.median(rate)
    peak = (rate == maximum_filter(rate, 5)) & (level > BRIGHT * case.image.err)
    touched = maximum_filter(judged, 3)
    spoilt = maximum_filter(case.image.bad, 2 * int(APERTURE) + 3)
    y, x = np.nonzero(peak & touched & ~spoilt)
    inside = (np.minimum(x, y) >= edge) & (np.maximum(x, y) < len(rate) - edge)
    return x[inside], y[inside]


def _fluxes(image, x, y):
    """Sums in circles above the median of the image."""
    reach = int(APERTURE)
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    inside = np.hypot(dy, dx) <= APERTURE
    values = image[y[:, None] + dy[inside], x[:, None] + dx[inside]] - np.nanmedian(image)
    return values.sum(axis=1, dtype=float)
