"""Method ``gp``: the Gaussian-process estimate of correlated noise in read-out time.

Noise common to the outputs, noise of each output, and a smooth field are estimated together from the dark pixels
(`posterior`), with statistics from the exposure itself (`spectrum`) and a variance (`variance`).
"""

from dataclasses import dataclass, replace

import numpy as np

from jwst_denoise.nsclean.binning import Bins, bin_images
from jwst_denoise.nsclean.dark_pixels import clip_outliers, pixel_weights, white_noise
from jwst_denoise.nsclean.field import FieldBasis, field_amplitude, least_squares
from jwst_denoise.nsclean.hyper import Hyper
from jwst_denoise.nsclean.posterior import Posterior
from jwst_denoise.nsclean.result import NoiseFit
from jwst_denoise.nsclean.spectrum import MaskedSpectrum
from jwst_denoise.nsclean.variance import posterior_variance

__all__ = ["GaussianProcess"]

FEW_PIXELS = 100
SEED = 20231031
FIELD_DRAWS = 6
CHUNK_PIXELS = 2**23
IMAGES_FOR_STATISTICS = 16


@dataclass(frozen=True)
class _DarkPixels:
    """Dark pixels of some images in time bins, in units of the white noise, free of each image's level."""

    white: float
    unit: float
    level: np.ndarray
    weight: np.ndarray
    weighted: np.ndarray
    reliability: float


