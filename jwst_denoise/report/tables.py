"""Numbers of a page as text: cards, tables and notes."""

import re
from types import SimpleNamespace

import numpy as np

from jwst_denoise.quality import BOUNDS
from jwst_denoise.report.comparison import RADIUS, count_flags
from jwst_denoise.report.records import steps_between
from jwst_denoise.statistics import robust_sigma

__all__ = [
    "cards", "doubts", "flags", "flags_note", "noise", "notes", "number", "provenance", "quality", "quality_notes",
    "slit_row",
]  # fmt: skip

FEWEST = 5  # sources from which the change of flux is checked
STRIPED = 1.2  # scatter over ERR before, from which stripes are detected as sources
PIXEL, APERTURE = 0, 1  # rows of the noise by scale
#: Quality metrics that apply to every step; the others apply to networks that denoise images.
_ALWAYS = ("flux_change", "vanished", "appeared")


def number(value):
    """Whole number, other number to three digits, or text unchanged."""
    if isinstance(value, str) or value is None:
        return value or ""
    if not np.isfinite(value):
        return "–"
    whole = isinstance(value, int) or 1e3 <= abs(value) < 1e6
    return (f"{value:,.0f}" if whole else f"{value:.3g}").replace(",", "\u202f").replace("-", "−")


def notes(comparison):
    """Sentences above the cards: what is shown, and what ``exposure_time_ratio`` means."""
    content = comparison.before.content
    sentences = [f"Shown: {content}."] if content else []
    if comparison.before.plane is None:
        sentences.append("The image after is a single one.")
    record = comparison.after.record
    recorded = record.denoise.get("image_denoise", {}) if "image_denoise" in _ran(comparison) else {}
    ratio = re.search(r"exposure_time_ratio=([\d.]+)", recorded.get("parameters") or "")
    if ratio and "astro_unet" in (recorded.get("model") or "astro_unet"):
        r = float(ratio[1])
        sentences.append(
            f"exposure_time_ratio r = {r:g}: the output is 1/r of the image plus (1 − 1/r) of the estimate of the "
            f"network. Where that estimate is good, the noise of a pixel falls to about 1/r ({number(1 / r)}). A real "
            f"exposure r times longer would have 1/√r ({number(r**-0.5)}), since its second part has additional noise."
        )
    return sentences


def cards(comparison):
    """The most important numbers."""
    scales = [comparison.noise_by_scale[name] for name in ("before", "after")]
    content = []
    if np.isfinite([each[APERTURE].scatter for each in scales]).all():
        content.append(_noise_card(f"noise in apertures, r = {RADIUS:g} pixels", scales, APERTURE, comparison.unit))
        content[-1] += ("this decides how faint a source can be detected",)
    content.append(_noise_card("noise of a single pixel", scales, PIXEL, comparison.unit))
    content[-1] += ("not a measure of depth; see Noise",)
    if len(comparison.over_err) == 2:
        scale = APERTURE if len(content) > 1 else PIXEL
        ratios = [each[scale].over_err for each in scales]
        name = f"scatter / ERR, {'apertures' if scale == APERTURE else 'pixels'}"
        content.append((name, _arrow(*ratios), _error_note(ratios[1])))
    content += [_removed_card(comparison), _flux_card(comparison.quality.sources)]
    sources = comparison.quality.sources
    kept = f"{sources.vanished} of {sources.clear} clear ones lost; {sources.appeared} contradict the image before"
    content.append(("detections", f"{sources.before} → {sources.after}", kept))
    if comparison.flagged is not None:
        count = int(np.count_nonzero(comparison.flagged))
        fraction = f"{count / comparison.flagged.size:.3%} of this image" if count else "in this image"
        content.append(("pixels with a new flag", number(count), fraction))
    return [SimpleNamespace(name=name, value=value, note="; ".join(note)) for name, value, *note in content]


def noise(comparison):
    """Rows of the noise on all scales."""
    return [
        (
            old.name,
            *(number(each.scatter) for each in (old, new)),
            _factor(old.scatter, new.scatter),
            *(number(each.over_err) for each in (old, new)),
        )
        for old, new in zip(comparison.noise_by_scale["before"], comparison.noise_by_scale["after"], strict=True)
    ]


def quality(comparison):
    """Rows of the quality metrics."""
    checked, outside = _checked_metrics(comparison), comparison.quality.outside
    return [
        SimpleNamespace(
            meaning=meaning,
            value=number(comparison.quality.metrics[name]),
            bounds=f"{low:g} to {high:g}".replace("-", "−") if name in checked else "no bound",
            verdict="" if name not in checked else "doubt" if name in outside else "good",
        )
        for name, (low, high, meaning) in BOUNDS.items()
    ]


def quality_notes(comparison):
    """Number of sources, and which metrics are checked."""
    sources, checked = comparison.quality.sources, _checked_metrics(comparison)
    sentences = [
        f"Detections: {sources.before} before and {sources.after} after, each relative to the noise in it. "
        "Fainter peaks pass when the noise is lower; one image alone cannot show which of them are real.",
        f"Lost: {sources.vanished} of the {sources.clear} clear sources before.",
        f"Contradicted: {sources.appeared} of those after exceed the image before by more than 3 σ.",
    ]
    if "vanished" not in checked:
        sentences.append("ERR before is too small, so stripes count as sources: losses are not counted as failures.")
    if "correlation" not in checked:
        sentences.append("The bounds of the removed values hold for white noise, which only image_denoise removes.")
    return sentences


