"""Inpainting of the pixels hit by cosmic rays, and its error measured in the same image."""

import numpy as np
from scipy import ndimage

from jwst_denoise.extras import install_command
from jwst_denoise.statistics import masked_median

__all__ = ["METHODS", "inpaint", "load_inpainter", "measured_error"]

MODEL = "inpaint-2-32"
SQUARE = np.ones((3, 3), bool)
WINDOW = 5  # pixels, of the masked median of LACosmic
BATCH = 2**17  # holes, which bounds the memory
RADII = (7, 11, 16, 23, 31)  # pixels by which holes are shifted, in twelve directions each
ENOUGH = {"biharmonic": 20_000}  # test pixels of slow methods
USUAL = 100_000  # test pixels of others
FEW = 3000  # test pixels from which no more shifts are tried
LEAST = 1 / 24  # of the noise variance: that of the mean of 24 neighbors
QUANTILES = (0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1)  # edges of the bins of brightness
FEWEST = 30  # test pixels of a bin


def inpaint(image, hole, method="network", model="auto", err=None, bad=None):
    """Fill holes of an image from their surroundings.

    Parameters
    ----------
    image : ndarray
        (ny, nx), or (n, ny, nx) whose planes are filled separately; any unit; NaN where the value is missing.
    hole : ndarray of bool
        True on the pixels to fill, (ny, nx) or the image's shape.
    method : {"network", "median", "biharmonic"}, optional
        A network of the family ``inpaint`` (Zhang & Bloom 2020, ApJ 889, 24, section 2); the median of the good pixels
        in a 5 × 5 window, around the nearest good pixel if it has none (van Dokkum 2001, PASP 113, 1420); a biharmonic
        function (scikit-image, which the extra ``evaluate`` installs).
    model : str, path-like or Model, optional
        Name of a shipped model of the network, path of a model file, or a loaded one; ``"auto"`` is inpaint-2-32.
    err : ndarray or float, optional
        1-sigma noise; only the network uses it.
    bad : ndarray of bool, optional
        Pixels that are neither used nor changed.

    Returns
    -------
    ndarray
        Same shape and type; pixels outside the holes are unchanged.

    Raises
    ------
    ValueError
        If the method is unknown, the shapes do not match, or the model is not for inpainting.
    ImportError
        If the method needs a package that is not installed.

    Examples
    --------
    >>> image = np.ones((5, 5))
    >>> image[2, 2] = 99
    >>> bool(inpaint(image, image > 9, method="median")[2, 2] == 1)
    True
    """
    if method not in METHODS:
        raise ValueError(f"method={method!r} of inpainting must be one of {', '.join(METHODS)}")
    image = np.asarray(image)
    if image.ndim not in (2, 3) or np.shape(hole) != image.shape[-np.ndim(hole) :] or np.ndim(hole) < 2:
        raise ValueError(f"the mask of holes has shape {np.shape(hole)}, the image has {image.shape}")
    shape = image.shape
    bad = np.broadcast_to(False if bad is None else np.asarray(bad, dtype=bool), shape).reshape(-1, *shape[-2:])
    hole = np.broadcast_to(np.asarray(hole, dtype=bool), shape).reshape(-1, *shape[-2:]) & ~bad
    errs = [None] * len(hole) if err is None else np.broadcast_to(err, shape).reshape(hole.shape)
    result = np.array(image).reshape(hole.shape)
    fill = METHODS[method]
    for plane, *about in zip(result, hole, errs, bad, strict=True):
        if about[0].any():
            plane[about[0]] = fill(plane, *about, model)
    return result.reshape(shape)


def measured_error(image, hole, method="network", model="auto", err=None, bad=None, filled=None):
    """Error of the filled pixels, from the same method on shifted copies of the holes, where the truth is known.

    The rms difference from the data, with their noise subtracted in quadrature, in bins of local brightness; at least
    the error of the mean of 24 neighbors.

    Parameters
    ----------
    image, hole, method, model, err, bad
        As for `inpaint`, for one (ny, nx) image.
    filled : ndarray, optional
        The image filled by `inpaint`, if available.

    Returns
    -------
    ndarray
        (ny, nx) in the unit of the image: 1-sigma error in the holes, 0 elsewhere. With too few good pixels for a test
        it is the scatter of the image, with none NaN.
    """
    bad = ~np.isfinite(image) if bad is None else np.asarray(bad, dtype=bool) | ~np.isfinite(image)
    hole = np.asarray(hole, dtype=bool)
    if filled is None:
        filled = inpaint(image, hole, method, model, err, bad & ~hole)
    error = np.zeros(np.shape(image), dtype=np.float32)
    test = _test_holes(hole, ~(bad | hole), ENOUGH.get(method, USUAL))
    if np.count_nonzero(test) < FEWEST:
        rest = image[~(bad | hole)]
        error[hole] = np.std(rest) if rest.size else np.nan
        return error
    trial = inpaint(image, test, method, model, err, bad | hole)
    square = (trial[test] - image[test]).astype(float) ** 2
    noise = np.zeros(square.shape) if err is None else _known(err, test) ** 2.0
    brightness, variance = _binned(trial[test], square - noise)
    variance = np.maximum(variance, LEAST * np.median(noise))
    error[hole] = np.sqrt(np.interp(filled[hole], brightness, variance))
    return error


