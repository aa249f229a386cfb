"""Write the table of the whole chain into README.md, from docs/benchmarks/chain.json."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "benchmarks" / "chain.json"
README = ROOT / "README.md"
MARKS = "<!-- chain: begin -->", "<!-- chain: end -->"
SHOWN = (
    "clean_flicker_noise",
    "nsclean alone",
    "ramp_denoise alone",
    "image_denoise alone",
    "clean_flicker_noise, image_denoise",
    "cosmic_ray_mask, nsclean with a wider mask, image_denoise",
    "calwebb_denoise1: cosmic_ray_mask, nsclean, ramp_denoise",
)
HEAD = (
    "| on top of the default pipeline | noise in apertures of 2 pixels | 90 % found, by segmentation "
    "| by a matched filter | flux of stars, S/N 10–30 | S/N 30–100; > 100 | scatter / ERR |"
)


def table(group):
    """Table of a group of images in Markdown."""
    rows = json.loads(FIGURES.read_text(encoding="utf-8"))["groups"][group]
    metrics = {row["metrics"]["way"]: row["metrics"] for row in rows}
    lines = [HEAD, "|" + "---|" * 7]
    for name in SHOWN:
        found = metrics[name]
        gain, bias = found["gain"], found["bias"]["stars"]
        cells = [f"{gain[key]:+.2f} mag" for key in ("2.0", "segmentation", "matched filter")]
        cells += [_percent(bias.get("10")), _percent(bias.get("30"), bias.get("100")), f"{found['pull']:.2f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _percent(*some):
    """Bias of one or several bins, the later the brighter."""
    known = [one for one in some if one]
    return "; ".join(f"{100 * one['bias']:+.2f} ± {100 * one['error']:.2f} %" for one in known) or "–"


def readme():
    """Text of README.md with the table of the short exposure."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKS[0])
    return f"{before}{MARKS[0]}\n{table('short')}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


if __name__ == "__main__":
    README.write_text(readme(), encoding="utf-8")
