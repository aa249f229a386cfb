"""Write the table of the steps into README.md, with gains and fluxes from docs/benchmarks/chain.json."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
BENCHMARK = ROOT / "docs" / "benchmarks" / "chain.json"
README = ROOT / "README.md"
MARKS = "<!-- steps: begin -->", "<!-- steps: end -->"
HEAD = "| step | use it against | what it does | depth (mag) | flux (%) | for photometry |"
#: Configuration in the benchmark -> the first three columns and the last one.
ROWS = {
    "nsclean alone": (
        "`nsclean`",
        "stripes, bands, picture frame",
        "subtracts correlated read noise, estimated from dark pixels",
        "yes",
    ),
    "cosmic_ray_mask alone": (
        "`cosmic_ray_mask`",
        "tracks, snowball halos and showers that `jump` missed",
        "sets data-quality flags; the data stay as they are",
        "yes",
    ),
    "ramp_denoise alone": (
        "`ramp_denoise`",
        "read noise in short ramps",
        "fits the ramp, then reduces the noise with a recurrent network",
        "no: detection, display",
    ),
    "image_denoise alone": (
        "`image_denoise`",
        "residual noise in images and stacks",
        "estimates a longer exposure with a U-net",
        "no: detection, display",
    ),
    "calwebb_denoise1: cosmic_ray_mask, nsclean, ramp_denoise": (
        "`calwebb_denoise1`",
        "all of it, in stage 1",
        "`calwebb_detector1` with the first three steps",
        "with `ramp_denoise` skipped",
    ),
}


def table():
    """Table in Markdown: magnitudes gained in apertures, and flux change of stars, in the short exposure."""
    rows = json.loads(BENCHMARK.read_text(encoding="utf-8"))["groups"]["short"]
    metrics = [row["metrics"] for row in rows if "configuration" in row["metrics"]]
    measured = {one["configuration"]: one for one in metrics}
    lines = [HEAD, "|" + "---|" * HEAD.count(" | ") + "---|"]
    for configuration, (step, problem, effect, photometry) in ROWS.items():
        gain = measured[configuration]["gain"]["2.0"]
        bias = 100 * measured[configuration]["bias"]["stars"]["10"]["bias"]
        lines.append(f"| {step} | {problem} | {effect} | {gain:+.2f} | {bias:+.2f} | {photometry} |")
    return "\n".join(lines)


def readme():
    """Text of README.md with the table."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKS[0])
    return f"{before}{MARKS[0]}\n{table()}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


if __name__ == "__main__":
    README.write_text(readme(), encoding="utf-8")
