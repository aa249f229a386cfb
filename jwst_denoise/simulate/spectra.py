"""Spectra on detectors: NIRSpec's IFU slices, micro-shutters and fixed slits; time series; echelle orders."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import erf

from jwst_denoise.detectors.observing import FIXED_SLITS
from jwst_denoise.readout import FULL_FRAME

__all__ = [
    "Order", "Spectrum", "Trace", "bots", "defocused", "draw_spectrum", "echelle", "fixed_slits", "grism", "ifu", "mos",
    "render_traces", "soss",
]  # fmt: skip

LENGTH = FULL_FRAME
COLUMNS = np.arange(LENGTH)
OFFSETS = np.linspace(-64, 64, 1281)  # rows from a slitless spectrum at which its profile is tabulated
#: Shape of all fixed slits' spectra and the columns between which they are illuminated, as `Trace` takes them.
TRACE = {"tilt": -1.5, "bend": 3.0, "start": 20, "stop": 2020}
OPEN = ("S400A1", "S200A1", "S200A2", "S1600A1")  # slits that are imaged besides the IFU


@dataclass(frozen=True)
class Spectrum:
    """Continuum and lines over pixels along the dispersion.

    Parameters
    ----------
    level : float
        Continuum in the middle, e- / s a pixel.
    slope : float
        Relative change of the continuum from the middle to the end.
    position, strength : tuple of float
        Pixel and total e- / s of each line; negative strengths absorb.
    width : float
        Rms width of a line in pixels: 0.95 is a resolution element of 2.2 pixels.
    """

    level: float
    slope: float
    position: tuple[float, ...] = ()
    strength: tuple[float, ...] = ()
    width: float = 0.95

    def continuum(self, x, length):
        """Continuum at pixels x of a detector of this length."""
        return self.level * np.maximum(1 + self.slope * (2 * x / length - 1), 0.05)

    def lines(self, x):
        """All lines at pixels x (any shape)."""
        total = np.zeros(np.shape(x))
        for position, strength in zip(self.position, self.strength, strict=True):
            near = np.abs(x - position) < 6 * self.width
            profile = np.exp(-0.5 * ((x[near] - position) / self.width) ** 2)
            total[near] += strength / (np.sqrt(2 * np.pi) * self.width) * profile
        return total

    def __call__(self, x, length):
        """Continuum and lines at pixels x, not negative."""
        return np.maximum(self.continuum(x, length) + self.lines(x), 0)


def draw_spectrum(level, length, rng, *, lines=8, strength=20.0, absorption=0.0):
    """Spectrum with random lines of about ``strength`` times a pixel's continuum, a part ``absorption`` absorbing."""
    number = rng.poisson(lines)
    value = level * strength * rng.lognormal(-0.7, 1.0, number)
    value = np.where(rng.uniform(size=number) < absorption, -level * rng.uniform(0.3, 1.5, number), value)
    positions = rng.uniform(0, length, number)
    return Spectrum(level, rng.uniform(-0.5, 0.5), tuple(positions), tuple(value))