def doubts(comparison):
    """Sentences about the checked quality metrics outside their bounds."""
    checked = _checked_metrics(comparison)
    pairs = zip(comparison.quality.outside, comparison.quality.warnings, strict=True)
    return [sentence for name, sentence in pairs if name in checked]


def flags(before, after):
    """Rows of the numbers of flagged pixels."""
    return [(f"{extension}: {name}", *map(number, counts)) for extension, name, *counts in count_flags(before, after)]


def flags_note(before, after):
    """Extensions whose flags are counted."""
    common = [
        name for name, array in before.flags.items() if name in after.flags and array.shape == after.flags[name].shape
    ]
    if not common:
        return "The two products have no flags that could be compared."
    sizes = "; ".join(f"{name} of {' × '.join(map(str, before.flags[name].shape[::-1]))}" for name in common)
    return f"Pixels of all planes: {sizes}."


def slit_row(comparison):
    """Row of the table of slits: name, size, noise, scatter / ERR, and removed / noise."""
    widths = [robust_sigma(each) for each in comparison.over_err.values()]
    scatter = [scales[PIXEL].scatter for scales in comparison.noise_by_scale.values()]
    values = [*scatter, *(widths if len(widths) == 2 else ["", ""]), comparison.quality.residual.rms]
    size = " × ".join(map(str, comparison.usable.shape[::-1]))
    return SimpleNamespace(name=comparison.before.label, numbers=[size, *map(number, values)])


def provenance(before, after):
    """Tables of the files, the steps, and the records of this package."""
    pair = (before, after)
    rows = [("file", *(one.name for one in pair)), ("type", *(one.kind for one in pair))]
    rows.append(("shape", *(" × ".join(map(str, one.shape[::-1])) for one in pair)))
    if any(one.sha256 for one in pair):
        rows.append(("bytes", *(number(one.size) for one in pair)))
        rows.append(("SHA-256", *(one.sha256 for one in pair)))
    for kind in ("software", "exposure_info"):
        named = dict.fromkeys([*getattr(before, kind), *getattr(after, kind)])
        rows += [(name, *(_value(getattr(one, kind).get(name, "–")) for one in pair)) for name in named]
    ran = steps_between(before, after)
    names = dict.fromkeys([*before.steps, *after.steps])
    steps = [(name, *((one.steps.get(name) or "–") for one in pair), "ran" if name in ran else "") for name in names]
    tables = [("Products", ("", "before", "after"), rows), ("Steps", ("step", "before", "after", ""), steps)]
    for step, values in after.denoise.items():
        tables.append((step, ("recorded", "value"), [(name, _value(value)) for name, value in values.items()]))
    return [SimpleNamespace(name=name, head=head, rows=rows) for name, head, rows in tables if rows]


def _ran(comparison):
    return steps_between(comparison.before.record, comparison.after.record)


def _checked_metrics(comparison):
    """Names of the metrics that are checked."""
    names = set(BOUNDS if "image_denoise" in _ran(comparison) else _ALWAYS)
    if len(comparison.quality.sources.flux_before) < FEWEST:
        names.discard("flux_change")
    if "before" in comparison.over_err and robust_sigma(comparison.over_err["before"]) > STRIPED:
        names.discard("vanished")
    return names


def _noise_card(name, scales, row, unit):
    old, new = (each[row].scatter for each in scales)
    return name, _arrow(old, new, unit), _factor(old, new)


def _factor(old, new):
    """Ratio of two noises in words."""
    if not (np.isfinite(old) and np.isfinite(new) and old > 0 and new > 0):
        return "–"
    if abs(new / old - 1) < 0.005:
        return "unchanged"
    return f"÷ {old / new:.3g}" if new < old else f"× {new / old:.3g}"


def _arrow(old, new, unit=""):
    return f"{number(old)} → {number(new)} {unit}".strip()


def _error_note(width):
    """Whether ERR matches the scatter."""
    if not np.isfinite(width) or abs(width - 1) <= 0.05:
        return "1 if ERR is correct"
    return "ERR is larger than the scatter" if width < 1 else "ERR is smaller than the scatter"


def _removed_card(comparison):
    removed = comparison.removed[comparison.usable]
    rms = float(np.sqrt(np.mean(removed**2, dtype=np.float64))) if removed.size else float("nan")
    note = f"robust: {number(comparison.quality.residual.rms)} of the noise of a pixel"
    return "removed, rms", f"{number(rms)} {comparison.unit}".strip(), note


def _flux_card(sources):
    change, error = (100 * value for value in sources.change)
    count = len(sources.flux_before)
    scatter = f" ± {error:.2f}" if count >= FEWEST else ""
    value = f"{change:+.2f}{scatter} %".replace("-", "−") if count else "–"
    return "flux of sources", value, f"median of {count} with S/N > 10"


def _value(value):
    return number(value) if isinstance(value, float) else str(value)
