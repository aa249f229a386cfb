"""The whole chain: a simulated field from its counts to calibrated and denoised images, against the true signal."""

from functools import partial
from pathlib import Path

from jwst_denoise import crds_cache, products
from jwst_denoise.demo import pictures
from jwst_denoise.demo.metrics import find_truth, measure_image, read_image
from jwst_denoise.demo.part import Part, explain_errors, explain_fluxes, metric_rows, write_report
from jwst_denoise.demo.pipeline import run_pipeline, strun_line
from jwst_denoise.demo.scenarios import IMAGES, simulate_scenario

__all__ = ["RUNS", "run_part"]

#: Name of a run -> what it is.
RUNS = {
    "default": "calwebb_detector1 and calwebb_image2",
    "flicker": "with their own clean_flicker_noise",
    "nsclean": "with cosmic_ray_mask and nsclean in stage 1",
    "denoise1": "with ramp_denoise, too: calwebb_denoise1",
    "r = 2": "nsclean, then image_denoise with exposure_time_ratio r = 2 after stage 2",
    "stack": "nsclean, then image_denoise of the stack of integrations",
}
#: Name of a run -> its title in the picture.
TITLES = {
    "default": "default pipeline",
    "flicker": "with clean_flicker_noise",
    "nsclean": "with cosmic_ray_mask and nsclean",
    "denoise1": "calwebb_denoise1",
    "r = 2": "nsclean and image_denoise, r = 2",
    "stack": "nsclean and image_denoise of the stack",
}
#: Directory -> pipeline of stage 1, and parameters of its steps.
STAGE1 = {
    "default": ("calwebb_detector1", {}),
    "flicker": ("calwebb_detector1", {"clean_flicker_noise": {"skip": False}}),
    "nsclean": ("calwebb_denoise1", {"ramp_denoise": {"skip": True}}),
    "denoise1": ("calwebb_denoise1", {}),
}
STACK = {"model": "noise2noise-stack"}
_CAUSES = {
    "flicker": "clean_flicker_noise takes a part of extended signal for noise.",
    "nsclean": "its fit takes a part of faint halos outside of the mask for noise; mask_dilation=8 leaves more.",
    "denoise1": "beyond that of nsclean, ramp_denoise smooths faint signal.",
    "r = 2": "beyond that of nsclean, image_denoise lowers sources below S/N 10.",
    "stack": "beyond that of nsclean, the stack model lowers faint extended signal.",
}
_SMOOTH = "the noise of neighboring pixels is correlated; measure the error of a sum by apertures on the background."
_IGNORED = "ERR does not include correlated noise."


def run_part(output, cache, log, stages):
    """Simulate the field, run stages 1 and 2 and ``image_denoise``, and compare with the truth.

    Parameters
    ----------
    output, cache, log : path-like
        Directory of the products, CRDS cache with the detector, and log file.
    stages : jwst_denoise.demo.screen.Stages
        Progress.

    Returns
    -------
    Part
    """
    output, root = Path(output), IMAGES.root
    with stages.stage("simulating a field") as stage:
        exposure = simulate_scenario(IMAGES, stage.fraction)
        uncal = products.write_products(exposure, output, root)["uncal"]
    with crds_cache.activated(cache):
        paths = _run_all(uncal, output, log, stages)
    with stages.stage("comparing with the truth"):
        images = {name: read_image(path, exposure) for name, path in paths.items()}
        truth = find_truth(exposure, list(images.values()))
        metrics = {name: measure_image(image, truth) for name, image in images.items()}
        picture, title = output.with_suffix(".png"), f"Simulated: {IMAGES.title}, {IMAGES.nints} integrations"
        pictures.draw_against_truth(picture, title, images, TITLES, truth, exposure.readout)
        files = write_report(output.parent / "image_denoise", "image_denoise", paths["nsclean"], paths["r = 2"])
    notes = [
        "; ".join(f"{name}: {text}" for name, text in RUNS.items() if name in metrics)
        + ". Errors are differences from the true signal.",
        "The image for r = 2 is 1/r of the input and (1 − 1/r) of the estimate of the network. So the noise of a pixel "
        "falls to about 1/r = 0.5; in a real exposure twice as long it would fall to 1/√r = 0.71, since the second "
        "half has independent noise.",
        *explain_fluxes(metrics, _CAUSES),
        "For photometry of faint sources use the image after nsclean; use the denoised ones for detection.",
        *explain_errors(metrics, dict.fromkeys(metrics, _SMOOTH) | dict.fromkeys(("default", "flicker"), _IGNORED)),
    ]
    rows, commands = metric_rows(metrics.values()), _commands(uncal, output)
    return Part("Images", title, ("errors", *metrics), rows, notes, [picture, *files], commands, metrics)


def _run_all(uncal, output, log, stages):
    """Name of a run -> path of its image."""
    paths, rateints = {}, None
    for name, (stage1, steps) in STAGE1.items():
        with stages.stage(f"stages 1 and 2: {name}") as stage:
            rate = run_pipeline(stage1, uncal, output / name, log, stage.name, steps=steps).path
            paths[name] = run_pipeline("calwebb_image2", rate, output / name, log, stage.name).path
        if name == "nsclean":
            rateints = rate.with_name(f"{IMAGES.root}_rateints.fits")
    with stages.stage("ImageDenoiseStep") as stage:
        run = partial(run_pipeline, "image_denoise", log=log, notify=stage.name)
        paths["r = 2"] = run(paths["nsclean"], output / "image_denoise", exposure_time_ratio=2.0).path
        paths["stack"] = run(rateints, output / "stack", **STACK).path
    return paths


def _commands(uncal, output):
    folder, line = output / "nsclean", strun_line
    rate, rateints, cal = (folder / f"{IMAGES.root}_{kind}.fits" for kind in ("rate", "rateints", "cal"))
    return [
        line("calwebb_denoise1", uncal, folder, **{"steps.ramp_denoise.skip": "true"}),
        line("calwebb_image2", rate, folder),
        line("image_denoise", cal, output / "image_denoise", exposure_time_ratio=2),
        line("image_denoise", rateints, output / "stack", **STACK),
    ]