@dataclass(frozen=True)
class Trace:
    """Spectrum of one aperture on the detector.

    Parameters
    ----------
    center : float
        Row of the middle of the aperture at the middle of the detector, full frame, counted from 0.
    height : float
        Length of the aperture along the column, pixels.
    spectrum : Spectrum
        Spectrum of the source.
    sky : float
        e- / s a pixel over the whole aperture.
    position, width : float
        Center and rms width of the source in pixels from the middle of the aperture.
    tilt, bend : float
        Rows by which the trace rises from the middle to the end of the detector: linear and quadratic part.
    start, stop : float
        Illuminated columns.
    shear : float
        Columns by which lines move for each row: tilted slits, rotating galaxies.
    edge : float
        Blur of the aperture's edges, pixels.
    """

    center: float
    height: float
    spectrum: Spectrum
    sky: float = 0.05
    position: float = 0.0
    width: float = 1.0
    tilt: float = 0.0
    bend: float = 0.0
    start: float = 0.0
    stop: float = float(LENGTH)
    shear: float = 0.0
    edge: float = 0.7

    @property
    def reach(self):
        """Largest number of rows from the middle that are illuminated."""
        return int(self.height / 2 + 4 * self.edge) + 2

    def rows(self, x):
        """Row of the middle of the aperture at columns x."""
        u = 2 * x / LENGTH - 1
        return self.center + self.tilt * u + self.bend * u**2

    def image(self, x, offset):
        """e- / s a pixel at columns x (n,) and rows ``offset`` (m, n) from the middle of the aperture."""
        half, blur = self.height / 2, np.sqrt(2) * self.edge
        aperture = 0.5 * (erf((offset + half) / blur) - erf((offset - half) / blur))
        aperture = aperture * (0.5 + 0.5 * np.tanh(np.minimum(x - self.start, self.stop - x) / 2.0))
        profile = np.exp(-0.5 * ((offset - self.position) / self.width) ** 2) / (np.sqrt(2 * np.pi) * self.width)
        lines = self.spectrum.lines(x + self.shear * (offset - self.position))
        source = np.maximum(self.spectrum.continuum(x, LENGTH) + lines, 0) * profile
        return aperture * (self.sky + source)


def render_traces(traces, shape=(LENGTH, LENGTH), corner=(1, 1)):
    """Image of traces on (part of) a detector.

    Parameters
    ----------
    traces : iterable of Trace or Order
        Spectra to add up.
    shape : tuple of int
        (ny, nx) of the part.
    corner : tuple of float
        (x, y) of its first pixel on the full frame, counted from 1.

    Returns
    -------
    ndarray
        (ny, nx) float32 e- / s.
    """
    image = np.zeros(shape, dtype=np.float32)
    column = np.arange(shape[1])
    x = (column + corner[0] - 1).astype(float)
    for trace in traces:
        middle = trace.rows(x) - (corner[1] - 1)
        row = np.rint(middle).astype(int) + np.arange(-trace.reach, trace.reach + 1)[:, None]
        inside = (row >= 0) & (row < shape[0])
        flux = trace.image(x, row - middle)
        image[row[inside], np.broadcast_to(column, row.shape)[inside]] += flux[inside]
    return image


def ifu(rng, *, shape=(LENGTH, LENGTH), corner=(1, 1), detector="NRS1", brightness=1.0, leaks=4):
    """IFU: 30 curved slices in both halves of the detector with a galaxy across them, fixed slits, open shutters.

    The slices lie where those of the flight detectors do, so that real background masks fit.

    Parameters
    ----------
    rng : `numpy.random.Generator`
        Source of the random numbers.
    shape, corner : tuple of int, optional
        Part of the detector, as for `render_traces`.
    detector : str, optional
        ``"NRS1"`` or ``"NRS2"``, whose traces slope in opposite directions.
    brightness : float, optional
        Factor on the galaxy.
    leaks : float, optional
        Mean number of failed-open micro-shutters that leak into the frame.
    """
    spectrum = draw_spectrum(1.0, LENGTH, rng, lines=9, strength=15.0)
    galaxy = 15.0 + rng.normal(), rng.uniform(3.5, 5.0), rng.uniform(-0.3, 0.3)
    slope = -1.0 if detector == "NRS1" else 1.0
    traces = [_slice(number, spectrum, galaxy, slope, brightness) for number in range(30)]
    slits = (FIXED_SLITS[name] for name in OPEN)
    traces += [Trace(slit.center, slit.length, Spectrum(0.0, 0.0), tilt=slope, bend=2.0) for slit in slits]
    traces += [_leaking_shutter(rng) for _ in range(rng.poisson(leaks))]
    return render_traces(traces, shape, corner)


