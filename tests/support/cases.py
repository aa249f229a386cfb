"""What an exposure can look like and how a step can be called: one table, from which hypothesis draws cases."""

from dataclasses import dataclass, field
from types import MappingProxyType

from hypothesis import strategies as st

from jwst_denoise.readout import DETECTORS

__all__ = ["CHOICES", "DEFAULTS", "PARAMETERS", "STEPS", "Case", "cases", "choices"]

#: Names of the steps; ``image_denoise`` counts twice, for images and for stacks.
STEPS = ("nsclean", "cosmic_ray_mask", "ramp_denoise", "image_denoise", "image_denoise stacks")

#: Property of an exposure -> its possible values; the first one is ordinary.
CHOICES = MappingProxyType(
    {
        "kind": ("rate", "rateints", "ramp", "pair", "ifu", "slit", "guider", "list", "superstripe", "multislit"),
        "shape": (
            (64, 64), (64, 96), (32, 256), (256, 32), (17, 33), (128, 8), (1, 64), (64, 1), (3, 5), (1, 1), (0, 8),
        ),
        "integrations": (2, 1, 3),
        "groups": (5, 1, 2, 3, 9),
        "values": (
            "stripes", "zero", "constant", "negative", "integers", "huge", "enormous", "tiny", "nan", "infinite",
            "nan rows", "nan columns", "nan pixels", "infinite pixels", "outliers", "all but one nan", "saturating",
        ),
        "flags": (
            "none", "missing", "all", "pixels", "rows", "columns", "border", "jumps", "saturated", "non-science",
            "random bits", "all but one", "reference", "other shape",
        ),
        "errors": (
            "usual", "missing", "zero", "nan", "nan pixels", "huge", "tiny", "infinite pixels", "zero pixels",
        ),
        "variances": ("usual", "missing", "zero", "nan", "nan pixels", "huge", "tiny", "too large", "no read"),
        "dtype": ("<f4", ">f4", "<f8", ">f8"),
        "unit": ("DN/s", "MJy/sr", "e-/s", "DN", "furlong", None),
        "detector": (*DETECTORS, "MIRIMAGE", None),
        "axes": (None, (1, 2), (-1, 2), (1, -2), (-1, -2), (2, 1), (-2, 1), (2, -1), (-2, -1), (1, 1), "missing"),
        "place": ("inside", "corner", "missing", "other size"),
        "times": ("usual", "missing", "zero", "long"),
        "header": ("usual", "bare", "resampled", "photom", "cleaned", "gain scaled", "wcs"),
        "seed": tuple(range(64)),
    }
)  # fmt: skip
#: Property -> ordinary value.
DEFAULTS = MappingProxyType({name: values[0] for name, values in CHOICES.items()})

_COMMON = {"save_noise": (False, True)}
#: Step -> parameter -> valid values; the first is the default.
PARAMETERS = MappingProxyType(
    {
        "nsclean": {
            "method": ("gp", "nsclean", "median"),
            "background": ("auto", "keep", "remove"),
            "n_sigma": (2.0, 0.0),
            "single_mask": (True, False),
            "fit_by_output": (False, True),
            "mask_science_regions": (False, True),
            "buff_sigma": (1.5, 0.0),
            "outlier_sigma": (3.0, 0.0),
            "force": (False, True),
        },
        "cosmic_ray_mask": {
            "inpaint": ("none", "network", "median", "biharmonic"),
            "veto": (True, False),
            "dilate": (0, 2),
            "threshold": (None, 0.01, 0.9),
            "save_probability": (False, True),
        },
        "ramp_denoise": {"product": ("rate", "ramp"), "tile_size": (256, 64)},
        "image_denoise": {
            "model": ("auto", "noise2noise", "noise2noise-uncertainty", "astro_unet-r2"),
            "tile_size": (1024, 64),
            "mosaic": (False, True),
            "keep_original": (True, False),
        },
        "image_denoise stacks": {"model": ("noise2noise-stack",), "keep_original": (True, False)},
    }
)


@dataclass(frozen=True)
class Case:
    """One run of a step.

    Parameters
    ----------
    step : str
        One of `STEPS`.
    exposure : dict
        Property -> one of its `CHOICES`.
    parameters : dict
        Of the step.
    """

    step: str
    exposure: dict = field(default_factory=dict)
    parameters: dict = field(default_factory=dict)

    def __str__(self):
        """Only what is not ordinary, in one line."""
        unusual = {name: value for name, value in self.exposure.items() if value != DEFAULTS[name]}
        return f"{self.step} {self.parameters} {unusual}"


def choices(step):
    """Parameters of one step and their valid values."""
    return PARAMETERS[step] | _COMMON


@st.composite
def cases(draw, step):
    """Strategy for cases of one step.

    At most four properties are unusual; with more, hardly an exposure would reach the core of the step.
    """
    unusual = st.sampled_from(sorted(set(CHOICES) - {"seed"}))
    names = draw(st.lists(unusual, max_size=4, unique=True))
    exposure = {name: draw(st.sampled_from(CHOICES[name])) for name in [*names, "seed"]}
    parameters = {name: draw(st.sampled_from(values)) for name, values in choices(step).items()}
    return Case(step, DEFAULTS | exposure, parameters)
