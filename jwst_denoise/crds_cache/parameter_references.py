"""Parameter references: ASDF parameter files in the cache, which ``strun`` and ``Step.call`` use automatically."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from jwst_denoise.parameters.shipped import read

__all__ = ["ParameterReference", "find_rules", "install_references"]

PREFIX = "pars-"


@dataclass(frozen=True)
class ParameterReference:
    """A parameter file and the exposures to which it applies.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    type_ : str
        Type of reference: ``pars-`` and the name of the class in lower case.
    instrument : str
        Instrument, in capitals.
    exp_types : tuple of str
        Exposure types; ``("ANY",)`` for all.
    """

    path: Path
    type_: str
    instrument: str
    exp_types: tuple[str, ...]

    @classmethod
    def from_file(cls, path):
        """Read the instrument and exposure types of a parameter file.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it names no class or no instrument.
        """
        tree = read(path)
        meta = tree.get("meta", {})
        selector = meta.get("selector", {})
        instrument = selector.get("instrument") or meta.get("instrument", {}).get("name")
        if not isinstance(tree.get("class"), str) or not isinstance(instrument, str):
            raise ValueError(f"{path}: a parameter reference needs the keys class and meta: instrument: name")
        exp_types = selector.get("exp_type", ["ANY"])
        exp_types = [exp_types] if isinstance(exp_types, str) else exp_types
        type_ = PREFIX + tree["class"].rpartition(".")[2].lower()
        return cls(Path(path), type_, instrument.upper(), tuple(exp_types))

    @property
    def file_name(self):
        """Name of the file in a cache."""
        stem = self.path.stem.removeprefix(self._prefix)
        return f"{self._prefix}{stem}.asdf"

    @property
    def _prefix(self):
        return f"jwst_{self.instrument.lower()}_{self.type_}_"


def install_references(references, folder):
    """Copy parameter references into the folder of their instrument.

    Parameters
    ----------
    references : list of ParameterReference
        References of one instrument.
    folder : pathlib.Path
        Directory of that instrument in the cache.

    Raises
    ------
    ValueError
        If two files, in the cache or new, apply to the same exposures; nothing is copied.
    """
    new = {reference.file_name for reference in references}
    kept = [reference for reference in _installed(folder) if reference.path.name not in new]
    _refuse_overlap([*kept, *references])
    folder.mkdir(parents=True, exist_ok=True)
    for reference in references:
        target = folder / reference.file_name
        if not target.exists() or not target.samefile(reference.path):
            shutil.copyfile(reference.path, target)


def find_rules(folder):
    """Return the rules for the parameter references in the directory of an instrument, for `write_rules`."""
    rules = {}
    for reference in _installed(folder):
        files = rules.setdefault(reference.type_, (("META.EXPOSURE.TYPE",), {}))[1]
        files["|".join(reference.exp_types),] = reference.path.name
    for _, files in rules.values():
        files.setdefault(("ANY",), "N/A")
    return rules


def _installed(folder):
    return [ParameterReference.from_file(path) for path in sorted(folder.glob(f"*_{PREFIX}*.asdf"))]


def _refuse_overlap(references):
    owners = {}
    for reference in references:
        for exp_type in reference.exp_types:
            other = owners.setdefault((reference.type_, exp_type), reference.path)
            if other != reference.path:
                raise ValueError(f"{reference.path} and {other} both apply to {exp_type} as {reference.type_}")