def _slice(number, spectrum, galaxy, slope, brightness):
    """One slice of a galaxy with its (slice of the peak, extent in slices, shear of the lines)."""
    peak, extent, spin = galaxy
    half, place = divmod(number, 15)
    flux = brightness * (12.0 * np.exp(-0.5 * ((number - peak) / extent) ** 2) + 0.15)
    scaled = Spectrum(flux, spectrum.slope, spectrum.position, tuple(flux * s for s in spectrum.strength))
    return Trace(
        (114.0 if half == 0 else 1218.0) + 49.25 * place, 30.0, scaled, sky=0.03,
        position=0.12 * (number - peak), width=4.0, shear=spin,
        tilt=8.5 * slope, bend=0.2 * (place if half == 0 else 10 - place),
    )  # fmt: skip


def _leaking_shutter(rng):
    start = rng.uniform(-400, 1600)
    spectrum = Spectrum(rng.uniform(0.1, 0.6), rng.uniform(-0.5, 0.5))
    return Trace(
        rng.uniform(40, 2000), 4.5, spectrum, sky=0.02, width=2.0, tilt=rng.normal(0, 4), start=start, stop=start + 900
    )


def mos(rng, *, shape=(LENGTH, LENGTH), corner=(1, 1), brightness=1.0, slitlets=55, leaks=12):
    """Micro-shutters: slitlets of three shutters with a galaxy in the middle one, failed-open shutters; see `ifu`."""
    traces = []
    for _ in range(slitlets):
        center = rng.uniform(25, 880) if rng.uniform() < 0.5 else rng.uniform(1160, 2020)
        level = brightness * rng.lognormal(0.0, 1.2)
        spectrum = draw_spectrum(level, LENGTH, rng, lines=5, strength=25.0)
        common = {
            "tilt": 6.0 * (center / 1024 - 1), "bend": 4.0 * (center / 1024 - 1),
            "start": rng.uniform(-200, 500), "stop": LENGTH - rng.uniform(-200, 400), "shear": 0.02,
        }  # fmt: skip
        dark = Spectrum(0.0, 0.0)
        source = {"position": rng.uniform(-1.5, 1.5), "width": rng.uniform(0.8, 1.8)}
        traces.append(Trace(center, 4.6, spectrum, **source, **common))
        traces += [Trace(center + shift, 4.6, dark, **common) for shift in (-5.2, 5.2)]
    traces += [_leaking_shutter(rng) for _ in range(rng.poisson(leaks))]
    return render_traces(traces, shape, corner)


def fixed_slits(rng, *, shape=(256, LENGTH), corner=(1, 897), brightness=1.0, slit="S400A1"):
    """Fixed slits: a star with absorption and emission lines in one, the sky in the others; see `ifu`."""
    star = draw_spectrum(40.0 * brightness, LENGTH, rng, lines=25, strength=1.0, absorption=0.7)
    traces = []
    for name, place in FIXED_SLITS.items():
        spectrum = star if name == slit else Spectrum(0.0, 0.0)
        traces.append(Trace(place.center, place.length, spectrum, sky=0.08, width=0.9, **TRACE))
    return render_traces(traces, shape, corner)


@dataclass(frozen=True)
class Order:
    """Image of a star in a time series: one order of its spectrum, or the star through a lens.

    Parameters
    ----------
    rows : callable
        Row of its middle on the full frame, counted from 0, at columns x.
    image : callable
        e- / s a pixel at columns x (n,) and rows offset (m, n) from the middle.
    wavelength : tuple of float
        In the first and the last column of the full frame, µm.
    reach : int
        Largest number of rows from the middle that are illuminated.
    """

    rows: object
    image: object
    wavelength: tuple[float, float]
    reach: int = 64


def _slitless(points, wavelength, flux, profile):
    """Order through (column, row) points, with e- / s in every column and a profile across at `OFFSETS`."""
    across = profile / np.trapezoid(profile, OFFSETS)
    rows = CubicSpline(*zip(*points, strict=True))
    return Order(rows, lambda x, d: np.interp(x, COLUMNS, flux) * np.interp(d, OFFSETS, across), wavelength)


