"""What a report looks at of a data model: one image, its errors and flags, the noise of every plane, the header."""

from dataclasses import dataclass, field

import numpy as np
from stdatamodels.jwst import datamodels

from jwst_denoise.dq import usable
from jwst_denoise.masks import drafts
from jwst_denoise.report.records import Record, record_of
from jwst_denoise.statistics import box_level, robust_sigma

__all__ = ["Exposure", "planes_of", "take"]

BOX = 64  # pixels, edge of the boxes whose medians are the local level
THINNED = 4  # every so many lines count for the noise of a plane of a cube
MOST_SLITS = 200


@dataclass(frozen=True)
class Exposure:
    """One image of a product.

    Parameters
    ----------
    image : ndarray
        (ny, nx); of a ramp the mean of its good group differences, per second where the group time is known.
    err : ndarray or None
        (ny, nx) errors.
    light : ndarray or None
        (ny, nx) variance by light.
    flags : dict
        Name of the extension -> flags as they are in the product.
    plane : int or None
        Which of the planes it is, from 0; None for the mean of all.
    noise : ndarray
        (planes,) scatter of the pixels around their local level.
    unit : str
        Unit of the image.
    record : jwst_denoise.report.records.Record
        What the header says.
    label : str
        Name of the slit.
    """

    image: np.ndarray
    err: np.ndarray | None
    light: np.ndarray | None
    flags: dict
    plane: int | None
    noise: np.ndarray
    unit: str
    record: Record
    label: str = ""
    usable: np.ndarray = field(init=False)

    def __post_init__(self):
        """Tell the pixels that count."""
        flags = self.flags.get("PIXELDQ", self.flags.get("DQ"))
        plane = None if flags is None else _plane_of(flags, self.plane)
        fits = plane is not None and plane.shape == self.image.shape
        object.__setattr__(self, "usable", usable(self.image, None, plane if fits else None))


def planes_of(model):
    """Number of images (integrations, wavelengths) of a data model.

    Parameters
    ----------
    model : JwstDataModel
        The product.

    Returns
    -------
    int
        The first slit's for several slits.
    """
    return _drafts(_parts(model)[0][1]).count


def take(model, plane=0, whole=None):
    """Images of a data model, as copies: the model may change afterward.

    Parameters
    ----------
    model : JwstDataModel
        Rate, rateints, ramp, calibrated or resampled image, cube, or one or several slits.
    plane : int or None, optional
        Which integration, or wavelength of a cube; None for the mean of all.
    whole : Record, optional
        What is known of the file.

    Returns
    -------
    list of Exposure
        One, or one for each slit.

    Raises
    ------
    ValueError
        If the product holds no images or has no such plane.
    """
    record = record_of(model, whole)
    return [_take(part, label, plane, record) for label, part in _parts(model)[:MOST_SLITS]]


def _parts(model):
    """Parts of a data model that hold one image each, with their names."""
    if isinstance(model, datamodels.MultiSlitModel):
        parts = [(f"slit {slit.name or number}", slit) for number, slit in enumerate(model.slits, 1)]
    else:
        parts = [("", model)]
    if not parts or not all(_has_images(part) for _, part in parts):
        raise ValueError(f"a {type(model).__name__} holds no images to compare; give rates, ramps, images or slits")
    return parts


def _has_images(part):
    shape = getattr(getattr(part, "data", None), "shape", ())
    return len(shape) == 4 if isinstance(part, datamodels.RampModel) else len(shape) in (2, 3) and 0 not in shape


def _drafts(part):
    return drafts.of_ramp(part) if isinstance(part, datamodels.RampModel) else drafts.of_rates(part)


def _take(part, label, plane, record):
    made, (seconds, unit) = _drafts(part), _scale(part)
    if plane is not None and not 0 <= plane < made.count:
        raise ValueError(f"{record.name} has {made.count} planes; there is no plane {plane + 1}")
    image, err, light = _mean(part, made) if plane is None else _one(part, made, plane)
    flags = {name.upper(): getattr(part, name, None) for name in ("dq", "pixeldq", "groupdq")}
    flags = {name: np.array(array) for name, array in flags.items() if array is not None and array.ndim >= 2}
    noise = np.array([_noise(image, made.count) for image in _quickly(part, made)])
    return Exposure(image / seconds, err, light, flags, plane, noise / seconds, unit, record, label)


def _quickly(part, made):
    """Every plane; of ramps the mean rise of each integration, cosmic rays and all."""
    if not isinstance(part, datamodels.RampModel):
        return (made.make(k)[0] for k in range(made.count))
    steps = max(part.data.shape[1] - 1, 1)
    return ((np.asarray(ramp[-1], np.float32) - ramp[0]) / steps for ramp in part.data)


def _scale(part):
    """Seconds to divide a ramp's differences by, and unit of the image."""
    unit = getattr(getattr(part, "meta", None), "bunit_data", None) or ""
    if not isinstance(part, datamodels.RampModel):
        return 1.0, unit
    seconds = part.meta.exposure.group_time
    return (seconds, "DN/s") if seconds else (1.0, "DN/group")


def _one(part, made, plane):
    image, err, _ = made.make(plane)
    light = drafts.as_cube(getattr(part, "var_poisson", None), part.data.shape)
    return tuple(
        None if array is None else np.array(array, np.float32)
        for array in (image, err, None if light is None else light[plane])
    )


def _mean(part, made):
    """Mean image of all planes, and its error."""
    total, count, variance, known = 0, 0, 0, True
    for k in range(made.count):
        image, err, _ = made.make(k)
        good = np.isfinite(image)
        total, count = total + np.where(good, image, 0), count + good
        known = known and err is not None
        variance = variance + np.where(good, np.square(err, dtype=np.float32), 0) if known else None
    with np.errstate(invalid="ignore", divide="ignore"):
        image = np.asarray(total / np.where(count > 0, count, np.nan), np.float32)
        return image, np.sqrt(variance) / count if known else None, None


def _noise(image, count):
    """Scatter around the local level; the planes of a cube are thinned."""
    image = np.asarray(image, np.float32)[:: THINNED if count > 1 and image.shape[0] > BOX else 1]
    good = np.isfinite(image)
    return robust_sigma((image - box_level(image, good))[good])


def _plane_of(flags, plane):
    """(ny, nx) flags of one plane; of the mean, those that all planes have."""
    if flags.ndim == 2:
        return flags
    return np.bitwise_and.reduce(flags, axis=0) if plane is None else flags[plane % len(flags)]
