"""Data models of awkward exposures."""

import numpy as np
from jwst.datamodels import ModelContainer
from stdatamodels.jwst import datamodels

from jwst_denoise.readout import DETECTORS
from jwst_denoise_benchmarks.robustness import patterns

__all__ = ["build", "models_of"]

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
TYPES = {"NIRCAM": "NRC_IMAGE", "NIRSPEC": "NRS_FIXEDSLIT", "NIRISS": "NIS_IMAGE", "FGS": "FGS_IMAGE"}


def build(exposure):
    """Data model, or models, of an exposure.

    Parameters
    ----------
    exposure : dict
        Property -> one of its `choices.CHOICES`.

    Returns
    -------
    JwstDataModel, ModelContainer or tuple
        As steps take them.
    """
    kind = exposure["kind"]
    if kind == "pair":
        return _one(exposure, "rate"), _one(exposure, "rateints")
    if kind == "list":
        models = [_one({**exposure, "seed": exposure["seed"] + extra}, "rate") for extra in (0, 1)]
        for number, model in enumerate(models):
            model.meta.filename = f"jw{number}_rate.fits"
        return ModelContainer(models)
    if kind == "multislit":
        made = datamodels.MultiSlitModel()
        made.slits.append(datamodels.SlitModel(data=np.ones(exposure["shape"], np.float32)).instance)
        return _described(made, exposure)
    return _one(exposure, kind)


def models_of(data):
    """The single data models of what a step takes or gives."""
    return [data] if isinstance(data, datamodels.JwstDataModel) else [model for model in data if model is not None]


def _one(exposure, kind):
    rng = np.random.default_rng(exposure["seed"])
    model = MODELS[kind]()
    (_ramp if kind in ("ramp", "superstripe") else _image)(model, exposure, rng, kind)
    return _described(model, exposure)


def _image(model, exposure, rng, kind):
    """Arrays of images: one, or one for each integration."""
    shape = (exposure["integrations"],) * (kind in CUBES) + exposure["shape"]
    usual = SKY + _stripes(rng, shape) + rng.normal(size=shape)
    model.data = patterns.values(exposure["values"], usual, rng).astype(exposure["dtype"])
    arrays = dict(zip(("var_rnoise", "var_poisson"), _variances(exposure, shape, rng), strict=True))
    arrays["err"] = patterns.errors(exposure["errors"], np.ones(shape), rng)
    _set(model, {name: None if a is None else a.astype(exposure["dtype"]) for name, a in arrays.items()})
    _set(model, {"dq": patterns.flags(exposure["flags"], shape if kind != "guider" else shape[-2:], rng)})


def _variances(exposure, shape, rng):
    return patterns.variances(exposure["variances"], np.full(shape, 0.8), np.full(shape, 0.2), rng)


def _ramp(model, exposure, rng, kind):
    """Arrays of a ramp."""
    shape = (exposure["integrations"], exposure["groups"], *exposure["shape"])
    light = np.cumsum(rng.poisson(SKY, shape), axis=1)
    usual = 1000.0 + light + _stripes(rng, shape) + rng.normal(0, 3, shape)
    model.data = patterns.values(exposure["values"], usual, rng).astype(exposure["dtype"])
    groupdq = patterns.flags(exposure["flags"] if exposure["flags"] != "other shape" else "none", shape, rng)
    pixeldq = patterns.flags(exposure["flags"], shape[1:] if kind == "superstripe" else shape[-2:], rng)
    _set(model, {"groupdq": None if groupdq is None else (groupdq & 255).astype(np.uint8), "pixeldq": pixeldq})


def _stripes(rng, shape):
    return np.broadcast_to(rng.normal(0, 2, (*shape[:-1], 1)), shape)


def _set(model, arrays):
    """Arrays of a model, as far as its kind has them."""
    for name, array in arrays.items():
        missing = type(model) is MODELS["guider"] and name.startswith("var_")
        if array is not None and not missing:
            setattr(model, name, array)


def _described(model, exposure):
    """The model with a header; written without the checks of the data model, which take more time than all else."""
    if exposure["header"] != "bare":
        for section in (_detector, _place, _times, _history):
            for name, values in section(exposure).items():
                model.meta.instance.setdefault(name, {}).update(values)
        model.meta.instance["filename"] = "jw1_rate.fits"
        if not isinstance(model, datamodels.RampModel) and exposure["unit"]:
            model.meta.instance["bunit_data"] = exposure["unit"]
    return model


def _detector(exposure):
    detector = exposure["detector"]
    instrument, *usual = DETECTORS.get(detector, ("MIRI", None, None))
    fast, slow = {None: usual, "missing": (None, None)}.get(exposure["axes"], exposure["axes"])
    axes = {"fastaxis": fast, "slowaxis": slow} if fast else {}
    named = {"name": instrument, "detector": detector, "filter": "F200W"} if detector else {}
    kind = {"type": TYPES[instrument]} if instrument in TYPES else {}
    return {"instrument": named, "exposure": {"noutputs": 1, **kind}, "subarray": axes}


def _place(exposure):
    place, (ny, nx) = exposure["place"], exposure["shape"]
    if place == "missing":
        return {}
    extra, start = 3 * (place == "other size"), 1 if place == "corner" else 101
    return {"subarray": {"xsize": nx + extra, "ysize": ny + extra, "xstart": start, "ystart": start}}


def _times(exposure):
    """Pattern and times, s."""
    counts = {"ngroups": exposure["groups"], "nints": exposure["integrations"], "nframes": 1, "groupgap": 0}
    if exposure["times"] == "missing":
        return {"exposure": counts}
    whole, group = TIMES[exposure["times"]]
    times = {"exposure_time": whole, "integration_time": whole, "group_time": group, "frame_time": group}
    return {"exposure": {**counts, **times, "readpatt": "RAPID"}}


def _history(exposure):
    """What was done before, as the header says."""
    said = {
        "resampled": {"cal_step": {"resample": "COMPLETE"}},
        "photom": {"cal_step": {"photom": "COMPLETE"}, "photometry": {"conversion_megajanskys": 0.5}},
        "cleaned": {"cal_step": {"clean_flicker_noise": "COMPLETE"}},
        "gain scaled": {"cal_step": {"gain_scale": "COMPLETE"}, "exposure": {"gain_factor": 2.0}},
        "wcs": {"wcsinfo": {"crval1": 5.5, "crval2": -72.0, "ra_ref": 5.5}},
    }
    return {"observation": {"date": "2024-02-29", "time": "12:00:00"}, **said.get(exposure["header"], {})}
