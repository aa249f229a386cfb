"""Charge of cosmic rays: tracks, snowballs with their rings, showers."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.special import erf
from scipy.stats import moyal

from jwst_denoise.readout import FULL_FRAME

__all__ = [
    "FRAME_PIXELS", "CosmicRayParameters", "SnowballRings", "cosmic_rays", "deposit_charge", "draw_energies",
    "showers", "snowballs", "tracks",
]  # fmt: skip

FRAME_PIXELS = FULL_FRAME**2  # pixels to which the rates of large events refer
STEP = 0.25  # pixels between the points that represent a track
SMALLEST_CORE = 9  # pixels, below which a saturated region is a track
REACH = 8  # scales of a ring, beyond which no charge arrives


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
        Current from a snowball's core into its surroundings after the hit: e- / s at the edge of the core, and the
        scales on which it decreases with the distance in pixels and with the time in s; see `SnowballRings`. Rings are
        a few pixels wide in groups of some minutes, as in the images of spacetelescope/jwst #10355.
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
    frame_seconds = seconds * pixels / FRAME_PIXELS
    return (
        tracks(shape, parameters.flux * area * seconds, parameters, rng)
        + snowballs(shape, parameters.snowball_rate * frame_seconds, parameters, rng)
        + showers(shape, parameters.shower_rate * frame_seconds, parameters, rng)
    )


def draw_energies(length, parameters, rng):
    """Charge in e- that particles deposit on paths of a ``length`` in µm.

    Landau's distribution in Moyal's form: most probable loss and width grow with the length (width over
    most probable value from a thin layer, Bichsel 1988, Rev. Mod. Phys. 60, 663). Capped at ``parameters.largest``.
    """
    loss = moyal.rvs(parameters.loss * length, parameters.loss_width * parameters.loss * length, random_state=rng)
    return np.clip(loss, 0.1 * parameters.loss * length, parameters.largest)


def tracks(shape, number, parameters, rng):
    """Charge in e- of the tracks of ``number`` (mean) particles, (ny, nx) float32.

    Paths are straight. Directions are isotropic over a plane: the density of the angle θ to the normal is
    2 sin θ cos θ.
    """
    ny, nx = shape
    margin = parameters.longest / parameters.pixel
    number = rng.poisson(number * (1 + 2 * margin / ny) * (1 + 2 * margin / nx))
    start = rng.uniform((-margin, -margin), (ny + margin, nx + margin), (number, 2))
    sine2 = rng.uniform(0, 1, number)
    across = np.minimum(parameters.thickness * np.sqrt(sine2 / np.maximum(1 - sine2, 1e-9)), parameters.longest)
    angle = rng.uniform(0, 2 * np.pi, number)
    end = start + (across / parameters.pixel)[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    charge = draw_energies(np.hypot(across, parameters.thickness), parameters, rng)
    return deposit_charge(shape, start, end, charge, parameters, rng)


def deposit_charge(shape, start, end, charge, parameters, rng):
    """Spread charges along straight paths, with the scatter of energy loss along the path and diffusion.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    start, end : ndarray
        (n, 2) positions (y, x) in pixels; the center of the first pixel is (0, 0).
    charge : ndarray
        (n,) e-.
    parameters : CosmicRayParameters
        ``diffusion`` (pixels) and ``clumps`` (independent losses a pixel of path).
    rng : `numpy.random.Generator`
        Source of the random numbers.

    Returns
    -------
    ndarray
        (ny, nx) float32 e-.
    """
    pixels = np.hypot(*(end - start).T)
    points = np.ceil(pixels / STEP).astype(int) + 1
    track = np.repeat(np.arange(len(points)), points)
    first = np.repeat(np.cumsum(points) - points, points)
    fraction = (np.arange(len(track)) - first + 0.5) / points[track]
    part = rng.gamma(parameters.clumps * STEP, 1.0, len(track)) + 1e-12
    part *= (charge / np.maximum(np.bincount(track, part, len(points)), 1e-12))[track]
    position = start[track] + fraction[:, None] * (end - start)[track]
    return _spread(shape, position, part, parameters.diffusion)


def _spread(shape, position, charge, sigma, reach=2):
    """Sum of Gaussians of width ``sigma`` pixels, integrated over the pixels."""
    ny, nx = shape
    center = np.rint(position).astype(int)
    offsets = np.arange(-reach, reach + 2) - 0.5
    edges = (center[:, :, None] + offsets - position[:, :, None]) / (np.sqrt(2) * sigma)
    weights = 0.5 * np.diff(erf(edges), axis=-1)
    pixel = center[:, :, None] + np.arange(-reach, reach + 1)
    values = charge[:, None, None] * weights[:, 0, :, None] * weights[:, 1, None, :]
    y, x = np.broadcast_arrays(pixel[:, 0, :, None], pixel[:, 1, None, :])
    inside = (y >= 0) & (y < ny) & (x >= 0) & (x < nx)
    image = np.bincount(y[inside] * nx + x[inside], values[inside], ny * nx)
    return image.reshape(shape).astype(np.float32)


def snowballs(shape, number, parameters, rng):
    """Charge in e- of ``number`` (mean) snowballs, (ny, nx) float32.

    A disk of radius r with more charge than a well holds, and around it a halo that falls exponentially. Radii have
    the power law of the flight data, many small and few large ones (Regan 2024, JWST-STScI-008545; JDox:
    "Snowballs and shower artifacts").
    """
    image = np.zeros(shape, dtype=np.float32)
    low, high = parameters.snowball_radius
    for _ in range(rng.poisson(number)):
        radius = low * (high / low) ** (rng.uniform() ** 2)
        center = rng.uniform((0, 0), shape)
        halo = parameters.halo_level * np.float32(rng.lognormal(0, 0.4))
        scale = radius * parameters.halo_scale
        box, distance = _box(shape, center, radius + 7 * scale)
        core = 1 / (1 + np.exp(np.clip((distance - radius) / 0.4, -50, 50)))
        image[box] += parameters.core_level * core + halo * np.exp(-np.maximum(distance - radius, 0) / scale)
    return image


def showers(shape, number, parameters, rng):
    """Charge in e- of ``number`` (mean) showers: faint, lumpy patches much larger than a track, (ny, nx) float32."""
    image = np.zeros(shape, dtype=np.float32)
    for _ in range(rng.poisson(number)):
        center = rng.uniform((0, 0), shape)
        size = parameters.shower_size * rng.lognormal(0, 0.5)
        direction, axes = rng.uniform(0, np.pi), np.array([1.0, rng.uniform(0.2, 0.6)]) * size
        rotation = np.array([[np.cos(direction), -np.sin(direction)], [np.sin(direction), np.cos(direction)]])
        for _ in range(rng.integers(3, 9)):
            lump = center + rotation @ (axes * rng.normal(0, 0.7, 2))
            width = 0.4 * size * rng.uniform(0.4, 1)
            box, distance = _box(shape, lump, 5 * width)
            level = parameters.shower_level * np.float32(rng.exponential())
            image[box] += level * np.exp(-0.5 * (distance / width) ** 2)
    return image


def _box(shape, center, reach):
    """Slices of the square within ``reach`` of ``center`` (y, x) and the distance of its pixels from it."""
    low = [int(np.clip(np.floor(c - reach), 0, n)) for c, n in zip(center, shape, strict=True)]
    high = [int(np.clip(np.ceil(c + reach) + 1, 0, n)) for c, n in zip(center, shape, strict=True)]
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    y, x = np.ogrid[box]
    return box, np.hypot(y - np.float32(center[0]), x - np.float32(center[1])).astype(np.float32)


class SnowballRings:
    """Rings of snowballs: a current that decays with time and with the distance from the saturated core.

    A core holds much more charge than its wells. The excess keeps flowing into the surrounding pixels in the groups
    after the hit, even if the hit itself came before the first group and shows in no difference
    (spacetelescope/jwst #10355). A reset does not stop it.

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
            if core.sum() >= SMALLEST_CORE:
                self._add_ring(box, core, rng.lognormal(0, 0.5))

    def _add_ring(self, box, core, factor):
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

    def advance(self, seconds):
        """Expected charge in e- of the next seconds, (ny, nx) float32; the current decays."""
        time = self.parameters.ring_time
        left = np.float32(np.exp(-seconds / time))
        charge = self.current * (np.float32(time) * (1 - left))
        self.current *= left
        return charge