def bots(rng, *, shape=(32, LENGTH), corner=(1, 946), brightness=1.0):
    """Bright time series of NIRSpec, a star in the 1.6 arcsec aperture: its `Order` list, and the image of the sky."""
    slit = FIXED_SLITS["S1600A1"]
    star = draw_spectrum(4000.0 * brightness, LENGTH, rng, lines=30, strength=1.0, absorption=0.9)
    bent = {"width": 0.85, "tilt": -1.0, "bend": 3.0, "start": -50, "stop": 2100}
    sky = Trace(slit.center, slit.length, Spectrum(0.0, 0.0), sky=0.2, **bent)
    trace = Trace(slit.center, slit.length, star, sky=0.0, **bent)
    return [Order(trace.rows, trace.image, (2.8, 3.7), trace.reach)], render_traces([sky], shape, corner)


#: SOSS orders: columns and rows of SUBSTRIP256 on the trace; first and last wavelength, µm; wavelength, relative width
#: and e- / s a column of the peak (traces after STScI's package pastasoss; spectra of a solar-type star).
_SOSS = (
    (((0, 84.9), (400, 68.1), (800, 53.3), (1789, 46.8), (1887, 54.1), (1960, 62.2), (2043, 75.1)),
     (2.83, 0.85), (1.25, 0.45, 8000.0)),
    (((0, 104.4), (200, 99.7), (554, 95.4), (840, 98.7), (1677, 200.0), (1830, 262.6), (2043, 401.8)),
     (1.42, 0.46), (0.72, 0.3, 2000.0)),
    (((0, 145.0), (200, 148.7), (400, 156.3), (683, 176.4), (1444, 361.7), (2037, 760.5)),
     (0.95, 0.32), (0.65, 0.3, 150.0)),
)  # fmt: skip


def soss(rng, *, shape=(256, LENGTH), corner=(1, 1793), brightness=1.0):
    """Slitless time series of NIRISS: three orders with two peaks across, wide wings, sky with a step; see `bots`."""
    plateau = 0.5 * (erf((OFFSETS + 10.5) / 1.8) - erf((OFFSETS - 10.5) / 1.8))
    profile = plateau * (0.5 + (OFFSETS / 10) ** 2) + 0.04 * np.exp(-np.abs(OFFSETS) / 12)
    orders = []
    for points, (first, last), (peak, width, level) in _SOSS:
        blaze = np.exp(-0.5 * (np.log(np.linspace(first, last, LENGTH) / peak) / width) ** 2)
        flux = brightness * level * blaze * _absorption(COLUMNS, rng)
        orders.append(_slitless([(x, row + 1792) for x, row in points], (first, last), flux, profile))
    x = np.arange(shape[1]) + corner[0] - 1
    step = 0.5 - 0.5 * np.tanh((x - 700) / 6.0)
    return orders, np.full(shape, 1.5 + step * (1.0 + x / 700), dtype=np.float32)


#: Filter -> wavelength in the first and last column in µm, illuminated columns.
_GRISM = {"F322W2": ((2.36, 4.36), (10, 1740)), "F444W": ((3.0, 5.07), (750, 2040))}


def grism(rng, *, shape=(256, LENGTH), corner=(1, 1), brightness=1.0, filter_name="F322W2"):
    """Grism time series of NIRCam: a trace a few pixels wide along the rows; see `bots`."""
    if filter_name not in _GRISM:
        raise ValueError(f"the grism is simulated with {' and '.join(_GRISM)}, not with {filter_name}")
    wavelength, (start, stop) = _GRISM[filter_name]
    edges = 0.5 + 0.5 * np.tanh(np.minimum(COLUMNS - start, stop - COLUMNS) / 5.0)
    level = brightness * 2500.0 * (np.linspace(*wavelength, LENGTH) / 3) ** -2.0
    profile = np.exp(-0.5 * (OFFSETS / 0.9) ** 2) + 0.03 * np.exp(-np.abs(OFFSETS) / 5)
    points = (0, 33.3), (1000, 34.0), (2047, 34.2)
    return [_slitless(points, wavelength, level * edges * _absorption(COLUMNS, rng), profile)], np.full(shape, 0.6)


