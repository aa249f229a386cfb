"""The best that can be done: an observer who knows the scene and the noise, and what cosmic rays look like.

What is left to decide is whether a pixel above its expectation holds charge of a cosmic ray or noise. The observer
looks at the excess of the pixel and of its neighbours and takes the probability from a table that is counted on other
simulated images of the same kind.
"""

import numpy as np
from scipy.ndimage import correlate, maximum_filter

__all__ = ["Observer", "excess"]

SIDES = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=np.float32)
CORNERS = np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]], dtype=np.float32)
#: Edges of the table's cells, in asinh of the noise of the pixel: own excess, sums of the sides and of the corners.
EDGES = (np.linspace(-1.5, 4, 45), np.linspace(-2.0, 8, 33), np.linspace(-2.0, 8, 33))
PRIOR = 3.0  # pixels with the probability of the table's first axis that stand in every cell from the start


def excess(image):
    """Data above the noiseless scene over the noise of each pixel; 0 where there is no datum."""
    return np.where(image.bad, 0, (image.data - image.rate) / image.err)


class Observer:
    """Probabilities of a cosmic ray, given the scene.

    Parameters
    ----------
    cases : sequence of Case
        Images on which the table is counted.
    """

    def __init__(self, cases):
        self._passes = []
        for _ in range(2):
            cells = [self._cells(case.image) for case in cases]
            truth = [case.truth[case.good] for case in cases]
            inside = [cell[:, case.good] for cell, case in zip(cells, cases, strict=True)]
            self._passes.append(_table(np.concatenate(inside, axis=1), np.concatenate(truth)))

    def score(self, image):
        """Probability of a cosmic ray in each pixel, (ny, nx)."""
        return self._passes[-1][tuple(self._cells(image, len(self._passes) - 1))]

    def _cells(self, image, number=None):
        """Place of each pixel in the table, (3 or 4, ny, nx): in the second pass with the neighbours' probability."""
        number = len(self._passes) if number is None else number
        own = excess(image)
        charge = own * image.err
        values = [own, correlate(charge, SIDES) / image.err, correlate(charge, CORNERS) / image.err]
        cells = [np.digitize(np.arcsinh(value), edges) for value, edges in zip(values, EDGES, strict=True)]
        if number:
            first = self._passes[0][tuple(cells)]
            around = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)
            cells.append(np.digitize(maximum_filter(first, footprint=around), (0.01, 0.1, 0.5, 0.9, 0.99)))
        return np.array(cells)


def _table(cells, truth):
    """Probability in each cell, smoothed where few pixels fell."""
    shape = tuple(len(edges) + 1 for edges in EDGES) + ((6,) if len(cells) > len(EDGES) else ())
    counts = np.zeros((2, *shape))
    for value, count in zip((False, True), counts, strict=True):
        np.add.at(count, tuple(cells[:, truth == value]), 1)
    own = counts.sum(axis=tuple(range(2, counts.ndim)), keepdims=True)
    share = (own[1] + 0.5) / (own.sum(axis=0) + 1)
    return (counts[1] + PRIOR * share) / (counts.sum(axis=0) + PRIOR)
