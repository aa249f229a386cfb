"""The benchmark of the step ``nsclean``: which rows there are, and running them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module

__all__ = ["DEFAULTS", "GROUPS", "Group", "choose", "run"]


@dataclass(frozen=True)
class Group:
    """Rows that are measured together.

    Parameters
    ----------
    name : str
        For ``--only``.
    function : str
        ``module.function`` of this package; called with ``quick`` it yields rows.
    description : str
        For the progress bar.
    """

    name: str
    function: str
    description: str

    def rows(self, quick):
        """Measure."""
        module, _, function = self.function.rpartition(".")
        measure: Callable = getattr(import_module(f"jwst_denoise.benchmarks.{module}"), function)
        for row in measure(quick):
            yield replace(row, group=self.name)


#: The groups, in the order of the table.
GROUPS = (
    Group("definition", "accuracy.definition", "dense definition"),
    Group("subarray", "speed.subarray", "one BOTS integration, with NSCleanSubarray"),
    Group("allslits", "speed.allslits", "ALLSLITS"),
    Group("series", "series.long_series", "1512 integrations"),
    Group("full-frame", "speed.full_frame", "full frames, with jwst's methods"),
    Group("ifu", "residuals.ifu", "correlated noise under IFU masks"),
    Group("errors", "science.blank_sky", "pull of blank sky"),
    Group("sources", "science.sources", "sources and background"),
    Group("transit", "transit.transit", "transit of 100 ppm"),
    Group("guider", "reads.guider", "FGS flight exposure"),
    Group("wfc3", "reads.wfc3", "HST WFC3/IR reads"),
)
#: Tables that justify the constants of this package.
DEFAULTS = (
    Group("gap-ridge", "defaults.gap_ridge", "ridge of gappy fits"),
    Group("bins", "defaults.bins", "pixels in a time bin"),
    Group("tolerance", "defaults.tolerance", "tolerance of the solver"),
    Group("few-pixels", "defaults.few_pixels", "few dark pixels"),
    Group("dilation", "defaults.dilation", "growth of sources in the mask"),
)


def choose(names, groups, what="rows"):
    """Groups, or whatever else has a name, with these names; all for no name.

    Raises
    ------
    ValueError
        If there is no such group; ``what`` says what was looked for.
    """
    known = {group.name: group for group in groups}
    for name in names:
        if name not in known:
            raise ValueError(f"no {what} {name!r}; known: {', '.join(known)}")
    return [known[name] for name in names] or list(groups)


def run(groups, quick, progress=lambda group: None):
    """Measure groups one after another.

    Parameters
    ----------
    groups : iterable of Group
        What to measure.
    quick : bool
        Small cases, whose targets are not judged.
    progress : callable, optional
        Called with each group before it is measured, and with None at the end.

    Returns
    -------
    list of Row
    """
    rows = []
    for group in groups:
        progress(group)
        rows += group.rows(quick)
    progress(None)
    return rows
