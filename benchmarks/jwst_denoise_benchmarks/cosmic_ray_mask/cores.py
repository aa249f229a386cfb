"""Cores of stars that masks flag as cosmic rays, filter by filter."""

import numpy as np
from scipy import ndimage

from jwst_denoise.cosmic_ray_mask.images import Options, flag_pixels
from jwst_denoise.cosmic_ray_mask.veto import star_templates
from jwst_denoise.simulate import point_spread_function, simulate_image
from jwst_denoise.simulate.fields import draw_fluxes, point_sources
from jwst_denoise_benchmarks.core.inputs import MissingInput, load_model, seeded
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.cosmic_ray_mask.cases import MASK_MODELS, SAMPLINGS, TRACKS, probability, short_name
from jwst_denoise_benchmarks.cosmic_ray_mask.scores import lacosmic_mask

__all__ = ["core_pixels", "core_rows", "cores", "star_field"]

BRIGHT = 20.0  # signal-to-noise ratio
DENSITY = 2e-3  # stars a pixel
SKY = 0.2  # e-/s
SECONDS = 150.0
TOLERATED = 1e-3  # of the core pixels
NEGLIGIBLE = 0.1  # of the noise: less charge in a pixel and its neighbors counts as none
BLUEST = ("F070W", "F090W")
FLAGGED = "Pixels of star cores (S/N > 20) flagged"


def cores(quick):
    """Rows: fraction of the core pixels of stars that are flagged in each filter, with and without star protection."""
    samplings = SAMPLINGS[:: 4 if quick else 1]
    fields = [star_field(*sampling, index, _edge(sampling, quick)) for index, sampling in enumerate(samplings)]
    lacosmic = [lacosmic_mask(image) for image, _ in fields]
    for name in MASK_MODELS:
        try:
            model = load_model(name)
        except MissingInput as error:
            yield skipped(FLAGGED, short_name(name), error, unit="%")
            continue
        for sampling, (image, core), reference in zip(samplings, fields, lacosmic, strict=True):
            yield from core_rows(name, sampling, *_fractions(model, sampling, image, core, reference), quick)


def _edge(sampling, quick):
    """Pixels: enough stars to measure a fraction of `TOLERATED` where it matters."""
    return 256 if quick else 1400 if sampling[1] in BLUEST else 512


def star_field(channel, filter_name, index, edge):
    """Image of many stars, and the pixels of the cores of the bright ones that no cosmic ray touches."""
    rng = seeded(8, index)
    psf = point_spread_function(channel, filter_name)
    number = int(DENSITY * edge**2)
    x, y = rng.uniform(5, edge - 5, (2, number))
    flux = draw_fluxes(number, 5.0, 20000.0, 0.5, rng)
    rate = SKY + point_sources((edge, edge), x, y, flux, psf)
    image = simulate_image(rate, SECONDS, rng, hits=TRACKS)
    hit = ndimage.binary_dilation(image.cosmic_rays > NEGLIGIBLE * image.err, np.ones((3, 3)))
    return image, core_pixels(image, x, y, flux, psf) & ~image.bad & ~hit


def core_pixels(image, x, y, flux, psf):
    """Peaks, and pixels above half of them, of stars with a signal-to-noise ratio above `BRIGHT`, bool (ny, nx).

    The ratio is that of the optimally weighted sum of all pixels of a star. A pixel belongs to a star that contributes
    at least half of the signal above the sky.
    """
    mask = np.zeros(image.data.shape, dtype=bool)
    for x0, y0, total in zip(x, y, flux, strict=True):
        row, column, reach = int(np.rint(y0)), int(np.rint(x0)), 3
        box = np.s_[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
        if image.err[box].shape != (2 * reach + 1,) * 2:
            continue
        middle = np.s_[psf.reach - reach : psf.reach + reach + 1]
        star = total * psf.stamp(y0 - row, x0 - column)[middle, middle]
        dominant = star > 0.5 * (image.rate[box] - SKY)
        if np.sqrt(np.sum((star / image.err[box]) ** 2)) > BRIGHT:
            mask[box] |= dominant & (star >= 0.5 * star.max())
    return mask


def _fractions(model, sampling, image, core, lacosmic):
    """Fractions of core and cosmic-ray pixels that each mask flags, and the number of core pixels."""
    score, threshold, templates = probability(model, image), model.threshold(), (star_templates(*sampling),)
    plain, protected = (
        flag_pixels(image.data, score, Options(threshold, protected=stars), image.err) for stars in ((), templates)
    )
    truth = image.truth() & ~image.bad
    masks = {"plain": plain, "veto": protected, "lacosmic": lacosmic}
    flagged, detected = ({key: float(mask[where].mean()) for key, mask in masks.items()} for where in (core, truth))
    return flagged, detected, int(core.sum())


def core_rows(name, sampling, flagged, detected, pixels, quick=False):
    """Rows of one model and filter; see `_fractions`."""
    tested = sampling[1] in BLUEST
    quantities = {FLAGGED: flagged, "Pixels of cosmic rays detected in the same images": detected}
    for quantity, fractions in quantities.items():
        limited = tested and quantity == FLAGGED
        yield Row(
            quantity, f"{short_name(name)}, {' '.join(sampling)}",
            {"with star protection": 100 * fractions["veto"], "without": 100 * fractions["plain"]},
            {"LACosmic": 100 * fractions["lacosmic"]}, "%", form=".2f" if quantity == FLAGGED else ".1f",
            target=f"≤ {100 * TOLERATED:g}" if limited else "",
            passed=bool(fractions["veto"] <= TOLERATED) if limited and not quick else None,
            metrics={"core_pixels": pixels} if quantity == FLAGGED else {},
        )  # fmt: skip
