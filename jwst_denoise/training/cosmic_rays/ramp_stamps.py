"""Stamps of group differences with cosmic rays and their truth, made on the fly."""

from collections import OrderedDict

import numpy as np
import torch
from torch.utils.data import Dataset

from jwst_denoise.detectors.read_patterns import poisson_fraction
from jwst_denoise.networks.group_differences import normalize_differences
from jwst_denoise.simulate.fast.ramps import draw_ramp_setup, simulate_integration

__all__ = ["RampStamps"]

SHARED = 4  # stamps of one integration
KEPT = 8  # integrations in memory


class RampStamps(Dataset):
    """Items (inputs, truth, weight) for `GroupDifferenceMask`: random differences of small integrations.

    Stamp i depends on the seed and i alone; `SHARED` stamps in a row come from one integration (or several, where it
    has fewer differences), so that reading them in turn costs one simulation.

    Parameters
    ----------
    pool : jwst_denoise.simulate.fast.scenes.ScenePool
        Scenes.
    length : int
        Number of stamps.
    seed : int
        Where the random numbers begin.
    size : int
        Edge in pixels.
    flight : bool, optional
        Cosmic rays as frequent as in flight, as thresholds need them; by default more of every kind, to learn from.
    """

    def __init__(self, pool, length, seed, size, flight=False):
        self.pool, self.length, self.seed, self.size, self.flight = pool, length, seed, size, flight
        self._integrations = OrderedDict()

    def __len__(self):
        """Number of stamps."""
        return self.length

    def __getitem__(self, index):
        """Inputs ``planes`` (channels, ny, nx); truth and weight (1, ny, nx)."""
        number, part = divmod(index, SHARED)
        readout = draw_ramp_setup(np.random.default_rng([self.seed, number]))
        copy, part = divmod(part, readout.ngroups - 1)
        seen, truth, weight, order = self._integration(number, copy, readout)
        chosen = int(order[part])
        return (
            {"planes": seen.planes(chosen)},
            torch.from_numpy(truth[chosen][None]).float(),
            torch.from_numpy(weight[chosen][None]).float(),
        )

    def _integration(self, number, copy, readout):
        key = (number, copy)
        if key not in self._integrations:
            if len(self._integrations) >= KEPT:
                self._integrations.popitem(last=False)
            self._integrations[key] = self._simulate(readout, np.random.default_rng([self.seed, *key, 1]))
        return self._integrations[key]

    def _simulate(self, readout, rng):
        rate = self.pool.stamp(self.size, rng)[0]
        made = simulate_integration(np.ascontiguousarray(rate), readout, rng, self.flight)
        good = ~(made.bad | made.saturated)
        usable = torch.from_numpy(good[1:] & good[:-1])
        differences = torch.where(usable, torch.from_numpy(np.diff(made.groups, axis=0)), 0.0)
        share = poisson_fraction(readout.nframes, readout.groupgap)
        variance = torch.tensor(readout.variance * rng.lognormal(0, 0.1), dtype=torch.float32)
        seen = normalize_differences(differences, usable, torch.from_numpy(made.saturated), variance, share)
        order = rng.permutation(_interesting(made.truth, rng))
        return seen, made.truth, usable.numpy(), order


def _interesting(truth, rng):
    """Differences to look at: at random, and the one with the most hits (it may hold a snowball) for sure."""
    chosen = rng.permutation(len(truth))[:SHARED]
    largest = int(truth.sum(axis=(1, 2)).argmax())
    return chosen if largest in chosen else np.append(chosen[:-1], largest)
