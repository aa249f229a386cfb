"""``--help`` of every command."""

import re

import click
import pytest
from click.testing import CliRunner

import jwst_denoise
from jwst_denoise import demo
from jwst_denoise.commands.main import COMMANDS, main


def commands():
    """Arguments of every command and sub-command."""
    for name in COMMANDS:
        yield (name,)
        command = main.get_command(None, name)
        yield from ((name, nested) for nested in getattr(command, "commands", {}))


def show_help(*arguments):
    result = CliRunner().invoke(main, [*arguments, "--help"], terminal_width=80)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("arguments", sorted(commands()), ids=" ".join)
def test_help(arguments):
    text = show_help(*arguments)
    assert text.startswith(f"Usage: main {' '.join(arguments)}")
    cut = [line for line in text.splitlines() if re.match(r"  [\w-]+ .*\.\.\.$", line)]
    assert cut == [], "summaries that do not fit their line"


def test_report_names_files_that_steps_write():
    named = re.findall(r"report (\w+)_rate(?:ints)?\.fits \1_(?:ints_)?(\w+)\.fits", show_help("report"))
    steps = {getattr(jwst_denoise, name).__name__.lower() for name in jwst_denoise.__all__ if name.endswith("Step")}
    assert len(named) == 2
    assert {suffix for _, suffix in named} <= steps


def test_demo_offers_its_scenarios():
    (option,) = [option for option in main.get_command(None, "demo").params if option.name == "instrument"]
    assert isinstance(option.type, click.Choice)
    assert {choice.upper() for choice in option.type.choices} == set(demo.SCENARIOS)
    assert re.search(r"\d+ minutes on two cores", " ".join(show_help("demo").split()))


def test_the_package_says_what_it_does():
    for step in ("NSCleanStep", "CosmicRayMaskStep", "RampDenoiseStep", "ImageDenoiseStep"):
        assert step in jwst_denoise.__doc__
