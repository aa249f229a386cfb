"""One part of the demonstration: its runs, and what it shows."""

from dataclasses import dataclass, field

from jwst_denoise import report
from jwst_denoise.steps import qa
from jwst_denoise.steps.common.result import Result

__all__ = ["Part", "explain_errors", "explain_fluxes", "metric_rows", "write_report"]

#: Label, format, attribute of `jwst_denoise.demo.metrics.Metrics`, factor.
_METRIC_ROWS = (
    ("background pixels / e⁻", "{:.2f}", "background_noise", 1),
    ("background apertures / e⁻", "{:.3f}", "aperture_noise", 1),
    ("pixels of sources / e⁻", "{:.2f}", "source_noise", 1),
    ("flux of all sources / %", "{:+.2f}", "flux_bias", 100),
    ("flux of a source / ERR", "{:.2f}", "flux_scatter", 1),
    ("background level / e⁻", "{:+.2f}", "shift", 1),
    ("scatter / ERR, pixels", "{:.3f}", "over_err", 1),
    ("scatter / ERR, apertures", "{:.3f}", "aperture_over_err", 1),
)
BIAS, SCATTER = 0.005, 0.1  # fraction of the flux, and distance of scatter / ERR from 1, that are explained


@dataclass(frozen=True)
class Part:
    """One part of the demonstration.

    Parameters
    ----------
    title : str
        Heading.
    exposure : str
        Description of the exposure.
    columns : tuple of str
        Heading of the table, and names of its columns.
    rows : list of tuple of str
        Label with unit, and one value a column.
    notes : list of str
        Sentences beneath the table.
    files : list of path-like
        Pictures and pages.
    commands : list of str
        Shell commands that give the same products.
    metrics : dict
        Name of a run -> its numbers.
    """

    title: str
    exposure: str
    columns: tuple
    rows: list
    notes: list
    files: list
    commands: list
    metrics: dict = field(default_factory=dict)


def metric_rows(metrics):
    """Rows of a table with one `Metrics` a column."""
    return [
        (label, *(form.format(factor * getattr(one, name)) for one in metrics))
        for label, form, name, factor in _METRIC_ROWS
    ]


def explain_fluxes(metrics, causes):
    """Sentences about biases of the total flux that are not small.

    Parameters
    ----------
    metrics : dict
        Name of a run -> Metrics.
    causes : dict
        Name of a run -> the cause of a bias.

    Returns
    -------
    list of str
    """
    return [
        f"{name}: total flux {100 * metrics[name].flux_bias:+.1f} %: {cause}"
        for name, cause in causes.items()
        if name in metrics and abs(metrics[name].flux_bias) > BIAS
    ]


def explain_errors(metrics, causes):
    """Sentences about a scatter that differs from ERR, see `explain_fluxes`."""
    return [
        f"{name}: on the background, pixels scatter by {metrics[name].over_err:.2f} ERR and sums over apertures by "
        f"{metrics[name].aperture_over_err:.2f} ERR: {cause}"
        for name, cause in causes.items()
        if name in metrics and max(abs(metrics[name].over_err - 1), abs(metrics[name].aperture_over_err - 1)) > SCATTER
    ]


def write_report(stem, alias, before, after):
    """Write the picture and the page of a step for two product files.

    Parameters
    ----------
    stem : path-like
        Path of both without suffix.
    alias : str
        Step whose picture is drawn.
    before, after : path-like
        Products.

    Returns
    -------
    list of path-like
        Picture and page.
    """
    picture, page = (stem.with_name(f"{stem.name}.{ending}") for ending in ("png", "html"))
    images = report.compare_files(before, after)
    qa.write_picture(picture, alias, images[0][0], images[1][0], Result())
    report.write_page(page, *images)
    return [picture, page]
