"""Data models of unusual exposures."""

import numpy as np
from jwst.datamodels import ModelContainer
from stdatamodels.jwst import datamodels

from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, NON_SCIENCE, REFERENCE_PIXEL, SATURATED
from jwst_denoise.readout import DETECTORS

__all__ = ["build", "models_of", "values"]

SKY = 5.0
MODELS = {
    "rate": datamodels.ImageModel,
    "rateints": datamodels.CubeModel,
    "ramp": datamodels.RampModel,
    "ifu": datamodels.IFUImageModel,
    "slit": datamodels.SlitModel,
    "guider": datamodels.GuiderCalModel,
    "superstripe": datamodels.SuperstripeRampModel,
}
CUBES = ("rateints", "guider")
TIMES = {"usual": (100.0, 10.0), "zero": (0.0, 0.0), "long": (1e9, 1e8)}
EXPOSURE_TYPES = {"NIRCAM": "NRC_IMAGE", "NIRSPEC": "NRS_FIXEDSLIT", "NIRISS": "NIS_IMAGE", "FGS": "FGS_IMAGE"}
FLAGS = {"jumps": JUMP_DET, "saturated": SATURATED, "non-science": NON_SCIENCE, "reference": REFERENCE_PIXEL}
SCALES = {"huge": 1e18, "enormous": 1e38, "tiny": 1e-40}
FILL_VALUES = {"nan": np.nan, "infinite": np.inf, "zero": 0.0}


def build(exposure):
    """Data model, or models, of an exposure.

    Parameters
    ----------
    exposure : dict
        Property -> one of its `support.cases.CHOICES`.

    Returns
    -------
    JwstDataModel, ModelContainer or tuple
        Valid input of a step.
    """
    kind = exposure["kind"]
    if kind == "pair":
        return _single(exposure, "rate"), _single(exposure, "rateints")
    if kind == "list":
        models = [_single({**exposure, "seed": exposure["seed"] + extra}, "rate") for extra in (0, 1)]
        for number, model in enumerate(models):
            model.meta.filename = f"jw{number}_rate.fits"
        return ModelContainer(models)
    if kind == "multislit":
        model = datamodels.MultiSlitModel()
        model.slits.append(datamodels.SlitModel(data=np.ones(exposure["shape"], np.float32)).instance)
        return _with_header(model, exposure)
    return _single(exposure, kind)


def models_of(data):
    """List of the single data models in the input or output of a step."""
    return [data] if isinstance(data, datamodels.JwstDataModel) else [model for model in data if model is not None]


def values(name, usual, rng):
    """Data with one of ``CHOICES["values"]``.

    Parameters
    ----------
    name : str
        The choice.
    usual : ndarray
        (..., ny, nx) ordinary data.
    rng : numpy.random.Generator
        Source of the random numbers.

    Returns
    -------
    ndarray
        Of the same shape, float64.
    """
    if name in SCALES:
        return usual * SCALES[name] / max(np.max(np.abs(usual), initial=0), 1)
    simple = {
        "stripes": lambda: usual,
        "constant": lambda: np.full_like(usual, 3.5),
        "negative": lambda: -np.abs(usual) - 1,
        "integers": lambda: np.round(usual),
        "outliers": lambda: np.where(rng.random(usual.shape) < 0.05, 1e6 * rng.normal(size=usual.shape), usual),
        "saturating": lambda: np.minimum(usual * 1e4, 65535.0),
    }
    return simple[name]() if name in simple else _with_holes(name, usual, rng)


def _with_holes(name, usual, rng):
    """Array with zero, NaN or infinity: everywhere, in rows, columns or pixels, or in all pixels but one."""
    kind, _, where = name.removeprefix("all but one ").partition(" ")
    hole = _region("all but one" if name.startswith("all but one") else where or "all", usual.shape, rng)
    signs = rng.choice([-1.0, 1.0], usual.shape) if kind == "infinite" else 1.0
    return np.where(hole, FILL_VALUES[kind] * signs, usual)


