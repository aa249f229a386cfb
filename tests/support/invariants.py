"""What must hold for the result of a step, whatever its input."""

import copy

import numpy as np
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, REFERENCE_PIXEL
from support.exposures import models_of

__all__ = ["changes", "snapshot", "violations", "violations_of_stack"]

ERRORS = ("err", "var_poisson", "var_rnoise", "var_flat")
FLAGS = ("dq", "groupdq", "pixeldq")
FLUX_ESTIMATED = dqflags.pixel["FLUX_ESTIMATED"]
NEW_FLAGS = DO_NOT_USE | JUMP_DET | FLUX_ESTIMATED
#: Sections of the header that a step may change.
WRITABLE = ("cal_step", "jwst_denoise", "calibration_software_version", "calibration_software_revision", "filename")
WRITABLE += ("date", "model_type", "cal_logs", "prd_software_version")


def snapshot(data):
    """Copy of everything in data models: one tree of arrays and values per model.

    Parameters
    ----------
    data : JwstDataModel or iterable of them
        Input of a step.

    Returns
    -------
    list of dict
    """
    return [copy.deepcopy(model.instance) for model in models_of(data)]


def changes(data, before):
    """Differences from a snapshot.

    Parameters
    ----------
    data : JwstDataModel or iterable of them
        The same object.
    before : list of dict
        Its `snapshot`.

    Returns
    -------
    list of str
        Places in the tree that have changed.
    """
    pairs = zip(models_of(data), before, strict=True)
    return [place for model, tree in pairs for place in _differences(model.instance, tree)]


def violations(alias, before, after):
    """Violations of the invariants by one result.

    Parameters
    ----------
    alias : str
        Of the step.
    before, after : JwstDataModel
        Input and result. For a ramp that the step has fitted, the input is the result of ``ramp_fit``.

    Returns
    -------
    list of str
    """
    status = getattr(after.meta.cal_step, alias)
    messages = [] if type(before) is type(after) else [f"{type(before).__name__} became {type(after).__name__}"]
    if status not in ("COMPLETE", "SKIPPED", "FAILED"):
        messages.append(f"status {status}")
    messages += _header(before, after)
    if status != "COMPLETE":
        return messages + [f"{status}, and {n} changed" for n in _arrays(before) if not _same(before, after, n)]
    for name in _arrays(before):
        messages += _array(alias, name, before, after)
    return messages


def violations_of_stack(before, after):
    """Violations of the invariants by an image made from a stack.

    Parameters
    ----------
    before, after : sequence of JwstDataModel
        Inputs and results; the first result is the image, and the others must equal their inputs.

    Returns
    -------
    list of str
    """
    image, *others = after
    errors = [name for name in ERRORS if getattr(image, name, None) is not None]
    messages = [f"{name}: negative" for name in errors if (getattr(image, name) < 0).any()]
    messages += [f"{name}: infinite" for name in ("data", *errors) if np.isinf(getattr(image, name)).any()]
    unflagged = np.isnan(image.data) & ((image.dq & DO_NOT_USE) == 0)
    messages += ["NaN without DO_NOT_USE"] * bool(unflagged.any())
    pairs = zip(before[1:], others, strict=False)
    return messages + [f"{n} of rateints changed" for a, b in pairs for n in _arrays(a) if not _same(a, b, n)]


def _arrays(model):
    return [name for name, value in model.instance.items() if isinstance(value, np.ndarray)]


def _header(before, after):
    """Keywords that a step must not change, and arrays that are missing from the result."""
    trees = ({k: v for k, v in model.meta.instance.items() if k not in WRITABLE} for model in (after, before))
    missing = [name for name in _arrays(before) if getattr(after, name, None) is None]
    status = [k for k, v in before.meta.cal_step.instance.items() if after.meta.cal_step.instance.get(k) != v]
    return [f"meta: {place}" for place in _differences(*trees)] + [f"{name} is missing" for name in missing] + status


def _array(alias, name, before, after):
    """Violations in one array."""
    old, new = getattr(before, name), getattr(after, name)
    if old.shape != new.shape or old.dtype != new.dtype:
        return [f"{name}: {old.dtype} {old.shape} became {new.dtype} {new.shape}"]
    if name in FLAGS:
        return _flags(alias, name, old, new)
    if name not in ("data", *ERRORS) or old.shape != before.data.shape:
        return [] if _same(before, after, name) else [f"{name} changed"]
    free = _filled(before, after) if alias == "cosmic_ray_mask" else ~_fixed(before)
    messages = [] if _equal(old[~free], new[~free]) else [f"{name} changed where it must not"]
    checks = {
        "values became NaN or infinite": np.isfinite(old) & ~np.isfinite(new),
        "NaN changed": ~np.isfinite(old) & ~_alike(old, new),
        "negative": (new < 0) & ~(old < 0) & (name in ERRORS),
    }
    for text, where in checks.items():
        messages += [f"{name}: {np.count_nonzero(where)} {text}"] * bool(where.any())
    return messages


def _flags(alias, name, old, new):
    """Flags persist; only cosmic_ray_mask adds some."""
    lost, added = old & ~new, new & ~old
    allowed = {"dq": NEW_FLAGS, "groupdq": JUMP_DET}.get(name, 0) if alias == "cosmic_ray_mask" else 0
    messages = [f"{name}: flags were removed"] if lost.any() else []
    return messages + ([f"{name}: other flags were set"] if (added & ~np.array(allowed, added.dtype)).any() else [])


def _fixed(model):
    """Pixels that no step may change."""
    shape, bits = model.data.shape, DO_NOT_USE | REFERENCE_PIXEL
    fixed = np.zeros(shape, bool)
    for name in FLAGS:
        flags = getattr(model, name, None)
        if flags is not None and flags.shape in (shape, shape[-2:]):
            fixed |= (flags & np.array(bits & np.iinfo(flags.dtype).max, flags.dtype)) != 0
    return fixed


def _filled(before, after):
    """Pixels that cosmic_ray_mask may fill and has filled according to the flags."""
    flags = getattr(after, "dq", None)
    if flags is None or flags.shape != before.data.shape:
        return np.zeros(before.data.shape, bool)
    return ((flags & FLUX_ESTIMATED) != 0) & ((flags & JUMP_DET) != 0) & ~_fixed(before)


def _same(before, after, name):
    return _equal(getattr(before, name), getattr(after, name))


def _equal(one, other):
    """Whether arrays are bitwise equal."""
    if one is None or other is None:
        return one is other
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()


def _alike(one, other):
    return (one == other) | (np.isnan(one) & np.isnan(other))


def _differences(tree, other, where=""):
    """Places where one tree differs from another."""
    tree, other = ({} if node is None else node for node in (tree, other))  # reading a header makes empty sections
    if isinstance(other, dict) and isinstance(tree, dict):
        for key in tree.keys() | other.keys():
            yield from _differences(tree.get(key), other.get(key), f"{where}.{key}")
    elif isinstance(other, np.ndarray) and isinstance(tree, np.ndarray):
        if not _equal(tree, other):
            yield where
    elif isinstance(other, list) and isinstance(tree, list) and len(tree) == len(other):
        for number, pair in enumerate(zip(tree, other, strict=True)):
            yield from _differences(*pair, f"{where}[{number}]")
    elif type(tree) is not type(other) or repr(tree) != repr(other):
        yield where
