"""Information in a model file, beside its weights: validated, read-only, and rendered as a model card."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from numbers import Integral, Real

__all__ = ["Domain", "ModelInfo", "ReadOnly", "error_ratios", "plain", "read_only", "render"]

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.+-]*"
_RATE = r"0\.[0-9]*[1-9]"
_DERIVED = {"family", "sha256"}
_SECTIONS = {"domain": "Made for", "architecture": "Network", "scores": "Scores", "provenance": "Provenance"}
#: Property of an exposure -> field of the domain with its valid values.
_LISTS = {
    "instrument": "instruments",
    "kind": "kinds",
    "level": "levels",
    "filter": "filters",
    "read_pattern": "read_patterns",
}
#: Property of an exposure with a valid range -> unit.
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
    """Domain of validity: the exposures for which a model was trained and measured. None means no limit.

    Parameters
    ----------
    description : str
        In words, including limits that the other fields cannot express.
    instruments, kinds, levels, filters, read_patterns : sequence of str, optional
        Valid values, in upper or lower case. Kinds are ``image`` or ``spectrum``, levels those of the products
        (``ramp``, ``rate``, ``cal`` …), read patterns those of READPATT.
    exposure_time : (float, float), optional
        Shortest and longest, seconds.
    n_groups : (float, float), optional
        Smallest and largest number of groups.
    exposure_time_ratio : (float, float), optional
        Smallest and largest ratio of exposure times that can be requested.
    outputs : (float, float), optional
        Smallest and largest number of amplifier outputs.
    read_noise : (float, float), optional
        Smallest and largest median read noise of one frame, e-.
    background : (float, float), optional
        Smallest and largest median rate of an exposure, e-/s.

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
            raise ValueError(f"domain.description={self.description!r} must describe in words where the model is valid")
        for name in _LISTS.values():
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
            raise ValueError(f"unknown key {unknown[0]!r} in the domain; known: {', '.join(known)}")
        if "description" not in mapping:
            raise ValueError("the domain lacks a description; describe in words where the model is valid")
        return cls(**mapping)

    def as_dict(self):
        """Plain dictionary of the limits."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items() if v is not None}

    def reasons(self, **exposure):
        """Reasons why an exposure is outside the domain.

        Parameters
        ----------
        **exposure
            ``instrument``, ``kind``, ``level``, ``filter``, ``read_pattern`` (str), ``exposure_time`` (s),
            ``n_groups``, ``exposure_time_ratio``, ``outputs``, ``read_noise`` (e-), ``background`` (e-/s); missing
            properties, and those that are None, are not checked.

        Returns
        -------
        list of str
            Empty inside the domain.

        Raises
        ------
        ValueError
            If there is no such property.
        """
        known = [*_LISTS, *_RANGES]
        if unknown := sorted(set(exposure) - set(known)):
            raise ValueError(f"unknown property {unknown[0]!r} of an exposure; known: {', '.join(known)}")
        reasons = (self._reason(name, value) for name, value in exposure.items() if value is not None)
        return [reason for reason in reasons if reason]

    def _reason(self, name, value):
        allowed = getattr(self, _LISTS.get(name, name))
        if allowed is None:
            return None
        if name in _LISTS:
            valid, text = str(value).lower() in {a.lower() for a in allowed}, ", ".join(allowed)
        else:
            valid, text = allowed[0] <= value <= allowed[1], f"{allowed[0]:g} to {allowed[1]:g} {_RANGES[name]}"
        shown = f"{value:.6g}" if isinstance(value, float) else value
        return None if valid else f"{name.replace('_', ' ')} {shown} is not among {text}"


@dataclass(frozen=True)
class ModelInfo:
    """Information of a model.

    Parameters
    ----------
    name : str
        Letters, digits and ``_ . + -``.
    architecture : mapping
        Description for `jwst_denoise.networks.build`, with ``family``.
    domain : Domain or mapping
        Where the model is valid.
    provenance : mapping
        Data, seeds, commands, versions and time of the training.
    scores : mapping
        Measured quality, with that of other methods.
    licence, card : str
        SPDX identifier of the license; purpose of the model and its limits, in Markdown.
    thresholds : mapping, optional
        Operating points: false-positive rate as text (``"0.0005"``) → probability.

    Raises
    ------
    ValueError
        If a value is impossible; the message names it.
    """

    name: str
    architecture: dict
    domain: Domain
    provenance: dict
    scores: dict
    licence: str
    card: str
    thresholds: dict = field(default_factory=dict)

    def __post_init__(self):
        """Check the values."""
        for name in ("name", "licence", "card"):
            value = getattr(self, name)
            _require(isinstance(value, str) and bool(value.strip()), name, value, "text")
        _require(re.fullmatch(_NAME, self.name), "name", self.name, "made of letters, digits and _ . + -")
        for name in ("architecture", "provenance", "scores", "thresholds"):
            self._set(name, _mapping(name, getattr(self, name), empty=name == "thresholds"))
        _require(isinstance(self.family, str), "architecture", self.architecture, "a mapping with a family")
        for rate, value in self.thresholds.items():
            _require(re.fullmatch(_RATE, rate), "thresholds", rate, "false-positive rates such as '0.0005'")
            number = isinstance(value, int | float) and 0 <= value <= 1
            _require(number, f"thresholds.{rate}", value, "a probability")
        self._set("thresholds", {rate: float(value) for rate, value in self.thresholds.items()})
        if not isinstance(self.domain, Domain):
            self._set("domain", Domain.from_mapping(_mapping("domain", self.domain)))

    def _set(self, name, value):
        object.__setattr__(self, name, value)

    @property
    def family(self):
        """Family of the network."""
        return self.architecture.get("family")

    @classmethod
    def from_mapping(cls, mapping):
        """Build from a mapping; an unknown or missing key is an error that names it.

        ``sha256`` is ignored, since it is computed, and ``family`` must be that of the architecture.
        """
        required = {f.name: f.default is MISSING and f.default_factory is MISSING for f in fields(cls)}
        if unknown := sorted(set(mapping) - set(required) - _DERIVED):
            raise ValueError(f"unknown key {unknown[0]!r} in the information; known: {', '.join(required)}")
        if missing := [name for name, needed in required.items() if needed and name not in mapping]:
            raise ValueError(
                f"the information lacks {missing[0]!r}; required: {', '.join(k for k in required if required[k])}"
            )
        info = cls(**{name: value for name, value in mapping.items() if name in required})
        _require(mapping.get("family", info.family) == info.family, "family", mapping.get("family"), info.family)
        return info

    def as_dict(self):
        """Plain dictionary, for files."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"domain": self.domain.as_dict()}


