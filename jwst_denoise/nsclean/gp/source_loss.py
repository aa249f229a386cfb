"""Bound on the flux that the noise estimate removes from sources that the mask does not cover.

The posterior mean n̂ = K d is linear in the data d, so it removes K s from any source s, however faint. The bounded
estimate subtracts two kinds of correction from it:

    n̂ − c₀ A n̂ − (1 − A) (c₁ G₁ + c₂ G₂) W (d − n̂) .

A averages over neighboring lines what varies within a few tens of pixels along the line. On that scale 1/f noise
differs from line to line, while most sources do not. G₁ and G₂ smooth the weighted residual W (d − n̂) = (S + W⁻¹)⁻¹ d
on the scales of a star and of a galaxy. They approximate an optimum: among the linear estimates with a given response
to a source, the one with the smallest error variance differs from the posterior mean by a multiple of that residual,
smoothed by the source.

The error of the posterior mean is uncorrelated with the data, so a correction adds no more than its variance to the
error. The coefficients c follow from the fractions of their flux that simulated stars, galaxies and traces lose.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import fft

from jwst_denoise.nsclean.gp.bins import Bins
from jwst_denoise.nsclean.gp.field import FieldBasis
from jwst_denoise.nsclean.gp.posterior import Posterior

__all__ = ["SOURCES", "SourceCorrection", "SourceProbe"]

#: Standard deviations of the Gaussians of A: lines, and pixels along the line beyond which A has no effect.
AVERAGED_LINES, AVERAGED_PIXELS = 4.0, 32.0
#: Standard deviations of G₁ and G₂, pixels.
RESIDUAL_SCALES = (1.0, 5.0)
#: Pixels from the center of the image of a source to its edge.
HALF = 20
#: Most lines of a simulated frame, and blocks of adjacent lines that represent a taller frame.
PROBE_LINES, PROBE_BLOCKS = 256, 8
#: Smallest number of simulated sources, and their flux in units of the white noise.
PROBE_SOURCES, FLUX = 1500, 100.0
#: Edge of the cell of a source, pixels, and number of random places in it of which the best covered is used.
CELL, PLACES = 40, 16
#: Least coverage of an aperture by dark pixels, as a fraction of the best coverage.
WELL_COVERED = 0.9
SEED = 20240211


@dataclass(frozen=True)
class Source:
    """Image and photometry of a source.

    Parameters
    ----------
    image : ndarray
        (41, 41) profile with a flux of 1 in the aperture, above the local background.
    aperture, ring : ndarray
        (2, n) offsets (lines, pixels) from the center of the aperture and of the ring, whose median is the background.
    extent : ndarray
        Lines and pixels from the center to the edge of the aperture.
    """

    image: np.ndarray
    aperture: np.ndarray
    ring: np.ndarray
    extent: np.ndarray

    @classmethod
    def create(cls, profile, aperture, ring):
        """Normalize a profile; ``aperture`` and ``ring`` are boolean images."""
        flux = profile[aperture].sum() - aperture.sum() * np.median(profile[ring])
        aperture, ring = (np.array(np.nonzero(region)) - HALF for region in (aperture, ring))
        return cls(profile / flux, aperture, ring, aperture.max(axis=1))


def _create_sources():
    line, pixel = np.mgrid[-HALF : HALF + 1, -HALF : HALF + 1]
    r = np.hypot(line, pixel)
    star = 0.98 * _peak(r, 2.2) + 0.02 * _peak(r, 8)  # a fifth of the flux in the halo
    return {
        "star": Source.create(star, r < 2.5, (r > 6) & (r < 14)),
        "galaxy": Source.create(_peak(r, 8), r < 8, (r > 14) & (r < HALF)),
        "trace": Source.create(_peak(pixel, 2.2), abs(pixel) < 3, (abs(pixel) > 6) & (abs(pixel) < 14)),
    }


def _peak(distance, fwhm):
    return np.exp(-4 * np.log(2) * (distance / fwhm) ** 2)


#: The simulated sources; see `jwst_denoise.nsclean.SourceLoss`.
SOURCES = _create_sources()


class SourceCorrection:
    """Corrections of the posterior mean.

    Parameters
    ----------
    bins : Bins
        Time bins.
    """

    #: Number of coefficients.
    terms = 1 + len(RESIDUAL_SCALES)

    def __init__(self, bins):
        self._bins = bins
        margins = 3 * AVERAGED_LINES, 3 * AVERAGED_PIXELS / bins.size
        self._padded = tuple(
            fft.next_fast_len(int(size + margin), real=True)
            for size, margin in zip(bins.frame_shape, margins, strict=True)
        )
        line = fft.fftfreq(self._padded[0])[:, None]
        pixel = fft.rfftfreq(self._padded[1], bins.size)
        average = _gauss(line, AVERAGED_LINES) * (1 - _gauss(pixel, AVERAGED_PIXELS))
        smoothing = [(1 - average) * _gauss(line, scale) * _gauss(pixel, scale) for scale in RESIDUAL_SCALES]
        self._average, self._smoothing = average.astype(np.float32), np.array(smoothing, dtype=np.float32)

    def __call__(self, streams, residual, coefficients):
        """Evaluate c₀ A n̂ + (1 − A) (c₁ G₁ + c₂ G₂) z in the image plane, where n̂ and z are 0 outside of the frame.

        Parameters
        ----------
        streams, residual : ndarray
            (images, outputs, length) posterior mean n̂ and residual z = W (d − n̂) at the bins.
        coefficients : ndarray
            (3,) c.

        Returns
        -------
        ndarray
            (images, outputs, length) to be subtracted from ``streams``.
        """
        average, *smoothing = np.asarray(coefficients, dtype=np.float32)
        transform = self._transform(streams)
        transform *= average * self._average
        transform += self._transform(residual) * np.tensordot(smoothing, self._smoothing, 1)
        lines, width = self._bins.frame_shape
        return self._bins.from_frame(fft.irfft2(transform, self._padded, workers=-1)[..., :lines, :width])

    def _transform(self, series):
        return fft.rfft2(self._bins.to_frame(series), self._padded, workers=-1)


class SourceProbe:
    """Response of the noise estimate to simulated sources at random places on dark pixels, with random signs.

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
        self._places = _place_sources(pixel_weight > 0)
        weighted = self._sum_bins(pixel_weight * _simulate(self._places, pixel_weight.shape))
        weight = self._sum_bins(pixel_weight[None])
        basis = FieldBasis(self._bins)
        posterior = Posterior(weight, basis, *roots(self._bins), np.zeros(basis.shape))
        streams, _ = posterior.solve(weighted)
        correct = SourceCorrection(self._bins)
        terms = [correct(streams, weighted - weight * streams, row) for row in np.eye(correct.terms)]
        frames = [self._bins.to_frame(series) for series in (streams, *terms)]
        self._values = {name: self._measure(frames, name) for name in self._places if self._places[name].size}

    def losses(self, coefficients):
        """Fraction of the flux that each of `SOURCES` loses; 0 for a source that has no place.

        Parameters
        ----------
        coefficients : ndarray
            (3,) coefficients of `SourceCorrection`.

        Returns
        -------
        ndarray
            (3,).
        """
        factors = np.array([1, *-np.asarray(coefficients)])
        losses = np.zeros(len(SOURCES))
        for index, name in enumerate(SOURCES):
            if name in self._values:
                aperture, ring = (np.tensordot(factors, values, 1) for values in self._values[name])
                background = np.median(ring, axis=-1)
                lost = aperture.sum(axis=-1) - aperture.shape[-1] * background
                losses[index] = np.average(lost, weights=self._places[name][4]) / FLUX
        return losses

    def limit(self, bound):
        """Coefficients with which each source loses at most the fraction ``bound``; 0 if the posterior mean does so."""
        coefficients = np.zeros(SourceCorrection.terms)
        unbounded = self.losses(coefficients)
        target = np.minimum(unbounded, bound)
        slope = np.transpose([unbounded - self.losses(row) for row in np.eye(SourceCorrection.terms)])
        for _ in range(3):  # because of the median, losses are not quite linear
            excess = self.losses(coefficients) - target
            coefficients += np.linalg.lstsq(slope, excess, rcond=1e-3)[0]
        return coefficients

    def _sum_bins(self, frames):
        return self._bins.from_frame(frames.reshape(*frames.shape[:-1], -1, self._bins.size).sum(axis=-1))

    def _measure(self, frames, name):
        """Values of frames in aperture and ring, positive for a loss: two arrays (frames, sources, pixels)."""
        image, line, pixel, sign, _ = self._places[name]
        size, (lines, width) = self._bins.size, self._bins.frame_shape
        values = []
        for offsets in (SOURCES[name].aperture, SOURCES[name].ring):
            row, column = _pixels((lines, width * size), line, pixel, offsets)
            index = image[:, None], row, column // size
            values.append(np.array([sign[:, None] * frame[index] for frame in frames]))
        return values


