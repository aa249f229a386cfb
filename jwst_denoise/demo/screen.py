"""What the demonstration shows on the screen."""

import contextlib
import shlex
import time
from dataclasses import dataclass

from rich.console import Group
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from jwst_denoise.demo import ramps

__all__ = [
    "Stages",
    "cosmic_ray_panel",
    "flight_panel",
    "image_panel",
    "ramp_panel",
    "show_commands",
    "simulated_panel",
]


@dataclass
class _Report:
    """Callbacks of one stage."""

    bar: Progress
    task: int
    title: str

    def fraction(self, done):
        """Show the fraction done."""
        self.bar.update(self.task, completed=done, total=1)

    def name(self, step):
        """Show what is being done."""
        self.bar.update(self.task, description=f"{self.title}: {step}")


class Stages:
    """Progress of one stage after the other; each leaves a line with its time.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    """

    def __init__(self, console):
        self._console = console

    @contextlib.contextmanager
    def stage(self, title):
        """Show a stage while it runs; gives the object with the callbacks ``fraction`` and ``name``."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        start = time.perf_counter()
        with Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal,
            redirect_stdout=False, redirect_stderr=False,
        ) as bar:  # fmt: skip
            yield _Report(bar, bar.add_task(title, total=None), title)
        self._console.print(f"[green]✓[/] {title}  [dim]{time.perf_counter() - start:.1f} s[/]", highlight=False)


def simulated_panel(scenario, half):
    """Table of the simulated half against the truth.

    Parameters
    ----------
    scenario : Scenario
        What was simulated.
    half : SimulatedHalf
        What came out.

    Returns
    -------
    rich.panel.Panel
    """
    before, after = half.before, half.after
    table = _table("against the truth", "without", "with NSCleanStep", "")
    unit = "e⁻"
    rows = (
        ("noise left, dark pixels", *_pair("{:.2f}", before.dark_rms, after.dark_rms), f"{unit} rms"),
        ("noise left, under sources", *_pair("{:.2f}", before.lit_rms, after.lit_rms), f"{unit} rms"),
        ("flux, all sources: bias", *_pair("{:+.2f}", 100 * before.source_bias, 100 * after.source_bias), "%"),
        ("flux, each source: rms", *_pair("{:.2f}", before.source_scatter, after.source_scatter),
         "of its ERR"),
        ("background: shift", *_pair("{:+.2f}", before.background, after.background), unit),
        ("blank sky: scatter / ERR", *_pair("{:.3f}", before.pull, after.pull), "1 is right"),
        ("time of the pipeline", *_pair("{:.1f}", half.raw.seconds, half.cleaned.seconds), "s"),
    )  # fmt: skip
    for row in rows:
        table.add_row(*row)
    sky = " Of an image the smooth background is sky, and stays." if scenario.imaging else ""
    note = (
        f"[dim]e⁻ in {half.seconds:.0f} s. The truth is the same exposure through the pipeline without correlated "
        "noise (and the reference-pixel correction, which adds some); noise left is the rms difference to it. "
        f"{half.lit:.0%} of the pixels hold light of sources; fluxes are above the local background.{sky}[/]"
    )
    return _panel(f"Simulated: {scenario.title}", table, note)


def cosmic_ray_panel(half):
    """Table of what is found of the cosmic rays of the simulated half; see `simulated_panel`."""
    table = _table("cosmic rays in the groups", "jump step alone", "with CosmicRayMaskStep", "")
    before, after = half.found
    rows = (
        ("found, above 5 σ", "{:.1f}", "clear", 100, "%"),
        ("found, 1.5 to 5 σ", "{:.1f}", "faint", 100, "%"),
        ("flagged without a hit", "{:.3f}", "false", 100, "%"),
        ("flagged without a hit, S/N > 20", "{:.3f}", "cores", 100, "%"),
        ("rates of hit pixels, wrong by 3 ERR", "{:.1f}", "wrong", 100, "%"),
    )
    for name, form, figure, factor, unit in rows:
        table.add_row(name, *_pair(form, factor * getattr(before, figure), factor * getattr(after, figure)), unit)
    table.add_row("time of the pipeline", *_pair("{:.1f}", half.raw.seconds, half.masked.seconds), "s")
    note = (
        "[dim]Pixels of groups into which cosmic rays brought charge, in units of the noise of a group difference: "
        f"{before.hits[0]} above 5 σ, {before.hits[1]} fainter. "
        "Without a hit: none of 0.3 σ within a pixel and a group; S/N of the light in a pixel of the rate image.[/]"
    )
    return _panel("Simulated: cosmic rays", table, note)


def ramp_panel(half):
    """Table of the denoised ramps of the simulated half; see `simulated_panel`."""
    before, after = half.rates.before, half.rates.after
    table = _table("rates against the true light", "calwebb_detector1", "calwebb_denoise1", "")
    rows = (
        ("error, dark pixels", *_pair("{:.2f}", before.dark_rms, after.dark_rms), "e⁻ rms"),
        ("error, under sources", *_pair("{:.2f}", before.lit_rms, after.lit_rms), "e⁻ rms"),
        ("flux, all sources: bias", *_pair("{:+.2f}", 100 * before.source_bias, 100 * after.source_bias), "%"),
        ("flux, each source: rms", *_pair("{:.2f}", before.source_scatter, after.source_scatter), "of its ERR"),
        ("blank sky: scatter / ERR", *_pair("{:.3f}", before.pull, after.pull), "1 is right"),
        ("time of the pipeline", *_pair("{:.1f}", half.raw.seconds, half.denoised.seconds), "s"),
    )
    for row in rows:
        table.add_row(*row)
    note = (
        "[dim]calwebb_denoise1 is calwebb_detector1 with CosmicRayMaskStep, NSCleanStep and RampDenoiseStep. "
        "All errors count, white noise and photons too. ERR of a source is that of "
        f"calwebb_detector1. Of {half.rates.bright} pixels with S/N > {ramps.BRIGHT:.0f}, RampDenoiseStep has changed "
        f"{half.rates.changed}.[/]"
    )
    return _panel("Simulated: ramps", table, note)


def image_panel(half):
    """Table of the denoised images; see `simulated_panel`."""
    table = _table("images against the true light", *half.metrics, "")
    rows = (
        ("error, dark pixels", "{:.2f}", [f.dark_rms for f in half.metrics.values()], "e⁻ rms"),
        ("error, under sources", "{:.2f}", [f.lit_rms for f in half.metrics.values()], "e⁻ rms"),
        ("flux, all sources: bias", "{:+.2f}", [100 * f.source_bias for f in half.metrics.values()], "%"),
        ("flux, each source: rms", "{:.2f}", [f.source_scatter for f in half.metrics.values()], "of its ERR"),
        ("blank sky: scatter / ERR", "{:.3f}", [f.pull for f in half.metrics.values()], "1 is right"),
    )
    for name, form, values, unit in rows:
        shown = [form.format(value) for value in values]
        table.add_row(name, *shown[:2], *(f"[bold green]{value}[/]" for value in shown[2:]), unit)
    table.add_row("time of all", *(f"{seconds:.1f}" for seconds in half.seconds.values()), "s")
    note = (
        "[dim]From the counts through calwebb_detector1 and calwebb_image2. default: as the pipelines come; "
        "flicker: with their own clean_flicker_noise; denoise1: calwebb_denoise1, with our steps in stage 1; "
        "image_denoise: with cosmic_ray_mask and nsclean in stage 1, and image_denoise (r = 2) behind stage 2; "
        "stack: the integrations, by the model for stacks. ERR of a source is that of the default.[/]"
    )
    return _panel("Simulated: the whole chain", table, note)


def flight_panel(half):
    """Table of the flight half's cross-validation; see `simulated_panel`."""
    table = _table("scatter of the lower half", "raw", "column medians", "gp", "")
    for row in half.metrics:
        metrics = (f"{row[name]:.2f}" for name in ("raw", "median", "gp"))
        table.add_row(f"integrations {row['pair'][0]} − {row['pair'][1]}", *metrics, "DN")
    seconds = (half.raw.seconds, half.cleaned.seconds)
    note = (
        "[dim]Noise is estimated from the upper half, the star masked, and taken out of the lower half, which the "
        f"estimate has not seen. calwebb_guider took {seconds[0]:.1f} s without and {seconds[1]:.1f} s with the step; "
        f"in its products the lower half scatters by {half.scatter[0]:.1f} and {half.scatter[1]:.1f} DN/s.[/]"
    )
    return _panel("Flight: FGS ACQ1, GUIDER2, 2022-04-27", table, note)


def _table(*columns):
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number in (0, len(columns) - 1) else "right")
    return table


def _pair(form, before, after):
    return form.format(before), f"[bold green]{form.format(after)}[/]"


def _panel(title, table, note):
    return Panel(Group(table, "", note), title=title, width=100)


def show_commands(console, pictures, environment, commands):
    """Show where the pictures are and how to repeat the runs, in lines that can be copied.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    pictures : sequence of path-like
        PNG files.
    environment : dict of str
        Variables of the CRDS cache.
    commands : sequence of str
        Shell commands.
    """
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    plain = {"highlight": False, "markup": False, "soft_wrap": True}
    for path in pictures:
        console.print(f"picture: {path}", **plain)
    console.print("the same by hand:", **plain)
    for line in (f"export {variables}", *commands):
        console.print(f"  {line}", style="cyan", **plain)