class ReadOnly(dict):
    """A dictionary that cannot be changed; it can be compared, copied, pickled and written as JSON."""

    def _refuse(self, *args, **kwargs):
        raise TypeError("the information of a model is read-only; change a copy of it, dict(info)")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self):
        """Rebuild from an ordinary dictionary."""
        return type(self), (dict(self),)


def plain(value, where):
    """Copy of nested values with only the types that YAML and JSON share.

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
        If there is a value of another type; the message names its place.
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
    """Copy of nested values with `ReadOnly` for dictionaries and tuples for lists."""
    if isinstance(value, dict):
        return ReadOnly({key: read_only(item) for key, item in value.items()})
    return tuple(map(read_only, value)) if isinstance(value, list) else value


def error_ratios(info):
    """Errors of pixels and of sums over apertures, over the predicted ones summed in quadrature, as in the header."""
    return {f"err_{name}": value for name, value in info.get("scores", {}).get("aperture_errors", {}).items()}


def render(info):
    """Model card.

    Parameters
    ----------
    info : mapping
        ``Model.info``.

    Returns
    -------
    str
        Markdown: the author's text, followed by domain, network, scores, operating points and provenance.
    """
    head = f"# {info['name']}\n\n{info['card'].strip()}"
    sections = [f"## {title}\n\n{_section(info[key])}" for key, title in _SECTIONS.items()]
    if info.get("thresholds"):
        rows = [(rate, f"{value:.6g}") for rate, value in info["thresholds"].items()]
        sections.insert(3, "## Operating points\n\n" + _table(["false-positive rate", "probability"], rows))
    tail = f"## License and digest\n\n- license: {info['licence']}\n- SHA-256: `{info['sha256']}`"
    return "\n\n".join([head, *sections, tail]) + "\n"


def _mapping(name, value, empty=False):
    _require(isinstance(value, Mapping) and (empty or value), name, value, "a non-empty mapping")
    return plain(value, name)


def _require(valid, name, value, requirement):
    if not valid:
        raise ValueError(f"{name}={value!r} must be {requirement}")


def _names(name, value):
    names = isinstance(value, list | tuple) and value and all(isinstance(item, str) and item for item in value)
    if not names:
        raise ValueError(f"{name}={value!r} must be a list of names")
    return tuple(value)


def _range(name, value):
    pair = isinstance(value, list | tuple) and len(value) == 2
    if not pair or not all(isinstance(v, Real) and math.isfinite(v) for v in value) or value[0] > value[1]:
        raise ValueError(f"{name}={value!r} must be the smallest and the largest value")
    return tuple(map(float, value))


def _key(key, where):
    if not isinstance(key, str):
        raise ValueError(f"{where} has the key {key!r}; keys must be text")
    return key


def _section(values):
    """A table of the rows with the same columns, for each kind of row; a list of values that are not rows."""
    rows = list(values.values())
    if not all(isinstance(row, dict) and row for row in rows) or any(_nested(v) for row in rows for v in row.values()):
        return "\n".join(_items(values))
    kinds = dict.fromkeys(map(tuple, rows))
    tables = {kind: [(name, *row.values()) for name, row in values.items() if tuple(row) == kind] for kind in kinds}
    return "\n\n".join(_table(["", *kind], table) for kind, table in tables.items())


def _table(columns, rows):
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_text(value).replace("|", "\\|") for value in line) + " |" for line in lines)


def _items(values, indent=""):
    for name, value in values.items():
        if isinstance(value, dict):
            yield f"{indent}- {name}:"
            yield from _items(value, indent + "  ")
        else:
            yield f"{indent}- {name}: {_text(value)}"


def _nested(value):
    return isinstance(value, dict | list | tuple)


def _text(value):
    if value is None:
        return "–"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(str(value).split())
