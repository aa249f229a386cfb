"""The processing of a batch: a step or pipeline with its parameters."""

import hashlib
import json
import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from jwst_denoise import parameters
from jwst_denoise.batch.inputs import sha256
from jwst_denoise.parameters.shipped import read, suggest

__all__ = ["Recipe"]

#: Parameters that the batch sets.
_RESERVED = ("output_dir", "output_file", "save_results")


@dataclass(frozen=True)
class Recipe:
    """A step or pipeline with its parameters; `Recipe.of` creates one from user input.

    Parameters
    ----------
    target : str
        First argument of ``strun``: path of a parameter file, alias or class of a step or pipeline.
    settings : tuple of (str, str)
        Parameters that override those of the file, such as ``("steps.jump.skip", "true")``.
    """

    target: str
    settings: tuple = ()

    @classmethod
    def of(cls, pars, settings=()):
        """Create the recipe of a parameter file, step or pipeline, and check its parameters.

        Parameters
        ----------
        pars : str
            Path of a parameter file, name of a shipped one, or alias of a step or pipeline.
        settings : mapping or iterable of (str, str), optional
            Parameters, spelled as for ``strun``: ``steps.jump.skip`` for a step of a pipeline.

        Returns
        -------
        Recipe

        Raises
        ------
        ValueError
            If there is no step, pipeline or parameter file of that name, or a parameter is misspelled or has an
            invalid value.
        FileNotFoundError
            If the parameter file does not exist.
        """
        recipe = cls(_target(str(pars)), tuple((str(key), str(value)) for key, value in dict(settings).items()))
        recipe.check()
        return recipe

    @property
    def is_file(self):
        """Whether the target is a parameter file."""
        return os.path.isfile(self.target)

    @property
    def options(self):
        """The settings as options of ``strun``."""
        return tuple(f"--{name}={value}" for name, value in self.settings)

    def check(self):
        """Create the step once, so that invalid parameters are found before the batch starts; see `Recipe.of`."""
        from stpipe.exceptions import ValidationError

        step = self._step_class()
        for name, _ in self.settings:
            _check_name(step, name)
        try:
            options = {"config_file": self.target} if self.is_file else {}
            config, file = step.build_config(None, **options, **self._nested())
            config.pop("class", None)
            step.from_config_section(config, name=config.get("name"), config_file=file)
        except ValidationError as error:
            raise ValueError(f"{self.target}: {error}") from error

    def _step_class(self):
        from stpipe import Step, config_parser, utilities

        try:
            if self.is_file:
                config = config_parser.load_config_file(self.target)
                return Step._parse_class_and_name(config, config_file=self.target)[0]
            return utilities.import_class(utilities.resolve_step_class_alias(self.target), Step)
        except (ImportError, AttributeError, TypeError, SyntaxError) as error:
            raise ValueError(f"{self.target} is not a step or pipeline: {error}") from error

    def _nested(self):
        """The settings as ``Step.call`` takes them."""
        result = {}
        for name, value in self.settings:
            *sections, key = name.split(".")
            section = result
            for part in sections:
                section = section.setdefault(part, {})
            section[key] = value
        return result

    def fingerprint(self):
        """Return a hash of everything that the products depend on.

        This is the parameters, the files that they name, the versions of jwst and jwst_denoise, and the CRDS context.

        Returns
        -------
        str
            Hexadecimal SHA-256.
        """
        files = [self.target] if self.is_file else []
        content = {
            "target": None if files else self.target,
            "settings": self.settings,
            "files": [sha256(file) for file in [*files, *self._named_files()]],
            "versions": {name: version(name) for name in ("jwst_denoise", "jwst")},
            "context": os.environ.get("CRDS_CONTEXT"),
        }
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def _named_files(self):
        """Return the files that parameters name, such as masks and models."""
        tree = read(self.target) if self.target.endswith(".asdf") and self.is_file else {}
        values = sorted({*_strings(tree), *(value for _, value in self.settings)})
        return [value for value in values if os.path.isfile(value)]


def _target(pars):
    """Return the first argument of ``strun`` for the name that a user gives."""
    if os.path.isfile(pars):
        return str(Path(pars).absolute())
    if os.sep in pars:
        raise FileNotFoundError(f"no parameter file {pars}")
    if pars.removesuffix(".asdf") in parameters.names():
        return str(parameters.path(pars))
    from stpipe import entry_points

    aliases = [step.class_alias for step in entry_points.get_steps() if step.class_alias]
    if pars in aliases or "." in pars.removesuffix(".asdf"):
        return pars
    hint = suggest(pars, [*parameters.names(), *aliases])
    raise ValueError(f"{pars!r} is neither a parameter file nor a step or pipeline{hint}")


def _check_name(step, name):
    """Refuse a setting that the step does not have, or that the batch sets."""
    known = set(_flat(step.load_spec_file()))
    if name in _RESERVED:
        raise ValueError(f"{name} is set by the batch; use --output for the directory of the products")
    if name not in known:
        raise ValueError(f"{step.__name__} has no parameter {name!r}{suggest(name, known)}")


def _flat(spec, prefix=""):
    """Yield the dotted names of all parameters, as ``strun`` spells them."""
    for key, value in spec.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _strings(node):
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        yield from (text for value in node.values() for text in _strings(value))
    elif isinstance(node, list):
        yield from (text for value in node for text in _strings(value))