def _gauss(frequency, scale):
    """Transfer function of a Gaussian with standard deviation ``scale``."""
    return np.exp(-2 * (np.pi * scale * frequency) ** 2)


def _select_lines(bins, frame):
    """Blocks of lines of a frame (lines, pixels), and the bins of a frame that consists of these lines."""
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
    """Choose places for the sources, one in each cell of a grid, among the best covered by dark pixels.

    Parameters
    ----------
    dark : ndarray of bool
        (lines, pixels).

    Returns
    -------
    dict
        Name -> (5, n) image, line, pixel, sign, and weight, the number of well covered places in the cell. Empty for a
        source wider than the frame.
    """
    rng = np.random.default_rng(SEED)
    shape = np.array(dark.shape)
    cells = np.maximum(shape // CELL, 1)
    images = -(-PROBE_SOURCES // cells.prod())
    image, *cell = np.indices((images, *cells)).reshape(3, -1)
    random_places = (np.array(cell)[..., None] + rng.random((2, image.size, PLACES))) / cells[:, None, None]
    sign = rng.choice([-1, 1], image.size)
    names = rng.permutation(np.resize(["star", "galaxy", "star", "galaxy", "star", "trace"], image.size))
    places = {}
    for name, source in SOURCES.items():
        own = names == name
        edge = np.minimum(source.extent, (shape - 1) // 2)[:, None]
        line, pixel = (edge + random_places[:, own].reshape(2, -1) * (shape[:, None] - 2 * edge)).astype(int)
        covered = dark[*_pixels(shape, line, pixel, source.aperture)].mean(axis=-1).reshape(-1, PLACES)
        best = np.arange(0, line.size, PLACES) + covered.argmax(axis=-1)
        weight = np.count_nonzero(covered >= WELL_COVERED * covered.max(initial=1e-9), axis=-1)
        use = (weight > 0) & (2 * source.extent[1] < shape[1])
        places[name] = np.array([image[own], line[best], pixel[best], sign[own], weight])[:, use]
    return places


def _simulate(places, shape):
    """Images of the sources: (images, lines, pixels)."""
    images = 1 + max(int(place[0].max(initial=0)) for place in places.values())
    frames = np.zeros((images, shape[0] + 2 * HALF, shape[1] + 2 * HALF), dtype=np.float32)
    for name, place in places.items():
        for image, line, pixel, sign, _ in place.T:
            part = frames[image, line : line + 2 * HALF + 1, pixel : pixel + 2 * HALF + 1]
            part += sign * FLUX * SOURCES[name].image
    return frames[:, HALF:-HALF, HALF:-HALF]


def _pixels(shape, line, pixel, offsets):
    """Lines and pixels at ``offsets`` from each source; the opposite pixel replaces one outside of the frame."""
    places = []
    for size, center, offset in zip(shape, (line, pixel), offsets, strict=True):
        place = center[:, None] + offset
        place = np.where((place < 0) | (place >= size), center[:, None] - offset, place)
        places.append(np.clip(place, 0, size - 1))
    return places
