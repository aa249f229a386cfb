"""Common base of the steps: input of any kind, precedence of parameters, status, provenance and products."""

import contextlib
import logging
import operator
from pathlib import Path
from types import SimpleNamespace

from jwst.datamodels import ModelContainer, ModelLibrary
from jwst.stpipe import Step
from stdatamodels.jwst.datamodels import CubeModel, JwstDataModel
from stpipe import config_parser
from stpipe.exceptions import ValidationError

from jwst_denoise import parameters
from jwst_denoise.steps.common import optional_products
from jwst_denoise.steps.common.atomic_write import AtomicModel
from jwst_denoise.steps.common.input_files import check_input, check_parameter_file, errors_end_strun, readable
from jwst_denoise.steps.common.settings import Settings
from jwst_denoise.steps.common.status import CorrectionFailed, NotApplicable, mark, record
from jwst_denoise.steps.exposure.kinds import add_missing_flags, check_exposure

__all__ = ["DenoiseStep", "ParameterError", "StpipeConventions"]

log = logging.getLogger("stpipe.jwst_denoise.steps")


class ParameterError(ValidationError, ValueError):
    """A parameter is misspelled or has an impossible value; the message names it."""


@contextlib.contextmanager
def _as_value_error(file=None):
    try:
        yield
    except ValidationError as error:
        raise ParameterError(f"{file}: {error}" if file else str(error)) from error


class StpipeConventions:
    """Mixin of steps and pipelines: errors of one line that name the file; products named after their own input."""

    @classmethod
    def build_config(cls, input, **kwargs):  # noqa: A002
        """Parameters of a run, as in `stpipe.Step`; a damaged parameter file is a `ValueError` that names it."""
        check_input(input, cls.__name__)
        check_parameter_file(kwargs.get("config_file"))
        return super().build_config(input, **kwargs)

    @classmethod
    def from_config_file(cls, config_file, parent=None, name=None):
        """Step of a parameter file, as in `stpipe.Step`; a damaged one is a `ValueError` that names it."""
        check_parameter_file(getattr(config_file, "name", config_file))
        return super().from_config_file(config_file, parent, name)

    @classmethod
    def _get_crds_parameters(cls, dataset):
        with readable(dataset):
            return super()._get_crds_parameters(dataset)

    def prepare_output(self, init, *args, **kwargs):
        """Open the input, as in `jwst.stpipe.JwstStep`; a damaged file is a `ValueError` that names it."""
        check_input(init, type(self).__name__)
        with readable(init):
            return super().prepare_output(init, *args, **kwargs)

    def run(self, *args):
        """Run as in `stpipe.Step`; what stpipe notes about this input does not outlast the run."""
        noted = {name: vars(self)[name] for name in ("_input_filename", "_input_dir", "suffix", "skip")}
        try:
            with errors_end_strun():
                if not args:
                    raise ValueError(f"there is no input; usage: strun {self.class_alias} EXPOSURE.fits")
                check_input(args[0], type(self).__name__)
                return super().run(*args)
        finally:
            vars(self).update(noted)

    def save_model(self, model, *args, **kwargs):
        """Save a product under stpipe's names, whole or not at all."""
        return super().save_model(AtomicModel(model) if isinstance(model, JwstDataModel) else model, *args, **kwargs)


