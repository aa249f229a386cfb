"""Settings of a training, by family and name."""

from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType

__all__ = ["LOSSES", "PRESETS", "ImagePreset", "Preset", "RampPreset", "RibbonPreset", "select_preset"]

#: Losses of image denoisers, see `jwst_denoise.training.losses.ImageLoss`.
LOSSES = ("l1", "l1+kl", "l2", "likelihood")
SCHEDULES = ("plateau", "cosine", "exponential", "step", "constant")
MAY_BE_ZERO = (
    "seed", "dropout", "comparison_length", "protection_box", "source_box", "flux_box", "line_length", "clean", "faint",
    "emphasis", "response", "second_world",
)  # fmt: skip


@dataclass(frozen=True)
class Preset:
    """Sizes and schedule of a training.

    Parameters
    ----------
    depth, hidden : int
        Size of the U-net.
    data : str
        Content of the stamps: ``images`` or ``ramps``.
    scenes : int
        Number of simulated scenes from which stamps are cut.
    stamp : int
        Edge of a stamp in pixels.
    batch : int
        Stamps in a step.
    steps : int
        Steps in an epoch.
    epochs : int
        Largest number of epochs.
    warm : int
        Epochs in which batch normalization uses the statistics of the batch; after them they are frozen.
    learning_rate : float
        Initial learning rate.
    schedule : str
        ``plateau``: reduced to a tenth whenever the validation loss has not improved for ``patience`` epochs, and
        stopped at the third time, as in deepCR's paper; ``cosine``: down to zero over all epochs; ``exponential``:
        reduced by 2 % after each; ``step``: to a tenth after two fifths of the epochs; ``constant``.
    patience : int
        See ``schedule``.
    validation : int
        Number of stamps of the validation.
    calibration : int
        Number of stamps of each kind of scene for the thresholds and the scores.
    seed : int
        Added to all seeds.
    """

    depth: int = 2
    hidden: int = 32
    data: str = "images"
    scenes: int = 400
    stamp: int = 256
    batch: int = 16
    steps: int = 400
    epochs: int = 200
    warm: int = 20
    learning_rate: float = 0.005
    schedule: str = "plateau"
    patience: int = 4
    validation: int = 256
    calibration: int = 64
    seed: int = 0

    def __post_init__(self):
        """Refuse impossible values."""
        for name, value in asdict(self).items():
            if isinstance(value, int | float) and name not in MAY_BE_ZERO and not value > 0:
                raise ValueError(f"{name}={value} must be positive")
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule={self.schedule!r} must be one of {', '.join(SCHEDULES)}")
        if self.seed < 0:
            raise ValueError(f"seed={self.seed} must not be negative")


@dataclass(frozen=True)
class RampPreset(Preset):
    """Sizes and schedule of a training of the recurrent denoiser.

    Parameters
    ----------
    data : str
        Detectors and scenes: ``jwst`` or ``nirps``.
    pixels : int
        Approximate size of a block of lines; blocks with shorter lines have more lines.
    flux_box_lines, flux_box_pixels : int
        ``flux_box`` of the network, see `jwst_denoise.networks.ramp_denoise.RampDenoise`.
    recurrent_units, source_box, comparison_length, protection_box : int
        Parameters of the network.
    power : int
        Power of the error in the loss.
    response : float
        Weight of the response to injected sources, see `jwst_denoise.training.losses.ResponseLoss`.
    second_world : float
        Share of the blocks from `jwst_denoise.simulate.fast.second_world`.
    """

    depth: int = 4
    hidden: int = 16
    data: str = "jwst"
    batch: int = 1
    steps: int = 150
    epochs: int = 15
    warm: int = 1
    learning_rate: float = 0.001
    schedule: str = "cosine"
    validation: int = 16
    calibration: int = 48
    scenes: int = 160
    pixels: int = 262144
    recurrent_units: int = 24
    flux_box_lines: int = 5
    flux_box_pixels: int = 5
    source_box: int = 9
    comparison_length: int = 255
    protection_box: int = 5
    power: int = 2
    response: float = 5.0
    second_world: float = 0.5

    def __post_init__(self):
        """Refuse impossible values."""
        super().__post_init__()
        if self.batch != 1:
            raise ValueError(f"batch={self.batch}: blocks of different shapes cannot be batched; change pixels instead")


