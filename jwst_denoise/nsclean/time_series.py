"""Correlated noise of a time series, estimated from all pixels around a template of the star.

Data d = T + P a + n + white, with the template T of the star, its free amplitudes a in every column and order (P), and
noise n of prior covariance S. With a flat prior on a, the posterior mean of n solves

    (S⁻¹ + W′) n = W′ (d − T),    W′ = W − W P (PᵀWP)⁻¹ PᵀW,

so that every change of the star that has the shape P a is kept: transit spectra, spots, flares. W holds the inverse
variances of read noise and photon noise of each pixel.
"""

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from scipy import optimize

from jwst_denoise.nsclean.gp.bins import Bins
from jwst_denoise.nsclean.gp.dark_pixels import clip_outliers, white_noise
from jwst_denoise.nsclean.gp.field import FieldBasis
from jwst_denoise.nsclean.gp.gaussian_process import GaussianProcess
from jwst_denoise.nsclean.gp.posterior import Posterior
from jwst_denoise.nsclean.gp.source_loss import SourceCorrection, SourceProbe
from jwst_denoise.nsclean.gp.variance import posterior_variance
from jwst_denoise.nsclean.options import FitOptions, Hyper, NoiseFit, SourceLoss
from jwst_denoise.nsclean.star import Amplitudes, Star, median_image
from jwst_denoise.statistics import robust_sigma

__all__ = ["TimeSeries", "fit_time_series"]

CHUNK_PIXELS = 2**22
TEMPLATE_PIXELS, MOST_IN_TEMPLATE = 2**26, 128
STATISTICS_PIXELS = 2**23
OUTLIER_SIGMA = 5.0
TOLERANCE = 1e-2  # of the solver; slow noise below a spectrum along the lines converges last
NOISE_CLASSES = 32
SEED = 20260711
_DEFAULTS = FitOptions()


def fit_time_series(data, readout, *, mask=None, err=None, light_curve=None, dispersed=True, **options):
    """Estimate the correlated noise of a time series of one star, which may cover all of the subarray.

    The star is described by the median of the integrations, each corrected for the change of its flux. Its amplitude is
    free: in every column and order of a spectrum, in the whole image without dispersion. So a wavelength-dependent
    transit depth is kept, and static sources are part of the template. Noise that all integrations share is part of the
    template, too.

    Parameters
    ----------
    data : ndarray
        (nints, ny, nx) rates, or one group or difference of groups of every integration, in DMS orientation. Any
        unit. Pixels that are not finite are not used.
    readout : Readout
        Order in which the pixels are read.
    mask : ndarray, optional
        (ny, nx) or data's shape; True (non-zero) on pixels that take part. All by default.
    err : ndarray, optional
        (ny, nx) or data's shape; standard deviation of read noise and photon noise of each pixel. Only relative
        values matter. By default it is estimated from the scatter about the template.
    light_curve : ndarray, optional
        (nints,) relative flux of the star, 1 out of transit. By default it is measured.
    dispersed : bool, optional
        Whether the star has a spectrum along x, and so an amplitude in every column and order.
    **options
        ``max_source_loss``, ``hyper`` and ``frame_outlier_sigma`` of `FitOptions`.

    Returns
    -------
    noise : ndarray
        data's shape: the noise to subtract.
    variance : ndarray
        data's shape: variance of ``noise`` about the true noise that changes between the integrations.

    Raises
    ------
    ValueError
        If shapes disagree, there are fewer than two integrations, or an option is unknown or impossible.

    Examples
    --------
    >>> import numpy as np
    >>> from jwst_denoise.readout import Readout
    >>> readout = Readout((32, 512), fastaxis=2, slowaxis=1)
    >>> rng = np.random.default_rng(1)
    >>> star = 500 * np.exp(-0.5 * ((np.arange(32)[:, None] - 16) / 2) ** 2) * np.ones(512)
    >>> stripes = rng.normal(0, 5, (20, 1, 512))
    >>> data = star + stripes + rng.normal(0, 1, (20, 32, 512))
    >>> noise, variance = fit_time_series(data, readout)
    >>> bool(np.std(data - noise - star) < 0.5 * np.std(data - star))
    True
    """
    settings = FitOptions.from_keywords(**options)
    data = np.asarray(data, np.float32)
    if data.ndim != 3 or data.shape[1:] != tuple(readout.shape) or len(data) < 2:
        raise ValueError(f"data has shape {data.shape}, but a time series needs (2 or more, *{tuple(readout.shape)})")
    for name, value in (("mask", mask), ("err", err)):
        if value is not None and np.shape(value) not in (data.shape, data.shape[1:]):
            raise ValueError(f"{name} has shape {np.shape(value)}, but the data need {data.shape} or {data.shape[1:]}")
    if light_curve is not None:
        light_curve = np.asarray(light_curve, float)
        if light_curve.shape != data.shape[:1] or not np.isfinite(light_curve).all():
            raise ValueError(f"light_curve must be {len(data)} finite numbers, one for each integration")
    if mask is not None:
        data = np.where(np.asarray(mask) != 0, data, np.nan)
    chosen = sample_integrations(data.shape)
    curve = None if light_curve is None else light_curve[chosen]
    star = Star.measure(data[chosen], curve, dispersed)
    series = TimeSeries.prepare(data[chosen], readout, star, err, curve, settings)
    noise, variance = np.empty_like(data), np.empty_like(data)
    for part in series.chunks(len(data)):
        fit = series.fit(data[part], None if light_curve is None else light_curve[part])
        noise[part], variance[part] = fit.noise, fit.variance
    return noise, variance


