"""Build a cache: reference files of the detectors asked for, and rules for all that lies in it."""

from pathlib import Path

from jwst_denoise.crds_cache import spectrograph
from jwst_denoise.crds_cache.activation import environment
from jwst_denoise.crds_cache.parameter_references import ParameterReference, install
from jwst_denoise.crds_cache.parameter_references import rules as parameter_rules
from jwst_denoise.crds_cache.references import SUFFIXES, TYPES, write_reference
from jwst_denoise.crds_cache.rules import SERVER_CONFIG, write_rules, write_server_config
from jwst_denoise.crds_cache.types import reference_types
from jwst_denoise.detectors import FIXED_SLITS, SUBARRAYS, detector
from jwst_denoise.parameters.shipped import suggest
from jwst_denoise.readout import DETECTORS as GEOMETRY

__all__ = ["DETECTORS", "INSTRUMENTS", "build_cache"]

#: Instruments that a cache can serve.
INSTRUMENTS = tuple(TYPES)

#: Instrument -> names of its detectors.
DETECTORS = {
    instrument: tuple(name for name, (owner, *_) in GEOMETRY.items() if owner == instrument)
    for instrument in INSTRUMENTS
}

#: Type of which a detector has several files -> keyword that tells them apart, name of that in Python, its values.
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
    """Write a CRDS cache for stages 1 and 2 of the pipeline and for calwebb_guider, or add detectors to one.

    Parameters
    ----------
    directory : path-like
        Made if it does not exist. It must be empty or an earlier cache of this function.
    instruments : iterable of str, optional
        Keys of `DETECTORS`: all of an instrument's detectors. By default all instruments, or those of ``detectors``.
    detectors : iterable of str, optional
        Names such as ``"NRS1"``: only these detectors.
    parameters : iterable of path-like, optional
        ASDF parameter files, such as the shipped ones. They become parameter references, which ``strun`` and
        ``Step.call`` find by themselves: instrument and exposure types are those of the file's ``meta.selector``.
    progress : callable, optional
        Called with (number written, number to write, name) after each reference file.

    Returns
    -------
    dict of str
        `environment` of the cache.

    Raises
    ------
    ValueError
        If an instrument, a detector or a parameter file is not what it should be, or the directory is another cache.
    """
    directory = Path(directory)
    chosen = _choose(instruments, detectors)
    references = [_parameter_reference(file) for file in parameters]
    _claim(directory)
    for instrument in INSTRUMENTS:
        own = [reference for reference in references if reference.instrument == instrument]
        install(own, _folder(directory, instrument))
    _write_references(directory, chosen, progress)
    write_server_config(directory)
    write_rules(directory, {instrument: _rules(directory, instrument) for instrument in INSTRUMENTS})
    return environment(directory)


def _choose(instruments, detectors):
    """Names of the detectors to write."""
    chosen = [] if instruments is None else [_known(name, DETECTORS, "instrument") for name in instruments]
    every = [name for names in DETECTORS.values() for name in names]
    if detectors is None:
        return [name for name in every if instruments is None or _owner(name) in chosen]
    names = [_known(name, every, "detector") for name in detectors]
    for name in names:
        if instruments is not None and _owner(name) not in chosen:
            raise ValueError(f"detector {name} belongs to {_owner(name)}, not to {', '.join(chosen)}")
    return names


def _known(name, known, what):
    upper = str(name).upper()
    if upper.startswith("MIR"):
        raise ValueError(f"MIRI has Si:As detectors, which are not simulated; the cache serves {', '.join(DETECTORS)}")
    if upper not in known:
        raise ValueError(f"no {what} {name!r} in the cache{suggest(upper, known)}")
    return upper


def _parameter_reference(file):
    reference = ParameterReference.from_file(file)
    if reference.instrument not in INSTRUMENTS:
        raise ValueError(f"{file} is for {reference.instrument}; the cache serves {', '.join(INSTRUMENTS)}")
    return reference


def _claim(directory):
    """Mark the directory as ours; refuse one that holds anything else."""
    mark = directory / _MARK
    if not mark.exists() and directory.exists() and any(directory.iterdir()):
        what = "a CRDS cache of another origin" if (directory / SERVER_CONFIG).exists() else "not empty"
        raise ValueError(f"{directory} is {what}; give a new directory")
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
    """Reference files of one type and detector: the header values that each matches, and how it differs."""
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
    """Rule of every type: the reference files that lie in the cache, or that it does not apply."""
    rules = dict.fromkeys(reference_types())
    rules.update({type_: _rule(directory, instrument, type_) for type_ in TYPES[instrument]})
    return {**rules, **parameter_rules(_folder(directory, instrument))}


def _rule(directory, instrument, type_):
    """Rule of one type; a subarray, grating or slit that has no file of its own gets the answer that there is none."""
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
