"""Step ``cosmic_ray_mask``: flags cosmic rays in ramps and images by a network."""

from types import SimpleNamespace

from stdatamodels.jwst import datamodels

from jwst_denoise import model_files
from jwst_denoise.steps.base import DenoiseStep
from jwst_denoise.steps.cosmic_ray_mask import images
from jwst_denoise.steps.exposure.info import check_domain

__all__ = ["CosmicRayMaskStep"]

RAMPS, IMAGES = "cosmic_ray_mask-ramp", "cosmic_ray_mask-2-32"


class CosmicRayMaskStep(DenoiseStep):
    """Flag cosmic rays: in the group flags of ramps, in the data quality of images.

    What is found gets JUMP_DET; in images DO_NOT_USE too. Data are changed on request only (``inpaint``): filled pixels
    get FLUX_ESTIMATED and larger errors, and they stay DO_NOT_USE, so that nothing later takes them for measurements.
    """

    class_alias = "cosmic_ray_mask"

    reference_file_types = ["gain", "readnoise"]

    spec = """
        model = string(default='auto')  # Name of a shipped model or path of a model file; by default one for the input
        device = string(default='auto')  # auto, cpu, cuda, cuda:N or mps
        threshold = float(default=None)  # Probability from which pixels are flagged; default: the model's own
        dilate = integer(default=0, min=0)  # Pixels by which the mask is grown
        veto = boolean(default=True)  # Spare the cores of stars and emission lines
        inpaint = option('none', 'network', 'median', 'biharmonic', default='none')  # Images: fill what is flagged
        inpaint_model = string(default='auto')  # Images: model that fills, with inpaint='network'
        save_probability = boolean(default=False)  # Also write the probabilities
    """

    def denoise(self, model, settings):
        """Flag the cosmic rays of one data model in place.

        Parameters
        ----------
        model : RampModel, ImageModel, CubeModel, IFUImageModel or SlitModel
            The exposure.
        settings : types.SimpleNamespace
            Parameters in force.

        Returns
        -------
        jwst_denoise.steps.common.result.Result

        Raises
        ------
        NotApplicable
            If the data model holds neither ramps nor images, or the network was not made for its instrument.
        ValueError, FileNotFoundError
            If a parameter or a model file is wrong.
        """
        is_ramp = isinstance(model, datamodels.RampModel)
        if not is_ramp:
            images.check(model)
        single = not is_ramp or model.data.shape[1] == 2  # the difference of two groups is an image too
        network = _network(settings, is_ramp, single)
        check_domain(network, model)
        threshold = _own_threshold(network, single) if settings.threshold is None else settings.threshold
        chosen = SimpleNamespace(**{**vars(settings), "threshold": threshold})
        chosen.reference_file = lambda kind: self.get_reference_file(model, kind)
        result = _mask(is_ramp)(model, chosen, network)
        result.metrics.update(model=network.info["name"], sha256=network.info["sha256"], threshold=threshold)
        return result


def _mask(is_ramp):
    """Function that masks this kind of data model."""
    if not is_ramp:
        return images.mask_images
    from jwst_denoise.steps.cosmic_ray_mask.ramps import mask_ramp

    return mask_ramp


def _own_threshold(network, single):
    """The model's operating point: the looser one where a false flag costs one of several differences of a pixel."""
    return network.threshold() if single else network.threshold(0.005)


def _network(settings, is_ramp, single):
    """Model in force; refuses one of another family."""
    if settings.threshold is not None and not 0 < settings.threshold < 1:
        raise ValueError(f"threshold={settings.threshold} must be a probability between 0 and 1, both excluded")
    default = IMAGES if single else RAMPS
    network = model_files.load(default if settings.model == "auto" else settings.model, settings.device)
    families = ["cosmic_ray_mask"] * single + ["cosmic_ray_mask-ramp"] * is_ramp
    if network.info["family"] not in families:
        found = f"model={settings.model!r} is of the family {network.info['family']!r}"
        kind = "ramps" if is_ramp else "images"
        raise ValueError(f"{found}; masks of {kind} need one of {families[0]!r}, such as {default}")
    return network
