"""Every command line and every parameter file that the documentation shows can be run as it stands."""

import importlib.util
import re
import shlex

import click
import pytest
from configobj import ConfigObj
from stpipe import config_parser, utilities
from stpipe.entry_points import get_steps

from jwst_denoise import model_files, parameters
from jwst_denoise.commands.main import main
from jwst_denoise.commands.train import _change
from jwst_denoise.parameters import hooks
from jwst_denoise.training.presets import select_preset

from .pages import PAGES, RECIPES, blocks, commands, name_of

ALIASES = {step.class_alias: step.class_name for step in get_steps() if step.class_alias}
PACKAGE_STEPS = {alias: name for alias, name in ALIASES.items() if name.startswith("jwst_denoise.")}
PARS = re.compile(r"^\$\(jwst-denoise pars path (\w+)\)$")
NEEDS_BENCHMARKS = pytest.mark.skipif(
    importlib.util.find_spec("jwst_denoise_benchmarks") is None, reason="jwst_denoise_benchmarks is not installed"
)
WITH_COMMANDS = [page for page in PAGES if commands(page)]
WITH_FILES = [page for page in PAGES if any("\nclass:" in block for block in blocks(page, "yaml"))]


def class_of(target):
    """Class of a step or pipeline by its alias, its parameter file or the command that prints the path of one."""
    if shipped := PARS.match(target):
        target = parameters.shipped.tree(shipped[1])["class"]
    elif target.endswith(".asdf"):
        target = parameters.shipped.read(RECIPES / target)["class"]
    return utilities.import_class(ALIASES.get(target, target))


def nested(options):
    """Parameters, as strings, by the dotted names of a command line."""
    tree = {}
    for option in options:
        path, equals, value = option.removeprefix("--").partition("=")
        assert option.startswith("--") and equals, option
        *sections, name = path.split(".")
        node = tree
        for section in sections:
            node = node.setdefault(section, {})
        node[name] = ConfigObj([f"value = {value}"])["value"]
        if name in ("model", "inpaint_model"):
            assert value.endswith(".asdf") or value in ("auto", *model_files.shipped()), value
    return tree


def check_strun(words):
    """Alias or file, parameters and their values."""
    target, *rest = words
    if target == "my_parameters.asdf":  # a file that the page shows: test_blocks runs it
        return
    options = [word for word in rest if word.startswith("--")]
    config_parser.config_from_dict(nested(options), class_of(target).load_spec_file())
    assert len(options) < len(rest) or not rest, "no exposure"


def check_jwst_denoise(words):
    """Command, options and their values; a file need not be there."""
    command, context = main, None
    if words[0].isupper() or words[0].startswith("--"):
        return
    while isinstance(command, click.Group):
        name, *words = words
        command, context = command.get_command(context, name), click.Context(command, context, name)
        assert command is not None, name
    try:
        given = command.make_context(name, list(words), context).params
    except click.exceptions.Exit:  # --help
        return
    except click.MissingParameter:
        assert not words  # the command as such is named
        return
    except click.BadParameter as error:
        assert isinstance(error.param.type, click.Path), error.format_message()
        return
    if given.get("only") and not (given.get("studies") or given.get("defaults")):
        known = next(option.help for option in command.params if option.name == "only")
        assert all(re.search(rf"\b{rows}\b", known) for rows in given["only"])
    if name == "train" and not given["family"].isupper():
        select_preset(given["family"], given["preset"] or "small", **dict(_change(text) for text in given["changes"]))


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name_of)
def test_commands_exist(page):
    for command in commands(page):
        program, *words = shlex.split(command.replace("$(", "'$(").replace(")", ")'"), comments=True)
        try:
            (check_strun if program == "strun" else check_jwst_denoise)(words)
        except Exception as error:
            pytest.fail(f"{command}: {type(error).__name__}: {error}")


@pytest.mark.parametrize(
    "command",
    [
        "strun nsclean exposure_rate.fits --n_sigmas=2",
        "strun nsclean exposure_rate.fits --method=fft",
        "strun calwebb_denoise1 exposure_uncal.fits --steps.nsclean.skip=perhaps",
        "strun no_step exposure_rate.fits",
        "strun image_denoise exposure_rate.fits --model=astro_net",
        "strun nsclean --method=gp",
        "jwst-denoise simulate --scene moon",
        "jwst-denoise pars find",
        pytest.param("jwst-denoise benchmark images --only speeds", marks=NEEDS_BENCHMARKS),
        "jwst-denoise train noise2noise --set width=3",
    ],
)
def test_a_wrong_command_is_found(command):
    program, *words = shlex.split(command)
    with pytest.raises(Exception):  # noqa: B017 - whatever the program itself would raise
        (check_strun if program == "strun" else check_jwst_denoise)(words)


def check_file(tree):
    """Class, steps, parameters and the jwst_denoise section of a parameter file."""
    cls = utilities.import_class(tree["class"])
    steps = {}
    for step in tree.get("steps", []):
        assert utilities.import_class(step["class"]) in (
            cls.step_defs[step["name"]],
            *cls.step_defs[step["name"]].mro(),
        )
        steps[step["name"]] = dict(step["parameters"])
        section(step)
    config_parser.config_from_dict(tree["parameters"] | ({"steps": steps} if steps else {}), cls.load_spec_file())
    section(tree)


def section(tree):
    """Parameters of hooks."""
    for alias, given in tree.get(hooks.SECTION, {}).items():
        config_parser.config_from_dict(dict(given), utilities.import_class(PACKAGE_STEPS[alias]).load_spec_file())
        parameters.check_names(given, utilities.import_class(PACKAGE_STEPS[alias]).load_spec_file(), "parameter", alias)


@pytest.mark.parametrize("page", WITH_FILES, ids=name_of)
def test_parameter_files_are_valid(page, tmp_path):
    for block in blocks(page, "yaml"):
        if re.search(r"^class:", block, flags=re.MULTILINE):
            assert block.startswith("#ASDF 1.0.0\n"), "as it stands, it is not a parameter file"
            path = tmp_path / "pasted.asdf"
            path.write_text(block)
            check_file(parameters.shipped.read(path))
