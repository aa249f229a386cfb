"""Step ``nsclean``: removal of correlated (1/f) read noise."""

import logging
import weakref
from dataclasses import dataclass, replace

from stdatamodels.jwst import datamodels

from jwst_denoise import nsclean
from jwst_denoise.steps.base import DenoiseStep
from jwst_denoise.steps.common.settings import Settings
from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.exposure.background_mask import background_mask, find_file
from jwst_denoise.steps.exposure.kinds import background_of, readout_of, refuse_cleaned, was_cleaned
from jwst_denoise.steps.nsclean import ramps, rates, time_series
from jwst_denoise.steps.nsclean.fitter import Fitter, flat_field

__all__ = ["NSCleanSettings", "NSCleanStep"]

log = logging.getLogger("stpipe.jwst_denoise.nsclean")

#: Pipeline → background mask of the ramp that it has cleaned last, for the errors of the rates of that ramp.
_MASKS_OF_RAMPS = weakref.WeakKeyDictionary()
_FIT_OPTIONS = (
    "method",
    "max_source_loss",
    "critical_frequency",
    "kill_width",
    "weights_sigma",
    "buff_sigma",
    "outlier_sigma",
    "fit_by_output",
)


@dataclass(frozen=True, kw_only=True)
class NSCleanSettings(Settings):
    """Parameters of ``nsclean``, explained in `NSCleanStep.spec`."""

    method: str
    max_source_loss: float
    scene: str
    light_curve: str | None
    background: str
    user_mask: str | None
    source_mask: str | None
    mask_science_regions: bool
    science_product: str | None
    n_sigma: float
    mask_dilation: int
    single_mask: bool
    fit_by_output: bool
    apply_flat_field: bool
    critical_frequency: float
    kill_width: float
    weights_sigma: float
    buff_sigma: float
    outlier_sigma: float
    hyper: tuple[float, ...] | None
    force: bool
    errors_only: bool
    save_mask: bool
    save_background: bool

    def __post_init__(self):
        """Check the values."""
        nsclean.FitOptions.from_keywords(**self.fit_options("keep"))

    def fit_options(self, background):
        """Keywords of `jwst_denoise.nsclean.fit`.

        Parameters
        ----------
        background : {"keep", "remove"}
            Whether the smooth field is sky or noise.

        Returns
        -------
        dict
        """
        options = {name: getattr(self, name) for name in _FIT_OPTIONS}
        hyper = {} if self.hyper is None else {"hyper": nsclean.Hyper(*self.hyper)}
        return {**options, **hyper, "background": background}


