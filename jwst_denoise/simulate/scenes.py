"""Scenes by name, time series of them, and their light curves."""

from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import numpy as np

from jwst_denoise.detectors import bandpass, observation, slit_of_subarray, subarray
from jwst_denoise.simulate import fields, spectra
from jwst_denoise.simulate.psf import point_spread_function

__all__ = ["SCENES", "Scene", "TimeSeries", "modulate", "scene", "time_series", "transit"]


@dataclass(frozen=True)
class Scene:
    """A named scene and how it is observed.

    Parameters
    ----------
    description : str
        One line.
    draw : callable
        Function that draws it.
    modes : mapping
        Instrument -> observing mode.
    star : callable, optional
        For a time series, the function that returns the `~jwst_denoise.simulate.spectra.Order` list of the star and
        the image of the sky.
    detector, subarray, filter : str
        Detector, SUBARRAY and FILTER by default, where they are not those of the instrument and the mode.
    """

    description: str
    draw: object
    modes: dict
    star: object = None
    detector: str = ""
    subarray: str = ""
    filter: str = ""


def _draw_star(star, rng, *, shape, corner, **options):
    orders, sky = star(rng, shape=shape, corner=corner, **options)
    return sky + spectra.render_traces(orders, shape, corner)


def _series(description, star, instrument, mode, *defaults):
    return Scene(description, partial(_draw_star, star), {instrument: mode}, star, *defaults)


_IMAGING = {"NIRCAM": "NRC_IMAGE", "NIRISS": "NIS_IMAGE", "FGS": "FGS_IMAGE"}

#: Name -> scene.
SCENES = MappingProxyType(
    {
        "field": Scene("deep field: galaxies and a few stars", fields.field, _IMAGING),
        "cluster": Scene("crowded star cluster", fields.cluster, _IMAGING),
        "resolved": Scene("nearby galaxy resolved into stars", fields.resolved, _IMAGING),
        "nebula": Scene("extended emission with stars", fields.nebula, _IMAGING),
        "ifu": Scene("galaxy behind the 30 slices of the IFU", spectra.ifu, {"NIRSPEC": "NRS_IFU"}),
        "mos": Scene("galaxies in micro-shutters", spectra.mos, {"NIRSPEC": "NRS_MSASPEC"}),
        "slit": Scene("star in a fixed slit", spectra.fixed_slits, {"NIRSPEC": "NRS_FIXEDSLIT"}),
        "bots": _series("bright star in a time series", spectra.bots, "NIRSPEC", "NRS_BRIGHTOBJ"),
        "soss": _series("slitless time series, three orders", spectra.soss, "NIRISS", "NIS_SOSS"),
        "nircam_grism": _series("grism time series", spectra.grism, "NIRCAM", "NRC_TSGRISM", "NRCALONG"),
        "defocused": _series(
            "defocused star in a time series", spectra.defocused, "NIRCAM", "NRC_TSIMAGE", "NRCB1", "SUB160P", "F210M"
        ),
        "echelle": Scene("echelle orders on an H4RG", spectra.echelle, {"ECHELLE": "UTR"}),
    }
)


def scene(name, detector, rng, *, subarray_name=None, filter_name=None, outputs=None, **options):
    """Draw a scene for a detector.

    Parameters
    ----------
    name : str
        A key of `SCENES`.
    detector : DetectorParameters
        Detector on which it is observed.
    rng : `numpy.random.Generator`
        Source of the random numbers.
    subarray_name : str, optional
        SUBARRAY; by default the mode's.
    filter_name : str, optional
        FILTER; by default the mode's. It selects the point-spread function of images.
    outputs : int, optional
        NOUTPUTS; by default the subarray's. Grism subarrays are read by 4 or 1.
    **options
        Options of the function that draws it: ``brightness``, ``sky``, …

    Returns
    -------
    rate : ndarray
        (ny, nx) float32 e- / s.
    observation : Observation
        Setup of the exposure, for `simulate_exposure`.

    Raises
    ------
    ValueError
        If the name is not known or the instrument does not observe such a scene.
    """
    chosen, described, shape = _observe(name, detector, subarray_name, filter_name, outputs)
    if chosen.star:
        options |= {"filter_name": described.filter} if name == "nircam_grism" else {}
    elif detector.instrument in _IMAGING:
        psf = point_spread_function(detector.channel, bandpass(described.filter, described.pupil))
        return chosen.draw(shape, psf, rng, **options), described
    if name == "ifu":
        options.setdefault("detector", detector.name)
    if name == "slit":
        described = replace(described, fixed_slit=slit_of_subarray(described.subarray) or described.fixed_slit)
        options.setdefault("slit", described.fixed_slit)
    if name == "echelle":
        return chosen.draw(shape, rng, **options), described
    return chosen.draw(rng, shape=shape, corner=described.corner, **options), described


