"""Groups of rows that are measured together, and running them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module

__all__ = ["Group", "choose", "run"]


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
        measure: Callable = getattr(import_module(f"jwst_denoise_benchmarks.{module}"), function)
        for row in measure(quick):
            yield replace(row, group=self.name)


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
