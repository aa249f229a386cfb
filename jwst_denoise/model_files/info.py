"""What a model file says beside its weights, as one validated object."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields

from jwst_denoise.model_files.domain import Domain
from jwst_denoise.model_files.values import plain

__all__ = ["ModelInfo"]

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.+-]*"
_RATE = r"0\.[0-9]*[1-9]"
_DERIVED = {"family", "sha256"}


@dataclass(frozen=True)
class ModelInfo:
    """Information of a model.

    Parameters
    ----------
    name : str
        Letters, digits and ``_ . + -``.
    architecture : mapping
        What `jwst_denoise.networks.build` makes the network of, with ``family``.
    domain : Domain or mapping
        Where the model is valid.
    provenance : mapping
        Data, seeds, commands, versions and time of the training.
    scores : mapping
        Measured quality, beside that of other methods.
    licence : str
        SPDX identifier.
    card : str
        What the model is for and where it must not be used, in Markdown.
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

        ``sha256`` is left aside, since it is computed, and ``family`` must be that of the architecture.
        """
        known = {f.name: f.default is MISSING and f.default_factory is MISSING for f in fields(cls)}
        if unknown := sorted(set(mapping) - set(known) - _DERIVED):
            raise ValueError(f"information has the unknown key {unknown[0]!r}; known: {', '.join(known)}")
        if missing := [name for name, needed in known.items() if needed and name not in mapping]:
            raise ValueError(f"information has no {missing[0]!r}; needed: {', '.join(k for k in known if known[k])}")
        info = cls(**{name: value for name, value in mapping.items() if name in known})
        _require(mapping.get("family", info.family) == info.family, "family", mapping.get("family"), info.family)
        return info

    def as_dict(self):
        """Plain dictionary, for files."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"domain": self.domain.as_dict()}


def _mapping(name, value, empty=False):
    _require(isinstance(value, Mapping) and (empty or value), name, value, "a mapping that is not empty")
    return plain(value, name)


def _require(valid, name, value, wanted):
    if not valid:
        raise ValueError(f"{name}={value!r} must be {wanted}")
