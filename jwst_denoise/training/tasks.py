"""Tasks: network, training and validation sets, and loss of each family."""

from dataclasses import dataclass

import torch
from torch.utils.data import Dataset

from jwst_denoise.networks import build
from jwst_denoise.networks.hxrg.preprocess import line_ends
from jwst_denoise.simulate.fast.h4rg_ramps import H4RGSetup
from jwst_denoise.simulate.fast.scenes import EchelleScenes, LineScenes, ScenePool
from jwst_denoise.simulate.fast.slopes import draw_jwst_setup, draw_nirps_setup
from jwst_denoise.training.cosmic_rays import InpaintStamps, MaskStamps, RampStamps
from jwst_denoise.training.images import LongerExposures, NoisyPairs, NoisyStacks
from jwst_denoise.training.losses import ImageLoss, RibbonLoss, SlopeLoss, inpainting_loss, mask_loss
from jwst_denoise.training.own_exposures.datasets import pair_sets, stamp_sets
from jwst_denoise.training.presets import ImagePreset, RampPreset, RibbonPreset
from jwst_denoise.training.ramps import RibbonExamples, SlopeBlocks

__all__ = ["SEEDS", "Task", "image_architecture", "make_task", "noisy_images", "ribbon_examples", "slope_blocks"]

#: Purpose -> seed; no two purposes share a scene or an exposure.
SEEDS = {"training": 1000, "validation": 2000, "calibration": 3000}


@dataclass(frozen=True)
class Task:
    """Network, data and loss of a training.

    Parameters
    ----------
    network : torch.nn.Module
        Network to train.
    training, validation : Dataset
        Items (inputs, truth, weight).
    loss : callable
        Of (network, inputs, truth, weight).
    """

    network: torch.nn.Module
    training: Dataset
    validation: Dataset
    loss: object


def make_task(family, settings, exposures=None):
    """Task of a family with the settings of a preset."""
    length = settings.batch * settings.steps
    other = 1.0 if getattr(settings, "second_world", 0) else 0.0  # validation in the second world alone
    if isinstance(settings, RibbonPreset):
        training = ribbon_examples(settings, "training", length)
        network = build(_ribbon_architecture(settings, training.setup.readout))
        return Task(
            network, training, ribbon_examples(settings, "validation", settings.validation), RibbonLoss(settings.power)
        )
    if isinstance(settings, RampPreset):
        sets = [slope_blocks(settings, "training", length)]
        sets.append(slope_blocks(settings, "validation", settings.validation, 8, other))
        return Task(build(_ramp_architecture(settings)), *sets, SlopeLoss(settings.power, settings.response))
    if isinstance(settings, ImagePreset):
        network = build(image_architecture(family, settings))
        loss = ImageLoss(settings.loss, settings.data == "longer", settings.emphasis, settings.response)
        if exposures is not None:
            return Task(network, *pair_sets(exposures, settings, SEEDS), loss)
        sets = [noisy_images(settings, "training", length)]
        sets.append(noisy_images(settings, "validation", settings.validation, 4, other))
        return Task(network, *sets, loss)
    network, stamps, loss = _stamp_parts(family, settings)
    if exposures is not None:
        return Task(network, *stamp_sets(network.family, exposures, settings, SEEDS), loss)
    sets = (
        stamps(_scene_pool(settings, purpose, divisor), number, SEEDS[purpose] + settings.seed, settings.stamp)
        for purpose, number, divisor in (("training", length, 1), ("validation", settings.validation, 4))
    )
    return Task(network, *sets, loss)


def slope_blocks(settings, purpose, length, divisor=1, fraction=None):
    """Blocks of slopes for a purpose; parameters as for `noisy_images`."""
    seed = SEEDS[purpose] + settings.seed
    if settings.data == "nirps":
        return SlopeBlocks(EchelleScenes(), draw_nirps_setup, length, seed, settings.pixels, 0, settings.response > 0)
    scenes = LineScenes.draw(max(1, settings.scenes // divisor), seed)
    fraction = settings.second_world if fraction is None else fraction
    return SlopeBlocks(scenes, draw_jwst_setup, length, seed, settings.pixels, fraction, settings.response > 0)


def noisy_images(settings, purpose, length, divisor=1, fraction=None):
    """Noisy images for a purpose, a key of `SEEDS`; ``fraction`` of them, or the preset's, from the second world."""
    common = (_scene_pool(settings, purpose, divisor), length, SEEDS[purpose] + settings.seed, settings.stamp)
    second = settings.second_world if fraction is None else fraction
    options = settings.clean, settings.faint, second, settings.response > 0
    if settings.data == "longer":
        return LongerExposures(*common, range(settings.lowest, settings.highest + 1), *options)
    if settings.data == "stacks":
        return NoisyStacks(*common, settings.frames, *options)
    return NoisyPairs(*common, *options)


def ribbon_examples(settings, purpose, length):
    """Examples of ribbons for a purpose, a key of `SEEDS`; a sixth of the ramps unless for training."""
    training = purpose == "training"
    return RibbonExamples(
        H4RGSetup(settings.lines, settings.outputs, settings.width, settings.reads),
        settings.scenes if training else max(1, settings.scenes // 6), SEEDS[purpose] + settings.seed, length,
        settings.rows, settings.masked, settings.passes if training else None,
    )  # fmt: skip


def image_architecture(family, settings):
    """Description of an image denoiser for `jwst_denoise.networks.build`."""
    names = ["hidden", "depth", "input_scaling", "source_box", "flux_box", "line_length"]
    names += ["activation", "ratio"] if family == "astro_unet" else ["dropout", "error"]
    if settings.data == "stacks":
        family = "noise2noise-stack"
        names.remove("input_scaling")
    return {"family": family} | _select(settings, names)


def _ramp_architecture(settings):
    names = ("hidden", "depth", "recurrent_units", "source_box", "comparison_length", "protection_box")
    flux_box = [settings.flux_box_lines, settings.flux_box_pixels]
    return {"family": "ramp_denoise", "flux_box": flux_box} | _select(settings, names)


def _ribbon_architecture(settings, readout):
    names = ("outputs", "rows", "reads", "recurrent_units", "filters", "masked", "activation", "dropout")
    return {"family": "ramp_denoise-hxrg", "reference": sum(line_ends(readout))} | _select(settings, names)


def _select(settings, names):
    return {name: getattr(settings, name) for name in names}


def _scene_pool(settings, purpose, divisor):
    return ScenePool.draw(max(1, settings.scenes // divisor), SEEDS[purpose] + settings.seed)


def _stamp_parts(family, settings):
    """Network, class of stamps and loss of the families of deepCR."""
    architecture = {"family": family, "depth": settings.depth, "hidden": settings.hidden}
    if family == "inpaint":
        return build(architecture), InpaintStamps, inpainting_loss
    if settings.data == "ramps":
        return build(architecture | {"family": "cosmic_ray_mask-ramp"}), RampStamps, mask_loss
    return build(architecture), MaskStamps, mask_loss
