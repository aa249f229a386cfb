"""Correlated noise: an exposure through calwebb_detector1 without and with NSCleanStep, and calwebb_denoise1."""

from pathlib import Path

from jwst_denoise import crds_cache, parameters, products
from jwst_denoise.demo import pictures
from jwst_denoise.demo.metrics import find_truth, measure_image, read_image
from jwst_denoise.demo.part import Part, explain_errors, explain_fluxes, metric_rows, write_report
from jwst_denoise.demo.pipeline import run_pipeline, strun_line
from jwst_denoise.demo.scenarios import noiseless_uncal, simulate_scenario

__all__ = ["run_parts"]

#: The white noise of reference pixels becomes stripes in their correction; the truth has none.
TRUTH_STEPS = {"refpix": {"skip": True}}
TITLES = {"default": "calwebb_detector1", "nsclean": "with nsclean", "denoise1": "calwebb_denoise1"}
_IGNORED = "ERR does not include correlated noise."
_HALOS = "the fit takes a part of faint signal outside of the mask for noise; a larger mask_dilation leaves more."
_NETWORK = (
    "ramp_denoise smooths faint signal; for photometry of faint sources leave it out (--steps.ramp_denoise.skip=true)."
)
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
        return [
            _clean_part(scenario, exposure, output, runs, images, read_image(noiseless.path, exposure), commands[:2]),
            _ramp_part(scenario, exposure, output, runs, images, commands[2:]),
        ]


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
