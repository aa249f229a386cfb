"""What an awkward exposure can be made of, and what it can be asked for: one table, for benchmark and tests."""

import functools
from dataclasses import asdict, dataclass, field
from types import MappingProxyType

from jwst_denoise.readout import DETECTORS

__all__ = ["CHOICES", "PARAMETERS", "STEPS", "Case", "choices", "draw"]

#: Name of each step: those that choose a model by themselves, and the model for stacks.
STEPS = ("nsclean", "cosmic_ray_mask", "ramp_denoise", "image_denoise", "image_denoise stacks")

#: Property of an exposure -> what it can be; the first is harmless.
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

_COMMON = {"save_noise": (False, True)}
#: Step -> parameter -> values that are allowed; the first is the default.
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
        """What is not harmless, in one line."""
        unlike = {k: v for k, v in self.exposure.items() if v != CHOICES[k][0]}
        return f"{self.step} {asdict(self)['parameters']} {unlike}"


def choices(step):
    """Parameters of one step and what they can be."""
    return PARAMETERS[step] | _COMMON


def draw(rng, step, surprises=4):
    """Draw a case: an exposure with a few awkward properties, and any parameters.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    step : str
        One of `STEPS`.
    surprises : int, optional
        Most awkward properties, next to its kind, detector and seed; the others are harmless, since otherwise hardly
        an exposure would come to the step's work.

    Returns
    -------
    Case
    """
    pick = functools.partial(_pick, rng)
    awkward = [name for name in CHOICES if name not in ("kind", "detector", "seed")]
    chosen = {"kind", "detector", "seed", *rng.choice(awkward, rng.integers(surprises + 1), replace=False)}
    exposure = {name: pick(values) if name in chosen else values[0] for name, values in CHOICES.items()}
    return Case(step, exposure, {name: pick(values) for name, values in choices(step).items()})


def _pick(rng, values):
    return values[rng.integers(len(values))]
