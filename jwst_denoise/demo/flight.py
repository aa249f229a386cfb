"""A flight exposure of the guider, which is part of jwst, through calwebb_guider without and with NSCleanStep."""

from pathlib import Path

from jwst_denoise import crds_cache, parameters
from jwst_denoise.demo import cross_validation
from jwst_denoise.demo.part import Part, write_report
from jwst_denoise.demo.pipeline import run_pipeline, strun_line

__all__ = ["PARAMETERS", "run_part"]

#: Shipped parameter file.
PARAMETERS = "fgs_guider_nsclean"


def run_part(output, cache, log, stages):
    """Run the real pipeline on the flight exposure and cross-validate the correction.

    Parameters
    ----------
    output, cache, log : path-like
        Directory of the products, CRDS cache with GUIDER2, and log file.
    stages : jwst_denoise.demo.screen.Stages
        Progress.

    Returns
    -------
    Part
    """
    output, exposure = Path(output), cross_validation.exposure_path()
    file = str(parameters.path(PARAMETERS))
    with crds_cache.activated(cache), stages.stage("calwebb_guider without and with NSCleanStep") as stage:
        default = run_pipeline("calwebb_guider", exposure, output / "default", log, stage.name)
        cleaned = run_pipeline("calwebb_guider", exposure, output / "nsclean", log, stage.name, config_file=file)
    with stages.stage("cross-validation"):
        metrics = cross_validation.cross_validate_exposure(exposure)
        files = write_report(output, "nsclean", default.path, cleaned.path)
    columns = {"raw": "raw", "median": "column medians", "gp": "nsclean"}
    rows = [
        (f"integrations {one['pair'][0]} − {one['pair'][1]}", *(f"{one[name]:.2f}" for name in columns), "DN")
        for one in metrics
    ]
    notes = [
        "The true noise is unknown. It is estimated from the upper half of the detector, without the star, and "
        "subtracted from the lower half, which the estimate does not use.",
    ]
    commands = [
        strun_line("calwebb_guider", exposure, output / "default"),
        strun_line(PARAMETERS, exposure, output / "nsclean"),
    ]
    title = "Flight exposure: FGS ACQ1, GUIDER2, 2022-04-27"
    return Part(title, ("scatter of the lower half", *columns.values()), rows, notes, files, commands)
