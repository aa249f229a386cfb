"""Images of a rate or calibrated product, as every step reads and writes them."""

import numpy as np

from jwst_denoise.dq import DO_NOT_USE, REFERENCE_PIXEL
from jwst_denoise.masks.drafts import as_cube

__all__ = ["VARIANCES", "ImageProduct"]

VARIANCES = ("var_poisson", "var_rnoise", "var_flat")
LEAST_TOTAL = 0.01  # share of the written pixels whose new variance is below the new VAR_RNOISE, and is raised to it


class ImageProduct:
    """Arrays of a product as cubes with one plane an image: views of the arrays of the data model.

    Parameters
    ----------
    model : ImageModel, CubeModel, IFUImageModel, GuiderCalModel or SlitModel
        ``data`` of shape (ny, nx) or (integrations, ny, nx).
    gain : float or ndarray, optional
        e-/s for one unit of the product, a number or (ny, nx).
    slopes : callable, optional
        Index of an image -> `jwst_denoise.ramps.slopes.SlopeImage` in e-/s.

    Attributes
    ----------
    data, err, dq, var_poisson, var_rnoise, var_flat : ndarray or None
        (images, ny, nx); None if the data model has no array of that name that fits. A view is read-only where one
        plane serves all images.
    """

    def __init__(self, model, gain=1.0, slopes=None):
        self.shape, self.gain, self.slopes = model.data.shape, gain, slopes
        for name in ("data", "err", "dq", *VARIANCES):
            setattr(self, name, as_cube(getattr(model, name, None), self.shape))

    def __len__(self):
        """Number of images."""
        return len(self.data)

    @property
    def has_errors(self):
        """Whether there are errors that can be updated."""
        return self.err is not None and self.err.flags.writeable and bool(np.any(self.err > 0))

    def restore_shape(self, cube):
        """Array (images, ny, nx) in the shape of the product's data; None stays None."""
        return None if cube is None else cube.reshape(self.shape)

    def flagged(self, part, bits):
        """Pixels of some images that have one of the data-quality bits; False without flags."""
        return False if self.dq is None else (self.dq[part] & bits) != 0

    def write(self, k, result, usable):
        """Write the result of a network into one image, wherever the network has a weight.

        ERR becomes the error of the result. Everywhere else, and where ERR is not finite, data and errors are
        unchanged, bit by bit. VAR_RNOISE of the whole image is multiplied by one factor, because pipeline steps weight
        by 1 / VAR_RNOISE and must not prefer the pixels that the network has written: those are the faint ones.
        VAR_POISSON takes the rest, so that the variances add up to the square of ERR. An image without one of the two
        has all its variances scaled in the written pixels.

        Parameters
        ----------
        k : int
            Index of the image.
        result : object
            ``rate`` (ny, nx) in e-/s; ``network_weight`` (ny, nx) from 0 to 1; ``err`` (ny, nx), None to keep it.
        usable : ndarray of bool
            (ny, nx) pixels that the network was given.

        Returns
        -------
        ndarray of bool
            (ny, nx) pixels that were written.
        """
        with np.errstate(invalid="ignore"):
            written = (result.network_weight > 0) & usable & np.isfinite(result.rate)
            if result.err is not None:
                error = result.err / self.gain
                written &= (error > 0) & np.isfinite(error) & np.isfinite(self.err[k])
        self.data[k][written] = (result.rate / self.gain)[written]
        if result.err is not None:
            self.err[k][written] = error[written]
            self._split_variances(k, written)
        return written

    def _split_variances(self, k, written):
        planes = {name: plane[k] for name in VARIANCES if (plane := getattr(self, name)) is not None}
        total = self.err[k].astype(float) ** 2
        if not {"var_rnoise", "var_poisson"} <= planes.keys():
            self._scale_variances(planes.values(), written, total)
            return
        read, others = planes["var_rnoise"], planes.keys() - {"var_rnoise", "var_poisson"}
        usual = written & (read > 0)
        if not usual.any():
            return
        with np.errstate(over="ignore", invalid="ignore"):
            factor = min(1.0, float(np.quantile(total[usual] / read[usual], LEAST_TOTAL)))
            poisson = np.where(written, total, planes["var_poisson"] + read.astype(float)) - factor * read
            poisson -= sum(np.where(written, np.nan_to_num(planes[name]), 0) for name in others)
            new = np.maximum(poisson, 0).astype(read.dtype)
        known = np.isfinite(new) & np.isfinite(read) & np.isfinite(planes["var_poisson"])
        known &= np.logical_not(self.flagged(k, DO_NOT_USE | REFERENCE_PIXEL))
        planes["var_poisson"][known] = new[known]
        read[known] *= factor
        low = written & known & (poisson < 0)
        self.err[k][low] = np.sqrt(sum(np.nan_to_num(plane[low]) for plane in planes.values()))

    @staticmethod
    def _scale_variances(planes, written, total):
        before = [plane[written].astype(float) for plane in planes]
        sum_before = np.nansum(before, axis=0)
        scale = total[written] / np.where(sum_before > 0, sum_before, 1)
        for plane, old in zip(planes, before, strict=True):
            with np.errstate(over="ignore", invalid="ignore"):
                new = (scale * old).astype(plane.dtype)
            plane[written] = np.where(np.isfinite(new), new, old)
