"""Pipeline ``calwebb_denoise1``: calwebb_detector1 with the steps of this package."""

import contextlib
import copy
import logging

from jwst.pipeline import Detector1Pipeline
from stdatamodels.jwst.datamodels import GuiderRawModel, JwstDataModel

from jwst_denoise.steps.base import StpipeConventions
from jwst_denoise.steps.common.input_files import readable
from jwst_denoise.steps.common.status import restore_history
from jwst_denoise.steps.cosmic_ray_mask.cosmic_ray_mask_step import CosmicRayMaskStep
from jwst_denoise.steps.nsclean.nsclean_step import NSCleanStep
from jwst_denoise.steps.ramp_denoise.ramp_denoise_step import RampDenoiseStep

__all__ = ["DenoiseDetector1Pipeline"]

log = logging.getLogger("stpipe.jwst_denoise.steps")


class DenoiseDetector1Pipeline(StpipeConventions, Detector1Pipeline):
    """Pipeline calwebb_detector1 with ``cosmic_ray_mask``, ``nsclean`` and ``ramp_denoise``.

    ``cosmic_ray_mask`` runs after the jump step. ``nsclean`` cleans the groups in the place of clean_flicker_noise, and
    leaves exposures without background pixels unchanged. ``ramp_denoise`` denoises the rates from ramp_fit or, with
    ``product='ramp'``, the groups before it. All other steps, and their parameters, are those of calwebb_detector1.
    """

    class_alias = "calwebb_denoise1"

    step_defs = {
        **Detector1Pipeline.step_defs,
        "cosmic_ray_mask": CosmicRayMaskStep,
        "nsclean": NSCleanStep,
        "ramp_denoise": RampDenoiseStep,
    }

    _ADDED = ("cosmic_ray_mask", "nsclean", "ramp_denoise")

    @classmethod
    def get_config_reftype(cls):
        """Type of the parameter references in CRDS, which is that of calwebb_detector1."""
        return Detector1Pipeline.get_config_reftype()

    @classmethod
    def get_config_from_reference(cls, dataset, disable=None, crds_observatory=None):
        """Parameters that CRDS has for calwebb_detector1, and those that this package ships for the added steps.

        Parameters
        ----------
        dataset, disable, crds_observatory
            As in `stpipe.Step`.

        Returns
        -------
        configobj.ConfigObj
        """
        config = super().get_config_from_reference(dataset, disable, crds_observatory)
        for name in cls._ADDED:
            if not config["steps"].get(name):
                config["steps"][name] = cls.step_defs[name].get_config_from_reference(dataset)
        return config

    def process(self, input_data):
        """Run calwebb_detector1 with the added steps.

        Parameters
        ----------
        input_data : str or RampModel
            Raw exposure.

        Returns
        -------
        ImageModel
            The rate; without ramp_fit, the RampModel.

        Raises
        ------
        ValueError
            For a guide-star exposure.
        """
        with readable(input_data):
            kind = self._ramp_type(input_data)
        if kind is GuiderRawModel:
            raise ValueError(
                f"{self._get_filename(input_data)} is a guide-star exposure: run calwebb_guider, for nsclean with the "
                "parameter file of 'jwst-denoise pars path fgs_guider_nsclean'"
            )
        with contextlib.ExitStack() as stack:
            for place, step in self._places():
                stack.enter_context(_after(getattr(self, place), step))
            result = super().process(input_data)
        if result is not None:
            restore_history(result)
        return result

    def save_model(self, model, *args, **kwargs):
        """Save a product, with the added steps in its history."""
        if isinstance(model, JwstDataModel):
            restore_history(model)
        return super().save_model(model, *args, **kwargs)

    def _places(self):
        """Steps of calwebb_detector1 and the added steps that follow them, skipped ones included."""
        denoise, fits = self.ramp_denoise, not self.ramp_fit.skip
        rates = denoise.product == "rate" and not denoise.skip
        if rates and not fits:
            log.warning("ramp_denoise has no rates to denoise, because ramp_fit is skipped")
        yield "jump", self.cosmic_ray_mask
        yield "clean_flicker_noise", self.nsclean
        if not rates:
            yield "persistence", denoise
        if fits and not self.nsclean.skip:
            yield "ramp_fit", _errors_of(self.nsclean)
        if fits and rates:
            yield "ramp_fit", denoise


@contextlib.contextmanager
def _after(place, step):
    """Run a step after another one and its hooks."""
    hooks = place._post_hooks
    place._post_hooks = [*hooks, step]
    try:
        yield
    finally:
        place._post_hooks = hooks


def _errors_of(nsclean):
    """Copy of ``nsclean`` that fits the errors of the rates of cleaned groups to their scatter."""
    errors = copy.copy(nsclean)
    errors.errors_only = True
    return errors