class NSCleanStep(DenoiseStep):
    """Remove correlated read noise, estimated from background pixels, from ramps, rates and rateints."""

    class_alias = "nsclean"

    settings_class = NSCleanSettings

    spec = """
        method = option('gp', 'nsclean', 'median', default='gp')  # Gaussian process, Fourier fit, median of lines
        max_source_loss = float(default=0.01, min=0.0, max=1.0)  # 'gp': largest loss of unmasked stars; 1 = no bound
        scene = option('auto', 'mask', 'time_series', default='auto')  # Dark pixels, or all around a star's template
        light_curve = string(default=None)  # Time series: text file with the relative flux of each integration
        background = option('auto', 'keep', 'remove', default='auto')  # Smooth field: sky, or picture frame to remove
        user_mask = string(default=None)  # FITS mask, 2-D or 3-D, non-zero = dark background
        source_mask = string(default=None)  # Images: mosaic or segmentation map (FITS, WCS) whose sources are masked
        mask_science_regions = boolean(default=False)  # NIRSpec: mask slits, slices and the fixed-slit region
        science_product = string(default=None)  # NIRSpec: stage-2 product whose finite pixels are masked
        n_sigma = float(default=2.0, min=0.0)  # Sources end at this many sigma in the smoothed image; 0 = no detection
        mask_dilation = integer(default=2, min=0)  # Pixels by which sources are grown in the mask
        single_mask = boolean(default=True)  # One mask for all integrations
        fit_by_output = boolean(default=False)  # 'median': one value for each output of a line
        apply_flat_field = boolean(default=False)  # Remove the flat's pattern from the sky before the fit
        critical_frequency = float(default=0.00390625, min=0.0)  # 'nsclean': cut-off, cycles per pixel
        kill_width = float(default=0.0009765625, min=0.0)  # 'nsclean': width of the cut-off, cycles per pixel
        weights_sigma = float(default=32.0, min=0.0)  # 'nsclean': scale of the local density of dark pixels, pixels
        buff_sigma = float(default=1.5, min=0.0)  # 'nsclean': blur of the model across lines, pixels; 0 = none
        outlier_sigma = float(default=3.0, min=0.0)  # 'nsclean': outliers become the median of their line; 0 = none
        hyper = float_list(min=2, max=6, default=None)  # 'gp': common, output, their slopes, white, field
        force = boolean(default=False)  # Clean an exposure again
        errors_only = boolean(default=False)  # Only fit the errors of a rate to its scatter, after cleaning its groups
        save_mask = boolean(default=False)  # Also write the background mask
        save_background = boolean(default=False)  # Also write the smooth background
    """

    reference_file_types = ["flat"]

    def settings(self, model):
        """Parameters in force; with ``errors_only`` no page is written, which would replace that of the cleaning."""
        settings = super().settings(model)
        return replace(settings, save_qa=False) if settings.errors_only else settings

    def denoise(self, model, settings):
        """Clean one data model in place.

        Parameters
        ----------
        model : RampModel, ImageModel, IFUImageModel, CubeModel, GuiderCalModel or SlitModel
            The exposure.
        settings : NSCleanSettings
            Parameters in force.

        Returns
        -------
        jwst_denoise.steps.common.result.Result

        Raises
        ------
        NotApplicable
            If the exposure has no read-out geometry or was cleaned before; with ``errors_only``, if it was not.
        ValueError, FileNotFoundError
            If a parameter or the mask file is wrong.
        """
        is_ramp = isinstance(model, datamodels.RampModel)
        if is_ramp:
            _MASKS_OF_RAMPS.pop(self._pipeline, None)
        readout = readout_of(model)
        if settings.errors_only:
            if is_ramp or not was_cleaned(model):
                raise NotApplicable("errors_only needs a rate whose groups nsclean has cleaned")
            mask = self._mask_of_ramp(model)
            return rates.fit_errors(model, self._background_mask(model, settings, readout) if mask is None else mask)
        refuse_cleaned(model, settings.force)
        if time_series.is_time_series(model, settings):
            return self._clean_time_series(model, settings, readout)
        flat = flat_field(self, model) if settings.apply_flat_field else None
        fitter = Fitter(readout, settings.fit_options(background_of(model, settings.background)), flat)
        mask = self._background_mask(model, settings, readout, fitter.of_draft())
        result = (ramps if is_ramp else rates).clean(model, mask, fitter, settings)
        if is_ramp and self.parent is not None:
            _MASKS_OF_RAMPS[self._pipeline] = mask
        return result

    def _clean_time_series(self, model, settings, readout):
        own = replace(settings, n_sigma=0.0, mask_science_regions=False, science_product=None)
        mask = self._background_mask(model, own, readout)
        curve = settings.light_curve
        curve = curve and time_series.read_light_curve(find_file(curve, self.config_file), model)
        dispersed = model.meta.exposure.type != "NRC_TSIMAGE"
        others = time_series.segments(model, self.input_dir or ".")
        fitter = time_series.StarFitter(readout, settings.fit_options("remove"), dispersed, curve, others)
        clean = time_series.clean_ramp if isinstance(model, datamodels.RampModel) else rates.clean
        return clean(model, mask, fitter, settings)

    @property
    def _pipeline(self):
        """Outermost step or pipeline of this run."""
        step = self
        while step.parent is not None:
            step = step.parent
        return step

    def _mask_of_ramp(self, model):
        """Mask with which the groups of this rate were cleaned in the same pipeline; None if there is none."""
        mask = _MASKS_OF_RAMPS.get(self._pipeline)
        if mask is not None and mask.ndim == 3 and mask.shape != model.data.shape:
            mask = mask.all(axis=0)
        if mask is None or mask.shape != model.data.shape[-mask.ndim :]:
            return None
        log.info("The errors are fitted on the background mask of the groups")
        return mask

    def _background_mask(self, model, settings, readout, fit=None):
        return background_mask(model, settings, readout, self.config_file, self.input_dir, fit)
