"""Time series: the fit around a template of the star, for rates and for ramps."""

import logging
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from stdatamodels.jwst import datamodels

from jwst_denoise import nsclean
from jwst_denoise.dq import NOT_BACKGROUND
from jwst_denoise.nsclean.star import Star
from jwst_denoise.nsclean.time_series import TimeSeries, sample_integrations
from jwst_denoise.ramps.slopes import RemovedNoise
from jwst_denoise.steps.common.progress import chunks
from jwst_denoise.steps.common.result import Result
from jwst_denoise.steps.nsclean import ramps
from jwst_denoise.steps.nsclean.fitter import source_metrics

__all__ = ["StarFitter", "clean_ramp", "is_time_series", "read_light_curve", "segments"]

log = logging.getLogger("stpipe.jwst_denoise.nsclean")

_EXPOSURE_TYPES = ("NRS_BRIGHTOBJ", "NIS_SOSS", "NRC_TSGRISM", "NRC_TSIMAGE")
FEWEST_INTEGRATIONS = 10
CHUNK_PIXELS = 2**23


def is_time_series(model, settings):
    """Whether an exposure is cleaned around a template of its star.

    Parameters
    ----------
    model : JwstDataModel
        Ramp, rate or rateints.
    settings : object
        ``scene`` and ``method``.

    Returns
    -------
    bool
        With ``scene="auto"``: a time series by its exposure type, with ten integrations or more.

    Raises
    ------
    ValueError
        If ``scene="time_series"`` was demanded and is impossible.
    """
    ndim = 4 if isinstance(model, datamodels.RampModel) else 3
    nints = len(model.data) if model.data.ndim == ndim else 1
    if settings.scene == "time_series":
        if settings.method != "gp":
            raise ValueError(f"scene='time_series' needs method='gp', not {settings.method!r}")
        if nints < 2:
            raise ValueError("scene='time_series' needs two integrations or more; run nsclean on the ramp or rateints")
        return True
    if settings.scene == "mask" or settings.method != "gp" or model.meta.exposure.type not in _EXPOSURE_TYPES:
        return False
    if nints < FEWEST_INTEGRATIONS:
        log.info("%d integrations are too few for a template of the star; the dark pixels are fitted", nints)
    return nints >= FEWEST_INTEGRATIONS