def _region(name, shape, rng):
    """Boolean array: all, all but one pixel, rows, columns, pixels or a border."""
    region = np.ones(shape, bool)
    ny, nx = shape[-2:]
    if name == "rows":
        region &= (rng.random(ny) < 0.3)[:, None]
    elif name == "columns":
        region &= rng.random(nx) < 0.3
    elif name == "border":
        region[..., 4:-4, 4:-4] = False
    elif name == "all but one" and ny * nx:
        region[..., ny // 2, nx // 2] = False
    elif name == "pixels":
        region = rng.random(shape) < 0.1
    return region


def _flags(name, shape, rng):
    """Data-quality flags (uint32) with one of ``CHOICES["flags"]``; None for ``"missing"``."""
    if name == "missing":
        return None
    if name == "other shape":
        return np.zeros((*shape[:-2], shape[-2] + 1, shape[-1] + 2), np.uint32)
    if name == "random bits":
        return np.where(rng.random(shape) < 0.1, rng.integers(0, 2**32, shape), 0).astype(np.uint32)
    region = {"none": "pixels", "reference": "border"} | dict.fromkeys(("jumps", "saturated", "non-science"), "pixels")
    bad = _region(region.get(name, name), shape, rng)
    bit = REFERENCE_PIXEL | DO_NOT_USE if name == "border" else FLAGS.get(name, DO_NOT_USE)
    return np.where(bad & (name != "none"), np.uint32(bit), np.uint32(0))


def _errors(name, usual, rng):
    """Errors with one of ``CHOICES["errors"]``; None for ``"missing"``."""
    if name in SCALES:
        return usual * SCALES[name]
    return {"usual": usual, "missing": None}[name] if name in ("usual", "missing") else _with_holes(name, usual, rng)


def _variances(name, shape, rng):
    """Read-noise and Poisson variances with one of ``CHOICES["variances"]``."""
    read, poisson = np.full(shape, 0.8), np.full(shape, 0.2)
    if name == "no read":
        return None, poisson
    if name == "too large":
        return 5 * read, 5 * poisson
    return _errors(name, read, rng), _errors(name, poisson, rng)


def _single(exposure, kind):
    rng = np.random.default_rng(exposure["seed"])
    model = MODELS[kind]()
    (_fill_ramp if kind in ("ramp", "superstripe") else _fill_image)(model, exposure, rng, kind)
    return _with_header(model, exposure)


def _fill_image(model, exposure, rng, kind):
    """Arrays of images: one, or one for each integration."""
    shape = (exposure["integrations"],) * (kind in CUBES) + exposure["shape"]
    usual = SKY + _stripes(rng, shape) + rng.normal(size=shape)
    model.data = values(exposure["values"], usual, rng).astype(exposure["dtype"])
    arrays = dict(zip(("var_rnoise", "var_poisson"), _variances(exposure["variances"], shape, rng), strict=True))
    arrays["err"] = _errors(exposure["errors"], np.ones(shape), rng)
    _set_arrays(model, {name: None if a is None else a.astype(exposure["dtype"]) for name, a in arrays.items()})
    _set_arrays(model, {"dq": _flags(exposure["flags"], shape if kind != "guider" else shape[-2:], rng)})


def _fill_ramp(model, exposure, rng, kind):
    """Arrays of a ramp."""
    shape = (exposure["integrations"], exposure["groups"], *exposure["shape"])
    signal = np.cumsum(rng.poisson(SKY, shape), axis=1)
    usual = 1000.0 + signal + _stripes(rng, shape) + rng.normal(0, 3, shape)
    model.data = values(exposure["values"], usual, rng).astype(exposure["dtype"])
    groupdq = _flags(exposure["flags"] if exposure["flags"] != "other shape" else "none", shape, rng)
    pixeldq = _flags(exposure["flags"], shape[1:] if kind == "superstripe" else shape[-2:], rng)
    _set_arrays(model, {"groupdq": None if groupdq is None else (groupdq & 255).astype(np.uint8), "pixeldq": pixeldq})


def _stripes(rng, shape):
    return np.broadcast_to(rng.normal(0, 2, (*shape[:-1], 1)), shape)


def _set_arrays(model, arrays):
    """Set the arrays that the kind of data model has."""
    for name, array in arrays.items():
        absent = type(model) is MODELS["guider"] and name.startswith("var_")
        if array is not None and not absent:
            setattr(model, name, array)


def _with_header(model, exposure):
    """The model with a header; written past the validation of the data model, which would dominate the run time."""
    if exposure["header"] != "bare":
        for section in (_detector, _place, _times, _history):
            for name, keywords in section(exposure).items():
                model.meta.instance.setdefault(name, {}).update(keywords)
        model.meta.instance["filename"] = "jw1_rate.fits"
        if not isinstance(model, datamodels.RampModel) and exposure["unit"]:
            model.meta.instance["bunit_data"] = exposure["unit"]
    return model


def _detector(exposure):
    detector = exposure["detector"]
    instrument, *usual = DETECTORS.get(detector, ("MIRI", None, None))
    fast, slow = {None: usual, "missing": (None, None)}.get(exposure["axes"], exposure["axes"])
    axes = {"fastaxis": fast, "slowaxis": slow} if fast else {}
    names = {"name": instrument, "detector": detector, "filter": "F200W"} if detector else {}
    kind = {"type": EXPOSURE_TYPES[instrument]} if instrument in EXPOSURE_TYPES else {}
    return {"instrument": names, "exposure": {"noutputs": 1, **kind}, "subarray": axes}


def _place(exposure):
    place, (ny, nx) = exposure["place"], exposure["shape"]
    if place == "missing":
        return {}
    extra, start = 3 * (place == "other size"), 1 if place == "corner" else 101
    return {"subarray": {"xsize": nx + extra, "ysize": ny + extra, "xstart": start, "ystart": start}}


def _times(exposure):
    """Read pattern and times in seconds."""
    counts = {"ngroups": exposure["groups"], "nints": exposure["integrations"], "nframes": 1, "groupgap": 0}
    if exposure["times"] == "missing":
        return {"exposure": counts}
    total, group = TIMES[exposure["times"]]
    times = {"exposure_time": total, "integration_time": total, "group_time": group, "frame_time": group}
    return {"exposure": {**counts, **times, "readpatt": "RAPID"}}


def _history(exposure):
    """Earlier processing according to the header."""
    sections = {
        "resampled": {"cal_step": {"resample": "COMPLETE"}},
        "photom": {"cal_step": {"photom": "COMPLETE"}, "photometry": {"conversion_megajanskys": 0.5}},
        "cleaned": {"cal_step": {"clean_flicker_noise": "COMPLETE"}},
        "gain scaled": {"cal_step": {"gain_scale": "COMPLETE"}, "exposure": {"gain_factor": 2.0}},
        "wcs": {"wcsinfo": {"crval1": 5.5, "crval2": -72.0, "ra_ref": 5.5}},
    }
    return {"observation": {"date": "2024-02-29", "time": "12:00:00"}, **sections.get(exposure["header"], {})}
