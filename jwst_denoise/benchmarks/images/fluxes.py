"""Fluxes of stars and galaxies in apertures: bias by paired runs, the same noise before and after."""

import numpy as np

from jwst_denoise.benchmarks.images.detection import apertures
from jwst_denoise.benchmarks.images.exposures import Noise, exposed
from jwst_denoise.benchmarks.images.scenes import seeded
from jwst_denoise.benchmarks.ramps.bias import biases
from jwst_denoise.benchmarks.ramps.sources import APERTURE, catalogue

__all__ = ["CASES", "measure"]

#: Sky in e-/s and seconds.
CASES = ((0.2, 120.0), (0.3, 600.0), (0.05, 1500.0))


def measure(network, images, edge, ratio=2.0, noise=Noise(), cases=CASES):
    """Biases of fluxes, in bins of their signal-to-noise ratio.

    A network's image less its input holds no light if it keeps fluxes, and far less noise than either: its sum in an
    aperture, relative to the true flux, is the bias.

    Parameters
    ----------
    network : ImageDenoise
        What is judged.
    images, edge : int
        Number of images of each case, and their edge in pixels.
    ratio : float, optional
        Of exposure times, for networks that know it.
    noise : Noise, optional
        Of the exposures.
    cases : sequence of tuple, optional
        Of `CASES`.

    Returns
    -------
    dict
        ``stars`` and ``galaxies`` -> `biases`.
    """
    parts = {kind: [] for kind in APERTURE}
    for number, (sky, seconds) in enumerate(cases):
        for seed in range(images):
            rng = seeded(20, number, seed)
            variance = (noise.read_noise**2 + (noise.dark + sky) * seconds) / seconds**2
            made = catalogue((edge, edge), sky, variance, seconds, rng)
            observed = exposed(made.scene, seconds, rng, noise)
            change = network.denoise(observed, ratio=ratio, uncertainty="none").rate - observed.rate
            level = np.median(change[made.scene - sky < 0.1 * np.sqrt(variance)])
            own = np.sqrt(observed.read_noise**2 + made.scene / seconds)
            for kind, radius in APERTURE.items():
                places = np.transpose(made.places[kind])
                flux, scatter = apertures(made.scene - sky, places, radius, own)
                parts[kind].append((apertures(change - level, places, radius, own)[0], flux, flux / scatter))
    return {kind: biases(*(np.concatenate(values) for values in zip(*some, strict=True)))
            for kind, some in parts.items()}  # fmt: skip
