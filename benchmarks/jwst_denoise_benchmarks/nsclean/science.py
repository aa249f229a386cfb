"""Sources, background, errors and time series that the whole step has cleaned, with its automatic mask and defaults."""

import numpy as np

from jwst_denoise import NSCleanStep, products, simulate
from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise.simulate.fields import AREA, add_sersic, point_sources
from jwst_denoise.statistics import box_level, robust_sigma
from jwst_denoise_benchmarks.core.inputs import quiet
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.nsclean import reference_methods, scenes

__all__ = ["background", "background_row", "clean_scene", "source_rows", "sources", "transit", "transit_rows"]

GROUPS = 10
APERTURE = 6  # pixels
SKY = 0.2  # e-/s a pixel
#: Signal-to-noise ratio in the aperture of each class of stars, for white noise only.
CLASSES = {"faint stars": 20.0, "bright stars": 500.0}
DENSITY = 400  # of each class on 2048 × 2048 pixels
BRIGHTNESS = 4.7  # e-/s, total flux of a galaxy divided by the square of its effective radius
BOX = 5  # pixels, edge of sums of the background
GALAXY_SIZE = 0.02  # effective radius over the edge of the image

DEPTH = 1e-4
EXTRACTION = 5  # rows on either side of the trace


def sources(quick):
    """Rows: change of stars, large galaxies and sky in NIRCam images by the step.

    Every image is cleaned with the scene and, with the same noise, with the sky only. The difference of the subtracted
    noise is the effect of the sources, almost free of noise.
    """
    edge, seeds = (512, range(31, 32)) if quick else (2048, range(31, 37))
    cleaners = {"nsclean": lambda m: NSCleanStep.call(m, configure_log=False), "jwst": reference_methods.median_step}
    runs = [clean_scene(edge, seed, cleaners) for seed in seeds]
    for name in (*CLASSES, "galaxies", "sky"):
        yield from source_rows(name, edge, [run[name] for run in runs], quick)


def source_rows(name, edge, runs, quick=False):
    """Row of one class: ``runs`` hold the relative change of every source, or of the sky, by each cleaner."""
    target = 1.0 if name == "sky" else 0.5
    change = {cleaner: _mean_percent(runs, cleaner) for cleaner in ("nsclean", "jwst")}
    yield Row(
        f"Change by the step, NIRCam {edge} × {edge}, {len(runs)} images", _describe(name, edge),
        {"nsclean": change["nsclean"]}, {"jwst median": change["jwst"]}, "%", form="+.3f", target=f"< {target:g}",
        passed=None if quick else abs(change["nsclean"][0]) < target, metrics={"runs": runs},
    )  # fmt: skip


def _describe(name, edge):
    if name in CLASSES:
        return f"flux of {name}, S/N {CLASSES[name]:g}"
    if name == "sky":
        return f"background between the sources, {SKY} e-/s"
    return f"flux of galaxies, effective radius {GALAXY_SIZE * edge:.0f} pixels"


def _mean_percent(runs, cleaner):
    """Mean change and its standard error from the scatter of all values, %."""
    values = 100 * np.concatenate([np.atleast_1d(run[cleaner]) for run in runs])
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return float(values.mean()), float(error)


def clean_scene(edge, seed, cleaners):
    """Clean one image, with and without its sources, with several cleaners.

    Parameters
    ----------
    edge : int
        Pixels; 2048 is a full frame of four outputs.
    seed : int
        Of the sources and the noise.
    cleaners : dict
        Name -> function of an ImageModel that returns it cleaned.

    Returns
    -------
    dict
        Name of a class, ``"galaxies"`` or ``"sky"`` -> cleaner -> relative change of the flux of every source, or of
        the background; ``"residual"`` -> cleaner -> rms of the residual correlated noise, as a fraction of its input.
    """
    rng = np.random.default_rng(seed)
    detector = simulate.detector("NRCB1")
    model, layers, places = _scene(edge, detector, rng)
    correlated, white = scenes.rate_noise(model, detector, rng)
    noise = (correlated + white)[0]
    signal = sum(layers.values())
    both = {cleaner: _removed(model, noise, signal, detector, clean) for cleaner, clean in cleaners.items()}
    loss = {cleaner: with_sources - without for cleaner, (with_sources, without) in both.items()}
    stripes = correlated[0] * detector.gain
    residual = {cleaner: float((stripes - removed).std() / stripes.std()) for cleaner, (removed, _) in both.items()}
    result = {"residual": residual}
    for name, positions in places.items():
        radius = 3 * GALAXY_SIZE * edge if name == "galaxies" else APERTURE
        centers = np.transpose(positions)
        flux = aperture_sums(layers[name], centers, radius)
        result[name] = {cleaner: -aperture_sums(image, centers, radius) / flux for cleaner, image in loss.items()}
    empty = signal < 0.02 * SKY
    result["sky"] = {cleaner: float(-image[empty].mean(dtype=float) / SKY) for cleaner, image in loss.items()}
    return result