class DenoiseStep(StpipeConventions, Step):
    """A step that removes noise from one data model at a time; subclasses define `denoise` and `settings_class`.

    Parameters come, in increasing precedence, from the spec, the parameter file that the package ships for this kind
    of exposure, the user's parameter file, and explicit keywords. A hook of a pipeline finds its parameters in the
    pipeline's parameter file (`jwst_denoise.parameters.hook_parameters`).
    """

    settings_class = Settings

    spec = """
        save_noise = boolean(default=False)  # Also write the noise that was removed (input - output)
        save_qa = boolean(default=False)  # Also write a before/after picture (PNG) and page (HTML)
    """

    def __init__(self, *args, **kwargs):
        with _as_value_error():
            super().__init__(*args, **kwargs)
        self._explicit = frozenset(self._keywords)
        if self._is_hook:
            self._hook_parameters()

    def __setattr__(self, name, value):
        """Set an attribute; a parameter that is set after construction counts as explicit."""
        super().__setattr__(name, value)
        if "_explicit" in vars(self):
            vars(self)["_explicit"] |= {name}

    @classmethod
    def from_config_section(cls, *args, config_file=None, **kwargs):
        """Create a step from a section of a parameter file, as in `stpipe.Step`; bad values raise `ValueError`."""
        with _as_value_error(config_file):
            return super().from_config_section(*args, config_file=config_file, **kwargs)

    @classmethod
    def get_config_from_reference(cls, dataset, disable=None, crds_observatory=None):
        """Parameters that this package ships for the exposure; CRDS does not know these steps and is not queried.

        Parameters
        ----------
        dataset : dict, path or JwstDataModel
            The exposure, or its header as a flat dictionary.
        disable, crds_observatory : optional
            As in `stpipe.Step`; without effect, since the shipped files are not CRDS references.

        Returns
        -------
        configobj.ConfigObj
        """
        try:
            header = dataset if isinstance(dataset, dict) else cls._get_crds_parameters(dataset)[0]
        except (OSError, TypeError, ValueError):
            log.warning("%s has no header to select parameters by", dataset)
            header = {}
        return cls._get_config_from_parameters(header, crds_observatory)

    @classmethod
    def _get_config_from_parameters(cls, crds_parameters, crds_observatory):
        config = config_parser.ConfigObj()
        config_parser.merge_config(config, parameters.select_parameters(cls.class_alias, _meta_of(crds_parameters)))
        return config

    def save_model(self, model, *args, **components):
        """Save a product under stpipe's names, whole or not at all; an unchanged input replaces no file.

        Cubes have ``ints`` in their name, so that a rate and the rateints of the same exposure do not share it.
        """
        if not isinstance(model, JwstDataModel):
            return super().save_model(model, *args, **components)
        unchanged = getattr(model.meta.cal_step, self.class_alias) in ("SKIPPED", "FAILED")
        basepath = components.get("output_file") or self.output_file or self.default_output_file()
        components = {"level": self.name_addition(model, basepath)} | components
        try:
            return super().save_model(AtomicModel(model, replace=not unchanged), *args, **components)
        except FileExistsError as existing:
            log.warning("%s has changed nothing, so %s is not replaced by a copy of the input", self.name, existing)
            return None

    def name_addition(self, model, basepath):
        """Word that goes into the name of a product.

        Parameters
        ----------
        model : JwstDataModel
            The product.
        basepath : path-like
            From which its name is made.

        Returns
        -------
        str or None
            ``"ints"`` for cubes of integrations, unless the name has it already.
        """
        return "ints" if isinstance(model, CubeModel) and "ints" not in Path(basepath).stem.split("_") else None

    @property
    def _is_hook(self):
        return self.parent is not None and self.name not in getattr(self.parent, "step_defs", {})

    def _hook_parameters(self, model=None):
        """Parameters of the pipeline's parameter file, with their types checked."""
        spec = self.load_spec_file()
        values = parameters.collect_hook_parameters(self, model, known=set(spec))
        with _as_value_error():
            config_parser.config_from_dict(values, spec)
        return values

    def settings(self, model):
        """Parameters in force for one data model.

        Parameters
        ----------
        model : JwstDataModel
            The exposure.

        Returns
        -------
        jwst_denoise.steps.common.settings.Settings
            Of the step's `settings_class`. The step's own attributes are never changed.

        Raises
        ------
        ValueError
            If a value is impossible; the message names the parameter.
        """
        spec = self.load_spec_file()
        values = {name: getattr(self, name) for name in spec if hasattr(self, name)}
        if self._is_hook:
            explicit = {name: value for name, value in values.items() if name in self._explicit}
            chosen = parameters.select_parameters(self.class_alias, model.meta)
            with _as_value_error():
                values = config_parser.config_from_dict({**chosen, **self._hook_parameters(model), **explicit}, spec)
        return self.settings_class.from_values(values)

    def process(self, data):
        """Correct an exposure, or each of several.

        Parameters
        ----------
        data : path, JwstDataModel, ModelContainer, ModelLibrary, list, or tuple
            The exposure or exposures. Hooks of ``ramp_fit`` get a tuple (rate, rateints or None).

        Returns
        -------
        JwstDataModel, ModelContainer, ModelLibrary, list or tuple
            The same kind as the input. Input data models are not changed, except in a ModelLibrary, as in jwst's steps.
        """
        return self._process_each(data, self._process_one)

    def _process_each(self, data, function):
        """Apply a function to each data model of an input of any kind."""
        if isinstance(data, list | tuple):
            if data and self.search_attr("_input_filename") is None:
                self.set_primary_input(data[0])
            return type(data)(None if item is None else self._process_each(item, function) for item in data)
        output = self.prepare_output(data, make_copy=self._must_copy(data))
        if isinstance(output, ModelLibrary):
            with output:
                for index, model in enumerate(output):
                    output.shelve(function(model), index)
        elif isinstance(output, ModelContainer):
            results = [function(model) for model in output]
            output = output if all(map(operator.is_, results, output)) else results
        else:
            output = function(output)
        return output

    def _must_copy(self, data):
        """Whether the data belong to the caller; inside a pipeline they are a copy already."""
        if not isinstance(data, JwstDataModel | ModelContainer):
            return False
        inside_pipeline = self.parent is not None and (self.parent.parent is not None or not self._is_hook)
        return not inside_pipeline

    def _process_one(self, model):
        """Correct one data model in place, or a tuple of models of the same exposure; return it."""
        models = model if isinstance(model, tuple) else (model,)
        settings = self.settings(models[0])
        if self._is_hook:  # stpipe logs only the parameters of steps without a parent
            log.info("%s: %s", self.class_alias, settings.describe())
        before = [optional_products.read_before(one, settings) for one in models]
        try:
            if settings.skip and self.parent is not None:
                raise NotApplicable("skip is set")
            self.check_settings(settings)
            for one in models:
                check_exposure(one)
                add_missing_flags(one)
            results = self.denoise(model, settings)
        except NotApplicable as reason:
            return self._mark(model, "SKIPPED", reason)
        except CorrectionFailed as reason:
            return self._mark(model, "FAILED", reason)
        results = results if isinstance(model, tuple) else (results,)
        for one, result, early in zip(models, results, before, strict=True):
            self._finish(one, result, settings, early)
        return model

    def _finish(self, model, result, settings, before=None):
        """Record the correction of one data model, and write the optional products."""
        mark(model, self.class_alias, "COMPLETE")
        record(model, self.class_alias, settings, result.metrics)
        optional_products.write(self, model, result, settings, before)

    def _mark(self, model, status, reason):
        """Record the status in a data model, or in each of a tuple, log the reason once, and return the model."""
        for index, one in enumerate(model if isinstance(model, tuple) else (model,)):
            mark(one, self.class_alias, status, reason if index == 0 else None)
        return model

    def check_settings(self, settings):
        """Refuse parameters that are wrong for every exposure, such as a model that does not exist.

        Parameters
        ----------
        settings : jwst_denoise.steps.common.settings.Settings
            Parameters in force.

        Raises
        ------
        ValueError, FileNotFoundError
            The message names the parameter.
        """

    def denoise(self, model, settings):
        """Correct one data model in place; defined by the subclass.

        Parameters
        ----------
        model : JwstDataModel
            Changed in place; unchanged if an exception is raised.
        settings : jwst_denoise.steps.common.settings.Settings
            Parameters in force.

        Returns
        -------
        jwst_denoise.steps.common.result.Result

        Raises
        ------
        NotApplicable, CorrectionFailed
            The input is returned as SKIPPED or FAILED.
        """
        raise NotImplementedError


def _meta_of(header):
    """``meta`` of a flat header, with what the selection of parameters needs."""
    nodes = {"instrument": ("name", "detector"), "exposure": ("type",), "subarray": ("name",)}
    sections = {
        node: SimpleNamespace(**{key: header.get(f"meta.{node}.{key}") for key in keys}) for node, keys in nodes.items()
    }
    return SimpleNamespace(**sections, model_type=header.get("meta.model_type"))
