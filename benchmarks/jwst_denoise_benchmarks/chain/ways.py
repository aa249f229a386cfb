"""Ways through stages 1 and 2: which steps run, and in which order."""

from dataclasses import dataclass, field

from jwst_denoise.demo.pipeline import run_pipeline

__all__ = ["APERTURES", "DEFAULT", "DENOISE1", "FLICKER", "SPECTRA", "WAYS", "Way", "extracted", "image", "spectrum"]

STAGE1 = ("cosmic_ray_mask", "nsclean", "ramp_denoise")  # in their order in calwebb_denoise1


@dataclass(frozen=True)
class Way:
    """What happens to an exposure.

    Parameters
    ----------
    name : str
        In words.
    groups : tuple of str
        Steps of this package in stage 1, of `STAGE1`; ``("clean_flicker_noise",)`` for the pipeline's own.
    rates, images : tuple of str
        Steps behind stage 1 and behind stage 2.
    options : dict
        Step -> its parameters.
    """

    name: str
    groups: tuple = ()
    rates: tuple = ()
    images: tuple = ()
    options: dict = field(default_factory=dict)


DEFAULT = Way("default pipeline")
FLICKER = Way("clean_flicker_noise", ("clean_flicker_noise",))
DENOISE1 = Way("calwebb_denoise1: cosmic_ray_mask, nsclean, ramp_denoise", STAGE1)
#: For sums over apertures: a wider mask around sources leaves more of their light, and of the noise.
APERTURES = Way(
    "cosmic_ray_mask, nsclean with a wider mask, image_denoise", STAGE1[:2], (), ("image_denoise",),
    {"nsclean": {"mask_dilation": 8}},
)  # fmt: skip
#: Each step alone, together, and in other orders.
WAYS = (
    DEFAULT,
    FLICKER,
    Way("cosmic_ray_mask alone", STAGE1[:1]),
    Way("nsclean alone", STAGE1[1:2]),
    Way("ramp_denoise alone", STAGE1[2:]),
    Way("image_denoise alone", (), (), ("image_denoise",)),
    Way("cosmic_ray_mask, nsclean", STAGE1[:2]),
    Way("cosmic_ray_mask, ramp_denoise", STAGE1[::2]),
    DENOISE1,
    APERTURES,
    Way("cosmic_ray_mask, nsclean, image_denoise", APERTURES.groups, (), APERTURES.images),
    Way("the same with r = 5", APERTURES.groups, (), APERTURES.images, {"image_denoise": {"exposure_time_ratio": 5.0}}),
    Way("all four", STAGE1, (), ("image_denoise",), {"image_denoise": {"force": True}}),
    Way("clean_flicker_noise, image_denoise", FLICKER.groups, (), ("image_denoise",)),
    Way("cosmic_ray_mask, nsclean of the rate, image_denoise", STAGE1[:1], ("nsclean",), ("image_denoise",)),
    Way("cosmic_ray_mask, image_denoise, nsclean of the image", STAGE1[:1], (), ("image_denoise", "nsclean")),
)
#: `DENOISE1`, resampled without weights by VAR_RNOISE, which is small where the network had a share.
EVEN = Way("calwebb_denoise1, even weights", STAGE1, options={"resample_spec": {"weight_type": "exptime"}})
#: The same for spectra: `image_denoise` is for rates there.
SPECTRA = (
    *(way for way in WAYS if not way.images and not way.rates),
    EVEN,
    Way("cosmic_ray_mask, nsclean, image_denoise of the rate", STAGE1[:2], ("image_denoise",)),
    Way("cosmic_ray_mask, nsclean of the rate", STAGE1[:1], ("nsclean",)),
)


def image(way, exposure, folder, log):
    """Run both stages of imaging.

    Parameters
    ----------
    way : Way
        Which steps.
    exposure : pathlib.Path
        Uncalibrated exposure.
    folder, log : pathlib.Path
        Directory of the products of this exposure, and log file.

    Returns
    -------
    pathlib.Path
        Calibrated image, not resampled.
    """
    target, path = _rate(way, exposure, folder, log)
    path = run_pipeline("calwebb_image2", path, target, log, steps={"resample": {"skip": True}}).path
    for name in way.images:
        path = _step(name, way, path, target, log)
    return path


def spectrum(way, exposure, folder, log):
    """Run stage 1 and calwebb_spec2; parameters as for `image`.

    Returns
    -------
    pathlib.Path
        Extracted spectra (x1d).
    """
    target, path = _rate(way, exposure, folder, log)
    return extracted(path, target, log, {name: values for name, values in way.options.items() if name not in STAGE1})


def extracted(path, target, log, steps=None):
    """Spectra (x1d) of a rate image; ``steps``: parameters of steps of calwebb_spec2."""
    made = run_pipeline("calwebb_spec2", path, target, log, steps=steps or {}).path
    return made.with_name(made.name.replace("_cal", "_x1d"))


def _rate(way, exposure, folder, log):
    """Directory of this way's own products, and the rate image."""
    target = folder / way.name.replace(", ", "-").replace(": ", "-").replace(" ", "_")
    path = _stage1(way, exposure, folder, log)
    for name in way.rates:
        path = _step(name, way, path, target, log)
    return target, path


def _stage1(way, exposure, folder, log):
    """Rate image, perhaps that of another way with the same stage 1."""
    own = any(name in way.options for name in way.groups)
    target = folder / (way.name.replace(" ", "_") if own else "-".join(way.groups) or "default")
    made = target / exposure.name.replace("_uncal", "_rate")
    if made.exists():
        return made
    if set(way.groups) <= set(FLICKER.groups):
        steps = {name: {"skip": False} for name in way.groups}
        return run_pipeline("calwebb_detector1", exposure, target, log, steps=steps).path
    steps = {name: {"skip": name not in way.groups, **way.options.get(name, {})} for name in STAGE1}
    return run_pipeline("calwebb_denoise1", exposure, target, log, steps=steps).path


def _step(name, way, path, target, log):
    options = {"keep_original": False} if name == "image_denoise" else {}
    return run_pipeline(name, path, target, log, **options, **way.options.get(name, {})).path
