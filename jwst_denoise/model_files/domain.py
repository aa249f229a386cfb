"""Domain of validity: the exposures that a model was made and measured for."""

import math
from dataclasses import dataclass, fields
from numbers import Real

__all__ = ["Domain"]

#: Fact about an exposure -> the list of the domain that must hold it.
_NAMES = {
    "instrument": "instruments",
    "kind": "kinds",
    "level": "levels",
    "filter": "filters",
    "read_pattern": "read_patterns",
}
_RANGES = {
    "exposure_time": "s",
    "n_groups": "groups",
    "exposure_time_ratio": "times",
    "outputs": "outputs",
    "read_noise": "e-",
    "background": "e-/s",
}


@dataclass(frozen=True)
class Domain:
    """Where a model is valid; what is None is not limited.

    Parameters
    ----------
    description : str
        In words, also what the other fields cannot say.
    instruments, kinds, levels, filters, read_patterns : sequence of str, optional
        The valid ones; upper and lower case are the same. Kinds are ``image`` or ``spectrum``, levels those of the
        products (``ramp``, ``rate``, ``cal`` …), read patterns those of READPATT.
    exposure_time : (float, float), optional
        Shortest and longest, seconds.
    n_groups : (float, float), optional
        Fewest and most groups.
    exposure_time_ratio : (float, float), optional
        Smallest and largest gain in exposure time that may be asked for.
    outputs : (float, float), optional
        Fewest and most outputs that read a frame at once.
    read_noise : (float, float), optional
        Lowest and highest median read noise of one frame, e-.
    background : (float, float), optional
        Lowest and highest median rate of an exposure, e-/s.

    Raises
    ------
    ValueError
        If a value is impossible; the message names it.
    """

    description: str
    instruments: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    levels: tuple[str, ...] | None = None
    filters: tuple[str, ...] | None = None
    read_patterns: tuple[str, ...] | None = None
    exposure_time: tuple[float, float] | None = None
    n_groups: tuple[float, float] | None = None
    exposure_time_ratio: tuple[float, float] | None = None
    outputs: tuple[float, float] | None = None
    read_noise: tuple[float, float] | None = None
    background: tuple[float, float] | None = None

    def __post_init__(self):
        """Check the values."""
        if not isinstance(self.description, str) or not self.description.strip():
            raise ValueError(f"domain.description={self.description!r} must say in words where the model is valid")
        for name in _NAMES.values():
            self._set(name, _names)
        for name in _RANGES:
            self._set(name, _range)

    def _set(self, name, convert):
        if getattr(self, name) is not None:
            object.__setattr__(self, name, convert(f"domain.{name}", getattr(self, name)))

    @classmethod
    def from_mapping(cls, mapping):
        """Build from a mapping; an unknown key is an error that names it."""
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(mapping) - set(known)):
            raise ValueError(f"domain has no key {unknown[0]!r}; known: {', '.join(known)}")
        if "description" not in mapping:
            raise ValueError("domain has no description; say in words where the model is valid")
        return cls(**mapping)

    def as_dict(self):
        """Plain dictionary of what is limited."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items() if v is not None}

    def reasons(self, **facts):
        """Why an exposure is outside.

        Parameters
        ----------
        **facts
            ``instrument``, ``kind``, ``level``, ``filter``, ``read_pattern`` (str), ``exposure_time`` (s),
            ``n_groups``, ``exposure_time_ratio``, ``outputs``, ``read_noise`` (e-), ``background`` (e-/s); what is None
            or left out is not known and not judged.

        Returns
        -------
        list of str
            Empty if nothing speaks against it.

        Raises
        ------
        ValueError
            If there is no such fact.
        """
        known = [*_NAMES, *_RANGES]
        if unknown := sorted(set(facts) - set(known)):
            raise ValueError(f"a domain knows nothing of {unknown[0]!r}; known: {', '.join(known)}")
        judged = (self._reason(name, value) for name, value in facts.items() if value is not None)
        return [reason for reason in judged if reason]

    def _reason(self, name, value):
        allowed = getattr(self, _NAMES.get(name, name))
        if allowed is None:
            return None
        if name in _NAMES:
            valid, text = str(value).lower() in {a.lower() for a in allowed}, ", ".join(allowed)
        else:
            valid, text = allowed[0] <= value <= allowed[1], f"{allowed[0]:g} to {allowed[1]:g} {_RANGES[name]}"
        shown = f"{value:.6g}" if isinstance(value, float) else value
        return None if valid else f"{name.replace('_', ' ')} {shown} is not among {text}"


def _names(name, value):
    names = isinstance(value, list | tuple) and value and all(isinstance(item, str) and item for item in value)
    if not names:
        raise ValueError(f"{name}={value!r} must be a list of names")
    return tuple(value)


def _range(name, value):
    pair = isinstance(value, list | tuple) and len(value) == 2
    if not pair or not all(isinstance(v, Real) and math.isfinite(v) for v in value) or value[0] > value[1]:
        raise ValueError(f"{name}={value!r} must be the lowest and the highest value")
    return tuple(map(float, value))
