"""What a model file may hold beside arrays: text, numbers, lists and mappings."""

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real

__all__ = ["ReadOnly", "plain", "read_only"]


class ReadOnly(dict):
    """A dictionary that refuses to be changed; it can be compared, copied, pickled and written as JSON."""

    def _refuse(self, *args, **kwargs):
        raise TypeError("the information of a model is read-only; change a copy of it, dict(info)")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self):
        """Rebuild from an ordinary dictionary."""
        return type(self), (dict(self),)


def plain(value, where):
    """Copy of nested values in the types that YAML and JSON share.

    Parameters
    ----------
    value : object
        Text, bool, None, finite number, or lists and mappings (with text as keys) of those.
    where : str
        Name of the value, for the message.

    Returns
    -------
    str, bool, None, int, float, list or dict

    Raises
    ------
    ValueError
        If something else is in it; the message names where.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {_key(key, where): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [plain(item, f"{where}[{number}]") for number, item in enumerate(value)]
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real) and math.isfinite(value):
        return float(value)
    raise ValueError(f"{where}={value!r} must be text, a finite number, a list or a mapping of those")


def read_only(value):
    """The same nested values with `ReadOnly` for dictionaries and tuples for lists."""
    if isinstance(value, dict):
        return ReadOnly({key: read_only(item) for key, item in value.items()})
    return tuple(map(read_only, value)) if isinstance(value, list) else value


def _key(key, where):
    if not isinstance(key, str):
        raise ValueError(f"{where} has the key {key!r}; keys must be text")
    return key