@dataclass(frozen=True)
class RibbonPreset(Preset):
    """Sizes and schedule of a training of the network on ribbons, by default those of Payeur et al. 2022.

    Their training set, 24 028 lines of six ramps, 50 passes, takes 20 GB of memory here, and twice as much while a ramp
    is simulated.

    Parameters
    ----------
    scenes : int
        Number of simulated ramps; the validation has a sixth as many others.
    lines, outputs, width, reads : int
        Lines of a frame, amplifier outputs, pixels of a line that each output reads, reads of a ramp.
    passes : int
        Passes over the lines of the ramps after which new ramps are simulated.
    rows, recurrent_units, filters, masked, activation, dropout
        Parameters of the network, see `jwst_denoise.networks.hxrg.network.HxRGDenoise`.
    power : int
        Power of the error in the loss.
    """

    data: str = "ribbons"
    scenes: int = 6
    batch: int = 16
    steps: int = 1501
    epochs: int = 50
    warm: int = 1
    learning_rate: float = 0.002
    schedule: str = "exponential"
    validation: int = 500
    calibration: int = 500
    lines: int = 4096
    outputs: int = 32
    width: int = 128
    reads: int = 100
    passes: int = 50
    rows: int = 3
    recurrent_units: int = 208
    filters: int = 64
    masked: str = "neighbor"
    activation: str = "relu"
    dropout: float = 0.05
    power: int = 4

    def __post_init__(self):
        """Refuse impossible values; the network refuses impossible sizes."""
        super().__post_init__()
        if self.lines < 16:
            raise ValueError(f"lines={self.lines} must be 16 or more, since eight are reference pixels")


@dataclass(frozen=True)
class ImagePreset(Preset):
    """Sizes and schedule of a training of an image denoiser.

    Parameters
    ----------
    data : str
        Targets: ``longer`` exposures, other exposures (``pairs``), or other halves of a stack (``stacks``).
    loss : str
        ``l1``, ``l1+kl``, ``l2`` or ``likelihood``, see `jwst_denoise.training.losses.ImageLoss`.
    clean : int
        1 for noiseless targets, 0 for noisy ones.
    faint : float
        Share of the scenes that get stars near the detection limit.
    emphasis : float
        Additional weight in the loss of pixels of sources.
    lowest, highest : int
        Range of the ratios of exposure times.
    frames : int
        Largest number of frames of half a stack.
    response : float
        Weight of the response to injected sources, see `jwst_denoise.training.losses.ResponseLoss`.
    second_world : float
        Share of the images from `jwst_denoise.simulate.fast.second_world`.
    input_scaling, source_box, flux_box, line_length, activation, ratio, dropout, error
        Parameters of the network, see `jwst_denoise.networks.astro_unet` and `jwst_denoise.networks.noise2noise`.
    """

    depth: int = 5
    hidden: int = 12
    data: str = "longer"
    scenes: int = 160
    batch: int = 4
    steps: int = 150
    epochs: int = 20
    warm: int = 1
    learning_rate: float = 0.001
    schedule: str = "cosine"
    validation: int = 64
    calibration: int = 96
    loss: str = "l1"
    clean: int = 0
    faint: float = 0.0
    emphasis: float = 0.0
    lowest: int = 2
    highest: int = 5
    frames: int = 6
    response: float = 8.0
    second_world: float = 0.5
    input_scaling: str = "noise"
    source_box: int = 5
    flux_box: int = 31
    line_length: int = 255
    activation: str = "leaky_relu"
    ratio: str = "plane"
    dropout: float = 0.0
    error: str = "head"

    def __post_init__(self):
        """Refuse impossible values; the network refuses impossible layers."""
        super().__post_init__()
        if self.data not in ("longer", "pairs", "stacks"):
            raise ValueError(f"data={self.data!r} must be 'longer', 'pairs' or 'stacks'")
        if self.loss not in LOSSES:
            raise ValueError(f"loss={self.loss!r} must be one of {', '.join(LOSSES)}")
        if not 1 < self.lowest <= self.highest <= 5:
            raise ValueError(f"lowest={self.lowest} and highest={self.highest} must be from 2 to 5, in that order")


_ASTRO = ImagePreset()

_UNSCALED = {
    "input_scaling": "rate",
    "source_box": 0,
    "flux_box": 0,
    "line_length": 0,
    "response": 0.0,
    "second_world": 0.0,
}  # networks of the papers

