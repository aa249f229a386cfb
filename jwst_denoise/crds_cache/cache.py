"""Build a cache: the reference files of the requested detectors, and the rules for all its files."""

from pathlib import Path

from jwst_denoise.crds_cache import spectrograph
from jwst_denoise.crds_cache.activation import environment
from jwst_denoise.crds_cache.parameter_references import ParameterReference, find_rules, install_references
from jwst_denoise.crds_cache.references import SUFFIXES, TYPES, write_reference
from jwst_denoise.crds_cache.rules import SERVER_CONFIG, reference_types, write_rules, write_server_config
from jwst_denoise.detectors import FIXED_SLITS, SUBARRAYS, detector
from jwst_denoise.parameters.shipped import suggest
from jwst_denoise.readout import DETECTORS as GEOMETRY

__all__ = ["DETECTORS", "INSTRUMENTS", "build_cache"]

#: Instruments with reference files.
INSTRUMENTS = tuple(TYPES)

#: Instrument -> names of its detectors.
DETECTORS = {
    instrument: tuple(name for name, (owner, *_) in GEOMETRY.items() if owner == instrument)
    for instrument in INSTRUMENTS
}

#: Type of which a detector has several files -> keyword that distinguishes them, its name in Python, its values.
_SEVERAL = {
    "dark": (
        "META.SUBARRAY.NAME",
        "subarray",
        lambda name: ("FULL", *(sub for owner, sub in SUBARRAYS if owner == name)),
    ),
    "disperser": ("META.INSTRUMENT.GRATING", "grating", lambda name: spectrograph.GRATINGS),
    "ote": ("META.INSTRUMENT.FIXED_SLIT", "slit", lambda name: FIXED_SLITS),
}

_DETECTOR = ("META.INSTRUMENT.DETECTOR",)
_MARK = Path("config", "made_by_jwst_denoise")


def build_cache(directory, instruments=None, detectors=None, parameters=(), progress=None):
    """Write a CRDS cache for the pipelines, or add detectors to an existing one.

    Parameters
    ----------
    directory : path-like
        Created if it does not exist. It must be empty or an earlier cache of this function.
    instruments : iterable of str, optional
        Keys of `DETECTORS`: all of an instrument's detectors. By default all instruments, or those of ``detectors``.
    detectors : iterable of str, optional
        Names such as ``"NRS1"``: only these detectors.
    parameters : iterable of path-like, optional
        ASDF parameter files, such as the shipped ones. They become parameter references, which ``strun`` and
        ``Step.call`` use automatically for the instrument and exposure types in the ``meta.selector`` of the file.
    progress : callable, optional
        Called with (number written, total number, name) after each reference file.

    Returns
    -------
    dict of str
        `environment` of the cache.

    Raises
    ------
    ValueError
        If an instrument or detector is unknown, a parameter file is invalid, or the directory is not such a cache.
    """
    directory = Path(directory)
    names = _detector_names(instruments, detectors)
    references = [_parameter_reference(file) for file in parameters]
    _claim(directory)
    for instrument in INSTRUMENTS:
        group = [reference for reference in references if reference.instrument == instrument]
        install_references(group, _folder(directory, instrument))
    _write_references(directory, names, progress)
    write_server_config(directory)
    write_rules(directory, {instrument: _rules(directory, instrument) for instrument in INSTRUMENTS})
    return environment(directory)


def _detector_names(instruments, detectors):
    """Return the names of the detectors to write."""
    every = [name for names in DETECTORS.values() for name in names]
    owners = list(DETECTORS) if instruments is None else [_check("instrument", name, DETECTORS) for name in instruments]
    if detectors is None:
        return [name for name in every if _owner(name) in owners]
    names = [_check("detector", name, every) for name in detectors]
    for name in names:
        if _owner(name) not in owners:
            raise ValueError(f"detector {name} belongs to {_owner(name)}, not to {', '.join(owners)}")
    return names


def _check(kind, name, known):
    """Return the name of an instrument or detector in capitals; refuse unknown ones."""
    upper = str(name).upper()
    if upper.startswith("MIR"):
        raise ValueError(f"MIRI has Si:As detectors, which are not simulated; the cache serves {', '.join(DETECTORS)}")
    if upper not in known:
        raise ValueError(f"no {kind} {name!r} in the cache{suggest(upper, known)}")
    return upper


def _parameter_reference(file):
    reference = ParameterReference.from_file(file)
    if reference.instrument not in INSTRUMENTS:
        raise ValueError(f"{file} is for {reference.instrument}; the cache serves {', '.join(INSTRUMENTS)}")
    return reference


def _claim(directory):
    """Mark the directory as a cache of this package; refuse one with other content."""
    mark = directory / _MARK
    if not mark.exists() and directory.exists() and any(directory.iterdir()):
        content = "a CRDS cache of another origin" if (directory / SERVER_CONFIG).exists() else "not empty"
        raise ValueError(f"{directory} is {content}; give a new directory")
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text("Simulated reference files, written by jwst-denoise crds-cache.\n")


def _write_references(directory, names, progress):
    """Write every reference file of the detectors."""
    jobs = [
        (name, type_, *variant) for name in names for type_ in TYPES[_owner(name)] for variant in _variants(type_, name)
    ]
    for number, (name, type_, values, options) in enumerate(jobs, start=1):
        folder = _folder(directory, _owner(name))
        folder.mkdir(parents=True, exist_ok=True)
        file = _file_name(type_, values)
        write_reference(folder / file, type_, detector(name), **options)
        if progress is not None:
            progress(number, len(jobs), file)


def _variants(type_, name):
    """Return the reference files of one type and detector: the header values that each matches, and its options."""
    if type_ not in _SEVERAL:
        return [((name,), {})]
    _, option, values = _SEVERAL[type_]
    return [((name, value), {option: value}) for value in values(name)]


def _owner(name):
    return GEOMETRY[name][0]


def _folder(directory, instrument):
    return directory / "references" / "jwst" / instrument.lower()


def _file_name(type_, values):
    return "_".join(["jwst", _owner(values[0]), type_, *values]).lower() + SUFFIXES.get(type_, ".fits")


def _rules(directory, instrument):
    """Return the rule of every type: its reference files in the cache, or None where it does not apply."""
    rules = dict.fromkeys(reference_types())
    rules.update({type_: _rule(directory, instrument, type_) for type_ in TYPES[instrument]})
    return {**rules, **find_rules(_folder(directory, instrument))}


def _rule(directory, instrument, type_):
    """Return the rule of one type; a subarray, grating or slit without a file is answered with "N/A"."""
    folder = _folder(directory, instrument)
    variants = [values for name in DETECTORS[instrument] for values, _ in _variants(type_, name)]
    files = {values: _file_name(type_, values) for values in variants}
    files = {values: file for values, file in files.items() if (folder / file).exists()}
    if not files:
        return None
    if type_ not in _SEVERAL:
        return _DETECTOR, files
    others = {(name, "ANY"): "N/A" for name, _ in files}
    return (*_DETECTOR, _SEVERAL[type_][0]), {**files, **others}