def _observe(name, detector, subarray_name, filter_name, outputs):
    """Scene of a name, its observation and the shape of the image."""
    if name not in SCENES:
        raise ValueError(f"no scene {name!r}; known: {', '.join(SCENES)}")
    chosen = SCENES[name]
    if detector.instrument not in chosen.modes:
        instruments = " or ".join(chosen.modes)
        raise ValueError(f"scene {name!r} is for {instruments}, not for {detector.name} of {detector.instrument}")
    changes = {"subarray": subarray_name or chosen.subarray, "filter": filter_name or chosen.filter, "outputs": outputs}
    described = observation(
        detector, chosen.modes[detector.instrument], **{key: value for key, value in changes.items() if value}
    )
    if name == "defocused":
        described = replace(described, pupil="WLP8")
    return chosen, described, subarray(detector.name, described.subarray, detector.size).shape


@dataclass(frozen=True)
class TimeSeries:
    """Rate of a star in every integration of a time series, and the truth about its transit.

    Parameters
    ----------
    rate : ndarray
        (nints, ny, nx) float32 e- / s.
    constant : ndarray or None
        The same without the transit; None if read from a file.
    occultation : ndarray
        (nints,) loss of flux in each integration relative to the depth: limb darkening makes it differ from 1.
    depth, flux, rows, wavelength : ndarray
        (norders, nx): depth of the transit, flux of the star without it in e- / s, row of the trace in the subarray
        (counted from 0) and wavelength in µm in every column of each order.
    jitter : ndarray
        (nints, 2) shift of the star in y and x, pixels.
    """

    rate: np.ndarray
    constant: np.ndarray | None
    occultation: np.ndarray
    depth: np.ndarray
    flux: np.ndarray
    rows: np.ndarray
    wavelength: np.ndarray
    jitter: np.ndarray

    @property
    def light_curve(self):
        """(nints,) flux of the star in all columns and orders relative to that without transit."""
        return 1 - self.occultation * np.average(self.depth, weights=self.flux)


