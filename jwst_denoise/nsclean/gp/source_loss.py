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
PROBE_LINES, PROBE_BLOCKS = 256, 8
PROBE_SOURCES = 400
#: Edge of a cell with one source, pixels, and the number of places that are tried.
CELL, PLACES = 44, 32
#: Smallest coverage of an aperture by dark pixels, as a fraction of the largest coverage.
WELL_COVERED = 0.9
#: Flux of a simulated source, in units of the white noise.
FLUX = 100.0
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
    star = 0.98 * _peak(r, 2.2) + 0.02 * _peak(r, 8)  # the halo has a fifth of the flux
    galaxy, trace = _peak(r, 8), _peak(pixel, 2.2)
    return {
        "star": Source.create(star, r < 2.5, (r > 6) & (r < 14)),
        "galaxy": Source.create(galaxy, r < 8, (r > 14) & (r < HALF)),
        "trace": Source.create(trace, abs(pixel) < 3, (abs(pixel) > 6) & (abs(pixel) < 14)),
    }


def _peak(distance, fwhm):
    return np.exp(-4 * np.log(2) * (distance / fwhm) ** 2)


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
        reach = 3 * AVERAGED_LINES, 3 * AVERAGED_PIXELS / bins.size
        sizes = [fft.next_fast_len(int(n + r), real=True) for n, r in zip(bins.frame_shape, reach, strict=True)]
        self._shape = tuple(sizes)
        line = fft.fftfreq(sizes[0])[:, None]
        pixel = fft.rfftfreq(sizes[1], bins.size)
        average = _gauss(line, AVERAGED_LINES) * (1 - _gauss(pixel, AVERAGED_PIXELS))
        smoothing = [(1 - average) * _gauss(line, scale) * _gauss(pixel, scale) for scale in RESIDUAL_SCALES]
        self._average, self._smoothing = average.astype(np.float32), np.array(smoothing, dtype=np.float32)

    def __call__(self, streams, residual, coefficients):
        """Evaluate c₀ A n̂ + (1 − A) (c₁ G₁ + c₂ G₂) z; beyond the edges n̂ and z are 0.

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
        lines, width = self._bins.frame_shape
        return self._bins.from_frame(fft.irfft2(transform, self._shape, workers=-1)[..., :lines, :width])

    def _transform(self, series):
        return fft.rfft2(self._bins.to_frame(series), self._shape, workers=-1)


class SourceProbe:
    """Responses of the noise estimate to simulated sources.

    Tall frames are represented by a few blocks of lines. Sources have random places on dark pixels and random signs.

    Parameters
    ----------
    bins : Bins
        Time bins.
    weight : ndarray
        (ny, nx) inverse variances of the pixels.
    roots : callable
        Square roots of the prior eigenvalues, as for `Posterior`, as a function of `Bins`.
    """

    def __init__(self, bins, weight, roots):
        self._bins, pixel_weight = _select_lines(bins, bins.readout.to_detector(weight))
        self._sources = _place_sources(pixel_weight > 0)
        weighted = self._sum_bins(pixel_weight * self._simulate(pixel_weight.shape))
        weight = self._sum_bins(pixel_weight[None])
        basis = FieldBasis(self._bins)
        posterior = Posterior(weight, basis, *roots(self._bins), np.zeros(basis.shape))
        streams, _ = posterior.solve(weighted)
        residual = weighted - weight * streams
        correct = SourceCorrection(self._bins)
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

    def _simulate(self, shape):
        """Images of the sources in the detector frame: (images, lines, pixels)."""
        images = 1 + max(int(places[0].max(initial=0)) for places in self._sources.values())
        frames = np.zeros((images, shape[0] + 2 * HALF, shape[1] + 2 * HALF), dtype=np.float32)
        for name, places in self._sources.items():
            for image, line, pixel, sign in places.T:
                part = frames[image, line : line + 2 * HALF + 1, pixel : pixel + 2 * HALF + 1]
                part += sign * FLUX * SOURCES[name].image
        return frames[:, HALF:-HALF, HALF:-HALF]

    def _sum_bins(self, frames):
        bins = frames.reshape(*frames.shape[:-1], -1, self._bins.size).sum(axis=-1)
        return self._bins.from_frame(bins)

    def _measure(self, responses, name):
        """Values in aperture and ring of each source, positive for a loss: two arrays (responses, sources, pixels)."""
        frames = [self._bins.to_frame(series) for series in responses]
        size, (lines, width) = self._bins.size, self._bins.frame_shape
        image, line, pixel, sign = self._sources[name]
        regions = []
        for offsets in (SOURCES[name].aperture, SOURCES[name].ring):
            lines_, pixels = _pixels((lines, width * size), line, pixel, offsets)
            regions.append(np.array([sign[:, None] * frame[image[:, None], lines_, pixels // size] for frame in frames]))
        return regions


def _gauss(frequency, scale):
    """Transfer function of a Gaussian with standard deviation ``scale``."""
    return np.exp(-2 * (np.pi * scale * frequency) ** 2)


def _select_lines(bins, frame):
    """Blocks of lines of a frame (lines, pixels) and the bins of a frame that consists of these lines."""
    readout = bins.readout
    if readout.lines <= PROBE_LINES:
        return bins, frame
    size = PROBE_LINES // PROBE_BLOCKS
    starts = np.linspace(0, readout.lines - size, PROBE_BLOCKS).astype(int)
    shape = list(readout.shape)
    shape[abs(readout.slowaxis) % 2] = PROBE_LINES
    short = Bins(replace(readout, shape=tuple(shape), reference=(0, 0, 0, 0)))
    return short, frame[(starts[:, None] + np.arange(size)).ravel()]


def _place_sources(dark):
    """Places of the sources, one in each cell of a grid: name -> (4, n) image, line, pixel, sign.

    Each is the best covered by dark pixels of a few random places. Of each kind, those that are well covered are kept.
    """
    rng = np.random.default_rng(SEED)
    shape = np.array(dark.shape)
    cells = np.maximum(shape // CELL, 1)
    images = -(-PROBE_SOURCES // cells.prod())
    image, *cell = np.indices((images, *cells)).reshape(3, -1)
    places = (np.array(cell)[..., None] + rng.random((2, image.size, PLACES))) / cells[:, None, None]
    sign = rng.choice([-1, 1], image.size)
    names = rng.permutation(np.resize(["star", "galaxy", "star", "galaxy", "star", "trace"], image.size))
    sources = {}
    for name, source in SOURCES.items():
        own = names == name
        edge = np.minimum(source.margin, (shape - 1) // 2)[:, None]
        line, pixel = (edge + places[:, own].reshape(2, -1) * (shape[:, None] - 2 * edge)).astype(int)
        covered = dark[*_pixels(shape, line, pixel, source.aperture)].mean(axis=-1)
        best = np.arange(0, line.size, PLACES) + covered.reshape(-1, PLACES).argmax(axis=-1)
        use = (covered > 0) & (covered >= WELL_COVERED * covered.max(initial=0)) & (2 * source.margin[1] < shape[1])
        places_ = np.array([image[own], line[best], pixel[best], sign[own]])
        sources[name] = places_[:, use[best]]
    return sources


def _pixels(shape, line, pixel, offsets):
    """Lines and pixels at ``offsets`` from each source; outside of the frame, those on the other side of the source."""
    places = []
    for size, center, offset in zip(shape, (line, pixel), offsets, strict=True):
        place = center[:, None] + offset
        place = np.where((place < 0) | (place >= size), center[:, None] - offset, place)
        places.append(np.clip(place, 0, size - 1))
    return places
