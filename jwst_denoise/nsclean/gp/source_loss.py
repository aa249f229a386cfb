r"""Bound on the flux that the noise estimate removes from sources that no mask covers.

The posterior mean n̂ = K d is linear in the data d, so it removes K s from every source s, however faint: to the model, a
star of a few pixels is a few pixels of 1/f noise. Two kinds of correction return the flux and keep most of the gain:

    n̂' = n̂ − c₀ A n̂ − (1 − A) (c₁ G₁ + c₂ G₂) W (d − n̂) .

A averages over neighboring lines what varies along the line within a few tens of pixels. 1/f noise differs from line to
line there; a source does not. G₁ and G₂ smooth the weighted residual W (d − n̂) = (S + W⁻¹)⁻¹ d over the scales of a star
and of a galaxy. Among the linear estimates with a prescribed response Σ kᵢ gᵢ to a source, the one with the smallest
error variance differs from the posterior mean by a multiple of (S + W⁻¹)⁻¹ g (Lagrange), which is what G approximates.

The error n − n̂ is uncorrelated with the data, so the corrections add their own variance and nothing else. The coefficients
c follow from the responses to simulated stars, galaxies and traces: each of these may lose the given fraction of its flux.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import fft

from jwst_denoise.nsclean.gp.bins import Bins
from jwst_denoise.nsclean.gp.field import FieldBasis
from jwst_denoise.nsclean.gp.posterior import Posterior

__all__ = ["SOURCES", "SourceCorrection", "SourceProbe"]

#: Standard deviations of the average A: lines, and pixels along the line above which it has no effect.
AVERAGED_LINES, AVERAGED_PIXELS = 4.0, 32.0
#: Standard deviations of the smoothing G₁ and G₂, pixels.
RESIDUAL_SCALES = (1.0, 5.0)
#: Half of the edge of a source's image, pixels.
HALF = 20
PROBE_LINES, PROBE_BLOCKS = 128, 4
PROBE_SOURCES, MOST_IMAGES = 480, 24
CELL = 48
#: Flux of a simulated source, in units of the white noise.
FLUX = 300.0
SEED = 20240211


@dataclass(frozen=True)
class Source:
    """Image of a source and its photometry.

    Parameters
    ----------
    image : ndarray
        (41, 41) profile, with a flux of 1 in the aperture above the local background.
    aperture, ring : ndarray
        (2, n) offsets (lines, pixels) from the center: aperture, and pixels whose median is the local background.
    margin : tuple of int
        Lines and pixels that the aperture extends from the center.
    """

    image: np.ndarray
    aperture: np.ndarray
    ring: np.ndarray
    margin: tuple[int, int]

    @classmethod
    def create(cls, profile, aperture, ring):
        """Normalize a profile; ``aperture`` and ``ring`` are boolean images."""
        flux = profile[aperture].sum() - aperture.sum() * np.median(profile[ring])
        aperture, ring = (np.array(np.nonzero(region)) - HALF for region in (aperture, ring))
        return cls(profile / flux, aperture, ring, tuple(abs(aperture).max(axis=1)))


def _create_sources():
    line, pixel = np.mgrid[-HALF : HALF + 1, -HALF : HALF + 1]
    r = np.hypot(line, pixel)
    star, galaxy, trace = (np.exp(-4 * np.log(2) * (x / fwhm) ** 2) for x, fwhm in ((r, 2.2), (r, 8), (pixel, 2.2)))
    return {
        "star": Source.create(star, r < 2.5, (r > 6) & (r < 14)),
        "galaxy": Source.create(galaxy, r < 8, (r > 14) & (r < HALF)),
        "trace": Source.create(trace, abs(pixel) < 3, (abs(pixel) > 6) & (abs(pixel) < 14)),
    }


#: Simulated sources: a star (FWHM 2.2 pixels, aperture r = 2.5), a galaxy (FWHM 8, r = 8), a spectral trace across 41 lines.
SOURCES = _create_sources()


class SourceCorrection:
    """Corrections of the posterior mean of one geometry.

    Parameters
    ----------
    bins : Bins
        Time bins.
    """

    #: Number of coefficients.
    terms = 1 + len(RESIDUAL_SCALES)

    def __init__(self, bins):
        self._bins = bins
        lines, width = bins.frame_shape
        line = np.arange(lines)[:, None] / (2 * lines)
        pixel = np.arange(width) / (2 * width * bins.size)
        average = _gauss(line, AVERAGED_LINES) * (1 - _gauss(pixel, AVERAGED_PIXELS))
        smoothing = [(1 - average) * _gauss(line, scale) * _gauss(pixel, scale) for scale in RESIDUAL_SCALES]
        self._average, self._smoothing = average.astype(np.float32), np.array(smoothing, dtype=np.float32)

    def __call__(self, streams, residual, coefficients):
        """Evaluate c₀ A n̂ + (1 − A) (c₁ G₁ + c₂ G₂) z with reflecting edges.

        Parameters
        ----------
        streams, residual : ndarray
            (images, outputs, length) n̂ and z = W (d − n̂) at the bins.
        coefficients : ndarray
            (3,) c.

        Returns
        -------
        ndarray
            (images, outputs, length), to be subtracted from ``streams``.
        """
        average, *smoothing = np.asarray(coefficients, dtype=np.float32)
        transform = self._transform(streams)
        transform *= average * self._average
        transform += self._transform(residual) * np.tensordot(smoothing, self._smoothing, 1)
        return self._bins.from_frame(fft.idctn(transform, axes=(-2, -1), overwrite_x=True, workers=-1))

    def _transform(self, series):
        return fft.dctn(self._bins.to_frame(series), axes=(-2, -1), overwrite_x=True, workers=-1)


class SourceProbe:
    """Responses of the noise estimate to simulated sources.

    Tall frames are represented by a few blocks of lines. Sources have random places and signs; those with less than
    half of their aperture on dark pixels are left out.

    Parameters
    ----------
    bins : Bins
        Time bins.
    weight : ndarray
        (outputs, length) inverse variances of the bins.
    roots : callable
        Square roots of the prior eigenvalues, as for `Posterior`, as a function of `Bins`.
    """

    def __init__(self, bins, weight, roots):
        self._bins, weight = _select_lines(bins, weight)
        self._sources = _place_sources(self._bins, weight)
        series = self._simulate()
        basis = FieldBasis(self._bins)
        posterior = Posterior(weight[None], basis, *roots(self._bins), np.zeros(basis.shape))
        streams, _ = posterior.solve(weight * series)
        correct = SourceCorrection(self._bins)
        residual = weight * (series - streams)
        responses = [streams, *(correct(streams, residual, row) for row in np.eye(correct.terms))]
        self._values = {name: self._measure(responses, name) for name in self._sources}
        #: Fraction of the flux that the posterior mean removes from each of `SOURCES`.
        self.unbounded = self.losses(np.zeros(correct.terms))

    def losses(self, coefficients):
        """Fraction of the flux that each of `SOURCES` loses: (sources,); 0 where there is no place for a source."""
        signs = np.array([1, *-np.asarray(coefficients)])
        losses = np.zeros(len(SOURCES))
        for index, name in enumerate(self._sources):
            aperture, ring = (np.tensordot(signs, values, 1) for values in self._values[name])
            if len(aperture):
                flux = aperture.sum(axis=-1) - aperture.shape[-1] * np.median(ring, axis=-1)
                losses[index] = flux.mean() / FLUX
        return losses

    def limit(self, bound):
        """Coefficients with which no source loses more than the fraction ``bound`` of its flux; 0 if none does anyway."""
        target = np.minimum(self.unbounded, bound)
        slope = self.unbounded - [self.losses(row) for row in np.eye(SourceCorrection.terms)]
        coefficients = np.zeros(SourceCorrection.terms)
        for _ in range(3):  # the median of the local background makes the losses slightly nonlinear
            excess = self.losses(coefficients) - target
            coefficients += np.linalg.lstsq(slope.T, excess, rcond=1e-3)[0]
        return coefficients

    def _simulate(self):
        """Series of images of the sources: (images, outputs, length)."""
        lines, width = self._bins.frame_shape
        images = 1 + max(int(image) for place in self._sources.values() for image in place[0])
        frames = np.zeros((images, lines + 2 * HALF, width * self._bins.size + 2 * HALF), dtype=np.float32)
        for name, places in self._sources.items():
            for image, line, pixel, sign in places.T:
                part = frames[image, line : line + 2 * HALF + 1, pixel : pixel + 2 * HALF + 1]
                part += sign * FLUX * SOURCES[name].image
        frames = frames[:, HALF:-HALF, HALF:-HALF]
        return self._bins.from_frame(frames.reshape(images, lines, width, -1).mean(axis=-1))

    def _measure(self, responses, name):
        """Values in aperture and ring of each source, positive for a loss: two arrays (responses, sources, pixels)."""
        margin = HALF // self._bins.size
        frames = [np.pad(self._bins.to_frame(r), ((0, 0), (HALF, HALF), (margin, margin))) for r in responses]
        image, line, pixel, sign = self._sources[name]
        regions = SOURCES[name].aperture, SOURCES[name].ring
        return [
            np.array([sign[:, None] * f[_index(self._bins, image, line, pixel, o)] for f in frames]) for o in regions
        ]


def _gauss(frequency, scale):
    """Transfer function of a Gaussian with standard deviation ``scale``."""
    return np.exp(-2 * (np.pi * scale * frequency) ** 2)


def _select_lines(bins, weight):
    """Bins of a shorter frame that consists of blocks of lines, and their weights."""
    readout = bins.readout
    if readout.lines <= PROBE_LINES:
        return bins, weight
    size = PROBE_LINES // PROBE_BLOCKS
    starts = np.linspace(0, readout.lines - size, PROBE_BLOCKS).astype(int)
    shape = list(readout.shape)
    shape[abs(readout.slowaxis) % 2] = PROBE_LINES
    short = Bins(replace(readout, shape=tuple(shape), reference=(0, 0, 0, 0)))
    selected = np.zeros((len(weight), short.length), dtype=weight.dtype)
    short.lines(selected)[...] = bins.lines(weight)[:, (starts[:, None] + np.arange(size)).ravel()]
    return short, selected


def _place_sources(bins, weight):
    """Random places of the sources: name -> (4, n) image, line, pixel and sign."""
    rng = np.random.default_rng(SEED)
    lines, width = bins.frame_shape
    shape = np.array([lines, width * bins.size])
    cells = np.maximum(shape // CELL, 1)
    images = int(np.clip(-(-PROBE_SOURCES // cells.prod()), 1, MOST_IMAGES))
    cell = np.indices((images, *cells)).reshape(3, -1)
    places = ((cell[1:] + rng.random(cell[1:].shape)) * (shape / cells)[:, None]).astype(int)
    sign = rng.choice([-1, 1], cell.shape[1])
    margin = HALF // bins.size
    dark = np.pad(bins.to_frame(weight) > 0, ((HALF, HALF), (margin, margin)))[None]
    names = np.resize(["star", "galaxy", "star", "trace"], cell.shape[1])
    sources = {}
    for name, source in SOURCES.items():
        own = names == name
        edge = np.minimum(source.margin, (shape - 1) // 2)[:, None]
        line, pixel = np.clip(places[:, own], edge, shape[:, None] - 1 - edge)
        covered = dark[_index(bins, np.zeros_like(line), line, pixel, source.aperture)].mean(axis=-1)
        use = covered >= min(0.5, covered.max())
        sources[name] = np.array([cell[0, own], line, pixel, sign[own]])[:, use & (covered > 0)]
    return sources


def _index(bins, image, line, pixel, offsets):
    """Index of the pixels at ``offsets`` from each source in frames with margins of ``HALF`` pixels."""
    lines = line[:, None] + offsets[0] + HALF
    return image[:, None], lines, (pixel[:, None] + offsets[1] + HALF) // bins.size