def time_series(
    name, detector, nints, rng, *, depth=0.01, chromatic=0.1, middle=None, duration=None, limb=(0.1, 0.1),
    jitter=0.005, subarray_name=None, filter_name=None, outputs=None, **options,
):  # fmt: skip
    """Draw a star and its transit for a time series.

    Neither the scene nor, in `simulate_exposure`, the noise depends on the transit: two exposures with the same seed,
    one of them with ``depth=0``, differ by the transit alone.

    Parameters
    ----------
    name : str
        A key of `SCENES` with a ``star``: ``"bots"``, ``"soss"``, ``"nircam_grism"``, ``"defocused"``.
    detector, rng, subarray_name, filter_name, outputs, **options
        As for `scene`.
    nints : int
        Integrations.
    depth : float, optional
        (planet radius / star radius)², the mean over columns and orders weighted by flux.
    chromatic : float, optional
        Amplitude of its dependence on wavelength, relative to the mean: a sine of the logarithm, a period in 13 %.
    middle, duration : float, optional
        Time of mid-transit and from first to last contact, in integrations; by default the middle third of the series.
    limb : tuple of float, optional
        Quadratic limb darkening; ``(0, 0)`` gives a box with ingress and egress.
    jitter : float, optional
        Rms shift of the star from integration to integration in y and in x, pixels.

    Returns
    -------
    series : TimeSeries
        Rates and truth, for `simulate_exposure`.
    observation : Observation
        Setup of the exposure.

    Raises
    ------
    ValueError
        As for `scene`, or if the scene is not that of a time series.
    """
    chosen, described, shape = _observe(name, detector, subarray_name, filter_name, outputs)
    if chosen.star is None:
        known = ", ".join(key for key, item in SCENES.items() if item.star)
        raise ValueError(f"scene {name!r} is not a time series; known: {known}")
    options |= {"filter_name": described.filter} if name == "nircam_grism" else {}
    x, y = described.corner
    orders, sky = chosen.star(rng, shape=shape, corner=(x, y), **options)
    columns = np.arange(shape[1]) + x - 1
    wavelength = np.array([np.interp(columns, (0, detector.size - 1), order.wavelength) for order in orders])
    sensitive = ~detector.readout(shape, (x, y)).reference_pixels
    flux = np.array([spectra.render_traces([order], shape, (x, y)).sum(0, float, where=sensitive) for order in orders])
    ripple = np.sin(2 * np.pi * 8 * np.log(wavelength))
    depths = depth * (1 + chromatic * (ripple - np.average(ripple, weights=flux)))
    curve = {"middle": (nints - 1) / 2 if middle is None else middle, "duration": duration or max(nints / 3, 1)}
    occultation = (1 - transit(np.arange(nints), **curve, depth=depth or 0.01, limb=limb)) / (depth or 0.01)
    shifts = rng.normal(0, jitter, (nints, 2))
    rate, constant = np.empty((2, nints, *shape), dtype=np.float32)
    for number, (dy, dx) in enumerate(shifts):
        images = np.stack([spectra.render_traces([order], shape, (x - dx, y - dy)) for order in orders])
        constant[number] = (sky + images.sum(axis=0)) * sensitive
        rate[number] = constant[number] - occultation[number] * (images * depths[:, None]).sum(axis=0) * sensitive
    rows = np.array([order.rows(columns) - (y - 1) for order in orders])
    return TimeSeries(rate, constant, occultation, depths, flux, rows, wavelength, shifts), described


def transit(time, *, middle, duration, depth, impact=0.0, limb=(0.1, 0.1)):
    """Relative flux of a star during the transit of a small planet.

    Parameters
    ----------
    time : ndarray
        In any unit.
    middle, duration : float
        Time of mid-transit, and from first to last contact.
    depth : float
        (planet radius / star radius)².
    impact : float, optional
        Smallest distance between the centers in units of the star's radius.
    limb : tuple of float, optional
        Quadratic limb darkening.

    Notes
    -----
    The planet's disk covers the brightness that the star has below its center (Mandel & Agol 2002, ApJ 580, L171, §5:
    small planets), times the area of overlap of two circles at the limb.
    """
    ratio = np.sqrt(depth)
    path = np.sqrt(max((1 + ratio) ** 2 - impact**2, 0.0))
    distance = np.hypot(impact, 2 * path * (np.asarray(time, dtype=float) - middle) / duration)
    mu = np.sqrt(np.clip(1 - np.minimum(distance, 1 - ratio / 2) ** 2, 0, 1))
    u1, u2 = limb
    brightness = (1 - u1 * (1 - mu) - u2 * (1 - mu) ** 2) / (1 - u1 / 3 - u2 / 6)
    return 1 - brightness * _overlap(distance, ratio) / np.pi


def _overlap(distance, ratio):
    """Area of overlap of circles with the radii 1 and ``ratio``."""
    area = np.where(distance <= 1 - ratio, np.pi * ratio**2, 0.0)
    partial = (distance > 1 - ratio) & (distance < 1 + ratio)
    d = distance[partial]
    star = np.arccos(np.clip((d**2 + 1 - ratio**2) / (2 * d), -1, 1))
    planet = np.arccos(np.clip((d**2 + ratio**2 - 1) / (2 * d * ratio), -1, 1))
    kite = 0.5 * np.sqrt(np.maximum((1 + ratio - d) * (d + ratio - 1) * (d - ratio + 1) * (d + ratio + 1), 0))
    area[partial] = star + ratio**2 * planet - kite
    return area


def modulate(scene, curve, constant=0.0):
    """Scene in every integration, (nints, ny, nx), from a scene (ny, nx), a light curve and a constant part."""
    curve = np.asarray(curve, dtype=np.float32)
    return curve[:, None, None] * (scene - constant) + constant
