"""Selection of a step's defaults for one exposure: the most specific shipped file wins.

A step file states its domain under ``meta.selector``: criteria from `CRITERIA`, each with one value or a list of
values. A file fits an exposure that meets all its criteria. Among several that fit, the file with the most specific
criterion wins; `CRITERIA` is ordered from general to specific.
"""

import functools

from jwst_denoise.parameters import shipped

__all__ = ["CRITERIA", "exposure_domain", "exposure_level", "select_parameters"]

#: Criteria from the most general to the most specific.
CRITERIA = ("instrument", "exp_type", "level", "detector", "subarray")

_LEVELS = {
    "RampModel": "group",
    "SuperstripeRampModel": "group",
    "GuiderRawModel": "group",
    "CubeModel": "integration",
}


def select_parameters(alias, meta):
    """Parameters that the package ships for a step on this kind of exposure.

    Parameters
    ----------
    alias : str
        Alias of the step, such as ``"nsclean"``.
    meta : object
        The ``meta`` of a JWST data model.

    Returns
    -------
    dict
        Parameter names and values of the most specific file that fits; empty if none does.

    Raises
    ------
    ValueError
        If two files fit equally well.
    """
    exposure = exposure_domain(meta)
    fitting = [(_specificity(selector), name) for name, selector in _selectors(alias) if _fits(selector, exposure)]
    if not fitting:
        return {}
    best = max(specificity for specificity, _ in fitting)
    winners = [name for specificity, name in fitting if specificity == best]
    if len(winners) > 1:
        raise ValueError(f"parameter files {', '.join(winners)} fit {exposure} equally well")
    return dict(shipped.tree(winners[0])["parameters"])


def exposure_domain(meta):
    """Properties of an exposure by the names in `CRITERIA`; values in capitals, except for the level."""
    properties = {
        "instrument": _get(meta, "instrument.name"),
        "exp_type": _get(meta, "exposure.type"),
        "detector": _get(meta, "instrument.detector"),
        "subarray": _get(meta, "subarray.name"),
    }
    properties = {name: str(value).upper() for name, value in properties.items() if value is not None}
    return {**properties, "level": exposure_level(meta)}


def exposure_level(meta):
    """``"group"`` for ramps, ``"integration"`` for one image per integration, ``"exposure"`` for anything else."""
    return _LEVELS.get(_get(meta, "model_type"), "exposure")


@functools.cache
def _selectors(alias):
    """Name and selector of every shipped step file of one alias."""
    selectors = []
    for name in shipped.names():
        tree = shipped.tree(name)
        selector = tree.get("meta", {}).get("selector")
        if tree.get("name") == alias and selector is not None:
            selectors.append((name, _checked(selector, name)))
    return tuple(selectors)


def _checked(selector, name):
    """Selector with lists of values; an unknown criterion is an error."""
    for criterion in selector:
        if criterion not in CRITERIA:
            raise ValueError(f"parameter file {name}: criterion {criterion!r}{shipped.suggest(criterion, CRITERIA)}")
    return {key: value if isinstance(value, list) else [value] for key, value in selector.items()}


def _fits(selector, exposure):
    return all(exposure.get(criterion) in values for criterion, values in selector.items())


def _specificity(selector):
    return sorted((CRITERIA.index(criterion) for criterion in selector), reverse=True)


def _get(node, path):
    """Value at a dotted path of attributes; None where the path ends early."""
    for name in path.split("."):
        node = getattr(node, name, None)
    return node
