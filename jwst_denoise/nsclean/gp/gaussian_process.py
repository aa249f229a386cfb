"""Method ``gp``: Gaussian-process estimate of the correlated noise in read-out time.

Noise common to the outputs, noise of each output, and a smooth field are estimated together from the dark pixels
(`posterior`), with noise statistics from the same exposure (`spectrum`) and a variance (`variance`).
"""

from dataclasses import replace
from functools import partial

import numpy as np

from jwst_denoise.nsclean.gp.bins import Bins
from jwst_denoise.nsclean.gp.dark_pixels import DarkPixels
from jwst_denoise.nsclean.gp.field import EVIDENCE, FieldBasis, field_amplitude, least_squares, regularized
from jwst_denoise.nsclean.gp.posterior import Posterior
from jwst_denoise.nsclean.gp.source_loss import SOURCES, SourceCorrection, SourceProbe
from jwst_denoise.nsclean.gp.spectrum import MaskedSpectrum
from jwst_denoise.nsclean.gp.variance import posterior_variance, sum_excess
from jwst_denoise.nsclean.options import Hyper, NoiseFit, SourceLoss

__all__ = ["GaussianProcess"]

SEED = 20231031
FIELD_DRAWS = 2
CHUNK_PIXELS = 2**23
IMAGES_FOR_STATISTICS = 16