def defocused(rng, *, shape=(160, 160), corner=(1803, 1769), brightness=1.0):
    """Imaging time series of NIRCam: a star through the weak lens, a hexagon in the middle of the frame; see `bots`."""
    y0, x0 = (corner[1 - axis] - 1 + (shape[axis] - 1) / 2 for axis in (0, 1))
    radius = 0.38 * min(*shape, 160)
    level = brightness * 1e7 / (2 * np.sqrt(3) * radius**2)

    def image(x, offset):
        inward = radius - np.maximum(np.abs(offset), np.abs(offset) / 2 + np.sqrt(0.75) * np.abs(x - x0))
        rings = 1 + 0.5 * np.cos(inward) * np.exp(-np.abs(inward) / 10)
        return level * rings * (0.5 + 0.5 * np.tanh(inward)) * (0.6 - 0.4 * np.tanh(inward - 0.85 * radius))

    order = Order(lambda x: np.full(np.shape(x), y0), image, (2.1, 2.1), int(radius) + 6)
    return [order], np.full(shape, 0.3)


def echelle(shape=(4096, 4096), rng=None, *, peak=0.054, orders=28, source="star", width=1.6):
    """Scene of a cross-dispersed spectrograph on an H4RG: curved orders with blaze functions and lines.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx). Orders run along x; a smaller image has fewer orders at the same distance.
    rng : `numpy.random.Generator`
        Source of the random numbers.
    peak : float, optional
        Largest rate in e- / s a pixel. 0.054 is 0.3 e- in each read of 5.6 s, and 30 e- after 100 reads.
    orders : int, optional
        Orders on 4096 rows.
    source : {"star", "fabry_perot"}
        Continuum with absorption lines, or a comb of emission lines.
    width : float, optional
        Rms width of an order across, pixels.

    Returns
    -------
    ndarray
        (ny, nx) float32 e- / s.

    Raises
    ------
    ValueError
        If the source is not known.
    """
    if source not in ("star", "fabry_perot"):
        raise ValueError(f"source={source!r} must be 'star' or 'fabry_perot'")
    rng = rng or np.random.default_rng()
    ny, nx = shape
    x = np.arange(nx)
    u = 2 * x / max(nx - 1, 1) - 1
    spacing = 4096 / orders
    image = np.zeros(shape, dtype=np.float32)
    for number in range(-1, int(ny / spacing) + 1):
        middle = (number + 0.5) * spacing + 40.0 * u**2 * nx / 4096 + 12.0 * u
        level = rng.uniform(0.5, 1.0) * np.sinc(0.8 * (u - rng.normal(0, 0.05))) ** 2
        level = level * (_comb(x, rng) if source == "fabry_perot" else _absorption(x, rng))
        row = np.rint(middle).astype(int) + np.arange(-8, 9)[:, None]
        flux = level * np.exp(-0.5 * ((row - middle) / width) ** 2)
        inside = (row >= 0) & (row < ny)
        image[row[inside], np.broadcast_to(x, row.shape)[inside]] += flux[inside]
    return image * np.float32(peak / max(image.max(), 1e-30))


def _absorption(x, rng):
    transmission = np.ones(len(x))
    for _ in range(rng.poisson(len(x) / 40)):
        depth, width = rng.uniform(0.05, 0.7), rng.uniform(1.2, 4.0)
        transmission *= 1 - depth * np.exp(-0.5 * ((x - rng.uniform(0, len(x))) / width) ** 2)
    return transmission


def _comb(x, rng):
    phase = (x - rng.uniform(0, 12)) % 12 - 6
    return 0.02 + np.exp(-0.5 * (phase / 1.3) ** 2)
