"""Configurations of stages 1 and 2: the steps that run, and their order."""

from dataclasses import dataclass, field

from jwst_denoise.demo.pipeline import run_pipeline

__all__ = [
    "DEFAULT", "DENOISE1", "FLICKER", "IMAGES", "SPECTRA", "WIDER_MASK", "Configuration", "extract_spectrum",
    "run_image", "run_spectrum",
]  # fmt: skip

STAGE1 = ("cosmic_ray_mask", "nsclean", "ramp_denoise")  # in their order in calwebb_denoise1


@dataclass(frozen=True)
class Configuration:
    """Steps through which an exposure goes.

    Parameters
    ----------
    name : str
        Description.
    groups : tuple of str
        Steps of this package in stage 1, of `STAGE1`; ``("clean_flicker_noise",)`` for that of jwst.
    rates, images : tuple of str
        Steps after stage 1 and after stage 2.
    options : dict
        Step -> its parameters.
    """

    name: str
    groups: tuple = ()
    rates: tuple = ()
    images: tuple = ()
    options: dict = field(default_factory=dict)


DEFAULT = Configuration("default pipeline")
FLICKER = Configuration("clean_flicker_noise", ("clean_flicker_noise",))
DENOISE1 = Configuration("calwebb_denoise1: cosmic_ray_mask, nsclean, ramp_denoise", STAGE1)
#: For aperture photometry: a wider mask around sources preserves more of their flux, and of the noise.
WIDER_MASK = Configuration(
    "cosmic_ray_mask, nsclean with a wider mask, image_denoise", STAGE1[:2], (), ("image_denoise",),
    {"nsclean": {"mask_dilation": 8}},
)  # fmt: skip
#: Each step alone, all together, and in other orders.
IMAGES = (
    DEFAULT,
    FLICKER,
    Configuration("cosmic_ray_mask alone", STAGE1[:1]),
    Configuration("nsclean alone", STAGE1[1:2]),
    Configuration("ramp_denoise alone", STAGE1[2:]),
    Configuration("image_denoise alone", (), (), ("image_denoise",)),
    Configuration("cosmic_ray_mask, nsclean", STAGE1[:2]),
    Configuration("cosmic_ray_mask, ramp_denoise", STAGE1[::2]),
    DENOISE1,
    WIDER_MASK,
    Configuration("cosmic_ray_mask, nsclean, image_denoise", STAGE1[:2], (), ("image_denoise",)),
    Configuration(
        "cosmic_ray_mask, nsclean, image_denoise with r = 5", STAGE1[:2], (), ("image_denoise",),
        {"image_denoise": {"exposure_time_ratio": 5.0}},
    ),
    Configuration("all four", STAGE1, (), ("image_denoise",), {"image_denoise": {"force": True}}),
    Configuration("clean_flicker_noise, image_denoise", FLICKER.groups, (), ("image_denoise",)),
    Configuration("cosmic_ray_mask, nsclean of the rate, image_denoise", STAGE1[:1], ("nsclean",), ("image_denoise",)),
    Configuration("cosmic_ray_mask, image_denoise, nsclean of the image", STAGE1[:1], (), ("image_denoise", "nsclean")),
)  # fmt: skip
#: `DENOISE1`, resampled without weights from VAR_RNOISE, which is small where the network contributes.
EVEN = Configuration("calwebb_denoise1, even weights", STAGE1, options={"resample_spec": {"weight_type": "exptime"}})
#: The same for spectra, for which `image_denoise` processes rates.
SPECTRA = (
    *(one for one in IMAGES if not one.images and not one.rates),
    EVEN,
    Configuration("cosmic_ray_mask, nsclean, image_denoise of the rate", STAGE1[:2], ("image_denoise",)),
    Configuration("cosmic_ray_mask, nsclean of the rate", STAGE1[:1], ("nsclean",)),
)


def run_image(configuration, exposure, folder, log):
    """Run both stages of imaging.

    Parameters
    ----------
    configuration : Configuration
        Steps.
    exposure : pathlib.Path
        Uncalibrated exposure.
    folder, log : pathlib.Path
        Directory of the products of this exposure, and log file.

    Returns
    -------
    pathlib.Path
        Calibrated image, not resampled.
    """
    target, path = _rate(configuration, exposure, folder, log)
    path = run_pipeline("calwebb_image2", path, target, log, steps={"resample": {"skip": True}}).path
    for name in configuration.images:
        path = _run_step(name, configuration, path, target, log)
    return path


def run_spectrum(configuration, exposure, folder, log):
    """Run stage 1 and calwebb_spec2; parameters as for `run_image`.

    Returns
    -------
    pathlib.Path
        Extracted spectra (x1d).
    """
    target, path = _rate(configuration, exposure, folder, log)
    steps = {name: values for name, values in configuration.options.items() if name not in STAGE1}
    return extract_spectrum(path, target, log, steps)


def extract_spectrum(path, target, log, steps=None):
    """Spectra (x1d) of a rate image; ``steps``: parameters of steps of calwebb_spec2."""
    product = run_pipeline("calwebb_spec2", path, target, log, steps=steps or {}).path
    return product.with_name(product.name.replace("_cal", "_x1d"))


def _rate(configuration, exposure, folder, log):
    """Directory of the products of this configuration, and the rate image."""
    target = folder / configuration.name.replace(", ", "-").replace(": ", "-").replace(" ", "_")
    path = _stage1(configuration, exposure, folder, log)
    for name in configuration.rates:
        path = _run_step(name, configuration, path, target, log)
    return target, path


def _stage1(configuration, exposure, folder, log):
    """Rate image, if possible that of another configuration with the same stage 1."""
    groups, options = configuration.groups, configuration.options
    unique = any(name in options for name in groups)
    target = folder / (configuration.name.replace(" ", "_") if unique else "-".join(groups) or "default")
    product = target / exposure.name.replace("_uncal", "_rate")
    if product.exists():
        return product
    if set(groups) <= set(FLICKER.groups):
        steps = {name: {"skip": False} for name in groups}
        return run_pipeline("calwebb_detector1", exposure, target, log, steps=steps).path
    steps = {name: {"skip": name not in groups, **options.get(name, {})} for name in STAGE1}
    return run_pipeline("calwebb_denoise1", exposure, target, log, steps=steps).path


def _run_step(name, configuration, path, target, log):
    options = {"keep_original": False} if name == "image_denoise" else {}
    return run_pipeline(name, path, target, log, **options, **configuration.options.get(name, {})).path
