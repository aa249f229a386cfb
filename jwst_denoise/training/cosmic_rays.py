"""Training stamps of the cosmic-ray masks and of inpainting, simulated on the fly."""

from collections import OrderedDict

import numpy as np
import torch
from torch.utils.data import Dataset

from jwst_denoise.detectors.read_patterns import poisson_fraction
from jwst_denoise.networks.group_differences import normalize_differences
from jwst_denoise.simulate.fast.cosmic_ray_images import (
    ALPHA,
    augment_sky,
    draw_holes,
    draw_image,
    insert_defects,
    move_to_peaks,
)
from jwst_denoise.simulate.fast.ramps import draw_ramp_setup, simulate_integration

__all__ = ["InpaintStamps", "MaskStamps", "RampStamps"]

SMALLEST_HIT = 1.5  # standard deviations of the noise, charge of a cosmic ray that counts as a hit
STAMPS = 4  # of one integration
INTEGRATIONS = 8  # in memory


class _ImageStamps(Dataset):
    """Stamps of images; stamp i depends on the seed and i alone, so that no stamp occurs twice in any number of epochs.

    Parameters
    ----------
    pool : jwst_denoise.simulate.fast.scenes.ScenePool
        Scenes.
    length, seed, size : int
        Number of stamps in an epoch, first part of their seeds, edge in pixels.
    """

    def __init__(self, pool, length, seed, size):
        self.pool, self.length, self.seed, self.size = pool, length, seed, size

    def __len__(self):
        return self.length

    def draw(self, index):
        """Random generator, simulated image and sky level of a stamp."""
        rng = np.random.default_rng([self.seed, index])
        rate, level, kind = self.pool.stamp(self.size, rng)
        return rng, draw_image(rate, rng, long=kind in ("slices", "slitlets")), level


class MaskStamps(_ImageStamps):
    """Items (inputs, truth, weight) for `CosmicRayMask`."""

    def __getitem__(self, index):
        """Inputs ``image`` (ny, nx), ``noise`` and ``level``; truth and weight (1, ny, nx)."""
        rng, image, level = self.draw(index)
        alpha = np.float32(rng.uniform(*ALPHA))
        data, err = augment_sky(image.data, image.err, level, alpha, rng)
        truth = image.cosmic_rays > SMALLEST_HIT * err
        data = insert_defects(data, rng)
        inputs = image_inputs(data, **_draw_statistics(err, image, level, level * (1 + alpha), rng))
        return inputs, torch.from_numpy(truth[None]).float(), _weight(data)


class InpaintStamps(_ImageStamps):
    """Items (inputs, truth, weight) for `Inpaint`: holes are cosmic rays of other exposures, half the time on stars.

    The truth is the expected image, and the weight is 1 in holes that the image's own cosmic rays do not touch.
    """

    def __getitem__(self, index):
        """Inputs ``image``, ``hole``, ``noise`` and ``level``; truth and weight (1, ny, nx)."""
        rng, image, level = self.draw(index)
        hits = image.cosmic_rays > SMALLEST_HIT * image.err
        hole = draw_holes(self.size, rng)
        if rng.integers(2):
            hole = move_to_peaks(hole, image.rate, rng)
        data = insert_defects(image.data, rng)
        inputs = image_inputs(data, **_draw_statistics(image.err, image, level, level, rng))
        inputs["hole"] = torch.from_numpy(hole | hits)
        weight = _weight(data) * torch.from_numpy(hole & ~hits)
        return inputs, torch.from_numpy(image.rate[None].copy()), weight


def image_inputs(data, **statistics):
    """Inputs of the networks for single images: ``image``, and ``noise`` and ``level`` as scalars."""
    image = torch.from_numpy(np.ascontiguousarray(data, dtype=np.float32))
    return {"image": image} | {name: torch.tensor(value, dtype=torch.float32) for name, value in statistics.items()}


def _draw_statistics(err, image, sky, level, rng):
    """Noise and level as inputs: those of the whole scene, of the stamp, or NaN so that the network measures them."""
    choice = rng.integers(4)
    noise = np.median(err)
    if choice < 2:
        crowding = np.median(image.rate) - sky
        noise = np.sqrt(max(noise**2 - crowding / image.seconds, 0.04 * noise**2))
    known = noise * rng.lognormal(0, 0.1) if choice < 3 else np.nan
    return {"noise": known, "level": level if choice < 2 else np.nan}


def _weight(data):
    return torch.from_numpy(np.isfinite(data)[None]).float()


class RampStamps(Dataset):
    """Items (inputs, truth, weight) for `GroupDifferenceMask`: random differences of small integrations.

    Stamp i depends on the seed and i alone. `STAMPS` successive stamps come from one integration (or several, if it has
    fewer differences), so that sequential reading needs one simulation for them.

    Parameters
    ----------
    pool : jwst_denoise.simulate.fast.scenes.ScenePool
        Scenes.
    length, seed, size : int
        Number of stamps in an epoch, first part of their seeds, edge in pixels.
    flight : bool, optional
        Cosmic rays at the rates in flight, which thresholds require; by default many of every kind, for training.
    """

    def __init__(self, pool, length, seed, size, flight=False):
        self.pool, self.length, self.seed, self.size, self.flight = pool, length, seed, size, flight
        self._integrations = OrderedDict()

    def __len__(self):
        """Number of stamps."""
        return self.length

    def __getitem__(self, index):
        """Inputs ``planes`` (channels, ny, nx); truth and weight (1, ny, nx)."""
        number, part = divmod(index, STAMPS)
        setup = draw_ramp_setup(np.random.default_rng([self.seed, number]))
        copy, part = divmod(part, setup.ngroups - 1)
        differences, truth, weight, order = self._integration(number, copy, setup)
        chosen = int(order[part])
        return (
            {"planes": differences.planes(chosen)},
            torch.from_numpy(truth[chosen][None]).float(),
            torch.from_numpy(weight[chosen][None]).float(),
        )

    def _integration(self, number, copy, setup):
        key = (number, copy)
        if key not in self._integrations:
            if len(self._integrations) >= INTEGRATIONS:
                self._integrations.popitem(last=False)
            self._integrations[key] = self._simulate(setup, np.random.default_rng([self.seed, *key, 1]))
        return self._integrations[key]

    def _simulate(self, setup, rng):
        rate = self.pool.stamp(self.size, rng)[0]
        integration = simulate_integration(np.ascontiguousarray(rate), setup, rng, self.flight)
        good = ~(integration.bad | integration.saturated)
        usable = torch.from_numpy(good[1:] & good[:-1])
        differences = torch.where(usable, torch.from_numpy(np.diff(integration.groups, axis=0)), 0.0)
        poisson = poisson_fraction(setup.nframes, setup.groupgap)
        variance = torch.tensor(setup.variance * rng.lognormal(0, 0.1), dtype=torch.float32)
        saturated = torch.from_numpy(integration.saturated)
        normalized = normalize_differences(differences, usable, saturated, variance, poisson)
        order = rng.permutation(_choose_differences(integration.truth, rng))
        return normalized, integration.truth, usable.numpy(), order


def _choose_differences(truth, rng):
    """Random differences, including the one with the most hits, which may contain a snowball."""
    chosen = rng.permutation(len(truth))[:STAMPS]
    largest = int(truth.sum(axis=(1, 2)).argmax())
    return chosen if largest in chosen else np.append(chosen[:-1], largest)
