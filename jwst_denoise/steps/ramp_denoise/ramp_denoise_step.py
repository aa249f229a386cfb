"""Step ``ramp_denoise``: removes read noise from the slopes or the groups of ramps with a network."""

import functools
import logging
from dataclasses import dataclass, replace

from stdatamodels.jwst import datamodels

from jwst_denoise import model_files
from jwst_denoise.steps.base import DenoiseStep
from jwst_denoise.steps.common.settings import Settings
from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.exposure.info import check_family
from jwst_denoise.steps.exposure.readout_noise import readout_noise
from jwst_denoise.steps.ramp_denoise import groups, ramp_fit, rates
from jwst_denoise.steps.ramp_denoise.exposures import as_scaled, check, check_domain, check_fit, is_ramp, is_rate

__all__ = ["RampDenoiseSettings", "RampDenoiseStep"]

log = logging.getLogger("stpipe.jwst_denoise.ramp_denoise")

FAMILY, DEFAULT = "ramp_denoise", "ramp_denoise-jwst"


@dataclass(frozen=True, kw_only=True)
class RampDenoiseSettings(Settings):
    """Parameters of ``ramp_denoise``, explained in `RampDenoiseStep.spec`."""

    model: str
    device: str
    product: str
    tile_size: int
    algorithm: str | None
    firstgroup: int | None
    lastgroup: int | None
    suppress_one_group: bool | None
    maximum_cores: str | None


class RampDenoiseStep(DenoiseStep):
    """Fit ramps and denoise their slopes, or remove the correlated noise of the groups before ramp fitting.

    ``ramp_fit`` of jwst fits the ramps, and the network denoises the rates; bright pixels do not change. Rates from an
    earlier fit, such as the pair that hooks of ``ramp_fit`` get, are denoised directly.
    """

    class_alias = "ramp_denoise"

    settings_class = RampDenoiseSettings

    reference_file_types = ["gain", "readnoise"]

    spec = """
        model = string(default='auto')  # Name of a shipped model or path of a model file; auto: ramp_denoise-jwst
        device = string(default='auto')  # auto, cpu, cuda, cuda:N or mps
        product = option('rate', 'ramp', default='rate')  # Denoised rates, or groups without correlated noise
        tile_size = integer(default=256, min=64)  # Edge of the tiles in which images are processed, pixels
        algorithm = option('OLS_C', 'LIKELY', default=None)  # Of ramp_fit, as the next ones; None: its value
        firstgroup = integer(default=None)  # Of ramp_fit: ignore groups before this one (zero indexed)
        lastgroup = integer(default=None)  # Of ramp_fit: ignore groups after this one (zero indexed)
        suppress_one_group = boolean(default=None)  # Of ramp_fit: no slope from a single good group
        maximum_cores = string(default=None)  # Of ramp_fit: processes
    """

    def settings(self, model):
        """Parameters in force; a hook that gets a ramp must return a ramp."""
        settings = super().settings(model)
        if self._is_hook and is_ramp(model) and settings.product == "rate":
            log.info("A hook that gets a ramp gives a ramp back: product='ramp'")
            return replace(settings, product="ramp")
        return settings

    def check_settings(self, settings):
        """Refuse a model that does not exist or does not denoise ramps, as in `DenoiseStep`."""
        check_family(settings.model, model_files.read_info(_name(settings.model)), [FAMILY], DEFAULT)

    def run(self, *args):
        """Run as in `stpipe.Step`, and save the pairs (rate, rateints) of several ramps, which stpipe does not."""
        results = super().run(*args)
        if self.save_results and isinstance(results, list):
            for model in (model for pair in results if isinstance(pair, tuple) for model in pair if model is not None):
                self.save_model(model)
        return results

    def process(self, data):
        """Denoise an exposure, or each of several.

        Parameters
        ----------
        data : path, RampModel, ImageModel, CubeModel, ModelContainer, ModelLibrary, list, or tuple
            The exposure or exposures. Hooks of ``ramp_fit`` get a tuple (rate, rateints or None).

        Returns
        -------
        tuple, or same kind as data
            (rate, rateints) for a ramp; the same kind for rates and with ``product='ramp'``. Input data models are not
            changed.
        """
        if not isinstance(data, tuple) or not all(model is None or is_rate(model) for model in data):
            return super().process(data)
        given = [model for model in data if model is not None]
        if given and self.search_attr("_input_filename") is None:
            self.set_primary_input(given[0])
        copies = tuple(self.prepare_output(model, make_copy=self._must_copy(model)) for model in given)
        done = iter(super()._process_one(copies) if copies else ())
        return tuple(None if model is None else next(done) for model in data)

    def _process_one(self, model):
        settings = self.settings(model)
        if not is_ramp(model) or settings.product == "ramp":
            return super()._process_one(model)
        self.check_settings(settings)
        try:
            check_fit(model)
            rates = ramp_fit.fit_ramps(self, model, settings)
        except NotApplicable as reason:
            return self._mark(model, "SKIPPED", reason)
        if self.parent is None:  # the ramp was copied or read by this step, and is no longer needed
            for name in ("data", "groupdq"):
                model.instance.pop(name, None)
            model.close()
        return rates if rates[0] is None else super()._process_one(rates)

    def denoise(self, model, settings):
        """Denoise one ramp, one rate product, or rate and rateints of one exposure, in place.

        Parameters
        ----------
        model : RampModel, ImageModel, IFUImageModel, CubeModel, or tuple of rates
            The exposure.
        settings : RampDenoiseSettings
            Parameters in force.

        Returns
        -------
        jwst_denoise.steps.common.result.Result, or list of them

        Raises
        ------
        NotApplicable
            If there is no read-out geometry or a single group, or the detector is outside of the network's domain.
        ValueError, FileNotFoundError
            If a parameter or a model file is wrong.
        """
        models = model if isinstance(model, tuple) else (model,)
        readout = check(models[0])
        network = model_files.load(_name(settings.model), settings.device)
        noise = readout_noise(models[0], functools.partial(self.get_reference_file, models[0]))
        check_domain(network, models[0], readout, noise)
        if is_ramp(model):
            results = [groups.clean(model, network.network, readout, noise, settings)]
        else:
            noise = as_scaled(noise, models[0])
            results = rates.denoise(models, network.network, readout, noise, settings)
        provenance = {"model": network.info["name"], "sha256": network.info["sha256"]}
        provenance |= {} if is_ramp(model) else model_files.error_ratios(network.info)
        for result in results:
            result.metrics.update(product="ramp" if is_ramp(model) else "rate", **provenance)
        return results if isinstance(model, tuple) else results[0]

    def save_model(self, model, suffix=None, idx=None, **arguments):
        """Save a product; the suffixes of rates are ``denoised_rate`` and ``denoised_rateints``."""
        if suffix is None and is_rate(model):
            chosen = "denoised_rate" if self.suffix in (None, self.default_suffix()) else self.suffix
            suffix = f"{chosen}ints" if isinstance(model, datamodels.CubeModel) else chosen
            own = {"level": None, "output_file": self.output_file or model.meta.filename}
            return super().save_model(model, suffix=suffix, **(own | arguments))
        return super().save_model(model, suffix=suffix, idx=idx, **arguments)


def _name(model):
    return DEFAULT if model == "auto" else model
