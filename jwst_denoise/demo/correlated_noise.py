"""Correlated noise: an exposure through calwebb_detector1 without and with NSCleanStep, and calwebb_denoise1."""

from pathlib import Path

import numpy as np
from scipy import ndimage

from jwst_denoise import crds_cache, parameters, products
from jwst_denoise.demo import pictures
from jwst_denoise.demo.metrics import find_truth, measure_image, read_image
from jwst_denoise.demo.part import Part, explain_errors, explain_fluxes, metric_rows, write_report
from jwst_denoise.demo.pipeline import run_pipeline, strun_line
from jwst_denoise.demo.scenarios import noiseless_uncal, simulate_scenario
from jwst_denoise.quality.photometry import aperture_sums, ring_medians

__all__ = ["flux_kept", "run_parts"]

#: The white noise of reference pixels becomes stripes in their correction; the truth has none.
TRUTH_STEPS = {"refpix": {"skip": True}}
TITLES = {"default": "calwebb_detector1", "nsclean": "with nsclean", "denoise1": "calwebb_denoise1"}
_IGNORED = "ERR does not include correlated noise."
_HALOS = "the fit takes a part of faint signal outside of the mask for noise; a larger mask_dilation leaves more."
_NETWORK = (
    "ramp_denoise smooths faint signal; for photometry of faint sources leave it out (--steps.ramp_denoise.skip=true)."
)
_KEPT = "flux kept, faint unmasked stars / %"
_INJECTED = (
    "The last row is the flux above the local background of stars of S/N 5, which were added to the background of the "
    "rate; nsclean cleaned the rate with and without them."
)
RATIO, SPACING, CLEAR, RADIUS = 5, 16, 19, 2.5  # S/N of added stars, pixels between them and without sources, aperture
_SMOOTH = (
    "the noise after ramp_denoise is correlated between neighbors. For the error of a sum, measure the scatter of "
    "apertures on the background."
)


def run_parts(scenario, output, cache, log, stages):
    """Simulate an exposure, run the pipelines on it, and compare with the truth.

    Parameters
    ----------
    scenario : jwst_denoise.demo.scenarios.Scenario
        The exposure.
    output, cache, log : path-like
        Directory of the products, CRDS cache with the detector, and log file.
    stages : jwst_denoise.demo.screen.Stages
        Progress.

    Returns
    -------
    list of Part
        For NSCleanStep and for calwebb_denoise1.
    """
    output = Path(output)
    with stages.stage("simulating the exposure") as stage:
        exposure = simulate_scenario(scenario, stage.fraction)
        uncal = products.write_products(exposure, output, scenario.root)["uncal"]
    with crds_cache.activated(cache):
        with stages.stage("calwebb_detector1") as stage:
            default = run_pipeline("calwebb_detector1", uncal, output / "default", log, stage.name)
        with stages.stage("calwebb_detector1 with NSCleanStep") as stage:
            file = str(parameters.path(scenario.parameters))
            cleaned = run_pipeline("calwebb_detector1", uncal, output / "nsclean", log, stage.name, config_file=file)
        with stages.stage("calwebb_denoise1") as stage:
            denoised = run_pipeline("calwebb_denoise1", uncal, output / "denoise1", log, stage.name)
        with stages.stage("calwebb_detector1 without correlated noise, as the truth") as stage:
            raw = noiseless_uncal(exposure, scenario.root)
            noiseless = run_pipeline("calwebb_detector1", raw, output / "truth", log, stage.name, steps=TRUTH_STEPS)
    commands = [
        strun_line("calwebb_detector1", uncal, output / "default"),
        strun_line(scenario.parameters, uncal, output / "nsclean"),
        strun_line("calwebb_denoise1", uncal, output / "denoise1"),
    ]
    with stages.stage("comparing with the truth"):
        runs = {"default": default, "nsclean": cleaned, "denoise1": denoised}
        images = {name: read_image(run.path, exposure) for name, run in runs.items()}
        parts = [
            _clean_part(scenario, exposure, output, runs, images, read_image(noiseless.path, exposure), commands[:2]),
            _ramp_part(scenario, exposure, output, runs, images, commands[2:]),
        ]
    with stages.stage("adding faint stars"), crds_cache.activated(cache):
        kept = flux_kept(default.path, find_truth(exposure, [images["default"]]).background, output / "added", log)
    parts[0].rows.append((_KEPT, "100.00", f"{100 * kept:.2f}"))
    parts[0].notes.append(_INJECTED)
    return parts


