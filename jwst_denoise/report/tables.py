"""Metrics of the page as text."""

from types import SimpleNamespace

import numpy as np

from jwst_denoise.quality import BOUNDS
from jwst_denoise.report.records import steps_between
from jwst_denoise.statistics import robust_sigma

__all__ = ["cards", "doubts", "flags", "flags_note", "limits", "number", "provenance", "trust", "trust_note"]

FEWEST = 5  # sources whose light is judged
STRIPED = 1.2  # scatter over ERR before, from which stripes pass for sources, and vanish rightly
#: Metrics that hold for whatever step was run; the others are made for networks that denoise images.
_ALWAYS = ("flux_change", "vanished", "appeared")


def number(value):
    """Whole number, other number to three digits, or text as it is."""
    if isinstance(value, str) or value is None:
        return value or ""
    if not np.isfinite(value):
        return "–"
    whole = isinstance(value, int) or 1e3 <= abs(value) < 1e6
    return (f"{value:,.0f}" if whole else f"{value:.3g}").replace(",", "\u202f").replace("-", "−")


def limits(stretch, unit):
    """Values that are black and white."""
    asinh, linear = (
        " to ".join(map(number, pair)) for pair in ((stretch.low, stretch.high), stretch.zscale)
    )  # fmt: skip
    return f"asinh from {asinh}, zscale from {linear} {unit}".strip()


def cards(found, flagged):
    """The metrics that matter most."""
    unit = found.before.unit
    old, new = found.scatter.values()
    change = f"{100 * (new / old - 1):+.1f} %; ".replace("-", "−") if old > 0 else ""
    made = [
        ("noise of the blank sky", _both(old, new, unit), f"{change}{found.blank.mean():.0%} of the pixels are blank")
    ]
    if len(pulls := found.pulls) == 2:
        widths = [robust_sigma(each) for each in pulls.values()]
        made.append(("blank sky over ERR, width", _both(*widths), _match(widths[1])))
    made.append(_removed(found))
    made.append(_fluxes(found.trust.sources))
    if flagged is not None:
        count = int(np.count_nonzero(flagged))
        share = f"{count / flagged.size:.3%} of this image" if count else "in this image"
        made.append(("newly flagged pixels", number(count), share))
    return [SimpleNamespace(name=name, value=value, note=note) for name, value, note in made]


def trust(found):
    """Rows of the metrics of trust."""
    judged, allowed = _judged(found), found.trust.outside
    return [
        SimpleNamespace(
            meaning=meaning,
            value=number(found.trust.metrics[name]),
            bounds=f"{low:g} to {high:g}".replace("-", "−") if name in judged else "not judged",
            verdict="" if name not in judged else "doubt" if name in allowed else "good",
        )
        for name, (low, high, meaning) in BOUNDS.items()
    ]


def trust_note(found):
    """What is judged, and how much of it there was."""
    sources = found.trust.sources
    told = f"{sources.before} sources before, {sources.after} after; {sources.vanished} vanished, "
    told += f"{sources.appeared} appeared."
    if "vanished" not in _judged(found):
        told += " Errors before are too small, so stripes pass for sources: what vanished is not judged."
    if "correlation" not in _judged(found):
        told += " Bounds of what was removed are those of white noise, which only image_denoise removes."
    return told


def doubts(found):
    """Sentences on the metrics that leave their bounds."""
    judged, told = _judged(found), zip(found.trust.outside, found.trust.warnings, strict=True)
    return [sentence for name, sentence in told if name in judged]


def flags(counts):
    """Rows of the counts of flags."""
    return [
        SimpleNamespace(
            extension=each.extension,
            name=each.name,
            **{key: number(getattr(each, key)) for key in ("before", "after", "new", "gone")},
        )
        for each in counts
    ]


def flags_note(before, after):
    """What the counts of flags are of."""
    common = [
        name for name, array in before.flags.items() if name in after.flags and array.shape == after.flags[name].shape
    ]
    if not common:
        return "The two products have no flags that could be compared."
    sizes = "; ".join(f"{name} of {' × '.join(map(str, before.flags[name].shape[::-1]))}" for name in common)
    return f"Pixels of all planes: {sizes}."


def provenance(before, after):
    """Tables of files, steps, and what our steps have written."""
    pair = (before, after)
    rows = [("file", *(one.name for one in pair)), ("type", *(one.kind for one in pair))]
    rows.append(("shape", *(" × ".join(map(str, one.shape[::-1])) for one in pair)))
    if any(one.sha256 for one in pair):
        rows.append(("bytes", *(number(one.size) for one in pair)))
        rows.append(("SHA-256", *(one.sha256 for one in pair)))
    for kind in ("software", "facts"):
        named = dict.fromkeys([*getattr(before, kind), *getattr(after, kind)])
        rows += [(name, *(_value(getattr(one, kind).get(name, "–")) for one in pair)) for name in named]
    ran = steps_between(before, after)
    names = dict.fromkeys([*before.steps, *after.steps])
    steps = [(name, *((one.steps.get(name) or "–") for one in pair), "ran" if name in ran else "") for name in names]
    tables = [("Products", ("", "before", "after"), rows), ("Steps", ("step", "before", "after", ""), steps)]
    for step, values in after.denoise.items():
        tables.append((step, ("recorded", "value"), [(name, _value(value)) for name, value in values.items()]))
    return [SimpleNamespace(name=name, head=head, rows=rows) for name, head, rows in tables if rows]


def _judged(found):
    """Names of the metrics that are judged."""
    ran = steps_between(found.before.record, found.after.record)
    names = set(BOUNDS if "image_denoise" in ran else _ALWAYS)
    if len(found.trust.sources.flux_before) < FEWEST:
        names.discard("flux_change")
    if "before" in found.pulls and robust_sigma(found.pulls["before"]) > STRIPED:
        names.discard("vanished")
    return names


def _both(old, new, unit=""):
    return f"{number(old)} → {number(new)} {unit}".strip()


def _match(width):
    """Whether errors match the scatter."""
    if not width or abs(width - 1) <= 0.05:
        return "1 is right"
    return "ERR is larger than the scatter" if width < 1 else "ERR is smaller than the scatter"


def _removed(found):
    removed = found.removed[found.usable]
    rms = float(np.sqrt(np.mean(removed**2, dtype=np.float64))) if removed.size else float("nan")
    note = f"robustly {number(found.trust.residual.rms)} of the noise of a pixel"
    return "removed, rms", f"{number(rms)} {found.before.unit}".strip(), note


def _fluxes(sources):
    change, error = (100 * value for value in sources.change)
    count = len(sources.flux_before)
    scatter = f" ± {error:.2f}" if count >= FEWEST else ""
    value = f"{change:+.2f}{scatter} %".replace("-", "−") if count else "–"
    return "flux of sources", value, f"{count} with S/N > 10; {sources.vanished} vanished, {sources.appeared} appeared"


def _value(value):
    return number(value) if isinstance(value, float) else str(value)
