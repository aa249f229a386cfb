"""Charge that runs over from the core of a snowball into its surroundings, long after the hit."""

import numpy as np
from scipy import ndimage

__all__ = ["Spill"]

FEWEST = 9  # pixels: a core, not a track
REACH = 8  # scales: beyond, nothing arrives


class Spill:
    """The rings of snowballs: a current that decays with time and with the distance from the saturated core.

    A core holds much more charge than its wells. The excess goes on to reach the pixels around it in the groups after
    the hit, and even where the hit itself came before the first group and shows in no difference (spacetelescope/jwst
    #10355). A reset does not stop it.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    parameters : CosmicRayParameters
        ``core_level``, and ``ring_rate``, ``ring_scale`` and ``ring_time`` of the current.
    """

    def __init__(self, shape, parameters):
        self.parameters = parameters
        self.current = np.zeros(shape, dtype=np.float32)

    def start(self, charge, rng):
        """Begin the rings of the cores in a charge (ny, nx), e-, that has just arrived."""
        level = self.parameters.core_level / 2
        if not (level > 0 and self.parameters.ring_rate > 0 and charge.max(initial=0) > level):
            return
        cores, number = ndimage.label(charge > level)
        for index, box in enumerate(ndimage.find_objects(cores), 1):
            core = cores[box] == index
            if core.sum() >= FEWEST:
                self._ring(box, core, rng.lognormal(0, 0.5))

    def _ring(self, box, core, factor):
        scale = self.parameters.ring_scale
        reach = int(np.ceil(REACH * scale))
        wide = tuple(
            slice(max(0, part.start - reach), min(n, part.stop + reach))
            for part, n in zip(box, self.current.shape, strict=True)
        )
        inside = np.zeros(self.current[wide].shape, dtype=bool)
        inside[tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, wide, strict=True))] = core
        distance = ndimage.distance_transform_edt(~inside)
        self.current[wide] += factor * self.parameters.ring_rate * np.exp(-np.maximum(distance - 1, 0) / scale)

    def run(self, seconds):
        """Expected charge in e- of the next seconds, (ny, nx) float32; the current decays."""
        time = self.parameters.ring_time
        left = np.float32(np.exp(-seconds / time))
        charge = self.current * (np.float32(time) * (1 - left))
        self.current *= left
        return charge