def flux_kept(path, background, directory, log):
    """Fraction of the flux of faint stars that NSCleanStep keeps, from paired runs with and without them.

    Parameters
    ----------
    path : path-like
        Rate.
    background : ndarray of bool
        (ny, nx) pixels of the background, to which stars are added.
    directory, log : path-like
        Directory of the products, and log file.

    Returns
    -------
    float
        NaN if there is no place for a star.
    """
    from stdatamodels.jwst import datamodels

    grid = np.zeros(background.shape, bool)
    grid[::SPACING, ::SPACING] = True
    stars = grid & ndimage.minimum_filter(background, CLEAR, mode="constant")
    positions = np.argwhere(stars)[:, ::-1]
    if not len(positions):
        return np.nan
    with datamodels.open(str(path)) as rate:
        models = [rate.copy(), rate.copy()]
    flux = RATIO * np.sqrt(np.pi) * RADIUS * np.median(models[0].err[background])
    added = flux * ndimage.gaussian_filter(stars.astype(np.float32), 1.0)
    models[1].data = models[1].data + added
    cleaned = []
    for name, model in zip(("without", "with"), models, strict=True):
        with datamodels.open(str(run_pipeline("nsclean", model, Path(directory) / name, log).path)) as result:
            cleaned.append(np.nan_to_num(result.data))
    sums = [
        np.sum(aperture_sums(image, positions, RADIUS) - np.pi * RADIUS**2 * ring_medians(image, positions, 5, 9))
        for image in (cleaned[1] - cleaned[0], added)
    ]
    return float(sums[0] / sums[1])


def _clean_part(scenario, exposure, output, runs, images, noiseless, commands):
    images = {name: images[name] for name in ("default", "nsclean")}
    truth = find_truth(exposure, list(images.values()), noiseless)
    metrics = {name: measure_image(image, truth) for name, image in images.items()}
    notes = [
        f"Errors are differences from the same exposure without correlated noise, in e⁻ over {truth.seconds:.0f} s. "
        f"Sources cover {truth.sources.mean():.0%} of the pixels; fluxes are above the local background.",
        *explain_fluxes(metrics, {"nsclean": _HALOS}),
        *explain_errors(metrics, {"default": _IGNORED}),
    ]
    return _part("Correlated noise", scenario, exposure, output, runs, images, truth, metrics, notes, commands)


def _ramp_part(scenario, exposure, output, runs, images, commands):
    images = {name: images[name] for name in ("default", "denoise1")}
    truth = find_truth(exposure, list(images.values()))
    metrics = {name: measure_image(image, truth) for name, image in images.items()}
    notes = [
        "denoise1 is calwebb_denoise1: calwebb_detector1 with cosmic_ray_mask, nsclean and ramp_denoise. Errors are "
        "differences from the true signal, and include white and Poisson noise.",
        *explain_fluxes(metrics, {"denoise1": _NETWORK}),
        *explain_errors(metrics, {"default": _IGNORED, "denoise1": _SMOOTH}),
    ]
    return _part("All noise of ramps", scenario, exposure, output, runs, images, truth, metrics, notes, commands)


def _part(title, scenario, exposure, output, runs, images, truth, metrics, notes, commands):
    """Draw the pictures of two runs, write their report, and describe them."""
    first, last = images
    picture = output.parent / f"{last}_truth.png"
    pictures.draw_against_truth(picture, f"Simulated: {scenario.title}", images, TITLES, truth, exposure.readout)
    alias = "nsclean" if last == "nsclean" else "ramp_denoise"
    files = [picture, *write_report(output.parent / last, alias, runs[first].path, runs[last].path)]
    columns = ("errors" if last == "denoise1" else "remaining noise", *metrics)
    return Part(
        title, f"Simulated: {scenario.title}", columns, metric_rows(metrics.values()), notes, files, commands, metrics
    )
