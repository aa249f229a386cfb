"""Cosmic rays of an interval of time: tracks, snowballs and showers."""

from dataclasses import dataclass

from jwst_denoise.simulate.snowballs import showers, snowballs
from jwst_denoise.simulate.tracks import tracks

__all__ = ["CosmicRayParameters", "cosmic_rays"]

FULL_FRAME = 2048**2


@dataclass(frozen=True)
class CosmicRayParameters:
    """Rates and charges of cosmic rays.

    Parameters
    ----------
    flux : float
        Particles / cm² / s. 3.7 to 7.5 in flight (Birkmann et al. 2022, Proc. SPIE 12180;
        Rigby et al. 2023, PASP 135, 048001).
    pixel, thickness : float
        Size of a pixel and thickness of the layer that collects charge, µm.
    longest : float
        Longest path along the detector, µm.
    loss : float
        Most probable loss, e- / µm of path: 0.75 keV / µm of HgCdTe at 0.9 eV a pair
        (Robberto 2010, JWST-STScI-001928).
    loss_width : float
        Width of Moyal's distribution over the most probable loss.
    largest : float
        Largest charge of one track, e-.
    diffusion : float
        Rms spread of the charge in pixels.
    clumps : float
        Independent losses for each pixel of path: how uneven a track is.
    snowball_rate, shower_rate : float
        Events a second on 2048² pixels (JDox, "Snowballs and shower artifacts": about 50 to 200 snowballs an hour).
    snowball_radius : tuple of float
        Smallest and largest radius of the saturated core, pixels.
    core_level, halo_level : float
        Charge of a core and of a halo at its inner edge, e- a pixel.
    halo_scale : float
        Exponential scale of the halo over the radius of the core.
    shower_level, shower_size : float
        Charge of a lump, e- a pixel, and size of a shower, pixels.
    ring_rate, ring_scale, ring_time : float
        What a snowball's core sends into its surroundings after the hit: e- / s at the edge of the core, the scales on
        which it falls with the distance in pixels and with the time in s; see `jwst_denoise.simulate.spill`. Levels
        are chosen such that rings are a few pixels wide in the groups of some minutes, as in the images of
        spacetelescope/jwst #10355.
    """

    flux: float = 5.0
    pixel: float = 18.0
    thickness: float = 6.5
    longest: float = 900.0
    loss: float = 800.0
    loss_width: float = 0.2
    largest: float = 4e5
    diffusion: float = 0.28
    clumps: float = 6.0
    snowball_rate: float = 0.03
    shower_rate: float = 0.0005
    snowball_radius: tuple[float, float] = (2.5, 25.0)
    core_level: float = 2.5e5
    halo_level: float = 2500.0
    halo_scale: float = 0.6
    shower_level: float = 40.0
    shower_size: float = 30.0
    ring_rate: float = 8.0
    ring_scale: float = 1.5
    ring_time: float = 150.0

    def __post_init__(self):
        """Refuse negative rates and charges."""
        for name, value in vars(self).items():
            if min(value if isinstance(value, tuple) else (value,)) < 0:
                raise ValueError(f"{name}={value} must not be negative")


def cosmic_rays(shape, seconds, parameters, rng):
    """Charge in e- of all cosmic rays that arrive in an interval.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    seconds : float
        Length of the interval.
    parameters : CosmicRayParameters
        Rates and charges.
    rng : `numpy.random.Generator`
        Source of the random numbers.

    Returns
    -------
    ndarray
        (ny, nx) float32.
    """
    pixels = shape[0] * shape[1]
    area = pixels * (parameters.pixel * 1e-4) ** 2
    share = seconds * pixels / FULL_FRAME
    return (
        tracks(shape, parameters.flux * area * seconds, parameters, rng)
        + snowballs(shape, parameters.snowball_rate * share, parameters, rng)
        + showers(shape, parameters.shower_rate * share, parameters, rng)
    )