class GaussianProcess:
    """Estimate of correlated noise for one read-out geometry.

    Parameters
    ----------
    readout : Readout
        Order in which the pixels are read.
    options : FitOptions
        ``background``, ``max_source_loss``, ``frame_outlier_sigma`` and ``hyper`` are used.
    """

    def __init__(self, readout, options):
        self._readout, self._options = readout, options
        self._bins = Bins(readout)
        self._basis = FieldBasis(self._bins)

    def estimate(self, data, mask, err):
        """Estimate `Hyper` of an image or of a stack (at most 16 of its images), in data units."""
        data, mask, err = _as_stack(data, mask, err)
        chosen = np.unique(np.linspace(0, len(data) - 1, IMAGES_FOR_STATISTICS).astype(int))
        dark = self._gather(data[chosen], *_select(chosen, mask, err))
        return self._statistics(dark) if dark else Hyper(0.0, 0.0)

    def fit(self, data, mask, err):
        """Estimate noise, variance and background of an image or a stack.

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
        shape, hyper = data.shape, self._options.hyper
        data, mask, err = _as_stack(data, mask, err)
        noise, background = np.zeros_like(data), np.zeros_like(data)
        variance = np.zeros((len(mask), *shape[-2:]), dtype=data.dtype)
        limits, excess = [], 1.0
        step = max(1, CHUNK_PIXELS // (shape[-1] * shape[-2]))
        if len(data) > step:
            hyper = hyper or self.estimate(data, mask, err)
        for start in range(0, len(data), step):
            part = slice(start, start + step)
            dark = self._gather(data[part], *_select(part, mask, err))
            if dark:
                hyper = hyper or self._statistics(dark)
                dark = dark.with_white_noise(hyper.white)
                if len(mask) > 1 or not limits:
                    limits.append(self._limit_source_loss(dark, hyper))
                own_variance = variance[part] if len(mask) > 1 else variance if start == 0 else None
                drawn = self._fit_chunk(dark, hyper, limits[-1][0], noise[part], background[part], own_variance)
                excess = drawn or excess
        variance = np.broadcast_to(variance, data.shape).reshape(shape)
        losses = np.max([losses for _, losses in limits], axis=0) if limits else np.zeros(len(SOURCES))
        source_loss = SourceLoss(*map(float, losses))
        return NoiseFit(noise.reshape(shape), variance, background.reshape(shape), hyper, source_loss, excess)

    def _gather(self, data, mask, err):
        return DarkPixels.gather(data, mask, err, self._bins, self._options.frame_outlier_sigma)

    def _statistics(self, dark):
        """Estimate `Hyper` in data units."""
        normal = self._basis.normal_matrix(dark.weight.mean(axis=0))
        coefficients = least_squares(normal, self._basis.project(dark.weighted))
        rest = dark.weighted - dark.weight * self._basis.evaluate(coefficients.astype(np.float32))
        removed = 1 + self._basis.shape[0] // 2
        spectra = MaskedSpectrum(dark.weight, rest, self._bins, removed).fit()
        field = 0.0
        if self._basis.shape[1] > 1:
            noise = self._field_noise(dark.weight, normal, spectra)
            field = field_amplitude(coefficients, noise, self._basis.prior_shape, EVIDENCE[self._options.background])
        power = dark.unit**2
        own = {"common": spectra.common * power, "output": spectra.output * power}
        own |= {"white": spectra.white * dark.white, "field": field * dark.unit}
        return replace(spectra, **{name: float(value) for name, value in own.items()})

    def _field_noise(self, weight, normal, hyper):
        """Variance (slow, fast) of the coefficients of the field from drawn 1/f noise and white noise."""
        weight = weight.mean(axis=0, keepdims=True)
        posterior = Posterior(weight, self._basis, *self.roots(hyper, 1.0), np.zeros(self._basis.shape))
        streams, _ = posterior.draw(np.random.default_rng(SEED), FIELD_DRAWS)
        drawn = least_squares(normal, self._basis.project(weight * streams))
        white = np.diag(np.linalg.inv(regularized(normal))).reshape(self._basis.shape)
        inflation = np.mean(drawn[:, :, 1:] ** 2 / white[:, 1:], axis=(0, 2))  # hardly depends on the order along lines
        return white * (1 + inflation[:, None])

    def _limit_source_loss(self, dark, hyper):
        """Coefficients of `SourceCorrection`, and the fraction of their flux that `SOURCES` lose with them."""
        probe = SourceProbe(self._bins, dark.pixel_weight, partial(self.roots, hyper, dark.unit))
        coefficients = probe.limit(self._options.max_source_loss)
        return coefficients, dark.reliability * probe.losses(coefficients)

    def roots(self, hyper, unit, bins=None):
        """Square roots of the prior eigenvalues for mean and differences of the outputs, in units of ``unit``."""
        bins = bins or self._bins
        scale = 1 / (bins.interval * unit**2)
        common, output = (bins.averaged(partial(hyper.density, kind)) * scale for kind in ("common", "output"))
        outputs = self._readout.outputs
        return tuple(np.sqrt(power).astype(np.float32) for power in (output + outputs * common, output))

    def _fit_chunk(self, dark, hyper, coefficients, noise, background, variance):
        """Write the estimates of some images into ``noise``, ``background`` and, unless None, ``variance``.

        A simulated exposure with known noise is analyzed with the images; its errors calibrate the variance. Returns
        its `sum_excess`, or None without ``variance``.
        """
        draw = variance is not None
        weight = dark.weight
        if draw and len(weight) > 1:
            weight = np.concatenate([weight, weight.mean(axis=0, keepdims=True)])
        roots = self.roots(hyper, dark.unit)
        posterior = Posterior(weight, self._basis, *roots, self._basis.prior_shape * (hyper.field / dark.unit))
        truth, weighted = self._draw(posterior, weight[-1:]) if draw else (None, None)
        weighted = np.concatenate([dark.weighted, weighted]) if draw else dark.weighted
        streams, field = posterior.solve(weighted)
        if coefficients.any():
            residual = weighted - weight * (streams + field)
            streams -= SourceCorrection(self._bins)(streams, residual, coefficients)
        remove = self._options.background == "remove"
        images = len(noise)
        scale = dark.unit * dark.reliability
        noise[...] = self._bins.spread(streams[:images] * scale)
        background[...] = dark.level[:, None, None] * dark.unit
        if hyper.field > 0:
            background += self._bins.spread(field[:images] * scale)
        if remove:
            noise += background
        if draw:
            error = (truth[0] - streams[-1:] + remove * (truth[1] - field[-1:]))[0]
            own = dark.weight if len(variance) == len(dark.weight) else weight[-1:]
            posterior = posterior_variance(own, weight[-1], error, *roots, self._bins)
            unresolved = sum(self._bins.unresolved(partial(hyper.density, kind)) for kind in ("common", "output"))
            variance[...] = self._bins.spread(posterior * dark.unit**2) + unresolved
            return sum_excess(weighted[-1] - weight[-1] * (streams[-1] + field[-1]), weight[-1], self._bins)
        return None

    def _draw(self, posterior, weight):
        """Draw noise and field of a simulated exposure, and return them and its weighted data."""
        rng = np.random.default_rng(SEED)
        streams, field = posterior.draw(rng)
        white = rng.standard_normal(weight.shape, dtype=np.float32) * np.sqrt(weight)
        return (streams, field), weight * (streams + field) + white


def _as_stack(data, mask, err):
    """Add or flatten leading axes: data (images, ny, nx), mask and err (images or 1, ny, nx) or None."""
    image = data.shape[-2:]
    return data.reshape(-1, *image), mask.reshape(-1, *image), None if err is None else err.reshape(-1, *image)


def _select(index, *arrays):
    """Select images of the arrays that have more than one."""
    return [a if a is None or len(a) == 1 else a[index] for a in arrays]
