"""What is trained: network, stamps and loss of each family."""

from dataclasses import dataclass

import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import Dataset

from jwst_denoise.networks import build
from jwst_denoise.networks.blocks.scaling import level_and_noise
from jwst_denoise.simulate.fast.scenes import EchelleScenes, LineScenes, ScenePool
from jwst_denoise.simulate.fast.slopes import draw_jwst_setup, draw_nirps_setup
from jwst_denoise.training.cosmic_rays.image_stamps import InpaintStamps, MaskStamps
from jwst_denoise.training.cosmic_rays.ramp_stamps import RampStamps
from jwst_denoise.training.images.image_losses import ImageLoss
from jwst_denoise.training.images.noisy_images import LongerExposures, NoisyPairs, NoisyStacks
from jwst_denoise.training.own_exposures.exposure_pairs import pair_sets
from jwst_denoise.training.own_exposures.exposure_stamps import exposure_sets
from jwst_denoise.training.presets import ImagePreset, RibbonPreset
from jwst_denoise.training.ramps.ribbon_examples import ribbon_parts
from jwst_denoise.training.ramps.slope_blocks import SlopeBlocks
from jwst_denoise.training.ramps.slope_losses import SlopeLoss

__all__ = ["SEEDS", "Task", "noisy_images", "slope_blocks", "task"]

#: Purpose -> seed; each purpose has scenes and exposures of its own.
SEEDS = {"training": 1000, "validation": 2000, "calibration": 3000}


@dataclass(frozen=True)
class Task:
    """Network, stamps and loss.

    Parameters
    ----------
    network : torch.nn.Module
        To be trained.
    training, validation : Dataset
        Of items (inputs, truth, weight).
    loss : callable
        Of (network, inputs, truth, weight).
    """

    network: torch.nn.Module
    training: Dataset
    validation: Dataset
    loss: object


def task(family, settings, exposures=None):
    """Task of a family with a preset's settings.

    Parameters
    ----------
    family : str
        Of `jwst_denoise.training.presets.PRESETS`.
    settings : Preset
        Sizes.
    exposures : sequence of ExposureStack, optional
        A user's own exposures to train on; simulated ones without.
    """
    if isinstance(settings, RibbonPreset):
        return Task(*ribbon_parts(settings, SEEDS))
    if family == "ramp_denoise":
        return _ramp_task(settings)
    if isinstance(settings, ImagePreset):
        return _image_task(family, settings, exposures)
    network, stamps, loss = _parts(family, settings)
    if exposures is not None:
        return Task(network, *exposure_sets(network.family, exposures, settings, SEEDS), loss)
    sets = []
    purposes = ("training", settings.batch * settings.steps, 1), ("validation", settings.validation, 4)
    for purpose, length, share in purposes:
        seed = SEEDS[purpose] + settings.seed
        pool = ScenePool.draw(max(1, settings.scenes // share), seed)
        sets.append(stamps(pool, length, seed, settings.stamp))
    return Task(network, *sets, loss)


def slope_blocks(settings, purpose, length, share=1):
    """Blocks of slopes for a purpose, a key of `SEEDS`, with ``1 / share`` of the scenes."""
    seed = SEEDS[purpose] + settings.seed
    if settings.data == "nirps":
        return SlopeBlocks(EchelleScenes(), draw_nirps_setup, length, seed, settings.pixels)
    scenes = LineScenes.draw(max(1, settings.scenes // share), seed)
    return SlopeBlocks(scenes, draw_jwst_setup, length, seed, settings.pixels)


def noisy_images(settings, purpose, length, share=1):
    """Noisy images and their targets for a purpose, a key of `SEEDS`, with ``1 / share`` of the scenes."""
    seed = SEEDS[purpose] + settings.seed
    pool = ScenePool.draw(max(1, settings.scenes // share), seed)
    common, more = (pool, length, seed, settings.stamp), (settings.clean, settings.faint)
    if settings.data == "longer":
        return LongerExposures(*common, range(settings.lowest, settings.highest + 1), *more)
    if settings.data == "stacks":
        return NoisyStacks(*common, settings.frames, *more)
    return NoisyPairs(*common, *more)


def image_architecture(family, settings):
    """What `jwst_denoise.networks.build` makes the network of."""
    named = ["hidden", "depth", "input_scaling", "source_box", "flux_box", "line_length"]
    named += ["activation", "ratio"] if family == "astro_unet" else ["dropout", "error"]
    if settings.data == "stacks":
        family = "noise2noise-stack"
        named.remove("input_scaling")
    return {"family": family} | {name: getattr(settings, name) for name in named}


def _image_task(family, settings, exposures):
    network, loss = (
        build(image_architecture(family, settings)),
        ImageLoss(settings.loss, settings.data == "longer", settings.emphasis),
    )
    if exposures is not None:
        return Task(network, *pair_sets(exposures, settings, SEEDS), loss)
    return Task(
        network,
        noisy_images(settings, "training", settings.batch * settings.steps),
        noisy_images(settings, "validation", settings.validation, 4),
        loss,
    )


def _ramp_task(settings):
    network = build(
        {
            "family": "ramp_denoise", "hidden": settings.hidden, "depth": settings.depth,
            "recurrent_units": settings.recurrent_units, "source_box": settings.source_box,
            "flux_box": [settings.flux_box_lines, settings.flux_box_pixels],
            "comparison_length": settings.comparison_length, "protection_box": settings.protection_box,
        }
    )  # fmt: skip
    return Task(
        network,
        slope_blocks(settings, "training", settings.batch * settings.steps),
        slope_blocks(settings, "validation", settings.validation, 8),
        SlopeLoss(settings.power),
    )


def _parts(family, settings):
    architecture = {"family": family, "depth": settings.depth, "hidden": settings.hidden}
    if family == "inpaint":
        return build(architecture), InpaintStamps, inpainting_loss
    if settings.data == "ramps":
        return build(architecture | {"family": "cosmic_ray_mask-ramp"}), RampStamps, mask_loss
    return build(architecture), MaskStamps, mask_loss


def mask_loss(network, inputs, truth, weight):
    """Binary cross-entropy where the weight is 1 (Zhang & Bloom 2020, equation 1)."""
    loss = binary_cross_entropy_with_logits(network(**inputs), truth, weight, reduction="sum")
    return loss / weight.sum().clamp(min=1)


def inpainting_loss(network, inputs, truth, weight):
    """Mean square error in holes (Zhang & Bloom 2020, equation 2), on the scale asinh(signal / noise).

    On a linear scale the one brightest star of a batch would decide. Errors of faint light count in units of the noise,
    those of bright light as fractions.
    """
    image = inputs["image"].masked_fill(inputs["hole"], torch.nan)
    level, noise = (value[:, None, None, None] for value in level_and_noise(image, inputs["noise"], inputs["level"]))
    residual = (torch.asinh(network(**inputs)) - torch.asinh((truth - level) / noise)) ** 2
    return (residual * weight).sum() / weight.sum().clamp(min=1)
