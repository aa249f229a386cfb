"""What must hold, whatever a step is given."""

import copy

import numpy as np
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, REFERENCE_PIXEL
from jwst_denoise_benchmarks.robustness.exposures import models_of

__all__ = ["changes", "snapshot", "violations", "violations_of_stack"]

ERRORS = ("err", "var_poisson", "var_rnoise", "var_flat")
FLAGS = ("dq", "groupdq", "pixeldq")
FLUX_ESTIMATED = dqflags.pixel["FLUX_ESTIMATED"]
NEW_FLAGS = DO_NOT_USE | JUMP_DET | FLUX_ESTIMATED
OURS = ("cal_step", "jwst_denoise", "calibration_software_version", "calibration_software_revision", "filename")
OURS += ("date", "model_type", "cal_logs", "prd_software_version")


def snapshot(data):
    """Copy of everything in data models: a tree of arrays and values for each.

    Parameters
    ----------
    data : JwstDataModel or iterable of them
        What a step is given.

    Returns
    -------
    list of dict
    """
    return [copy.deepcopy(model.instance) for model in models_of(data)]


def changes(data, before):
    """What has changed since a snapshot.

    Parameters
    ----------
    data : JwstDataModel or iterable of them
        The same object.
    before : list of dict
        Its `snapshot`.

    Returns
    -------
    list of str
        Places in the tree; empty if nothing has.
    """
    pairs = zip(models_of(data), before, strict=True)
    return [place for model, tree in pairs for place in _unlike(model.instance, tree)]


def violations(alias, given, made):
    """What is wrong with a result.

    Parameters
    ----------
    alias : str
        Of the step.
    given, made : JwstDataModel
        Before and after. Before of a fitted ramp is what ``ramp_fit`` makes.

    Returns
    -------
    list of str
    """
    status = getattr(made.meta.cal_step, alias)
    found = [] if type(given) is type(made) else [f"{type(given).__name__} became {type(made).__name__}"]
    if status not in ("COMPLETE", "SKIPPED", "FAILED"):
        found.append(f"status {status}")
    found += _header(given, made)
    if status != "COMPLETE":
        return found + [f"{status}, and {n} changed" for n in _arrays(given) if not _same(given, made, n)]
    for name in _arrays(given):
        found += _array(alias, name, given, made)
    return found


def violations_of_stack(given, made):
    """What is wrong with an image made of a stack.

    Parameters
    ----------
    given, made : sequence of JwstDataModel
        Before and after; the first that was made is the image, and others come back as they were.

    Returns
    -------
    list of str
    """
    image, *rest = made
    errors = [name for name in ERRORS if getattr(image, name, None) is not None]
    found = [f"{name}: negative" for name in errors if (getattr(image, name) < 0).any()]
    found += [f"{name}: infinite" for name in ("data", *errors) if np.isinf(getattr(image, name)).any()]
    unflagged = np.isnan(image.data) & ((image.dq & DO_NOT_USE) == 0)
    found += ["NaN without DO_NOT_USE"] * bool(unflagged.any())
    pairs = zip(given[1:], rest, strict=False)
    return found + [f"{n} of rateints changed" for a, b in pairs for n in _arrays(a) if not _same(a, b, n)]


def _arrays(model):
    return [name for name, value in model.instance.items() if isinstance(value, np.ndarray)]


def _header(given, made):
    """Keywords that a step has no business with, and arrays that are gone."""
    trees = ({k: v for k, v in model.meta.instance.items() if k not in OURS} for model in (made, given))
    gone = [name for name in _arrays(given) if getattr(made, name, None) is None]
    other = [k for k, v in given.meta.cal_step.instance.items() if made.meta.cal_step.instance.get(k) != v]
    return [f"meta: {place}" for place in _unlike(*trees)] + [f"{name} is gone" for name in gone] + other


def _array(alias, name, given, made):
    """What is wrong with one array."""
    before, after = getattr(given, name), getattr(made, name)
    if before.shape != after.shape or before.dtype != after.dtype:
        return [f"{name}: {before.dtype} {before.shape} became {after.dtype} {after.shape}"]
    if name in FLAGS:
        return _flags(alias, name, before, after)
    if name not in ("data", *ERRORS) or before.shape != given.data.shape:
        return [] if _same(given, made, name) else [f"{name} changed"]
    free = _filled(given, made) if alias == "cosmic_ray_mask" else ~_fixed(given)
    found = [] if _equal(before[~free], after[~free]) else [f"{name} changed where it must not"]
    spread = np.isfinite(before) & ~np.isfinite(after)
    cured = ~np.isfinite(before) & ~_alike(before, after)
    negative = (after < 0) & ~(before < 0) & (name in ERRORS)
    for where, what in ((spread, "values became NaN or infinite"), (cured, "NaN changed"), (negative, "negative")):
        found += [f"{name}: {np.count_nonzero(where)} {what}"] * bool(where.any())
    return found


def _flags(alias, name, before, after):
    """Flags stay; cosmic_ray_mask adds some."""
    lost, new = before & ~after, after & ~before
    allowed = {"dq": NEW_FLAGS, "groupdq": JUMP_DET}.get(name, 0) if alias == "cosmic_ray_mask" else 0
    found = [f"{name}: flags were taken away"] if lost.any() else []
    return found + ([f"{name}: other flags were set"] if (new & ~np.array(allowed, new.dtype)).any() else [])


def _fixed(model):
    """Pixels that nothing may change."""
    shape, bits = model.data.shape, DO_NOT_USE | REFERENCE_PIXEL
    fixed = np.zeros(shape, bool)
    for name in FLAGS:
        flags = getattr(model, name, None)
        if flags is not None and flags.shape in (shape, shape[-2:]):
            fixed |= (flags & np.array(bits & np.iinfo(flags.dtype).max, flags.dtype)) != 0
    return fixed


def _filled(given, made):
    """Pixels that cosmic_ray_mask says it has filled, and may fill."""
    flags = getattr(made, "dq", None)
    if flags is None or flags.shape != given.data.shape:
        return np.zeros(given.data.shape, bool)
    return ((flags & FLUX_ESTIMATED) != 0) & ((flags & JUMP_DET) != 0) & ~_fixed(given)


def _same(given, made, name):
    return _equal(getattr(given, name), getattr(made, name))


def _equal(one, other):
    """Whether arrays are the same, bit by bit."""
    if one is None or other is None:
        return one is other
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()


def _alike(one, other):
    return (one == other) | (np.isnan(one) & np.isnan(other))


def _unlike(tree, other, where=""):
    """Places where one tree is not as another."""
    tree, other = ({} if node is None else node for node in (tree, other))  # reading a header makes empty sections
    if isinstance(other, dict) and isinstance(tree, dict):
        for key in tree.keys() | other.keys():
            yield from _unlike(tree.get(key), other.get(key), f"{where}.{key}")
    elif isinstance(other, np.ndarray) and isinstance(tree, np.ndarray):
        if not _equal(tree, other):
            yield where
    elif isinstance(other, list) and isinstance(tree, list) and len(tree) == len(other):
        for number, pair in enumerate(zip(tree, other, strict=True)):
            yield from _unlike(*pair, f"{where}[{number}]")
    elif type(tree) is not type(other) or repr(tree) != repr(other):
        yield where