class GaussianProcess:
    """Estimate of correlated noise for one read-out geometry.

    Parameters
    ----------
    readout : Readout
        How the pixels are read.
    options : FitOptions
        ``background``, ``frame_outlier_sigma`` and ``hyper`` are used.
    """

    def __init__(self, readout, options):
        self._readout, self._options = readout, options
        self._bins = Bins(readout)
        self._basis = FieldBasis(self._bins)

    def estimate(self, data, mask, err):
        """Noise statistics of an image or a stack (of at most 16 of its images), in data units: `Hyper`."""
        data, mask, err = _as_stack(data, mask, err)
        chosen = np.unique(np.linspace(0, len(data) - 1, IMAGES_FOR_STATISTICS).astype(int))
        dark = self._gather(data[chosen], *_pick(chosen, mask, err))
        if dark is None:
            return Hyper(0.0, 0.0)
        return self._statistics(dark)

    def fit(self, data, mask, err):
        """Noise, variance and background of an image or a stack.

        Parameters
        ----------
        data : ndarray
            (…, ny, nx), finite.
        mask : ndarray of bool
            (ny, nx) or data's shape.
        err : ndarray or None
            (ny, nx) or data's shape; positive under the mask.

        Returns
        -------
        NoiseFit
        """
        hyper = self._options.hyper or self.estimate(data, mask, err)
        shape = data.shape
        data, mask, err = _as_stack(data, mask, err)
        noise, background = np.zeros_like(data), np.zeros_like(data)
        variance = np.zeros((len(mask), *shape[-2:]), dtype=data.dtype)
        step = max(1, CHUNK_PIXELS // (shape[-1] * shape[-2]))
        for start in range(0, len(data), step):
            part = slice(start, start + step)
            dark = self._gather(data[part], *_pick(part, mask, err), hyper.white)
            if dark is not None:
                own_variance = variance[part] if len(mask) > 1 else variance if start == 0 else None
                self._fit_chunk(dark, hyper, noise[part], background[part], own_variance)
        variance = np.broadcast_to(variance, data.shape).reshape(shape)
        return NoiseFit(noise.reshape(shape), variance, background.reshape(shape), hyper)

    def _gather(self, data, mask, err, white=None):
        """Dark pixels of a stack, or None if there are none, or none with noise."""
        white = white or white_noise(data, mask, err, self._readout)
        if not white > 0:
            return None
        keep = clip_outliers(data, mask, err, self._options.frame_outlier_sigma)
        weight = pixel_weights(keep, err, white)
        pixels = np.count_nonzero(keep) / len(keep)
        if pixels == 0:
            return None
        unit = float(np.sqrt(np.count_nonzero(keep) / weight.sum(dtype=np.float64)))
        weight, weighted = bin_images(data / unit, weight * np.float32(unit**2), self._bins)
        total = weight.sum(axis=(-2, -1))
        level = weighted.sum(axis=(-2, -1)) / np.where(total > 0, total, 1)
        level = level * pixels**2 / (pixels**2 + FEW_PIXELS**2)
        weighted = (weighted - level[:, None, None] * weight).astype(np.float32)
        return _DarkPixels(white, unit, level, weight, weighted, pixels**2 / (pixels**2 + FEW_PIXELS**2))

    def _statistics(self, dark):
        """Most likely `Hyper`, in data units."""
        coefficients = self._field_coefficients(dark.weight, dark.weighted)
        rest = dark.weighted - dark.weight * self._basis.evaluate(coefficients.astype(np.float32))
        removed = 1 + self._basis.shape[0] // 2
        found = MaskedSpectrum(dark.weight, rest, self._bins, removed).fit()
        drawn = self._field_coefficients(dark.weight[:1], self._draw_noise(dark.weight[:1], found))
        field = field_amplitude(coefficients, drawn, self._basis.prior_shape)
        power = dark.unit**2 * dark.reliability
        return replace(
            found,
            common=found.common * power,
            output=found.output * power,
            white=found.white * dark.white,
            field=field * dark.unit,
        )

    def _field_coefficients(self, weight, weighted):
        normal = self._basis.normal_matrix(weight.mean(axis=0))
        return least_squares(normal, self._basis.project(weighted))

    def _draw_noise(self, weight, hyper):
        """Weighted data (draws, outputs, length) of noise without a field."""
        posterior = Posterior(weight, self._basis, *self._roots(hyper, 1.0), np.zeros(self._basis.shape))
        return posterior.sample(np.random.default_rng(SEED), FIELD_DRAWS)[2]

    def _roots(self, hyper, unit):
        """Square roots of the prior's eigenvalues for the outputs' mean and differences, in units of ``unit``."""
        scale = 1 / (self._bins.interval * unit**2)
        common, output = (hyper.density(kind, self._bins.frequency) * scale for kind in ("common", "output"))
        outputs = self._readout.outputs
        return tuple(np.sqrt(power).astype(np.float32) for power in (output + outputs * common, output))

    def _fit_chunk(self, dark, hyper, noise, background, variance):
        """Write the estimates of some images into ``noise``, ``background`` and, unless None, ``variance``."""
        roots = self._roots(hyper, dark.unit)
        posterior = Posterior(dark.weight, self._basis, *roots, self._basis.prior_shape * (hyper.field / dark.unit))
        streams, field = posterior.solve(dark.weighted)
        field += dark.level[:, None, None].astype(np.float32)
        remove = self._options.background == "remove"
        spread = self._bins.spread
        background[...] = spread(field) * dark.unit
        noise[...] = spread(streams + field if remove else streams) * dark.unit
        if variance is None:
            return
        weight = dark.weight if len(variance) == len(dark.weight) else dark.weight.mean(axis=0, keepdims=True)
        error = self._draw_error(weight[:1], roots, hyper.field / dark.unit, remove)
        variance[...] = spread(posterior_variance(weight, weight[0], error, *roots, self._bins)) * dark.unit**2
        variance += self._unresolved(hyper)

    def _unresolved(self, hyper):
        """Variance of the noise that is too fast for the bins, from their Nyquist frequency to that of the pixels."""
        edges = 0.5 / self._bins.interval, 0.5 / self._readout.pixel_time
        frequency = np.geomspace(*edges, 50) if edges[1] > edges[0] else np.array(edges)
        return 2 * sum(np.trapezoid(hyper.density(kind, frequency), frequency) for kind in ("common", "output"))

    def _draw_error(self, weight, roots, field_amplitude, remove):
        """Error of the estimate for noise drawn from the prior, (outputs, length)."""
        posterior = Posterior(weight, self._basis, *roots, self._basis.prior_shape * field_amplitude)
        streams, field, weighted = posterior.sample(np.random.default_rng(SEED))
        found_streams, found_field = posterior.solve(weighted)
        error = streams - found_streams
        return (error + field - found_field if remove else error)[0]


def _as_stack(data, mask, err):
    """Add or flatten leading axes: data (images, ny, nx), mask and err (images or 1, ny, nx) or None."""
    image = data.shape[-2:]
    return data.reshape(-1, *image), mask.reshape(-1, *image), None if err is None else err.reshape(-1, *image)


def _pick(index, *arrays):
    """Images of those arrays that have more than one."""
    return [a if a is None or len(a) == 1 else a[index] for a in arrays]