def _scene(edge, detector, rng):
    """Image of the sky only, the layers of sources, and the positions of the sources."""
    name = "FULL" if edge == detector.size else "GENERIC"
    corner = (1, 1) if name == "FULL" else ((detector.size - edge) // 2 + 1,) * 2
    observation = simulate.observation(detector, subarray=name, corner=corner)
    shape = (edge, edge)
    model = scenes.template(np.full(shape, SKY, np.float32), detector, observation, "RAPID", GROUPS)
    psf = simulate.point_spread_function("NIRCAM_SW", "F200W")
    layers, places = {}, {}
    noise = float(np.median(model.err)) * detector.gain * np.sqrt(np.pi) * APERTURE
    for name, ratio in CLASSES.items():
        count = max(4, int(DENSITY * edge**2 / AREA))
        x, y = rng.uniform(20, edge - 20, (2, count))
        layers[name], places[name] = point_sources(shape, x, y, np.full(count, ratio * noise), psf), (x, y)
    layers["galaxies"] = np.zeros(shape, np.float32)
    places["galaxies"] = tuple(edge * np.mgrid[0.2:0.8:3j, 0.2:0.8:3j].reshape(2, -1))
    size = GALAXY_SIZE * edge
    for x, y in zip(*places["galaxies"], strict=True):
        add_sersic(layers["galaxies"], x, y, BRIGHTNESS * size**2, size, 1.0, 0.7, rng.uniform(0, np.pi))
    return model, layers, places


def _removed(model, noise, signal, detector, clean):
    """Noise that the cleaner subtracts from the image with sources and from that without, e-/s."""
    images = []
    for scene in (signal, np.zeros_like(signal)):
        dirty = model.copy()
        dirty.data += noise + scene / detector.gain
        dirty.var_poisson += scene / detector.gain**2 / dirty.meta.exposure.effective_exposure_time
        dirty.err = np.sqrt(dirty.var_rnoise + dirty.var_poisson)
        with quiet():
            cleaned = clean(dirty)
        images.append((dirty.data - cleaned.data) * detector.gain)
    return images


def background(quick):
    """Rows: scatter of the background in units of ERR, after the step and with ERR unchanged, on full simulations."""
    cases = [("NRCALONG", "field", "SUB400P", "RAPID"), ("NRS1", "slit", "ALLSLITS", "NRSRAPID")]
    if not quick:
        cases += [("NRCB1", "field", "FULL", "BRIGHT1"), ("NRS1", "ifu", "FULL", "NRSRAPID")]
    for seed, (name, scene, subarray, pattern) in enumerate(cases, start=51):
        pulls = _pulls(simulate.detector(name), scene, subarray, pattern, np.random.default_rng(seed))
        for index, title in enumerate(("background", f"sums of the background over {BOX} × {BOX} pixels")):
            yield background_row(title, f"{name} {subarray} {scene}", {key: pair[index] for key, pair in pulls.items()})


def background_row(title, configuration, pulls):
    """Row of one exposure; ``pulls``: ``after``, ``untouched`` and ``before`` -> scatter over ERR."""
    return Row(
        f"Scatter of the {title} over ERR", configuration, {"after the step": pulls["after"]},
        {"with ERR of the input": pulls["untouched"], "input": pulls["before"]}, form=".3f", target="1 ± 0.05",
        passed=bool(0.95 <= pulls["after"] <= 1.05),
    )  # fmt: skip


def _pulls(detector, scene, subarray, pattern, rng):
    rate, observation = simulate.scene(scene, detector, rng, subarray_name=subarray)
    exposure = simulate.simulate_exposure(rate, detector, None, pattern, 6, 1, rng, observation=observation)
    dirty = products.rate_model(exposure)
    with quiet():
        clean = NSCleanStep.call(dirty, configure_log=False)
    empty = (rate < np.median(rate[rate < np.quantile(rate, 0.5) + 1e-6]) + 0.02) & ~dirty.dq.astype(bool)
    pairs = {"after": (clean, clean), "untouched": (clean, dirty), "before": (dirty, dirty)}
    truth = rate / detector.gain
    return {name: _pull(data.data, truth, errors.err, empty) for name, (data, errors) in pairs.items()}


def _pull(data, truth, err, empty):
    """Scatter over error of single pixels, and of sums over boxes that are empty."""
    residual = np.where(empty, data - truth, 0)
    residual = np.where(empty, residual - box_level(residual, empty), 0)
    boxes = [np.where(empty, a, 0)[: len(a) // BOX * BOX, : a.shape[1] // BOX * BOX] for a in (residual, err**2, empty)]
    sums = [a.reshape(len(a) // BOX, BOX, -1, BOX).sum(axis=(1, 3), dtype=float) for a in boxes]
    whole = sums[2] == BOX**2
    ratios = residual[empty] / err[empty], sums[0][whole] / np.sqrt(sums[1][whole])
    return tuple(robust_sigma(ratio, None, center=0) for ratio in ratios)


def transit(quick):
    """Rows: change of the fitted depth of a transit by the step, and scatter of the white light curve."""
    count = 60 if quick else 500
    flat = np.ones(count)
    dip = simulate.transit(np.arange(count), middle=(count - 1) / 2, duration=count / 3, depth=DEPTH)
    biases, scatters, depths = [], [], []
    for seed in range(11, 12 if quick else 15):
        curves = {name: _light_curves(curve, seed) for name, curve in (("with", dip), ("without", flat))}
        depth = {key: {when: _depth(c[when], dip) for when in c} for key, c in curves.items()}
        biases.append((depth["with"]["after"] - depth["without"]["after"] - 1) * DEPTH)
        depths.append({when: depth["with"][when] * DEPTH for when in ("before", "after")})
        scatters.append({when: _scatter(curves["with"][when], dip) for when in ("before", "after")})
    yield from transit_rows(count, biases, depths, scatters)


def transit_rows(count, biases, depths, scatters):
    """Rows on the bias of the depth and on the scatter, from the values of several noise realizations."""
    configuration = f"{count} integrations of 32 × 512, {len(biases)} realizations"
    bias = max(abs(one) for one in biases) * 1e6
    yield Row(
        "Largest bias of the depth of a 100 ppm transit, with minus without transit", configuration, {"nsclean": bias},
        {}, "ppm", form=".2f", target="< 10", passed=bias < 10,
        metrics={"bias": biases, "depths": depths, "scatter": scatters},
    )  # fmt: skip
    before, after = (float(np.mean([one[when] for one in scatters])) * 1e6 for when in ("before", "after"))
    yield Row(
        "Scatter of the white light curve, mean of the realizations", configuration, {"nsclean": after},
        {"input": before}, "ppm", form=".1f",
    )  # fmt: skip
    largest = max(one["after"] / one["before"] for one in scatters)
    yield Row(
        "Scatter of the white light curve over that of the input, largest", configuration, {"nsclean": largest},
        form=".3f", target="≤ 1", passed=largest <= 1,
    )  # fmt: skip


def _light_curves(curve, seed):
    """Box extraction of all columns, before and after the step."""
    model = scenes.star_series(curve, np.random.default_rng(seed))
    truth = scenes.star_series(np.ones(1), np.random.default_rng(0), noise=False).data[0]
    row = np.argmax(truth, axis=0)
    box = np.abs(np.arange(len(truth))[:, None] - row) <= EXTRACTION
    with quiet():
        cleaned = NSCleanStep.call(model, configure_log=False)
    extracted = ((when, m.data[:, box].sum(axis=1, dtype=float)) for when, m in (("before", model), ("after", cleaned)))
    return {when: flux / truth[box].sum(dtype=float) for when, flux in extracted}


def _fit(flux, dip):
    """Level, trend and depth in units of the injected depth, and the model."""
    time = np.linspace(-1, 1, len(flux))
    design = np.stack([np.ones_like(time), time, dip - 1], axis=1)
    solution = np.linalg.lstsq(design, flux, rcond=None)[0]
    return solution, design @ solution


def _depth(flux, dip):
    return float(_fit(flux, dip)[0][2])


def _scatter(flux, dip):
    return float(np.std(flux - _fit(flux, dip)[1]))
