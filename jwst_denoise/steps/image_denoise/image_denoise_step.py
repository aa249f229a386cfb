"""Step ``image_denoise``: removes noise from images with a network."""

import functools
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from jwst.datamodels import ModelLibrary
from stdatamodels.jwst import datamodels

from jwst_denoise import model_files
from jwst_denoise.steps.base import DenoiseStep
from jwst_denoise.steps.common import optional_products
from jwst_denoise.steps.common.settings import Settings
from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.exposure.image_product import ImageProduct
from jwst_denoise.steps.exposure.units import electrons
from jwst_denoise.steps.image_denoise import exposures, products, stacks
from jwst_denoise.steps.image_denoise.noise import slopes_of

__all__ = ["ImageDenoiseSettings", "ImageDenoiseStep"]

log = logging.getLogger("stpipe.jwst_denoise.image_denoise")

DEFAULT = "astro_unet"


@dataclass(frozen=True, kw_only=True)
class ImageDenoiseSettings(Settings):
    """Parameters of ``image_denoise``, explained in `ImageDenoiseStep.spec`."""

    model: str
    device: str
    exposure_time_ratio: float
    uncertainty: str | None
    n_samples: int
    tile_size: int
    mosaic: bool
    source_threshold: float
    keep_original: bool
    force: bool

    def __post_init__(self):
        """Check the values."""
        if not 1 < self.exposure_time_ratio <= 5:
            raise ValueError(f"exposure_time_ratio={self.exposure_time_ratio} must be more than 1 and at most 5")


