"""Sources, extended light and errors of images that the whole step has cleaned, with its own mask and parameters."""

import numpy as np

from jwst_denoise import NSCleanStep, products, simulate
from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise.simulate.fields import AREA, add_sersic, point_sources
from jwst_denoise.statistics import box_level, robust_sigma
from jwst_denoise_benchmarks.nsclean import peers, scenes
from jwst_denoise_benchmarks.rows import Row

__all__ = ["blank_sky", "source_run", "sources"]

GROUPS = 10
APERTURE = 6  # pixels
SKY = 0.2  # e-/s a pixel
#: Signal-to-noise ratio in the aperture of each class of stars, by the white noise alone.
CLASSES = {"faint stars": 20.0, "bright stars": 500.0}
DENSITY = 400  # of each class on 2048 × 2048 pixels
BRIGHTNESS = 4.7  # e-/s, total flux of a galaxy over the square of its effective radius
GALAXY_SIZE = 0.02  # effective radius over the edge of the image


def sources(quick):
    """Rows: what the step takes from stars, from large galaxies and from the sky of NIRCam images.

    Every image is cleaned with the scene and, the noise being the same, with the sky alone: the difference of what is
    removed is what the light does, free of almost all the noise.
    """
    edge, seeds = (512, range(31, 32)) if quick else (2048, range(31, 37))
    cleaners = {"ours": lambda m: NSCleanStep.call(m, configure_log=False), "jwst": peers.median_step}
    runs = [source_run(edge, seed, cleaners) for seed in seeds]
    targets = dict.fromkeys((*CLASSES, "galaxies"), 0.5) | {"sky": 1.0}
    for name, target in targets.items():
        mean, error = ({who: _over_runs(runs, who, name)[i] for who in cleaners} for i in (0, 1))
        spread = {who: "" if np.isnan(e) else f" ± {100 * e:.3f}" for who, e in error.items()}
        yield Row(
            f"{_describe(name, edge)}: change by the step, NIRCam {edge} × {edge}, {len(runs)} images",
            f"{100 * mean['ours']:+.3f}{spread['ours']} %",
            f"jwst median {100 * mean['jwst']:+.3f}{spread['jwst']} %",
            f"< {target:g} %", None if quick else abs(mean["ours"]) < target / 100, {"runs": [r[name] for r in runs]},
        )  # fmt: skip


def _describe(name, edge):
    if name in CLASSES:
        return f"flux of {name} (signal-to-noise ratio {CLASSES[name]:g})"
    if name == "sky":
        return f"background among the sources, {SKY} e-/s"
    return f"flux of galaxies with an effective radius of {GALAXY_SIZE * edge:.0f} pixels"


def _over_runs(runs, who, name):
    """Mean change and its standard error from the scatter of all values."""
    values = np.concatenate([np.atleast_1d(run[name][who]) for run in runs])
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return values.mean(), error


def source_run(edge, seed, cleaners):
    """Clean one image, with and without its light, with several cleaners.

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
        the background; ``"residual"`` -> cleaner -> rms of the correlated noise that is left, as a fraction.
    """
    rng = np.random.default_rng(seed)
    detector = simulate.detector("NRCB1")
    model, layers, places = _scene(edge, detector, rng)
    correlated, white = scenes.rate_noise(model, detector, rng)
    noise = (correlated + white)[0]
    light = sum(layers.values())
    both = {who: _removed(model, noise, light, detector, clean) for who, clean in cleaners.items()}
    removed = {who: lit - dark for who, (lit, dark) in both.items()}
    stripes = correlated[0] * detector.gain
    result = {"residual": {who: float((stripes - lit).std() / stripes.std()) for who, (lit, _) in both.items()}}
    for name, positions in places.items():
        radius = 3 * GALAXY_SIZE * edge if name == "galaxies" else APERTURE
        centers = np.transpose(positions)
        flux = aperture_sums(layers[name], centers, radius)
        result[name] = {who: -aperture_sums(image, centers, radius) / flux for who, image in removed.items()}
    blank = light < 0.02 * SKY
    result["sky"] = {who: float(-image[blank].mean(dtype=float) / SKY) for who, image in removed.items()}
    return result


def _scene(edge, detector, rng):
    """Image of the sky alone, the layers of light on it and the sources' places."""
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


def _removed(model, noise, light, detector, clean):
    """What the cleaner removes from the image with the light and from that without, e-/s."""
    images = []
    for scene in (light, np.zeros_like(light)):
        dirty = model.copy()
        dirty.data += noise + scene / detector.gain
        dirty.var_poisson += scene / detector.gain**2 / dirty.meta.exposure.effective_exposure_time
        dirty.err = np.sqrt(dirty.var_rnoise + dirty.var_poisson)
        with peers.quiet():
            cleaned = clean(dirty)
        images.append((dirty.data - cleaned.data) * detector.gain)
    return images


def blank_sky(quick):
    """Rows: scatter of blank sky in units of ERR, after the step and with ERR untouched, on full simulations."""
    cases = [("NRCALONG", "field", "SUB400P", "RAPID"), ("NRS1", "slit", "ALLSLITS", "NRSRAPID")]
    if not quick:
        cases += [("NRCB1", "field", "FULL", "BRIGHT1"), ("NRS1", "ifu", "FULL", "NRSRAPID")]
    for seed, (name, scene, subarray, pattern) in enumerate(cases, start=51):
        pulls = _pulls(simulate.detector(name), scene, subarray, pattern, np.random.default_rng(seed))
        yield Row(
            f"pull of blank sky after the step, {name} {subarray} {scene}", f"{pulls['after']:.3f}",
            f"ERR untouched {pulls['untouched']:.3f}; uncleaned {pulls['before']:.3f}", "0.95 – 1.05",
            0.95 <= pulls["after"] <= 1.05, pulls,
        )  # fmt: skip


def _pulls(detector, scene, subarray, pattern, rng):
    rate, observation = simulate.scene(scene, detector, rng, subarray_name=subarray)
    exposure = simulate.simulate_exposure(rate, detector, None, pattern, 6, 1, rng, observation=observation)
    dirty = products.rate_model(exposure)
    with peers.quiet():
        clean = NSCleanStep.call(dirty, configure_log=False)
    blank = (rate < np.median(rate[rate < np.quantile(rate, 0.5) + 1e-6]) + 0.02) & ~dirty.dq.astype(bool)
    pairs = {"after": (clean, clean), "untouched": (clean, dirty), "before": (dirty, dirty)}
    return {when: _pull(data.data, rate / detector.gain, errors.err, blank) for when, (data, errors) in pairs.items()}


def _pull(data, truth, err, blank):
    residual = np.where(blank, data - truth, 0)
    residual = (residual - box_level(residual, blank))[blank]
    return robust_sigma(residual / err[blank], None, center=0)