def _known(err, where):
    """Errors of the pixels, 0 where not finite."""
    err = np.broadcast_to(err, where.shape)[where].astype(float)
    return np.where(np.isfinite(err), err, 0)


def _test_holes(hole, good, enough):
    """Copies of the holes, shifted to good pixels that do not touch each other, until there are enough."""
    test, occupied = np.zeros_like(hole), np.zeros_like(hole)
    labels, _ = ndimage.label(hole, SQUARE)
    hole = hole & (labels % max(1, np.count_nonzero(hole) // enough) == 0)
    around = ndimage.binary_dilation(hole, SQUARE)
    for shift in _shifts():
        test |= _shifted(hole, *shift) & good & ~occupied
        occupied |= _shifted(around, *shift)
        if np.count_nonzero(test) >= FEW:
            break
    return test


def _shifts():
    angles = np.arange(12) * np.pi / 6
    return [(round(r * np.sin(a)), round(r * np.cos(a))) for r in RADII for a in angles]


def _shifted(mask, dy, dx):
    ny, nx = mask.shape
    result = np.zeros_like(mask)
    if abs(dy) >= ny or abs(dx) >= nx:
        return result
    result[max(dy, 0) : ny + min(dy, 0), max(dx, 0) : nx + min(dx, 0)] = mask[
        max(-dy, 0) : ny - max(dy, 0), max(-dx, 0) : nx - max(dx, 0)
    ]
    return result


def _binned(value, square):
    """Mean brightness and mean square error of bins with at least `FEWEST` values."""
    order = np.argsort(value)
    edges = [0]
    for edge in (round(quantile * len(value)) for quantile in QUANTILES[1:]):
        if edge - edges[-1] >= FEWEST:
            edges.append(edge)
    edges[-1] = len(value)
    parts = [order[low:high] for low, high in zip(edges[:-1], edges[1:], strict=True)]
    means = [(np.mean(value[part], dtype=float), np.mean(square[part])) for part in parts]
    brightness, variance = np.array(means).T
    return brightness, np.maximum(variance, 0)


def load_inpainter(model="auto", device="auto"):
    """Load a network for inpainting.

    Parameters
    ----------
    model : str, path-like or Model, optional
        As for `inpaint`.
    device : str, optional
        As for `jwst_denoise.load_model`.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        If the model is of a different family.
    """
    if not hasattr(model, "predict"):
        from jwst_denoise import model_files

        model = model_files.load(MODEL if model == "auto" else model, device)
    family = model.info["family"]
    if family != "inpaint":
        raise ValueError(
            f"model {model.info['name']} is of the family {family!r}; inpainting needs the family 'inpaint'"
        )
    return model


def _network(image, hole, err, bad, model):
    """Values in the holes from the network."""
    return load_inpainter(model).predict(image, hole, err=err, bad=bad)[hole]


def _median(image, hole, err, bad, model):
    """Median of the good pixels around each pixel of a hole, or around the good pixel nearest to it."""
    good = np.isfinite(image) & ~hole & ~bad
    if not good.any():
        return image[hole]
    center = np.argwhere(hole)
    lonely = ~ndimage.binary_dilation(good, np.ones((WINDOW, WINDOW)))[hole]
    if lonely.any():
        nearest = ndimage.distance_transform_edt(~good, return_distances=False, return_indices=True)
        center[lonely] = nearest[:, hole][:, lonely].T
    parts = np.array_split(center, -(-len(center) // BATCH))
    return np.concatenate([_medians_at(image, good, part) for part in parts])


def _medians_at(image, good, center):
    """Median of the good pixels of the window around each of (n, 2) pixels."""
    reach = WINDOW // 2
    offsets = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    y, x = (center[:, axis, None] + offsets[axis] for axis in (0, 1))
    inside = (y >= 0) & (y < image.shape[0]) & (x >= 0) & (x < image.shape[1])
    y, x = np.where(inside, y, 0), np.where(inside, x, 0)
    return masked_median(image[y, x], inside & good[y, x])


def _biharmonic(image, hole, err, bad, model):
    """Biharmonic function through the pixels around each hole; unusable ones are replaced by the median."""
    try:
        from skimage.restoration import inpaint_biharmonic
    except ImportError as error:
        message = f"method='biharmonic' needs scikit-image: {install_command('evaluate')}"
        raise ImportError(message) from error
    unusable = (bad | ~np.isfinite(image)) & ~hole
    known = np.where(unusable | hole, 0, image).astype(float)
    near = unusable & ndimage.binary_dilation(hole, np.ones((5, 5)))
    if near.any():
        known[near] = _median(image, near, err, bad | hole, model)
    return inpaint_biharmonic(known, hole, split_into_regions=True)[hole]


#: Name of a method -> function of (image, hole, err, bad, model) that returns the values in the holes.
METHODS = {"network": _network, "median": _median, "biharmonic": _biharmonic}