def read_light_curve(path, model):
    """Light curve of a text file, one number for each integration of the exposure or of this segment.

    Parameters
    ----------
    path : path-like
        Text whose last column is the relative flux, 1 out of transit; ``#`` begins a comment.
    model : JwstDataModel
        The exposure; ``meta.exposure.integration_start`` is the place of a segment.

    Returns
    -------
    ndarray
        (integrations,).

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file or it has another number of values.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"light_curve={str(path)!r}: there is no such file")
    try:
        curve = np.loadtxt(path, ndmin=2)[:, -1]
    except ValueError as error:
        raise ValueError(f"light_curve={str(path)!r} is not a text file of numbers: {error}") from error
    count, first = len(model.data), (model.meta.exposure.integration_start or 1) - 1
    part = curve if len(curve) == count else curve[first : first + count]
    if len(part) != count or not np.isfinite(part).all():
        raise ValueError(
            f"light_curve={str(path)!r} has {len(curve)} values, but the exposure has {count} integrations"
        )
    return part


def segments(model, directory):
    """Other segments of the same exposure and the same kind of product in a directory.

    Parameters
    ----------
    model : JwstDataModel
        Rateints.
    directory : path-like
        Where to look.

    Returns
    -------
    list of pathlib.Path
    """
    name = model.meta.filename or ""
    pattern = re.sub(r"-seg\d{3}_", "-seg[0-9][0-9][0-9]_", name)
    if pattern == name or isinstance(model, datamodels.RampModel):
        return []
    return [path for path in sorted(Path(directory).glob(pattern)) if path.name != name]


@dataclass(frozen=True)
class StarFitter:
    """The fit around a template of the star, with the calls of `jwst_denoise.steps.nsclean.fitter.Fitter`.

    Parameters
    ----------
    readout : jwst_denoise.readout.Readout
        How the pixels are read.
    options : dict
        Keywords of `jwst_denoise.nsclean.fit`.
    dispersed : bool
        Whether the star has a spectrum along x.
    light_curve : ndarray, optional
        (integrations,) relative flux.
    others : list of path, optional
        Other segments, which share the template.
    series : TimeSeries, optional
        Made by `prepared`.
    """

    scene = "time_series"
    readout: object
    options: dict
    dispersed: bool = True
    light_curve: np.ndarray | None = None
    others: list = field(default_factory=list)
    series: TimeSeries | None = None

    @staticmethod
    def sample(shape):
        """Indices of the integrations from which the template is made; ``shape`` is (integrations, ny, nx)."""
        return sample_integrations(shape)

    def prepared(self, sample, mask, err=None, chosen=slice(None)):
        """Fitter with a template, and with noise statistics unless it has them already.

        Parameters
        ----------
        sample : ndarray
            (n, ny, nx) images.
        mask : ndarray of bool
            (ny, nx) or the sample's shape: pixels that take part.
        err : ndarray, optional
            (ny, nx) error of each pixel.
        chosen : ndarray of int, optional
            Integrations of the sample.

        Returns
        -------
        StarFitter
        """
        sample = np.where(mask, sample, np.nan)
        curve = None if self.light_curve is None else self.light_curve[chosen]
        if self.others:
            usable = mask if mask.ndim == 2 else mask.all(axis=0)
            more = np.concatenate([np.where(usable, _read(path, len(self.others)), np.nan) for path in self.others])
            log.info("The template contains %d integrations of %d other segments", len(more), len(self.others))
            star = Star.measure(np.concatenate([sample, more]), None, self.dispersed)
        else:
            star = Star.measure(sample, curve, self.dispersed)
        if self.series is None:
            options = nsclean.FitOptions.from_keywords(**self.options)
            series = TimeSeries.prepare(sample, self.readout, star, err, curve, options)
        else:
            series = replace(self.series, star=star)
        log.info(
            "Template of the star: %d integrations, %d order(s), flux changes by %.3g %%",
            len(sample), len(star.profiles), 100 * star.variation,
        )  # fmt: skip
        return replace(self, series=series)

    def __call__(self, data, mask, err=None, part=slice(None)):
        """Fit some integrations, ``part`` of the exposure; other parameters as for `Fitter`, ``err`` is not used."""
        curve = None if self.light_curve is None else self.light_curve[part]
        return self.series.fit(np.where(mask, data, np.nan), curve)

    def residual(self, images, fit):
        """Images without noise, star and background, scaled to the scatter of the noise."""
        return (images - fit.noise - fit.background) / self.series.star.residual_scatter


def clean_ramp(model, mask, fitter, settings):
    """Subtract the correlated noise from every group of a time series, in place.

    Every difference of successive groups has a template of the star; all have the noise statistics of the last one.

    Parameters
    ----------
    model : RampModel
        ``data`` of shape (integrations, groups, ny, nx), two of each or more.
    mask : ndarray of bool
        (ny, nx) or (integrations, ny, nx), True on pixels that take part.
    fitter : StarFitter
        The fit.
    settings : object
        ``save_noise``, ``save_mask``, ``save_background``, ``max_source_loss``.

    Returns
    -------
    jwst_denoise.steps.common.result.Result
    """
    nints, ngroups, ny, nx = model.data.shape
    chosen = fitter.sample((nints, ny, nx))
    fitters = []
    for group in range(ngroups - 1, 0, -1):
        sample = _differences(model, chosen, group)
        fitter = fitter.prepared(sample, ramps.plane(mask, chosen), None, chosen)
        fitters.insert(0, fitter)
    noise = np.zeros(model.data.shape, np.float32) if settings.save_noise else None
    background = np.zeros((nints, ny, nx), np.float32) if settings.save_background else None
    total, metrics = RemovedNoise(ngroups, model.meta.exposure.group_time), {}
    for part in chunks(nints, max(1, CHUNK_PIXELS // (ngroups * ny * nx)), "integrations"):
        indices = range(*part.indices(nints))
        removed = np.zeros((len(indices), ngroups, ny, nx), np.float32)
        for group, fit_group in enumerate(fitters, 1):
            fit = fit_group(_differences(model, indices, group), ramps.plane(mask, part), None, part)
            removed[:, group] = removed[:, group - 1] + fit.noise
            if background is not None:
                background[part] += fit.background / (ngroups - 1)
            metrics = metrics or source_metrics(fit, fitter.readout, settings.max_source_loss)
        for index, own in zip(indices, removed, strict=True):
            own[ramps.fixed(model, index, slice(0, ngroups))] = 0
            model.data[index] -= own.astype(model.data.dtype)
            total.add(slice(0, ngroups), own)
            if noise is not None:
                noise[index] = own
    metrics = {"scene": fitter.scene, "dark_fraction": float(mask.mean()), "noise_rms": total.rate_rms, **metrics}
    log.info("Removed %.4g DN rms from the groups, %.4g DN/s rms from the rates", total.group_rms, total.rate_rms)
    saved = mask if settings.save_mask else None
    return Result(noise, saved, background, metrics, background_pixels=ramps.plane(mask, 0))


def _differences(model, indices, group):
    """Differences (n, ny, nx) between a group and the one before, NaN where they cannot be used."""
    images = []
    for index in indices:
        step = np.diff(np.array(model.data[index, group - 1 : group + 1], np.float32), axis=0)[0]
        images.append(np.where(ramps.unusable(model, index, slice(group, group + 1))[0], np.nan, step))
    return np.stack(images)


def _read(path, every):
    """Sampled integrations of another segment, thinned by a factor, NaN on flagged pixels."""
    with datamodels.open(path) as model:
        chosen = sample_integrations(model.data.shape)[::every]
        flags = np.broadcast_to(model.dq, model.data.shape)[chosen]
        return np.where((flags & NOT_BACKGROUND) != 0, np.nan, np.array(model.data[chosen], np.float32))
