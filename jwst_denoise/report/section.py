"""The part of the page about one image: pictures, close-ups, graphs and tables."""

from types import SimpleNamespace

import numpy as np

from jwst_denoise.report import graphs, pictures, regions, tables
from jwst_denoise.report.flags import count_flags, newly_flagged
from jwst_denoise.report.measure import compare
from jwst_denoise.statistics import robust_sigma

__all__ = ["section_of", "slit_row"]

FLATTEST = 10  # pictures of spectra are drawn no flatter than this


def section_of(before, after, number=1, brief=False):
    """Everything that the page shows of one image.

    Parameters
    ----------
    before, after : jwst_denoise.report.exposure.Exposure
        The image.
    number : int, optional
        Which section it is.
    brief : bool, optional
        With fewer graphs and close-ups, for one of many slits.

    Returns
    -------
    types.SimpleNamespace
        What the template needs.
    """
    found, flagged = compare(before, after), newly_flagged(before, after)
    own = f"image-{number}"
    stretch = pictures.Stretch.of(before.image, after.image, found.usable)
    span = _span(found)
    parts = regions.choose(found, flagged)[: 2 if brief else None]
    zooms = [_zoom(found, flagged, stretch, span, part, f"{own}-{k}", k) for k, part in enumerate(parts, 1)]
    overview = _trio(found, flagged, stretch, span, np.s_[:, :])
    overview.boxes = [_box(zoom, part, before.image.shape) for zoom, part in zip(zooms, parts, strict=True)]
    for one in (overview, *zooms):
        one.stretch = f"zscale-{number}"
    return SimpleNamespace(
        id=own,
        heading=before.label or "Image",
        note=_note(before, after),
        cards=tables.cards(found, flagged),
        doubts=tables.doubts(found),
        overview=overview,
        zooms=zooms,
        graphs=list(_graphs(found, brief)),
        table=" ".join(f"{value:.3g}" for value in stretch.table),
        trust=tables.trust(found),
        trust_note=tables.trust_note(found),
        flags=tables.flags(count_flags(before, after)),
        flags_note=tables.flags_note(before, after),
        nothing_removed=span == 0,
    )


def slit_row(before, after):
    """Line of the table of slits: name, pixels, noise, widths of the pulls, removed."""
    found = compare(before, after)
    widths = [robust_sigma(each) for each in found.pulls.values()] if len(found.pulls) == 2 else ["", ""]
    with np.errstate(invalid="ignore", divide="ignore"):
        removed = found.trust.residual.rms
    values = [*found.scatter.values(), *widths, removed]
    size = " × ".join(map(str, before.image.shape[::-1]))
    return SimpleNamespace(name=before.label, numbers=[size, *map(tables.number, values)])


def _span(found):
    """Largest removed value that the picture tells apart; 0 if nothing was removed."""
    removed = np.abs(found.removed[np.isfinite(found.removed)])
    if not removed.size or not removed.any():
        return 0.0
    return float(np.percentile(removed, 99.5)) or float(removed.max())


def _note(before, after):
    notes = []
    if before.plane is None:
        notes.append(f"The mean of the {len(before.noise)} planes before, and the one after.")
    elif len(before.noise) > 1:
        notes.append(f"Plane {before.plane + 1} of {len(before.noise)}.")
    if before.record.kind == "RampModel":
        notes.append("Of ramps, the mean of the good differences of successive groups is shown.")
    return " ".join(notes)


def _trio(found, flagged, stretch, span, part):
    """Before, after and removed; where nothing was removed, the new flags take its place."""
    whole = part == np.s_[:, :]
    shown = pictures.shrink if whole else (lambda image: image)
    ny, nx = found.usable[part].shape
    fresh = pictures.mark(shown(flagged[part])) if flagged is not None and flagged[part].any() else None
    binned = -(-max(ny, nx) // pictures.LARGEST)
    mean = f" One point is the mean of {binned} × {binned} pixels." if binned > 1 else ""
    size = f"{nx} × {ny} pixels"
    images = [
        SimpleNamespace(
            name=name,
            uri=stretch.paint(shown(one.image[part])),
            alt=f"{name}: {size} in gray",
            caption=name + (f", {tables.limits(stretch, found.before.unit)}.{mean}" if whole else ""),
            flags=fresh if name == "after" else None,
        )
        for name, one in found.pair
    ]
    images.append(_difference(found, shown, part, span, fresh, whole))
    height = max(ny, -(-nx // FLATTEST))
    return SimpleNamespace(images=images, width=nx, height=height, wide=nx > 3 * ny, boxes=[])


def _difference(found, shown, part, span, fresh, whole):
    if span > 0:
        uri = pictures.paint(shown(found.removed[part]), span)
        unit = f" {found.before.unit}" if found.before.unit else ""
        scale = f": blue −{tables.number(span)}, red +{tables.number(span)}{unit}" if whole else ""
        text = f"removed (before − after){scale}"
    else:
        uri, text = pictures.paint(np.zeros_like(shown(found.removed[part])), 1.0), "nothing was removed"
        text += "; orange: newly flagged" if fresh else ""
    return SimpleNamespace(name="removed", uri=uri, alt=text, caption=text, flags=None if span > 0 else fresh)


def _zoom(found, flagged, stretch, span, region, own, number):
    zoom = _trio(found, flagged, stretch, span, region.part)
    zoom.id, zoom.number, zoom.name = own, number, region.name
    return zoom


def _box(zoom, region, shape):
    """Place of a close-up on the whole image, in per cent from the upper left corner."""
    ny, nx = shape
    sizes = {"left": region.x / nx, "top": 1 - (region.y + region.ny) / ny}
    sizes |= {"width": region.nx / nx, "height": region.ny / ny}
    return SimpleNamespace(
        id=zoom.id, number=zoom.number, name=zoom.name, **{k: round(100 * v, 2) for k, v in sizes.items()}
    )


def _graphs(found, brief):
    yield _graph("Mean of the blank sky in every row.", graphs.profiles(found, 1))
    yield _graph("Mean of the blank sky in every column.", graphs.profiles(found, 0))
    if found.pulls:
        yield _graph("Blank sky around its local level over ERR; a Gaussian of width 1 is right.", graphs.pulls(found))
    if found.removed[found.usable].any():
        yield _graph("What was removed, in units of the noise of each pixel before.", graphs.residual(found))
    if brief:
        return
    yield _graph("Power spectrum of the blank sky along the rows.", graphs.spectra(found, 1))
    yield _graph("Power spectrum of the blank sky along the columns.", graphs.spectra(found, 0))
    yield _graph("Values of all usable pixels.", graphs.pixels(found))
    if found.removed[found.usable].any():
        yield _graph("Autocorrelation of what was removed; white noise has 0.", graphs.correlation(found))
    if len(found.trust.sources.flux_before):
        yield _graph("Change of the flux of each source; bars are its error before.", graphs.fluxes(found))
    if len(found.before.noise) > 1:
        yield _graph("Noise of every plane around its local level.", graphs.planes(found))


def _graph(caption, svg):
    return SimpleNamespace(caption=caption, svg=svg)