def sample_integrations(shape):
    """Indices of the evenly spread integrations from which a template is made; ``shape`` is (nints, ny, nx)."""
    count = min(shape[0], MOST_IN_TEMPLATE, max(8, TEMPLATE_PIXELS // (shape[1] * shape[2])))
    return np.unique(np.linspace(0, shape[0] - 1, count).astype(int))


@dataclass(frozen=True)
class TimeSeries:
    """Fit of the correlated noise around the star of one time series.

    Parameters
    ----------
    readout : Readout
        Order in which the pixels are read.
    options : FitOptions
        ``max_source_loss``, ``hyper`` and ``frame_outlier_sigma`` are used.
    star : Star
        Template of the star.
    err : ndarray
        (ny, nx) standard deviation of the uncorrelated noise of each pixel; 0 on pixels that are not used.
    hyper : Hyper
        Statistics of the noise.
    alternating : Hyper
        Statistics of the noise that changes its sign from pixel to pixel of a line.
    """

    readout: object
    options: FitOptions
    star: Star
    err: np.ndarray
    hyper: Hyper
    alternating: Hyper

    @classmethod
    def prepare(cls, sample, readout, star, err=None, light_curve=None, options=_DEFAULTS):
        """Estimate the errors and the noise statistics from a sample of integrations around their star.

        Parameters
        ----------
        sample : ndarray
            (n, ny, nx), NaN on pixels that do not take part.
        readout, star, options
            As for the class.
        err : ndarray, optional
            (ny, nx) or (any number, ny, nx).
        light_curve : ndarray, optional
            (n,) relative flux.

        Returns
        -------
        TimeSeries
        """
        rest = star.subtracted(sample, light_curve)
        if err is None:
            err = _measured_errors(rest, star.template, readout)
        else:
            err = np.array(err, np.float32)
            err = err if err.ndim == 2 else median_image(err)
        usable = np.isfinite(rest).any(axis=0) & np.isfinite(err) & (err > 0)
        err = np.where(usable, err, 0)
        chosen = slice(None, None, max(1, rest.size // STATISTICS_PIXELS))
        rest, weight = _weigh_pixels(rest[chosen], err)
        keep = weight > 0
        series = cls(readout, options, star, err, Hyper(0.0, 0.0), Hyper(0.0, 0.0))
        white = white_noise(rest, keep, err[None], readout)
        if not white > 0:
            return series
        rest = Amplitudes(star, weight).project(rest)
        unbounded = replace(options, method="gp", max_source_loss=1.0)
        own = {"readout": readout, "options": replace(unbounded, hyper=None)}
        hyper = options.hyper or GaussianProcess(**own).estimate(rest, keep, err[None])
        alternating = GaussianProcess(**own).estimate(rest * _signs(readout), keep, err[None])
        return replace(series, err=white * err, hyper=replace(hyper, white=1.0, field=0.0), alternating=alternating)

    def chunks(self, count):
        """Slices of ``count`` integrations that bound the memory of a fit."""
        size = max(1, CHUNK_PIXELS // self.err.size)
        return [slice(start, min(start + size, count)) for start in range(0, count, size)]

    def fit(self, data, light_curve=None):
        """Estimate the noise of some integrations.

        Parameters
        ----------
        data : ndarray
            (n, ny, nx), NaN on pixels that do not take part.
        light_curve : ndarray, optional
            (n,) relative flux.

        Returns
        -------
        NoiseFit
            Its ``background`` is the star with everything that is static.
        """
        rest, weight = _weigh_pixels(self.star.subtracted(data, light_curve), self.err)
        if self.hyper.common + self.hyper.output == 0 or not weight.any():
            return NoiseFit(np.zeros_like(rest), np.zeros_like(rest), data - rest, self.hyper, SourceLoss(0, 0, 0))
        amplitudes = Amplitudes(self.star, weight)
        noise = self._alternating_noise(amplitudes.project(rest), weight > 0)
        unit = float(np.sqrt(1 / np.mean(weight[weight > 0])))
        usual = np.median(weight, axis=0, keepdims=True)
        posterior = _ProjectedPosterior(self, np.concatenate([weight, usual]) * unit**2, unit)
        truth, simulated = posterior.simulate(np.random.default_rng(SEED))
        streams, level = posterior.solve_images(np.concatenate([(rest - noise) / unit, simulated]))
        bins = self.bins
        noise += unit * (bins.spread(streams[:-1]) + level[:-1, None, None])
        error = (truth - streams[-1:] - level[-1])[0]
        own = posterior.binned_weight[-1:]
        variance = bins.spread(posterior_variance(own, own[0], error, *posterior.roots, bins)) * unit**2
        variance += sum(bins.unresolved(partial(self.hyper.density, kind)) for kind in ("common", "output"))
        change = np.where(weight > 0, data - noise - self.star.template, 0)
        background = self.star.template + change - amplitudes.project(change)
        loss = SourceLoss(*map(float, self.source_limit[1]))
        return NoiseFit(noise, np.broadcast_to(variance, noise.shape), background, self.hyper, loss)

    def _alternating_noise(self, rest, keep):
        """Noise (n, ny, nx) that changes its sign from pixel to pixel of a line."""
        if self.alternating.common + self.alternating.output == 0:
            return np.zeros_like(rest)
        signs, err = _signs(self.readout), np.where(self.err > 0, self.err, 1)[None]
        options = replace(self.options, method="gp", max_source_loss=1.0, hyper=self.alternating)
        return signs * GaussianProcess(self.readout, options).fit(signs * rest, keep, err).noise

    @cached_property
    def bins(self):
        """Time bins of the read-out."""
        return Bins(self.readout)

    @cached_property
    def roots(self):
        """Function of ``unit`` that returns the square roots of the prior eigenvalues, see `GaussianProcess.roots`."""
        return partial(GaussianProcess(self.readout, self.options).roots, self.hyper)

    @cached_property
    def source_limit(self):
        """Coefficients of `SourceCorrection`, and the fraction that other sources lose of the flux of the residual.

        Sources that are constant are in the template; what the fit sees is their product with the change of the star.
        """
        good = self.err > 0
        weight = np.divide(1, self.err**2, out=np.zeros_like(self.err), where=good)
        unit = float(np.sqrt(1 / np.mean(weight[good])))
        probe = SourceProbe(self.bins, weight * unit**2, partial(self.roots, unit))
        variation = max(self.star.variation, 1e-6)
        coefficients = probe.limit(min(1.0, self.options.max_source_loss / variation))
        return coefficients, variation * probe.losses(coefficients)


class _ProjectedPosterior(Posterior):
    """Posterior mean of the noise in images of which every change of the star is projected out.

    Parameters
    ----------
    series : TimeSeries
        The time series.
    weight : ndarray
        (images, ny, nx) inverse variances in units of ``unit``.
    unit : float
        Data units in which the typical weight is 1.
    """

    def __init__(self, series, weight, unit):
        self.amplitudes = Amplitudes(series.star, weight)
        self.binned_weight = series.bins.sum(weight)
        self.roots = series.roots(unit)
        self._bins, self._coefficients = series.bins, series.source_limit[0]
        basis = FieldBasis(self._bins)
        super().__init__(self.binned_weight, basis, *self.roots, np.zeros(basis.shape))

    def simulate(self, rng):
        """Draw noise (1, outputs, length) from the prior, and an image (1, ny, nx) that contains it and white noise."""
        streams, _ = self.draw(rng)
        weight = self.amplitudes.weight[-1:]
        white = rng.standard_normal(weight.shape, dtype=np.float32)
        return streams, self._bins.spread(streams) + np.divide(white, np.sqrt(weight), out=white * 0, where=weight > 0)

    def solve_images(self, images):
        """Noise of images (images, ny, nx): time series (images, outputs, length), and level (images,)."""
        weight = self.amplitudes.weight
        rest = self.amplitudes.project(images)
        total = weight.sum(axis=(-2, -1))
        level = np.sum(weight * rest, axis=(-2, -1)) / np.where(total > 0, total, 1)
        weighted = self._weighted(images - level[:, None, None])
        streams, _ = self.solve(weighted, TOLERANCE)
        if self._coefficients.any():
            residual = weighted - self._weigh(streams)
            streams -= SourceCorrection(self._bins)(streams, residual, self._coefficients)
        return streams, level

    def _weigh(self, streams):
        return self._weighted(self._bins.spread(streams))

    def _weighted(self, images):
        return self._bins.sum(self.amplitudes.weight * self.amplitudes.project(images))


def _weigh_pixels(rest, err):
    """Differences from the template, 0 where unusable, and their inverse variances without cosmic rays."""
    good = np.isfinite(rest) & (err > 0)
    rest = np.where(good, rest, 0).astype(np.float32)
    keep = clip_outliers(rest, good, err[None], OUTLIER_SIGMA)
    return rest, np.where(keep, np.where(err > 0, err, 1) ** -2.0, 0).astype(np.float32)


def _signs(readout):
    """+1 and −1 in turn along every line: (ny, nx)."""
    frame = np.ones(readout.to_detector(np.empty(readout.shape)).shape, np.float32)
    frame[:, 1::2] = -1
    return readout.from_detector(frame)


def _measured_errors(rest, template, readout):
    """Standard deviation (ny, nx) of read noise and photon noise, from differences of successive pixels of a line.

    The variance is a + b × (flux of the template), fitted to the variances in classes of equal numbers of pixels.
    """
    frame, flux = readout.to_detector(rest), readout.to_detector(template)
    flux = np.maximum(flux, 0)
    mean = 0.5 * (flux[:, 1:] + flux[:, :-1])
    classes = np.searchsorted(np.quantile(mean, np.linspace(0, 1, NOISE_CLASSES + 1)[1:-1]), mean)
    levels, variances = [], []
    for index in np.unique(classes):
        among = classes == index
        difference = np.diff(frame, axis=-1)[:, among]
        variance = 0.5 * robust_sigma(difference[np.isfinite(difference)]) ** 2
        if variance > 0:
            levels.append(mean[among].mean())
            variances.append(variance)
    levels, variances = np.array(levels), np.array(variances)
    if not levels.size:
        return np.zeros(template.shape, np.float32)
    scale = max(levels.max(), np.finfo(np.float32).tiny)
    matrix = np.stack([np.ones_like(levels), levels / scale], axis=1) / variances[:, None]
    read, photon = optimize.nnls(matrix, np.ones_like(levels))[0]
    read = max(read, 1e-3 * variances.min())
    return np.sqrt(read + photon * np.maximum(template, 0) / scale).astype(np.float32)
