"""The peer: LACosmic (van Dokkum 2001, PASP 113, 1420) as astroscrappy has it."""

import numpy as np

from jwst_denoise_benchmarks.cosmic_ray_mask import roc

__all__ = ["DEFAULTS", "OBJLIM", "SIGCLIP", "best", "mask", "scan", "strictest"]

#: Contrast with the fine structure image; the higher, the more stars are spared.
OBJLIM = (2.0, 3.5, 5.0, 10.0, 25.0)
SIGCLIP = (2.0, 3.0, 4.5, 7.0, 12.0, 25.0, 60.0)
DEFAULTS = {"sigclip": 4.5, "objlim": 5.0}


def mask(image, **options):
    """Mask of an image by LACosmic, which is told the true variance of every pixel.

    Parameters
    ----------
    image : Image
        Simulated image.
    **options
        ``sigclip``, ``objlim``, … of ``astroscrappy.detect_cosmics``; its defaults are `DEFAULTS`.

    Returns
    -------
    ndarray
        (ny, nx) bool.
    """
    from astroscrappy import detect_cosmics

    electrons = np.where(image.bad, 0, image.data * image.seconds).astype(np.float32)
    variance = (image.err * image.seconds).astype(np.float32) ** 2
    options = DEFAULTS | {"inmask": image.bad, "invar": variance, "satlevel": np.inf} | options
    return detect_cosmics(electrons, **options)[0]


def scan(cases, objlim=OBJLIM, sigclip=SIGCLIP):
    """Rates of `roc.of_masks` for every (``objlim``, ``sigclip``)."""
    return {
        (contrast, clip): roc.of_masks([mask(c.image, sigclip=clip, objlim=contrast) for c in cases], cases)
        for contrast in objlim
        for clip in sigclip
    }


def best(scanned, rates=roc.RATES):
    """True-positive rates with the best ``objlim`` of each false-positive rate.

    Parameters
    ----------
    scanned : dict
        From `scan`.
    rates : sequence of float, optional
        False-positive rates.

    Returns
    -------
    dict
        ``plain``, ``dilated``: list of true-positive rates; ``objlim``: list of the best for ``plain``.
    """
    contrasts = sorted({contrast for contrast, _ in scanned})
    points = [np.array([found for (key, _), found in scanned.items() if key == contrast]) for contrast in contrasts]
    curves = [roc.rates_at(curve, rates) for curve in points]
    plain, dilated = (np.array([curve[name] for curve in curves]) for name in ("plain", "dilated"))
    limits = [contrasts[k] for k in plain.argmax(axis=0)]
    return {"plain": plain.max(axis=0).tolist(), "dilated": dilated.max(axis=0).tolist(), "objlim": limits}


def strictest(scanned, rate=roc.RATES[0]):
    """The setting that finds most with no more than a rate of false positives, else the one with the fewest."""
    few = {key: found for key, found in scanned.items() if found[0] <= rate}
    if few:
        objlim, sigclip = max(few, key=lambda key: few[key][1])
    else:
        objlim, sigclip = min(scanned, key=lambda key: scanned[key][0])
    return {"objlim": objlim, "sigclip": sigclip}