class ImageDenoiseStep(DenoiseStep):
    """Denoise images of any stage: rates, calibrated images, mosaics, one image for each integration.

    With a model for stacks (``model='noise2noise-stack'``) the integrations of a cube, or the images of a list or an
    association that lie on the same pixels, become one image.
    """

    class_alias = "image_denoise"

    settings_class = ImageDenoiseSettings

    reference_file_types = ["gain"]

    spec = """
        model = string(default='auto')  # Name of a shipped model or path of a model file; auto: astro_unet
        device = string(default='auto')  # auto, cpu, cuda, cuda:N or mps
        exposure_time_ratio = float(default=2.0)  # Of the estimated image to the input, above 1 up to 5
        uncertainty = option('none', 'aleatoric', 'total', default=None)  # In ERR; default: aleatoric, if there is one
        n_samples = integer(default=16, min=2)  # Passes of the network for uncertainty='total'
        tile_size = integer(default=1024, min=64)  # Edge of the tiles in which images are processed, pixels
        mosaic = boolean(default=False)  # Mean of overlapping crops, as published, instead of tiles
        source_threshold = float(default=5.0, min=1.0)  # Significance of sources that are compared before and after
        keep_original = boolean(default=True)  # Keep the input as extensions SCI_ORIGINAL, ERR_ORIGINAL
        force = boolean(default=False)  # Denoise an image again
    """

    def process(self, data):
        """Denoise an image, or each of several images; combine a stack into one.

        Parameters
        ----------
        data : path, ImageModel, CubeModel, SlitModel, ModelContainer, ModelLibrary, list, or tuple
            The image or images. Hooks of ``ramp_fit`` get a tuple (rate, rateints or None).

        Returns
        -------
        same kind as data, or ImageModel
            The latter for a stack. In a tuple (rate, rateints) the stack of rateints replaces the rate.
        """
        if not _denoiser(_name(self._requested_model())).takes_stack:
            return super().process(data)
        try:
            return self._process_stack(data)
        except NotApplicable as reason:
            return self._process_each(data, functools.partial(self._mark, status="SKIPPED", reason=reason))

    def name_addition(self, model, basepath):
        """Word in the name of a product, as in `DenoiseStep`; ``stack`` for an image that was made of a stack."""
        if model.meta.jwst_denoise.image_denoise.frames and "stack" not in Path(basepath).stem.split("_"):
            return "stack"
        return super().name_addition(model, basepath)

    def _requested_model(self):
        """Model from the parameter, or from the parameter file of the pipeline."""
        if self._is_hook and self.model == "auto":
            return self._hook_parameters().get("model", self.model)
        return self.model

    def _process_stack(self, data):
        models = self._opened(data)
        pair = isinstance(data, tuple)
        frames = [model for model in models if isinstance(model, datamodels.CubeModel)] if pair else models
        settings = self.settings(models[0])
        if settings.skip and self.parent is not None:
            raise NotApplicable("skip is set")
        stacks.check_stack(frames or models, settings.force)
        network, settings, gain, run = self._prepared(frames[0], settings)
        stacked, result = stacks.denoise_stack(frames, models[0], run, gain, settings)
        before = optional_products.read_before(frames[0], settings, None if frames[0].data.ndim == 3 else 0)
        self._finish(stacked, _described(result, network, settings), settings, before)
        return (stacked, *(self._untouched(model) for model in data[1:])) if pair else stacked

    def _untouched(self, model):
        """Unchanged rateints of a pair; a copy if they belong to the caller, since stpipe writes its log into them."""
        return model if model is None else self.prepare_output(model, make_copy=self._must_copy(model))

    def _opened(self, data):
        """Opened data models, not copied."""
        if isinstance(data, list | tuple):
            if data and self.search_attr("_input_filename") is None:
                self.set_primary_input(data[0])
            return [self.prepare_output(item, make_copy=False) for item in data if item is not None]
        opened = self.prepare_output(data, make_copy=False)
        if isinstance(opened, ModelLibrary):
            with opened:
                models = list(opened)
                for index, model in enumerate(models):
                    opened.shelve(model, index, modify=False)
            return models
        return [opened] if isinstance(opened, datamodels.JwstDataModel) else list(opened)

    def denoise(self, model, settings):
        """Denoise one data model in place.

        Parameters
        ----------
        model : ImageModel, CubeModel, IFUImageModel or SlitModel
            The image, or one for each integration.
        settings : ImageDenoiseSettings
            Parameters in force.

        Returns
        -------
        jwst_denoise.steps.common.result.Result

        Raises
        ------
        NotApplicable
            If the data are not an image with known noise in e-/s, or are outside of the network's domain.
        ValueError, FileNotFoundError
            If a parameter or a model file is wrong.
        """
        exposures.check(model, settings.force)
        network, settings, gain, run = self._prepared(model, settings)
        exposures.recommend_masks(model)
        result = products.denoise(ImageProduct(model, gain, slopes_of(model, gain)), model, run, settings)
        return _described(result, network, settings)

    def _prepared(self, model, settings):
        """Network, settings with the uncertainty in force, unit, and the function that denoises."""
        ratio = settings.exposure_time_ratio
        network = model_files.load(_name(settings.model), settings.device)
        knows_ratio = network.network.uses_ratio
        exposures.check_domain(network, model, ratio if knows_ratio else None)
        settings = replace(settings, uncertainty=_uncertainty(network, settings.uncertainty))
        options = {"uncertainty": settings.uncertainty, "n_samples": settings.n_samples, "tile": settings.tile_size}
        if knows_ratio:
            options["ratio"] = ratio
        elif ratio != 2:
            log.info("%s estimates the scene; exposure_time_ratio has no effect", network.info["name"])
        gain = electrons(model, functools.partial(self.get_reference_file, model))
        return network, settings, gain, functools.partial(network.network.denoise, mosaic=settings.mosaic, **options)


def _name(model):
    name = DEFAULT if model == "auto" else model
    _denoiser(name)
    return name


def _denoiser(name):
    """Class of a network for images; other models are an error."""
    from jwst_denoise import networks

    family = model_files.read_info(name)["family"]
    network_class = networks.family_class(family)
    if not hasattr(network_class, "takes_stack"):
        known = [other for other in networks.FAMILIES if hasattr(networks.family_class(other), "takes_stack")]
        raise ValueError(f"model {name!r} is of the family {family!r}; this step needs one of {', '.join(known)}")
    return network_class


def _uncertainty(network, requested):
    offered = network.network.uncertainties
    if requested is None:
        return "aleatoric" if "aleatoric" in offered else "none"
    if requested not in offered:
        raise ValueError(f"uncertainty={requested!r}: model {network.info['name']!r} offers {', '.join(offered)}")
    return requested


def _described(result, network, settings):
    """Result with the network and the kind of uncertainty for the header."""
    named = {"model": network.info["name"], "sha256": network.info["sha256"], "uncertainty": settings.uncertainty}
    result.metrics.update(named | (model_files.error_ratios(network.info) if settings.uncertainty != "none" else {}))
    return result
