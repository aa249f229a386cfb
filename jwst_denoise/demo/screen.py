"""Terminal output of the demonstration."""

import contextlib
import shlex
import time
from dataclasses import dataclass

from rich.console import Group
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

__all__ = ["Stages", "show_part"]

WIDTH = 110  # characters


@dataclass
class _Stage:
    """Callbacks of one stage."""

    bar: Progress
    task: int
    title: str

    def fraction(self, done):
        """Show the fraction done."""
        self.bar.update(self.task, completed=done, total=1)

    def name(self, step):
        """Show the name of the current step."""
        self.bar.update(self.task, description=f"{self.title}: {step}")


class Stages:
    """Progress bars of the stages, each of which leaves a line with its time.

    Parameters
    ----------
    console : rich.console.Console
        Terminal.
    """

    def __init__(self, console):
        self._console = console

    @contextlib.contextmanager
    def stage(self, title):
        """Show a stage while it runs; yields an object with the callbacks ``fraction`` and ``name``."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        start = time.perf_counter()
        with Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal,
            redirect_stdout=False, redirect_stderr=False,
        ) as bar:  # fmt: skip
            yield _Stage(bar, bar.add_task(title, total=None), title)
        self._console.print(f"[green]✓[/] {title}  [dim]{time.perf_counter() - start:.1f} s[/]", highlight=False)


def show_part(console, part, environment):
    """Show one part: its table and notes, its pictures and pages, and the commands that repeat it.

    Parameters
    ----------
    console : rich.console.Console
        Terminal.
    part : jwst_denoise.demo.part.Part
        What is shown.
    environment : dict of str
        Variables of the CRDS cache.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(part.columns):
        table.add_column(column, justify="right" if number else "left")
    for label, first, *others in part.rows:
        table.add_row(label, first, *(f"[bold green]{value}[/]" for value in others))
    lines = [Text(part.exposure), "", table, "", *(Text(f"• {note}", style="dim") for note in part.notes)]
    console.print(Panel(Group(*lines), title=part.title, width=min(WIDTH, console.width)))
    plain = {"highlight": False, "markup": False, "soft_wrap": True}
    for path in part.files:
        console.print(f"{'page' if str(path).endswith('.html') else 'picture'}: {path}", **plain)
    console.print("the same by hand:", **plain)
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    for line in (f"export {variables}", *part.commands):
        console.print(f"  {line}", style="cyan", **plain)