_PAIRS = replace(
    _ASTRO, data="pairs", depth=4, hidden=16, stamp=128, batch=8, steps=200, epochs=14, loss="l2", activation="relu",
    faint=0.5, emphasis=8.0, response=5.0,
)  # fmt: skip

_SMALL = Preset(scenes=240, stamp=128, steps=100, epochs=56, warm=20, schedule="cosine", validation=128)

_RAMP = replace(
    _SMALL, depth=3, hidden=12, data="ramps", scenes=120, steps=40, epochs=60, warm=15, validation=64, calibration=128
)

_RIBBONS = RibbonPreset(
    scenes=24, steps=180, epochs=25, validation=256, calibration=480, lines=128, outputs=8, width=32, reads=20,
    recurrent_units=32, filters=16,
)  # fmt: skip

#: (family, name) -> `Preset`. ``paper`` has the sizes and recipe of Zhang & Bloom 2020, appendix A; ``small`` takes an
#: hour or so on a CPU; ``ramp`` is the same for group differences. For ``ramp_denoise``, ``paper`` is the network and
#: recipe of Payeur et al. 2022, and ``ribbons`` a smaller one for a CPU.
PRESETS = MappingProxyType(
    {
        ("cosmic_ray_mask", "paper"): Preset(),
        ("cosmic_ray_mask", "small"): _SMALL,
        ("cosmic_ray_mask", "ramp"): _RAMP,
        ("ramp_denoise", "jwst"): RampPreset(),
        ("ramp_denoise", "nirps"): RampPreset(
            data="nirps", pixels=458752, epochs=7, steps=100, flux_box_pixels=11, source_box=7, comparison_length=0,
            protection_box=0, response=0.0, second_world=0.0,
        ),
        ("ramp_denoise", "small"): RampPreset(hidden=8, depth=3, epochs=8, scenes=40, validation=8, calibration=8),
        ("ramp_denoise", "paper"): RibbonPreset(),
        ("ramp_denoise", "ribbons"): _RIBBONS,
        ("astro_unet", "paper"): replace(
            _ASTRO, **_UNSCALED, hidden=32, steps=160, epochs=5000, learning_rate=1e-5, schedule="step"
        ),
        ("astro_unet", "network1"): replace(_ASTRO, highest=2, epochs=10),
        ("astro_unet", "network2"): _ASTRO,
        ("astro_unet", "small"): replace(_ASTRO, hidden=4, depth=3, stamp=128, scenes=40, steps=40, epochs=8),
        ("noise2noise", "paper"): replace(
            _PAIRS, **_UNSCALED, hidden=32, depth=3, stamp=52, batch=10, steps=1000, epochs=20, error="none", faint=0.0,
            emphasis=0.0, learning_rate=1e-4, schedule="constant",
        ),
        ("noise2noise", "general"): _PAIRS,
        ("noise2noise", "uncertainty"): replace(_PAIRS, epochs=12, loss="likelihood", dropout=0.01, error="network"),
        ("noise2noise", "stack"): replace(_PAIRS, data="stacks", batch=4, epochs=12),
        ("noise2noise", "own"): replace(
            _PAIRS, hidden=12, depth=3, stamp=64, steps=100, epochs=12, validation=48, learning_rate=0.002
        ),
        ("noise2noise", "small"): replace(_PAIRS, hidden=8, depth=3, scenes=40, steps=40, epochs=8),
        ("inpaint", "paper"): Preset(warm=40, learning_rate=0.01, epochs=300),
        ("inpaint", "small"): replace(_SMALL, batch=8, steps=250, epochs=20, warm=5, learning_rate=0.004),
    }
)  # fmt: skip


def select_preset(family, name, **overrides):
    """Preset of a family with some values replaced.

    Raises
    ------
    ValueError
        If the family, the preset or a value is unknown; the message lists the known ones.
    """
    if (family, name) not in PRESETS:
        families = sorted({known for known, _ in PRESETS})
        if family not in families:
            raise ValueError(f"no family {family!r} to train; known: {', '.join(families)}")
        names = ", ".join(known for owner, known in PRESETS if owner == family)
        raise ValueError(f"{family} has no preset {name!r}; known: {names}")
    known = [field.name for field in fields(PRESETS[family, name])]
    if unknown := sorted(set(overrides) - set(known)):
        raise ValueError(f"the preset has no {', '.join(map(repr, unknown))}; known: {', '.join(known)}")
    return replace(PRESETS[family, name], **overrides)
