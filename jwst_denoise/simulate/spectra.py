"""NIRSpec scenes: IFU slices, micro-shutters, fixed slits and bright time series."""

from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from jwst_denoise.simulate.spectrum_shapes import Spectrum, random_spectrum

__all__ = ["Trace", "bots", "fixed_slits", "ifu", "mos", "render"]

LENGTH = 2048
#: Center (row of the full frame, counted from 0) and length in pixels of the fixed slits' spectra.
SLITS = {"S400A1": (1008, 37), "S200A1": (1072, 31), "S200A2": (1040, 31), "S1600A1": (961, 16), "S200B1": (1105, 31)}
#: Shape of all fixed slits' spectra and the columns between which there is light, as `Trace` takes them.
TRACE = {"tilt": -1.5, "bend": 3.0, "start": 20, "stop": 2020}
OPEN = ("S400A1", "S200A1", "S200A2", "S1600A1")  # seen beside the IFU as well


@dataclass(frozen=True)
class Trace:
    """Light of one aperture on the detector.

    Parameters
    ----------
    center : float
        Row of the middle of the aperture at the middle of the detector, full frame, counted from 0.
    height : float
        Length of the aperture along the column, pixels.
    spectrum : Spectrum
        Of the source.
    sky : float
        e- / s a pixel over the whole aperture.
    position, width : float
        Center and rms width of the source in pixels from the middle of the aperture.
    tilt, bend : float
        Rows by which the trace rises from the middle to the end of the detector: linear and quadratic part.
    start, stop : float
        Columns between which there is light.
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

    def rows(self, x):
        """Row of the middle of the aperture at columns x."""
        u = 2 * x / LENGTH - 1
        return self.center + self.tilt * u + self.bend * u**2

    def light(self, x, offset):
        """e- / s a pixel at columns x (n,) and rows ``offset`` (m, n) from the middle of the aperture."""
        half, blur = self.height / 2, np.sqrt(2) * self.edge
        aperture = 0.5 * (erf((offset + half) / blur) - erf((offset - half) / blur))
        aperture = aperture * (0.5 + 0.5 * np.tanh(np.minimum(x - self.start, self.stop - x) / 2.0))
        profile = np.exp(-0.5 * ((offset - self.position) / self.width) ** 2) / (np.sqrt(2 * np.pi) * self.width)
        lines = self.spectrum.lines(x + self.shear * (offset - self.position))
        source = np.maximum(self.spectrum.continuum(x, LENGTH) + lines, 0) * profile
        return aperture * (self.sky + source)


def render(traces, shape=(LENGTH, LENGTH), corner=(1, 1)):
    """Image of traces on (part of) a detector.

    Parameters
    ----------
    traces : iterable of Trace
        What is there.
    shape : tuple of int
        (ny, nx) of the part.
    corner : tuple of int
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
        reach = int(trace.height / 2 + 4 * trace.edge) + 2
        row = np.rint(middle).astype(int) + np.arange(-reach, reach + 1)[:, None]
        inside = (row >= 0) & (row < shape[0])
        light = trace.light(x, row - middle)
        image[row[inside], np.broadcast_to(column, row.shape)[inside]] += light[inside]
    return image


def ifu(rng, *, shape=(LENGTH, LENGTH), corner=(1, 1), detector="NRS1", brightness=1.0, leaks=4):
    """IFU: 30 curved slices in both halves of the detector with a galaxy across them, fixed slits, open shutters.

    The slices lie where those of the flight detectors do, so that real background masks fit.

    Parameters
    ----------
    rng : `numpy.random.Generator`
        Source of the random numbers.
    shape, corner : tuple of int, optional
        Part of the detector, as for `render`.
    detector : str, optional
        ``"NRS1"`` or ``"NRS2"``, whose traces slope in opposite directions.
    brightness : float, optional
        Factor on the galaxy.
    leaks : float, optional
        Mean number of failed-open micro-shutters that leak into the frame.
    """
    spectrum = random_spectrum(1.0, LENGTH, rng, lines=9, strength=15.0)
    galaxy = 15.0 + rng.normal(), rng.uniform(3.5, 5.0), rng.uniform(-0.3, 0.3)
    slope = -1.0 if detector == "NRS1" else 1.0
    traces = [_slice(number, spectrum, galaxy, slope, brightness) for number in range(30)]
    traces += [Trace(*place, Spectrum(0.0, 0.0), tilt=slope, bend=2.0) for place in (SLITS[name] for name in OPEN)]
    traces += [_leak(rng) for _ in range(rng.poisson(leaks))]
    return render(traces, shape, corner)


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


def _leak(rng):
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
        spectrum = random_spectrum(level, LENGTH, rng, lines=5, strength=25.0)
        common = {
            "tilt": 6.0 * (center / 1024 - 1), "bend": 4.0 * (center / 1024 - 1),
            "start": rng.uniform(-200, 500), "stop": LENGTH - rng.uniform(-200, 400), "shear": 0.02,
        }  # fmt: skip
        dark = Spectrum(0.0, 0.0)
        source = {"position": rng.uniform(-1.5, 1.5), "width": rng.uniform(0.8, 1.8)}
        traces.append(Trace(center, 4.6, spectrum, **source, **common))
        traces += [Trace(center + shift, 4.6, dark, **common) for shift in (-5.2, 5.2)]
    traces += [_leak(rng) for _ in range(rng.poisson(leaks))]
    return render(traces, shape, corner)


def fixed_slits(rng, *, shape=(256, LENGTH), corner=(1, 897), brightness=1.0, slit="S400A1"):
    """Fixed slits: a star with absorption and emission lines in one, the sky in the others; see `ifu`."""
    star = random_spectrum(40.0 * brightness, LENGTH, rng, lines=25, strength=1.0, absorption=0.7)
    traces = []
    for name, (center, height) in SLITS.items():
        spectrum = star if name == slit else Spectrum(0.0, 0.0)
        traces.append(Trace(center, height, spectrum, sky=0.08, width=0.9, **TRACE))
    return render(traces, shape, corner)


def bots(rng, *, shape=(32, LENGTH), corner=(1, 946), brightness=1.0):
    """Bright time series: a star in the 1.6 arcsec aperture; see `ifu`. Multiply by a light curve for a transit."""
    center, height = SLITS["S1600A1"]
    star = random_spectrum(4000.0 * brightness, LENGTH, rng, lines=30, strength=1.0, absorption=0.9)
    trace = Trace(center, height, star, sky=0.2, width=0.85, tilt=-1.0, bend=3.0, start=-50, stop=2100)
    return render([trace], shape, corner)
