"""One HTML page about a processing step, with pictures, graphs and tables in a single file."""

from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from types import SimpleNamespace

import numpy as np

from jwst_denoise import __version__
from jwst_denoise.report import pictures, plotting, regions, tables
from jwst_denoise.report.comparison import compare_images
from jwst_denoise.report.exposure import MOST_SLITS
from jwst_denoise.report.records import steps_between

__all__ = ["render_page", "write_page"]

MOST_SECTIONS = 6
FLATTEST = 10  # largest ratio of width to height at which a picture of a spectrum is shown
LABELS = (5, 3)  # tick labels of an overview and of a close-up
COLORMAPS = {"before": "gray", "after": "gray", "removed": "RdBu_r"}
_BAR = np.linspace(0, pictures.LEVELS - 1, 5).round().astype(int)  # levels with a label at the color bar


def write_page(path, before, after, title=None):
    """Write the page about a product before and after a step.

    Parameters
    ----------
    path : path-like
        File to write.
    before, after : list of jwst_denoise.report.exposure.Exposure
        As many images before as after.
    title : str, optional
        Heading; by default instrument, detector, exposure type and both file names.
    """
    text = render_page(before, after, title)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def render_page(before, after, title=None):
    """HTML page about a product before and after a step.

    Parameters
    ----------
    before, after : list of jwst_denoise.report.exposure.Exposure
        As many images before as after.
    title : str, optional
        Heading; by default instrument, detector, exposure type and both file names.

    Returns
    -------
    str
    """
    from jinja2 import Environment, StrictUndefined

    records = before[0].record, after[0].record
    pairs, several = list(zip(before, after, strict=True)), len(before) > 1
    sections = [_section(*pair, number, several) for number, pair in enumerate(pairs[:MOST_SECTIONS], 1)]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(_text("page.html")).render(
        title=title or f"{records[0].title()} → {records[1].name}",
        subtitle=_subtitle(records[1]),
        summary=_summary(*records),
        sections=sections,
        slits=[tables.slit_row(compare_images(*pair)) for pair in pairs] if several else [],
        left_out=_left_out(len(pairs)),
        has_flags=any(image.flags for section in sections for image in section.overview.images),
        flags_first=all(section.unchanged for section in sections),
        provenance=tables.provenance(*records),
        palettes={name: pictures.palette(name).tobytes().hex() for name in set(COLORMAPS.values())},
        style=_text("style.css"),
        script=_text("script.js"),
        version=__version__,
    )


def _text(name):
    return (files("jwst_denoise.report") / "templates" / name).read_text(encoding="utf-8")


def _subtitle(record):
    info = [f"{name}: {tables.number(value)}" for name, value in record.exposure_info.items()]
    return " · ".join([*info, f"report of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"])


def _summary(before, after):
    ran = steps_between(before, after)
    return f"Steps between the two products: {', '.join(ran)}." if ran else "The headers list no step in between."


def _left_out(count):
    if count <= MOST_SECTIONS:
        return ""
    listed = f" The table lists the first {MOST_SLITS}." if count >= MOST_SLITS else ""
    return f"The first {MOST_SECTIONS} of {count} slits are shown below.{listed}"


def _section(before, after, number, brief):
    """Everything about one image; ``brief`` with fewer graphs and close-ups, for one of many slits."""
    comparison = compare_images(before, after)
    scene = plotting.scene_style(after.image, comparison.usable)["norm"]
    removed = plotting.difference_style(comparison.removed, comparison.usable)["norm"]
    norms = {"before": scene, "after": scene, "removed": removed}
    parts = regions.choose_regions(comparison)[: 2 if brief else None]
    overview = _trio(comparison, norms)
    overview.boxes = [_box(part, f"image-{number}-{k}", k, before.image.shape) for k, part in enumerate(parts, 1)]
    zooms = [_trio(comparison, norms, part) for part in parts]
    for box, zoom in zip(overview.boxes, zooms, strict=True):
        zoom.id, zoom.heading = box.id, box.heading
    return SimpleNamespace(
        id=f"image-{number}",
        heading=before.label or "Image",
        notes=tables.notes(comparison),
        cards=tables.cards(comparison),
        doubts=tables.doubts(comparison),
        overview=overview,
        zooms=zooms,
        graphs=[SimpleNamespace(caption=c, svg=plotting.as_svg(d, comparison)) for c, d in _graphs(comparison, brief)],
        noise=tables.noise(comparison),
        quality=tables.quality(comparison),
        quality_notes=tables.quality_notes(comparison),
        flags=tables.flags(before, after),
        flags_note=tables.flags_note(before, after),
        unchanged=comparison.unchanged,
    )


