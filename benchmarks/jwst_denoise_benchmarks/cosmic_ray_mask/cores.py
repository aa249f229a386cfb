"""Cores of stars that masks take for cosmic rays, filter by filter."""

import numpy as np
from scipy import ndimage

from jwst_denoise.cosmic_ray_mask.images import Options, flag_pixels
from jwst_denoise.cosmic_ray_mask.veto import star_templates as templates_of
from jwst_denoise.simulate import point_spread_function, simulate_image
from jwst_denoise.simulate.fields import draw_fluxes, point_sources
from jwst_denoise_benchmarks.cosmic_ray_mask import cases, lacosmic, models
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["core_pixels", "cores", "star_field"]

BRIGHT = 20.0  # signal-to-noise ratio
DENSITY = 2e-3  # stars a pixel
SKY = 0.2  # e-/s
SECONDS = 150.0
TOLERATED = 1e-3  # of the pixels of cores
UNTOUCHED = 0.1  # of the noise: less charge than this, in a pixel and its neighbors, counts as none
BLUEST = ("F070W", "F090W")


def cores(quick):
    """Rows: share of the pixels of stars' cores that are flagged, for each filter, without and with the veto."""
    samplings = cases.SAMPLINGS[:: 4 if quick else 1]
    fields = [star_field(*sampling, index, _edge(sampling, quick)) for index, sampling in enumerate(samplings)]
    peers = [lacosmic.mask(image) for image, _ in fields]
    for name in models.MASKS:
        try:
            model = models.load(name)
        except MissingData as error:
            yield skipped(f"{models.short(name)}: star cores", error)
            continue
        for sampling, (image, core), peer in zip(samplings, fields, peers, strict=True):
            yield _row(model, name, sampling, image, core, peer, quick)


def _edge(sampling, quick):
    """Pixels: enough stars to see a share of `TOLERATED` where it counts."""
    return 256 if quick else 1400 if sampling[1] in BLUEST else 512


def star_field(channel, filter_name, index, edge):
    """Image of a sky full of stars, and the pixels of the cores of the bright ones that no cosmic ray touches."""
    rng = np.random.default_rng([cases.SEED, 8, index])
    psf = point_spread_function(channel, filter_name)
    number = int(DENSITY * edge**2)
    x, y = rng.uniform(5, edge - 5, (2, number))
    flux = draw_fluxes(number, 5.0, 20000.0, 0.5, rng)
    rate = SKY + point_sources((edge, edge), x, y, flux, psf)
    image = simulate_image(rate, SECONDS, rng, hits=cases.TRACKS)
    near = ndimage.binary_dilation(image.cosmic_rays > UNTOUCHED * image.err, np.ones((3, 3)))
    return image, core_pixels(image, x, y, flux, psf) & ~image.bad & ~near


def core_pixels(image, x, y, flux, psf):
    """Peaks, and pixels above half of them, of stars with a signal-to-noise ratio above `BRIGHT`, bool (ny, nx).

    The ratio is that of the best weighted sum of all pixels of a star. A pixel is a star's own if the star gives half
    of the light above the sky.
    """
    mask = np.zeros(image.data.shape, dtype=bool)
    for x0, y0, total in zip(x, y, flux, strict=True):
        row, column, reach = int(np.rint(y0)), int(np.rint(x0)), 3
        box = np.s_[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
        if image.err[box].shape != (2 * reach + 1,) * 2:
            continue
        middle = np.s_[psf.reach - reach : psf.reach + reach + 1]
        light = total * psf.stamp(y0 - row, x0 - column)[middle, middle]
        own = light > 0.5 * (image.rate[box] - SKY)
        if np.sqrt(np.sum((light / image.err[box]) ** 2)) > BRIGHT:
            mask[box] |= own & (light >= 0.5 * light.max())
    return mask


def _row(model, name, sampling, image, core, peer, quick):
    """Share of the cores' pixels that are flagged, and what the veto costs."""
    probability, threshold, templates = models.score(model, image), model.threshold(), (templates_of(*sampling),)
    flagged, spared = (
        flag_pixels(image.data, probability, Options(threshold, protected=some), image.err) for some in ((), templates)
    )
    truth = image.truth() & ~image.bad
    share = {key: mask[core].mean() for key, mask in (("plain", flagged), ("veto", spared), ("lacosmic", peer))}
    found = {key: mask[truth].mean() for key, mask in (("plain", flagged), ("veto", spared), ("lacosmic", peer))}
    counted = int(core.sum())
    return Row(
        f"{models.short(name)}: pixels of star cores (S/N > 20) flagged, {' '.join(sampling)}, {counted} pixels",
        f"{100 * share['veto']:.2f} % (without veto {100 * share['plain']:.2f} %); cosmic rays found "
        f"{100 * found['veto']:.1f} % (without {100 * found['plain']:.1f} %)",
        f"LACosmic {100 * share['lacosmic']:.1f} %; cosmic rays {100 * found['lacosmic']:.1f} %",
        "≤ 0.1 %" if sampling[1] in BLUEST else "–",
        None if quick or sampling[1] not in BLUEST else bool(share["veto"] <= TOLERATED),
        {"share": share, "found": found, "pixels": counted},
    )  # fmt: skip
