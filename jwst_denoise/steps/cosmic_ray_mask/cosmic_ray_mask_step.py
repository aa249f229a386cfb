"""Step ``cosmic_ray_mask``: flags cosmic rays in ramps and images with a network."""

import functools
from dataclasses import dataclass, replace

from stdatamodels.jwst import datamodels

from jwst_denoise import model_files
from jwst_denoise.steps.base import DenoiseStep
from jwst_denoise.steps.common.settings import Settings
from jwst_denoise.steps.cosmic_ray_mask import images, ramps
from jwst_denoise.steps.exposure.info import check_domain, check_family

__all__ = ["CosmicRayMaskSettings", "CosmicRayMaskStep"]

RAMPS, IMAGES = "cosmic_ray_mask-ramp", "cosmic_ray_mask-2-32"
FAMILIES = ("cosmic_ray_mask", "cosmic_ray_mask-ramp")


@dataclass(frozen=True, kw_only=True)
class CosmicRayMaskSettings(Settings):
    """Parameters of ``cosmic_ray_mask``, explained in `CosmicRayMaskStep.spec`."""

    model: str
    device: str
    threshold: float | None
    dilate: int
    veto: bool
    inpaint: str
    inpaint_model: str
    save_probability: bool

    def __post_init__(self):
        """Check the values."""
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise ValueError(f"threshold={self.threshold} must be a probability between 0 and 1, both excluded")


class CosmicRayMaskStep(DenoiseStep):
    """Flag cosmic rays: in the group flags of ramps, in the data quality of images.

    Cosmic rays are flagged as JUMP_DET; in images as DO_NOT_USE too. Data change on request only (``inpaint``): filled
    pixels are flagged as FLUX_ESTIMATED, get larger errors, and remain DO_NOT_USE, so that later steps do not treat
    them as measurements.
    """

    class_alias = "cosmic_ray_mask"

    settings_class = CosmicRayMaskSettings

    reference_file_types = ["gain", "readnoise"]

    spec = """
        model = string(default='auto')  # Name of a shipped model or path of a model file; auto: one for the input
        device = string(default='auto')  # auto, cpu, cuda, cuda:N or mps
        threshold = float(default=None)  # Probability above which pixels are flagged; default: that of the model
        dilate = integer(default=0, min=0)  # Pixels by which the mask is grown
        veto = boolean(default=True)  # Protect the cores of stars and emission lines
        inpaint = option('none', 'network', 'median', 'biharmonic', default='none')  # Images: fill flagged pixels
        inpaint_model = string(default='auto')  # Images: model for inpaint='network'
        save_probability = boolean(default=False)  # Also write the probabilities
    """

    def check_settings(self, settings):
        """Refuse a model that does not exist or does not detect cosmic rays, as in `DenoiseStep`."""
        if settings.model != "auto":
            check_family(settings.model, model_files.read_info(settings.model), FAMILIES, f"{IMAGES} or {RAMPS}")

    def denoise(self, model, settings):
        """Flag the cosmic rays of one data model in place.

        Parameters
        ----------
        model : RampModel, ImageModel, CubeModel, IFUImageModel or SlitModel
            The exposure.
        settings : CosmicRayMaskSettings
            Parameters in force.

        Returns
        -------
        jwst_denoise.steps.common.result.Result

        Raises
        ------
        NotApplicable
            If the data model holds neither ramps nor images, or its instrument is not in the network's domain.
        ValueError, FileNotFoundError
            If a parameter or a model file is wrong.
        """
        is_ramp = isinstance(model, datamodels.RampModel)
        if not is_ramp:
            images.check(model)
        single = not is_ramp or model.data.shape[1] == 2  # the difference of two groups is an image
        network = _network(settings, is_ramp, single)
        check_domain(network, model)
        threshold = _own_threshold(network, single) if settings.threshold is None else settings.threshold
        chosen = replace(settings, threshold=threshold)
        if is_ramp:
            result = ramps.mask_ramp(model, chosen, network, functools.partial(self.get_reference_file, model))
        else:
            result = images.mask_images(model, chosen, network)
        result.metrics.update(model=network.info["name"], sha256=network.info["sha256"], threshold=threshold)
        return result


def _own_threshold(network, single):
    """Operating point of the model; a looser one for ramps, where a false flag costs one of several differences."""
    return network.threshold() if single else network.threshold(0.005)


def _network(settings, is_ramp, single):
    """Model in force; one of another family is an error."""
    default = IMAGES if single else RAMPS
    network = model_files.load(default if settings.model == "auto" else settings.model, settings.device)
    families = ["cosmic_ray_mask"] * single + ["cosmic_ray_mask-ramp"] * is_ramp
    check_family(settings.model, network.info, families, default)
    return network
