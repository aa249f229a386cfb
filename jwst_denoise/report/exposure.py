"""Images of a data model for a report: data, errors, flags, noise of every plane, and the header."""

from dataclasses import dataclass, field

import numpy as np
from stdatamodels.jwst import datamodels

from jwst_denoise.dq import usable
from jwst_denoise.exposure_io.drafts import draft_images
from jwst_denoise.masks.drafts import as_cube
from jwst_denoise.readout import Readout
from jwst_denoise.report.records import Record, record_of
from jwst_denoise.statistics import box_level, robust_sigma

__all__ = ["Exposure", "count_planes", "read_images"]

ROW_STEP = 4  # for cubes, the noise of a plane is measured in every fourth row
FEW_ROWS = 64
MOST_SLITS = 200


@dataclass(frozen=True)
class Exposure:
    """One image of a product.

    Parameters
    ----------
    image : ndarray
        (ny, nx); for ramps the mean of the good group differences, per second if the group time is known.
    err : ndarray or None
        (ny, nx) errors.
    var_poisson : ndarray or None
        (ny, nx) Poisson variance.
    flags : dict
        Name of the extension -> data-quality flags as in the product.
    plane : int or None
        Index of the plane, from 0; None for the mean of all planes.
    noise : ndarray
        (planes,) scatter of the pixels around their local level.
    unit : str
        Unit of the image.
    record : jwst_denoise.report.records.Record
        Provenance.
    label : str
        Name of the slit.
    readout : jwst_denoise.readout.Readout or None
        Read-out geometry, if the image has detector pixels.
    """

    image: np.ndarray
    err: np.ndarray | None
    var_poisson: np.ndarray | None
    flags: dict
    plane: int | None
    noise: np.ndarray
    unit: str
    record: Record
    label: str = ""
    readout: Readout | None = None
    usable: np.ndarray = field(init=False)

    def __post_init__(self):
        """Find the usable pixels."""
        flags = self.flags.get("PIXELDQ", self.flags.get("DQ"))
        plane = None if flags is None else _flags_of_plane(flags, self.plane)
        fits = plane is not None and plane.shape == self.image.shape
        object.__setattr__(self, "usable", usable(self.image, None, plane if fits else None))

    @property
    def content(self):
        """Description of the image in words: slit, plane, and how a ramp was reduced to an image."""
        count = len(self.noise)
        plane = f"mean of {count} planes" if self.plane is None else f"plane {self.plane + 1} of {count}"
        ramp = "mean of the unflagged differences of successive groups" if self.record.kind == "RampModel" else ""
        return ", ".join(text for text in (self.label, plane if count > 1 else "", ramp) if text)


def count_planes(model):
    """Count the images (integrations, wavelengths) of a data model.

    Parameters
    ----------
    model : JwstDataModel
        The product.

    Returns
    -------
    int
        For several slits, the number of images of the first.
    """
    return draft_images(_parts(model)[0][1]).count


def read_images(model, plane=0, file=None):
    """Copy the images of a data model; the model may change afterward.

    Parameters
    ----------
    model : JwstDataModel
        Rate, rateints, ramp, calibrated or resampled image, cube, or one or several slits.
    plane : int or None, optional
        Integration, or wavelength of a cube; None for the mean of all.
    file : Record, optional
        Name, size and checksum of the file.

    Returns
    -------
    list of Exposure
        One, or one for each slit.

    Raises
    ------
    ValueError
        If the product holds no images or has no such plane.
    """
    record = record_of(model, file)
    parts = _parts(model)[:MOST_SLITS]
    return [_read_image(part, label, plane, record, _readout(model, len(parts))) for label, part in parts]


def _parts(model):
    """Label and model of every part that holds one image."""
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


def _readout(model, count):
    """Read-out geometry of a product in detector pixels; None for several slits and resampled images."""
    if count > 1 or model.meta.cal_step.resample == "COMPLETE":
        return None
    try:
        return Readout.from_model(model)
    except (AttributeError, ValueError):
        return None


def _read_image(part, label, plane, record, readout):
    images, (seconds, unit) = draft_images(part), _scale(part)
    if plane is not None and not 0 <= plane < images.count:
        raise ValueError(f"{record.name} has {images.count} planes; there is no plane {plane + 1}")
    image, err, var_poisson = _mean_plane(images) if plane is None else _one_plane(part, images, plane)
    flags = {name.upper(): getattr(part, name, None) for name in ("dq", "pixeldq", "groupdq")}
    flags = {name: np.array(array) for name, array in flags.items() if array is not None and array.ndim >= 2}
    noise = np.array([_noise(image, images.count) for image in _rough_images(part, images)])
    readout = readout if readout is not None and tuple(readout.shape) == image.shape else None
    return Exposure(image / seconds, err, var_poisson, flags, plane, noise / seconds, unit, record, label, readout)


def _rough_images(part, images):
    """Every plane; for ramps the mean rise of each integration, cosmic rays included, which is fast."""
    if not isinstance(part, datamodels.RampModel):
        return (images.make(k)[0] for k in range(images.count))
    steps = max(part.data.shape[1] - 1, 1)
    return ((np.asarray(ramp[-1], np.float32) - ramp[0]) / steps for ramp in part.data)


def _scale(part):
    """Seconds by which the differences of a ramp are divided, and the unit of the image."""
    unit = getattr(getattr(part, "meta", None), "bunit_data", None) or ""
    if not isinstance(part, datamodels.RampModel):
        return 1.0, unit
    seconds = part.meta.exposure.group_time
    return (seconds, "DN/s") if seconds else (1.0, "DN/group")


def _one_plane(part, images, plane):
    image, err, _ = images.make(plane)
    variance = as_cube(getattr(part, "var_poisson", None), part.data.shape)
    arrays = (image, err, None if variance is None else variance[plane])
    return tuple(None if array is None else np.array(array, np.float32) for array in arrays)


def _mean_plane(images):
    """Mean of all planes, its error, and None for the Poisson variance."""
    total, count, variance, known = 0, 0, 0, True
    for k in range(images.count):
        image, err, _ = images.make(k)
        good = np.isfinite(image)
        total, count = total + np.where(good, image, 0), count + good
        known = known and err is not None
        variance = variance + np.where(good, np.square(err, dtype=np.float32), 0) if known else None
    with np.errstate(invalid="ignore", divide="ignore"):
        image = np.asarray(total / np.where(count > 0, count, np.nan), np.float32)
        return image, np.sqrt(variance) / count if known else None, None


def _noise(image, count):
    """Scatter around the local level, in a part of the rows for the planes of a cube."""
    image = np.asarray(image, np.float32)[:: ROW_STEP if count > 1 and image.shape[0] > FEW_ROWS else 1]
    good = np.isfinite(image)
    return robust_sigma((image - box_level(image, good))[good])


def _flags_of_plane(flags, plane):
    """(ny, nx) flags of one plane; for the mean of all planes, the flags that all planes share."""
    if flags.ndim == 2:
        return flags
    return np.bitwise_and.reduce(flags, axis=0) if plane is None else flags[plane % len(flags)]