def _trio(comparison, norms, region=None):
    """Maps before, after and removed, of the whole image or a region; without a change, new flags replace the last."""
    part = region.part if region else np.s_[:, :]
    shrink = (lambda image: image) if region else pictures.shrink_image
    ny, nx = comparison.usable[part].shape
    flagged = comparison.flagged[part] if comparison.flagged is not None else np.zeros((ny, nx), bool)
    flags = pictures.paint_flags(shrink(flagged)) if flagged.any() else None
    nothing = "nothing was removed" + ("; orange: new flags" if flags else "")
    titles = {"before": "before", "after": "after", "removed": "removed: before − after"}
    titles |= {"removed": nothing} if comparison.unchanged else {}
    arrays = {"before": comparison.before.image, "after": comparison.after.image, "removed": comparison.removed}
    marked = ("removed",) if comparison.unchanged else ("after",)
    images = [
        SimpleNamespace(
            name=name,
            title=title,
            colormap=COLORMAPS[name],
            uri=pictures.paint_image(shrink(arrays[name][part]), norms[name], COLORMAPS[name]),
            flags=flags if name in marked else None,
            values=" ".join(f"{value:.4g}" for value in pictures.level_values(norms[name])),
            labels=[] if title == nothing else list(map(tables.number, pictures.level_values(norms[name])[_BAR])),
        )
        for name, title in titles.items()
    ]
    factor = -(-max(ny, nx) // pictures.LARGEST) if region is None else 1
    x, y = (region.x, region.y) if region else (0, 0)
    return SimpleNamespace(
        images=images,
        unit=comparison.unit,
        width=nx,
        height=max(ny, -(-nx // FLATTEST)),
        wide=nx > plotting.WIDE * ny,
        place=(x + 1, y + 1, nx, ny),
        ticks={"x": _ticks(x, nx, region), "y": _ticks(y, ny, region)},
        binned=f"Each point is the mean of {factor} × {factor} pixels." if factor > 1 else "",
        boxes=[],
    )


def _ticks(first, count, region):
    """Labels of an axis that counts pixels from 1: (place in per cent, text)."""
    from matplotlib.ticker import MaxNLocator

    locator = MaxNLocator(LABELS[region is not None], integer=True, steps=[1, 2, 5, 10])
    return [
        (round(100 * (value - 0.5 - first) / count, 2), f"{value:.0f}")
        for value in locator.tick_values(first, first + count)
        if first + 1 <= value <= first + count
    ]


def _box(region, own, number, shape):
    """Place of a close-up on the whole image, in per cent from the upper left corner."""
    ny, nx = shape
    sizes = {"left": region.x / nx, "top": 1 - (region.y + region.ny) / ny}
    sizes |= {"width": region.nx / nx, "height": region.ny / ny}
    heading = f"{number}. {region.name}: {region.place}"
    return SimpleNamespace(id=own, number=number, heading=heading, **{k: round(100 * v, 2) for k, v in sizes.items()})


def _graphs(comparison, brief):
    """Caption and function of every graph."""
    yield "Mean of the middle half of the background pixels of every row.", partial(plotting.draw_profile, along=1)
    yield "Mean of the middle half of the background pixels of every column.", partial(plotting.draw_profile, along=0)
    yield (
        "Noise of the mean over an area of the background. White noise falls with the square root of the area.",
        plotting.draw_noise,
    )
    if comparison.over_err:
        yield (
            "Background pixels around their local level, over ERR. Correct errors of independent pixels give the "
            "Gaussian of width 1.",
            plotting.draw_over_err,
        )
    if brief:
        return
    order = "along the rows" if comparison.before.readout is None else "in the order of readout"
    yield f"Power spectrum of the background {order}.", plotting.draw_spectrum
    if not comparison.unchanged:
        yield (
            "Autocorrelation of the removed values. White noise has 0; the gray band is the bound for image_denoise.",
            plotting.draw_correlation,
        )
        if len(comparison.quality.sources.flux_before):
            yield "Change of the flux of each source; bars are its error before.", plotting.draw_fluxes
    if len(comparison.before.noise) > 1:
        yield "Noise of every plane around its local level.", plotting.draw_planes
